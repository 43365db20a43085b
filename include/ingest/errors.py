"""What can go wrong with an hour, split by what a scheduler asks: whether a retry would help."""

from typing import Literal

import msgspec

Defect = Literal["not_gzip", "corrupt", "truncated", "trailing_garbage", "wrong_checksum"]


class IngestError(Exception):
    """An hour could not be ingested; nothing of this attempt is visible to readers."""


class TransientIngestError(IngestError):
    """The same call may well succeed later: retry it.

    `retry_after` is how many seconds the other side has asked to be left alone for.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotYetPublished(TransientIngestError):  # noqa: N818 - reads as the answer it is
    """The hour is so young that the archive may still publish it."""


class LostRaceError(TransientIngestError):
    """Another writer changed the blob since we looked at it: look again."""


class Damage(msgspec.Struct, frozen=True):
    """A defect of a file, and where: two equal ones are the same damage of the same version."""

    defect: Defect
    etag: str | None
    file_bytes: int


class DamagedSource(TransientIngestError):  # noqa: N818 - reads as the answer it is
    """The file came whole and is damaged: in transit, or in the archive if it stays the same."""

    def __init__(self, message: str, damage: Damage) -> None:
        super().__init__(message)
        self.damage = damage


class PermanentIngestError(IngestError):
    """A retry changes nothing: a person has to look at the source, the settings or the access."""


class UnusableHour(PermanentIngestError):  # noqa: N818 - reads as the answer it is
    """What has to be looked at is this hour's alone: others may go on."""
