"""What can go wrong with an hour, split by what a scheduler asks: whether a retry would help."""


class IngestError(Exception):
    """An hour could not be ingested; nothing of this attempt is visible to readers."""


class TransientIngestError(IngestError):
    """The same call may well succeed later: retry it."""


class NotYetPublished(TransientIngestError):  # noqa: N818 - reads as the answer it is
    """The hour is so young that the archive may still publish it."""


class PermanentIngestError(IngestError):
    """A retry changes nothing: a person has to look at the source, the settings or the access."""
