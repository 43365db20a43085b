"""Snowflake's error codes, and what DuckDB's errors are called in Snowflake."""

import re

import duckdb
from snowflake.connector.errors import ProgrammingError
from sqlglot.errors import SqlglotError


def error(code: int, message: str, state: str = "22000") -> ProgrammingError:
    """Make the error that Snowflake reports under `code` (its five- or six-digit number)."""
    return ProgrammingError(msg=message, errno=code, sqlstate=state)


def compilation(code: int, message: str, state: str = "42000") -> ProgrammingError:
    """Make an error of Snowflake's compiler."""
    return error(code, f"SQL compilation error:\n{message}", state)


def unsupported(reason: str) -> ProgrammingError:
    """Make Snowflake's "unsupported feature" error, saying why the stand-in refuses."""
    return error(2, f"Unsupported feature: {reason}", "0A000")


# (DuckDB's class, a pattern in its message, Snowflake's code, SQL state, Snowflake's message).
# The first match counts; a {1} in the message is the pattern's first group.
_KNOWN: list[tuple[type[duckdb.Error], str, int, str, str]] = [
    (
        duckdb.CatalogException,
        r"Function with name \"?([^\"]+?)\"? does not exist",
        2140,
        "42601",
        "SQL compilation error:\nUnknown function {1}",
    ),
    (
        duckdb.CatalogException,
        r"with name \"?(\S+?)\"? already exists",
        2002,
        "42710",
        "SQL compilation error:\nObject '{1}' already exists.",
    ),
    (
        duckdb.CatalogException,
        r"with name \"?([^\"]+?)\"? does not exist",
        2003,
        "42S02",
        "SQL compilation error:\nObject '{1}' does not exist or not authorized.",
    ),
    (
        duckdb.CatalogException,
        r"No catalog \+ schema named",
        2043,
        "02000",
        "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
    ),
    (duckdb.CatalogException, r"", 2003, "42S02", "SQL compilation error:\n{0}"),
    (
        duckdb.BinderException,
        r"Catalog \"(\S+?)\" does not exist",
        2003,
        "02000",
        "SQL compilation error:\nDatabase '{1}' does not exist or not authorized.",
    ),
    (
        duckdb.BinderException,
        r"(?:Referenced column|Column|have a column with name|Values list) \"(.+?)\"",
        904,
        "42000",
        "SQL compilation error:\ninvalid identifier '{1}'",
    ),
    (
        duckdb.BinderException,
        r"Referenced table \"(.+?)\" not found",
        904,
        "42000",
        "SQL compilation error:\ninvalid identifier '{1}'",
    ),
    (
        duckdb.BinderException,
        r"No function matches the given name and argument types '(.+?)'",
        1044,
        "42P13",
        "SQL compilation error:\nInvalid argument types for function '{1}'",
    ),
    (
        duckdb.BinderException,
        r"must appear in the GROUP BY clause",
        979,
        "42601",
        "SQL compilation error:\n{0}",
    ),
    (
        duckdb.BinderException,
        r"Duplicate (?:struct entry name|named argument)",
        100103,
        "22000",
        "{0}",
    ),
    (
        duckdb.BinderException,
        r"has (\d+) columns but (\d+) values",
        2020,
        "21S01",
        "SQL compilation error:\nInsert value list does not match column list expecting {1} but "
        "got {2}",
    ),
    (
        duckdb.BinderException,
        r"same number of result columns",
        1789,
        "42601",
        "SQL compilation error:\ninvalid number of result columns for set operator input branches",
    ),
    (
        duckdb.BinderException,
        r"Ambiguous reference to column name \"(.+?)\"",
        2028,
        "42601",
        "SQL compilation error:\nambiguous column name '{1}'",
    ),
    (
        duckdb.BinderException,
        r"expected (\d+) columns but (\d+) values",
        2020,
        "21S01",
        "SQL compilation error:\nInsert value list does not match column list expecting {1} but "
        "got {2}",
    ),
    (duckdb.BinderException, r"", 2043, "02000", "SQL compilation error:\n{0}"),
    (duckdb.ParserException, r"", 1003, "42000", "SQL compilation error:\n{0}"),
    (duckdb.SyntaxException, r"", 1003, "42000", "SQL compilation error:\n{0}"),
    (
        duckdb.Error,
        r"JsonError: ([^\n]+)",
        100069,
        "22P02",
        "Error parsing JSON: {1}",
    ),
    (duckdb.Error, r"Malformed JSON", 100069, "22P02", "Error parsing JSON: {0}"),
    (duckdb.Error, r"(Error parsing URL: [a-z ]+)", 100139, "22000", "{1}"),
    (duckdb.Error, r"(?i)division by zero", 100051, "22012", "Division by zero"),
    (
        duckdb.Error,
        r"(?s)String '(.*)' is too long and would be truncated",
        100078,
        "22000",
        "String '{1}' is too long and would be truncated",
    ),
    (
        duckdb.Error,
        r"Unsupported feature: (.+?)(?:\", expected|\n|$)",
        2,
        "0A000",
        "Unsupported feature: {1}",
    ),
    (
        duckdb.Error,
        r"(?s)field format: \"\x01date\x01(.*)\", expected",
        100040,
        "22007",
        "Date '{1}' is not recognized",
    ),
    (
        duckdb.Error,
        r"(?s)field format: \"\x01time\x01(.*)\", expected",
        100108,
        "22007",
        "Time '{1}' is not recognized",
    ),
    (
        duckdb.Error,
        r"(?s)field format: \"\x01timestamp\x01(.*)\", expected",
        100035,
        "22007",
        "Timestamp '{1}' is not recognized",
    ),
    (
        duckdb.Error,
        r"(?s)field format: \"\x01(\w+):(.*?)\x01(.*)\", expected",
        100096,
        "22007",
        "Can't parse '{3}' as {1} with format '{2}'",
    ),
    (
        duckdb.Error,
        r"(?s)(?:timestamp|date|time) field.*?\"(.*?)\"",
        100035,
        "22007",
        "Timestamp '{1}' is not recognized",
    ),
    (
        duckdb.Error,
        r"Could not convert string '(.*?)' to BOOL",
        100037,
        "22018",
        "Boolean value '{1}' is not recognized",
    ),
    (
        duckdb.ConversionException,
        r"onvert string ['\"](.*?)['\"] to",
        100038,
        "22018",
        "Numeric value '{1}' is not recognized",
    ),
    (
        duckdb.InvalidInputException,
        r"(?s)Could not convert string '(.*)' to NUMBER",
        100038,
        "22018",
        "Numeric value '{1}' is not recognized",
    ),
    (duckdb.ConversionException, r"", 100038, "22018", "{0}"),
    (duckdb.OutOfRangeException, r"", 100039, "22003", "{0}"),
    (
        duckdb.ConstraintException,
        r"NOT NULL constraint failed: .*?\"?(\w+)\"?$",
        100072,
        "22000",
        "NULL result in a non-nullable column '{1}'",
    ),
    (duckdb.TransactionException, r"", 625, "57014", "{0}"),
    (duckdb.InterruptException, r"", 604, "57014", "SQL execution canceled"),
    (duckdb.NotImplementedException, r"", 2, "0A000", "Unsupported feature: {0}"),
    (
        duckdb.InvalidInputException,
        r"More than one row returned by a subquery",
        90150,
        "22000",
        "Single-row subquery returns more than one row.",
    ),
    (
        duckdb.InvalidInputException,
        r"Python exception occurred while executing the UDF: \w+: ([^\n]+)",
        100132,
        "22000",
        "{1}",
    ),
    (duckdb.InvalidInputException, r"", 100132, "22000", "{0}"),
]


def translate(fault: Exception) -> ProgrammingError:
    """Say in Snowflake's terms what went wrong; the outcome is never an HTTP 500."""
    if isinstance(fault, ProgrammingError):
        cause = fault.__cause__
        return translate(cause) if isinstance(cause, duckdb.Error) else fault
    if isinstance(fault, SqlglotError):
        return compilation(1003, re.sub(r"\x1b\[\d*m", "", str(fault)))
    message = str(fault)
    for kind, pattern, code, state, text in _KNOWN:
        if isinstance(fault, kind) and (match := re.search(pattern, message)):
            first = message.split("\n\n")[0]
            return error(code, text.format(first, *match.groups()), state)
    if isinstance(fault, (NotImplementedError, AssertionError)):
        return unsupported(f"the stand-in cannot run this statement ({message})")
    return error(603, f"SQL execution internal error: {type(fault).__name__}: {message}", "XX000")
