"""One hour, from the archive to Blob storage: start reading here."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from azure.storage.blob import ContainerClient
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from include.ingest.archive_hour import ArchiveHour
from include.ingest.blob import Content, GzipBlob, JsonBlob
from include.ingest.errors import NotYetPublished, PermanentIngestError, TransientIngestError
from include.ingest.events import READ_BYTES, Sieve, whole_lines
from include.ingest.outcome import HourOutcome, Verdict
from include.ingest.quarantine import Quarantine
from include.ingest.settings import IngestSettings
from include.ingest.source import SourceFile, open_source

logger = logging.getLogger(__name__)


class Containers(NamedTuple):
    """Where an hour goes; the clients' credentials need object-level read, create and write."""

    events: ContainerClient
    outcomes: ContainerClient
    quarantine: ContainerClient


def ingest_hour(hour: datetime, settings: IngestSettings, containers: Containers) -> HourOutcome:
    """Bring one file hour (naive = UTC) into Blob storage and return the account of it.

    Calling it again is safe at any time, also side by side: an hour whose source and settings are
    unchanged is not downloaded, and a changed one replaces the old. The outcome record is written
    last, so whatever it describes is complete.

    Raises NotYetPublished, another TransientIngestError, or PermanentIngestError; then readers
    still see the hour as it was before. ValueError if `hour` is not a full hour.
    """
    attempts = Retrying(
        stop=stop_after_attempt(settings.attempts),
        wait=wait_random_exponential(multiplier=settings.retry_wait, max=8 * settings.retry_wait),
        retry=retry_if_exception_type(TransientIngestError)
        & retry_if_not_exception_type(NotYetPublished),
        reraise=True,
    )
    return attempts(_ingest_once, ArchiveHour.of(hour), settings, containers)


def _ingest_once(
    hour: ArchiveHour, settings: IngestSettings, containers: Containers
) -> HourOutcome:
    record = JsonBlob(containers.outcomes.get_blob_client(hour.outcome_name))
    events = GzipBlob(containers.events.get_blob_client(hour.events_name))
    last = _parsed(record)
    is_intact = last is not None and events.holds(last.content_sha256)
    known_etag = (
        last.source_etag
        if last is not None and is_intact and last.filter_fingerprint == settings.fingerprint
        else None
    )
    with open_source(hour.source_url(settings.base_url), known_etag, settings) as source:
        if source.missing:
            outcome = _without_source(hour, source, settings, last, is_intact)
        elif last is not None and source.unchanged:
            outcome = last
        else:
            quarantine = GzipBlob(containers.quarantine.get_blob_client(hour.quarantine_name))
            outcome = _transfer(hour, source, settings, events, quarantine, last)
    if outcome is not last:
        record.replace(msgspec.json.encode(outcome))
        level = logging.WARNING if outcome.verdict == "never_published" else logging.INFO
        logger.log(level, "%s: %s, %d lines read", hour, outcome.verdict, outcome.lines_read)
    else:
        logger.info("%s: unchanged since %s, not fetched", hour, outcome.ingested_at)
    return outcome


def _transfer(
    hour: ArchiveHour,
    source: SourceFile,
    settings: IngestSettings,
    events: GzipBlob,
    quarantine: GzipBlob,
    last: HourOutcome | None,
) -> HourOutcome:
    """Stream the source through the sieve into both blobs, and publish them."""
    sieve = Sieve(settings.keeps, Quarantine(quarantine).add)
    for lines in whole_lines(source.read, READ_BYTES):
        events.write(sieve.sift(lines))

    quarantine.publish()
    bad = sieve.quarantined.total()
    if bad > settings.max_quarantined_share * sieve.lines_read:
        raise PermanentIngestError(
            f"{source.url}: {bad} of {sieve.lines_read} lines of hour {hour} are unusable "
            f"({dict(sieve.quarantined)}), more than max_quarantined_share = "
            f"{settings.max_quarantined_share:g}. Look at {hour.quarantine_name} in the "
            "quarantine container; raise the setting if the rest is worth having."
        )
    content = events.publish()
    times = sorted(sieve.created_at.values())
    return HourOutcome(
        hour=str(hour),
        blob_name=hour.events_name,
        verdict=_verdict(content, source, last),
        source_url=source.url,
        source_etag=source.etag,
        source_bytes=source.received_bytes,
        filter_fingerprint=settings.fingerprint,
        era=sieve.era,
        lines_read=sieve.lines_read,
        kept=dict(sieve.kept),
        dropped=dict(sieve.dropped),
        quarantined=dict(sieve.quarantined),
        content_sha256=content.sha256,
        content_bytes=content.content_bytes,
        content_crc32=content.content_crc32,
        blob_bytes=content.blob_bytes,
        first_created_at=times[0] if times else None,
        last_created_at=times[-1] if times else None,
        event_dates=sorted({moment.date() for moment in times}),
        ingested_at=datetime.now(UTC),
    )


def _verdict(content: Content, source: SourceFile, last: HourOutcome | None) -> Verdict:
    if content.sha256 is None:
        return "empty"
    if last is None or last.source_etag is None:
        return "published"
    if last.source_etag != source.etag:
        return "republished"
    return "republished" if last.verdict == "republished" else "published"


def _without_source(
    hour: ArchiveHour,
    source: SourceFile,
    settings: IngestSettings,
    last: HourOutcome | None,
    is_intact: bool,
) -> HourOutcome:
    """Decide what a 404 means: nothing new for an hour we hold, too early, or never."""
    if last is not None and last.verdict != "never_published":
        if is_intact:
            logger.warning("%s is gone from the archive; hour %s stays as it is", source.url, hour)
            return last
        raise PermanentIngestError(
            f"{source.url} is gone from the archive, and {hour.events_name} is not the blob that "
            "its outcome record describes. Restore the blob, or delete the outcome record."
        )
    if datetime.now(UTC) - hour.start < settings.never_published_after:
        raise NotYetPublished(
            f"{source.url} is not there yet (hour {hour}). Retry in some minutes."
        )
    if last is not None and last.filter_fingerprint == settings.fingerprint:
        return last
    return HourOutcome(
        hour=str(hour),
        blob_name=hour.events_name,
        verdict="never_published",
        source_url=source.url,
        filter_fingerprint=settings.fingerprint,
        ingested_at=datetime.now(UTC),
    )


def _parsed(record: JsonBlob) -> HourOutcome | None:
    if record.text is None:
        return None
    try:
        return msgspec.json.decode(record.text, type=HourOutcome)
    except msgspec.DecodeError:
        # Written by another version of us: ingest the hour anew
        return None
