"""What to tell somebody of hours that have arrived, though not as they should."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from include.ingest.outcome import HourOutcome


def alarm(outcomes: Iterable[Mapping[str, Any]]) -> str | None:
    """Name the hours that somebody should look at; None if there are none.

    Hours that follow each other and have the same trouble are one line, as a range.
    `outcomes` are outcome records as `HourOutcome.to_dict` gives them.
    """
    hours = [msgspec.convert(dict(outcome), HourOutcome) for outcome in outcomes]
    alarming = sorted((hour for hour in hours if hour.is_alarming), key=lambda hour: hour.hour)
    lines = []
    for (what, _), run in groupby(enumerate(alarming), key=_trouble):
        hours_in_row = [hour for _, hour in run]
        first, last = hours_in_row[0], hours_in_row[-1]
        is_one = first is last
        hours_of_run = first.hour if is_one else f"{first.hour}..{last.hour}"
        lines.append(f"{hours_of_run} {'is' if is_one else 'are'} {what}")
    return "\n".join(lines) or None


def _trouble(numbered: tuple[int, HourOutcome]) -> tuple[str, datetime]:
    """Return what is equal for hours in a row with the same trouble."""
    number, hour = numbered
    return _what(hour), datetime.fromisoformat(hour.hour) - timedelta(hours=number)


def _what(hour: HourOutcome) -> str:
    kept = f"{hour.lines_kept:,} of {hour.lines_read:,} lines kept"
    match hour.verdict:
        case "damaged" if hour.damage:
            defect = hour.damage.defect.replace("_", " ")
            return f"damaged ({defect} near byte {hour.damage.file_bytes:,}): {kept}"
        case "suspiciously_small":
            return f"suspiciously small: {hour.source_bytes:,} bytes of {hour.usual_bytes:,} usual"
        case "never_published":
            return "missing in the archive"
        case verdict:
            return f"{verdict}: {kept}"
