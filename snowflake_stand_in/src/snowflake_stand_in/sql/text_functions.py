"""Functions of texts that DuckDB lacks, in Python."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from itertools import takewhile
from typing import Any

from snowflake_stand_in.sql.json_values import MISSING, unsupported

_LONG_PREFIX = 10
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<host>[^/?#]*?)(?::(?P<port>[0-9]+))?(?=[/?#]|$))?"
    r"/?(?P<path>[^?#]*)(?:[?](?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)

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


def edit_distance(one: str, other: str) -> int:
    """EDITDISTANCE: how many characters to insert, delete or replace."""
    distances = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        before, distances[0] = distances[0], row
        for place, mark in enumerate(other, 1):
            least = min(distances[place - 1] + 1, distances[place] + 1, before + (letter != mark))
            before, distances[place] = distances[place], least
    return distances[-1]


def jarowinkler_similarity(one: str, other: str) -> int:
    """JAROWINKLER_SIMILARITY: case-insensitive, cut to a whole number; all of a prefix counts."""
    one, other = one.lower(), other.lower()
    window = max(max(len(one), len(other)) // 2 - 1, 0)
    taken = [False] * len(other)
    matched = []
    for place, letter in enumerate(one):
        for near in range(max(0, place - window), min(len(other), place + window + 1)):
            if not taken[near] and other[near] == letter:
                taken[near] = True
                matched.append(letter)
                break
    if not matched:
        return 0
    others = [letter for letter, is_taken in zip(other, taken, strict=True) if is_taken]
    moved = sum(a != b for a, b in zip(matched, others, strict=True)) // 2
    count = len(matched)
    similarity = (count / len(one) + count / len(other) + (count - moved) / count) / 3
    prefix = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))
    if prefix >= _LONG_PREFIX and one != other:
        raise unsupported("JAROWINKLER_SIMILARITY of texts that share their first ten characters")
    return int(100 * (similarity + prefix * 0.1 * (1 - similarity)) + 1e-9)


def parse_url(url: str, permissive: str = "0") -> Any:
    """PARSE_URL: the parts of a URL."""
    parts = _URL.fullmatch(url)
    if parts is None:
        if permissive == "1":
            return {"error": "scheme not specified"}
        raise ValueError("Error parsing URL: scheme not specified")
    query = parts["query"]
    pairs = (pair.partition("=") for pair in query.split("&")) if query else ()
    return {
        "fragment": parts["fragment"],
        "host": parts["host"],
        "parameters": {name: value for name, _, value in pairs} or None,
        "path": parts["path"] or "",
        "port": parts["port"],
        "query": query,
        "scheme": parts["scheme"].lower(),
    }


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


def base64_shaped(found: str, length: str = "0", alphabet: str = "+/=") -> str:
    """BASE64_ENCODE of what is encoded: with a newline after each `length` characters."""
    marks = alphabet + "+/="[len(alphabet) :]
    found = found.translate(str.maketrans("+/=", marks))
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
    base64_shaped,
    edit_distance,
    jarowinkler_similarity,
    parse_url,
    base64_decode_string,
    hex_decode_string,
    try_base64_decode_string,
    try_hex_decode_string,
)
