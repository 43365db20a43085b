"""An account whose defaults are unlike the laptop's in all that could change a result.

Snowflake's own default for TIMEZONE is the one here; the rest are what an administrator may set.
"""

PARAMETERS = {
    "TIMEZONE": "America/Los_Angeles",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_LTZ",
    "DATE_INPUT_FORMAT": "DD/MM/YYYY",
    "DATE_OUTPUT_FORMAT": "DD.MM.YY",
    "TIME_INPUT_FORMAT": "HH12:MI AM",
    "TIME_OUTPUT_FORMAT": "HH12 AM",
    "TIMESTAMP_INPUT_FORMAT": "DD/MM/YYYY HH24:MI",
    "TIMESTAMP_OUTPUT_FORMAT": "DD.MM.YY HH24",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "DD.MM.YY HH24",
    "TWO_DIGIT_CENTURY_START": "2000",
    "WEEK_START": "7",
    "WEEK_OF_YEAR_POLICY": "1",
    "AUTOCOMMIT": "false",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": "true",
}

_PLAIN = ("true", "false", "1", "7", "2000")


def statements(level: str = "account") -> list[str]:
    """Return the statements that set all of them for an account, or a session."""
    return [
        f"alter {level} set {name} = {value if value in _PLAIN else repr(value)}"
        for name, value in PARAMETERS.items()
    ]
