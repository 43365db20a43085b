"""Snowflake's text to sqlglot's tree, one statement at a time."""

import logging
import re
from collections.abc import Callable
from itertools import pairwise

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokenizer_core import Token, TokenType

from snowflake_stand_in.sql import foreign
from snowflake_stand_in.sql.errors import compilation, error

_COMMENT = re.compile(r"--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_BEFORE = re.compile(rf"(?:\s|{_COMMENT.pattern})*", re.DOTALL)
# Enough for the longest opening of a statement, comments in it included
_OPENING = 2000

# Kept as they are written: sqlglot would make strftime's of their formats, or forget which it was
_CONVERSIONS = (
    "TO_DATE",
    "TO_TIME",
    "TO_TIMESTAMP",
    "TO_TIMESTAMP_NTZ",
    "TO_TIMESTAMP_LTZ",
    "TO_TIMESTAMP_TZ",
)
_MADE = ("DATE", "TIME", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")
AS_WRITTEN = (
    *_CONVERSIONS,
    *(f"TRY_{name}" for name in _CONVERSIONS),
    "DATE",
    "TIME",
    *(f"{name}_FROM_PARTS" for name in _MADE),
    *(f"{name.replace('_', '')}FROMPARTS" for name in _MADE),
)


def _as_written(name: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    return lambda arguments: exp.Anonymous(this=name, expressions=arguments)


def _to_char(arguments: list[exp.Expr]) -> exp.Expr:
    return exp.ToChar(this=arguments[0], format=arguments[1] if len(arguments) > 1 else None)


# Its parser is compiled, and can't be subclassed
Snowflake.Parser.FUNCTIONS.update(
    {name: _as_written(name) for name in AS_WRITTEN} | {"TO_CHAR": _to_char, "TO_VARCHAR": _to_char}
)
# Functions that sqlglot would know with fewer arguments or another meaning
OWN = frozenset(
    [
        "ARRAY_APPEND",
        "ARRAY_CAT",
        "ARRAY_COMPACT",
        "ARRAY_CONSTRUCT",
        "ARRAY_CONSTRUCT_COMPACT",
        "ARRAY_CONTAINS",
        "ARRAY_DISTINCT",
        "ARRAY_EXCEPT",
        "ARRAY_FLATTEN",
        "ARRAY_GENERATE_RANGE",
        "ARRAY_INSERT",
        "ARRAY_INTERSECTION",
        "ARRAY_MAX",
        "ARRAY_MIN",
        "ARRAY_POSITION",
        "ARRAY_PREPEND",
        "ARRAY_REMOVE",
        "ARRAY_REMOVE_AT",
        "ARRAY_REVERSE",
        "ARRAY_SLICE",
        "ARRAY_SORT",
        "ARRAY_TO_STRING",
        "ARRAYS_OVERLAP",
        "ARRAYS_TO_OBJECT",
        "ARRAYS_ZIP",
        "CHECK_JSON",
        "OBJECT_CONSTRUCT",
        "OBJECT_CONSTRUCT_KEEP_NULL",
        "OBJECT_DELETE",
        "OBJECT_INSERT",
        "OBJECT_KEYS",
        "OBJECT_PICK",
        "PARSE_JSON",
        "REGEXP_COUNT",
        "REGEXP_EXTRACT_ALL",
        "REGEXP_INSTR",
        "REGEXP_REPLACE",
        "REGEXP_SUBSTR",
        "REGEXP_SUBSTR_ALL",
        "SPLIT",
        "STRIP_NULL_VALUE",
        "STRTOK_TO_ARRAY",
        "TO_ARRAY",
        "TO_JSON",
        "TO_OBJECT",
        "TRY_PARSE_JSON",
        "BASE64_DECODE_STRING",
        "BASE64_ENCODE",
        "BIT_LENGTH",
        "HEX_DECODE_STRING",
        "MD5_NUMBER_LOWER64",
        "MD5_NUMBER_UPPER64",
        "OCTET_LENGTH",
        "SHA2",
        "SHA2_HEX",
        "SOUNDEX",
        "TRY_BASE64_DECODE_STRING",
        "TRY_HEX_DECODE_STRING",
        "WIDTH_BUCKET",
        "GET_IGNORE_CASE",
        "GETBIT",
    ]
)
_NAMES_FOLLOW = (".", "AS", "INTO", "TABLE", "VIEW", "EXISTS", "UPDATE", "WITH")
_MARK = "$"
_LARGEST = 1024 * 1024

logging.getLogger("sqlglot").setLevel(logging.ERROR)


def opening(text: str) -> str:
    """Return how a statement begins, without comments and with one space between words."""
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    return " ".join(_COMMENT.sub(" ", text[start : start + _OPENING]).split())


def parse(text: str) -> exp.Expr:
    """Parse one statement, or raise Snowflake's error."""
    if len(text) > _LARGEST or len(text.encode()) > _LARGEST:
        raise error(1010, "SQL compilation error:\nStatement is longer than 1 MB.", "42000")
    statements = [s for s in _trees(text) if s is not None and not isinstance(s, exp.Semicolon)]
    if not statements:
        raise error(900, "Empty SQL statement.", "42601")
    if len(statements) > 1:
        raise error(
            8,
            f"Actual statement count {len(statements)} did not match the desired "
            "statement count 1.",
            "0A000",
        )
    return _without_positions(statements[0])


def altered(statement: exp.Expr, form: re.Pattern[str]) -> re.Match[str] | None:
    """Match the whole of an ALTER that sqlglot leaves as text, after the word itself."""
    if isinstance(statement, exp.Command) and str(statement.this).upper() == "ALTER":
        return form.fullmatch(str(statement.expression))
    return None


def unknown_function(name: str) -> ProgrammingError:
    """Make Snowflake's error for a function that it lacks."""
    return compilation(2140, f"Unknown function {name.upper()}", "42601")


def _is_name(tokens: list[Token], place: int) -> bool:
    """Whether a word before a parenthesis is a table's name, or quoted."""
    quoted = tokens[place].token_type == TokenType.IDENTIFIER
    return quoted or (place > 0 and tokens[place - 1].text.upper() in _NAMES_FOLLOW)


def _is_insert(tokens: list[Token], place: int) -> bool:
    """Whether INSERT is the function of this name, not the statement or a part of MERGE."""
    if tokens[place].token_type != TokenType.INSERT or place == 0:
        return False
    return tokens[place - 1].text.upper() not in ("THEN", ";")


def _trees(text: str) -> list[exp.Expr | None]:
    """Parse statements, where calls of OWN keep their name and all their arguments."""
    dialect = Snowflake()
    tokens = dialect.tokenize(text)
    if tokens and tokens[0].token_type == TokenType.FROM:
        raise compilation(1003, "syntax error: unexpected 'from'.")
    # A file and a stage may both be quoted
    moves_files = bool(tokens) and tokens[0].text.upper() in ("PUT", "GET")
    own = False
    for place, (token, after) in enumerate(pairwise(tokens)):
        is_text = token.token_type == TokenType.STRING and not moves_files
        two_texts = is_text and after.token_type == TokenType.STRING
        is_foreign = after.token_type in foreign.OPERATORS and token.text != "@"
        if two_texts or is_foreign:
            raise compilation(1003, f"syntax error: unexpected '{after.text}'.")
        if after.token_type != TokenType.L_PAREN:
            continue
        if token.text.upper() in foreign.FUNCTIONS and not _is_name(tokens, place):
            raise unknown_function(token.text)
        if token.text.upper() in OWN or _is_insert(tokens, place):
            own = True
            tokens[place] = Token(
                TokenType.VAR,
                token.text + _MARK,
                token.line,
                token.col,
                token.start,
                token.end,
                token.comments,
            )
    trees = dialect.parser().parse(tokens, text)
    if own:
        for tree in trees:
            for call in tree.find_all(exp.Anonymous) if tree is not None else ():
                call.set("this", call.name.removesuffix(_MARK))
    return list(trees)


def plain(text: str) -> str:
    """Return a statement as sqlglot writes it, without comments."""
    return parse(text).sql(dialect="snowflake", comments=False).strip()


def _without_positions(statement: exp.Expr) -> exp.Expr:
    """Forget where in the text each node stood, but for what fakesnow reads: half of a copy."""
    for node in statement.walk():
        if not isinstance(node, exp.Stddev):
            node._meta = None
    return statement
