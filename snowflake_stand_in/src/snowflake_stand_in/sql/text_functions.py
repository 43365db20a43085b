"""Functions of texts that DuckDB lacks, in Python."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from snowflake_stand_in.sql.json_values import MISSING

_SOUNDS = {
    letter: digit
    for digit, letters in (
        ("1", "BFPV"),
        ("2", "CGJKQSXZ"),
        ("3", "DT"),
        ("4", "L"),
        ("5", "MN"),
        ("6", "R"),
    )
    for letter in letters
}
_SHA2 = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}


def insert_text(text: str, position: str, length: str, inserted: str) -> str:
    """INSERT: in place of `length` characters from a position on."""
    start, count = int(position) - 1, int(length)
    if start < 0 or count < 0:
        raise ValueError("Invalid position or length in INSERT")
    return text[:start] + inserted + text[start + count :]


def soundex(text: str) -> str:
    """SOUNDEX: H and W part no letters that sound alike, vowels do."""
    letters = [letter for letter in text.upper() if letter.isascii() and letter.isalpha()]
    if not letters:
        return ""
    found, last = letters[0], _SOUNDS.get(letters[0])
    for letter in letters[1:]:
        sound = _SOUNDS.get(letter)
        if sound is not None and sound != last:
            found += sound
        if letter not in "HW":
            last = sound
    return f"{found}000"[:4]


def sha2(text: str, length: str = "256") -> str:
    """SHA2."""
    if int(length) not in _SHA2:
        raise ValueError(f"Invalid digest size for SHA2: {length}")
    return hashlib.new(_SHA2[int(length)], text.encode()).hexdigest()


def md5_number_lower64(text: str) -> int:
    """MD5_NUMBER_LOWER64."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:], "big")


def md5_number_upper64(text: str) -> int:
    """MD5_NUMBER_UPPER64."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")


def base64_encode(text: str, length: str = "0", alphabet: str = "+/=") -> str:
    """BASE64_ENCODE: with a newline after each `length` characters."""
    marks = alphabet + "+/="[len(alphabet) :]
    found = base64.b64encode(text.encode()).decode().translate(str.maketrans("+/=", marks))
    width = int(length) or max(len(found), 1)
    return "\n".join(found[n : n + width] for n in range(0, len(found), width))


def base64_decode_string(text: str, alphabet: str = "+/=") -> str:
    """BASE64_DECODE_STRING."""
    marks = alphabet + "+/="[len(alphabet) :]
    plain = text.replace("\n", "").translate(str.maketrans(marks, "+/="))
    try:
        return base64.b64decode(plain, validate=True).decode()
    except ValueError:
        raise ValueError(
            f"The following string is not a legal base64-encoded value: '{text}'"
        ) from None


def hex_decode_string(text: str) -> str:
    """HEX_DECODE_STRING."""
    try:
        return binascii.unhexlify(text).decode()
    except ValueError:
        raise ValueError(
            f"The following string is not a legal hex-encoded value: '{text}'"
        ) from None


def try_base64_decode_string(text: str, alphabet: str = "+/=") -> Any:
    """TRY_BASE64_DECODE_STRING."""
    try:
        return base64_decode_string(text, alphabet)
    except ValueError:
        return MISSING


def try_hex_decode_string(text: str) -> Any:
    """TRY_HEX_DECODE_STRING."""
    try:
        return hex_decode_string(text)
    except ValueError:
        return MISSING


FUNCTIONS = (
    insert_text,
    soundex,
    sha2,
    md5_number_lower64,
    md5_number_upper64,
    base64_encode,
    base64_decode_string,
    hex_decode_string,
    try_base64_decode_string,
    try_hex_decode_string,
)
