"""One hour of the archive, and the names it goes by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Self

import msgspec


class ArchiveHour(msgspec.Struct, frozen=True):
    """A file hour: the hour in the file's name, which is not the hour of all its events."""

    start: datetime

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """Read a naive datetime as UTC; raise ValueError unless it is a full hour."""
        start = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if start != start.replace(minute=0, second=0, microsecond=0):
            raise ValueError(f"{moment.isoformat()} is not the start of an hour")
        return cls(start)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H}"

    def source_url(self, base_url: str) -> str:
        """Return where the archive keeps the hour; it does not pad the hour to two digits."""
        return f"{base_url.rstrip('/')}/{self.start:%Y-%m-%d}-{self.start.hour}.json.gz"

    def neighbours(self) -> list[ArchiveHour]:
        """Return the hours before and after."""
        return [ArchiveHour(self.start + timedelta(hours=hours)) for hours in (-1, 1)]

    def same_hour_of_other_weeks(self) -> list[ArchiveHour]:
        """Return the same hour of the same weekday, nearest first."""
        return [ArchiveHour(self.start + timedelta(weeks=weeks)) for weeks in (-1, 1, -2, -4)]

    @property
    def events_name(self) -> str:
        """Name of the blob of kept events."""
        return f"{self.start:%Y/%m/%d/%H}.json.gz"

    @property
    def outcome_name(self) -> str:
        """Name of the blob of the outcome record."""
        return f"{self.start:%Y/%m/%d/%H}.json"

    @property
    def quarantine_name(self) -> str:
        """Name of the blob of the lines that no reader could use."""
        return f"{self.start:%Y/%m/%d/%H}.ndjson.gz"

    @property
    def damaged_name(self) -> str:
        """Name of the blob of a damaged file as it came, beside its unusable lines."""
        return f"{self.start:%Y/%m/%d/%H}.damaged.gz"
