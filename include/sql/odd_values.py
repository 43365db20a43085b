"""What to tell somebody of fields that hold something else than they should."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from snowflake.connector import SnowflakeConnection

from include.sql.statements import run_statement

STATEMENT = Path(__file__).with_suffix(".sql")


def odd_values(connection: SnowflakeConnection, hours: Sequence[str]) -> str | None:
    """Name the fields with odd values in the files of some hours' days; None if there are none.

    `hours` are in order, as `2015-01-01T12`. The values themselves are in no message. The
    connection's role must see the view `gold.odd_values`, which dbt makes.
    """
    first, last = (datetime.fromisoformat(hour).date() for hour in (hours[0], hours[-1]))
    found = run_statement(connection.cursor(), STATEMENT, first=first, last=last)
    lines = [
        f"{day}: {field} is no number, boolean or time (lines: {count:,})"
        for day, field, count in found
    ]
    if lines:
        lines.append("They are null in Silver; silver.odd_value_samples shows some.")
    return "\n".join(lines) or None
