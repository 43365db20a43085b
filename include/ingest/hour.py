"""One hour, from the archive to Blob storage: start reading here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import TypeVar

import msgspec
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from include.ingest.archive_hour import ArchiveHour
from include.ingest.blob import Content, GzipBlob, JsonBlob
from include.ingest.errors import (
    Damage,
    DamagedSource,
    NotYetPublished,
    TransientIngestError,
    UnusableHour,
)
from include.ingest.events import Sieve, whole_lines
from include.ingest.outcome import WHOLE, HourOutcome, Verdict
from include.ingest.own_gzip import reuse_gzip
from include.ingest.quarantine import Quarantine
from include.ingest.settings import IngestSettings
from include.ingest.source import SourceFile, open_source, sizes
from include.ingest.store import Containers, Store

logger = logging.getLogger(__name__)

TRIES_OF_DAMAGE = 3
"""How often a file must come with the same damage for that to be the archive's."""
MAX_RETRY_AFTER = 60.0
"""Seconds that a host may ask to be left alone for within a call; longer is the caller's wait."""

T = TypeVar("T")


def ingest_hour(
    hour: datetime, settings: IngestSettings, containers: Containers[Store]
) -> HourOutcome:
    """Bring one file hour (naive = UTC) into Blob storage and return the account of it.

    Calling it again is safe at any time, also side by side: an hour whose source and settings are
    unchanged is not downloaded, and a changed one replaces the old. The outcome record is written
    last, so whatever it describes is complete.

    Raises NotYetPublished, another TransientIngestError, or PermanentIngestError; then readers
    still see the hour as it was before. ValueError if `hour` is not a full hour.
    """
    job = _Job(ArchiveHour.of(hour), settings, containers)
    attempts = Retrying(
        stop=stop_after_attempt(settings.attempts),
        wait=_wait(settings.retry_wait),
        retry=retry_if_exception_type(TransientIngestError)
        & retry_if_not_exception_type(NotYetPublished),
        reraise=True,
    )
    return attempts(job.run)


class _wait(wait_random_exponential):  # noqa: N801 - one of tenacity's
    """Back off, or longer if the other side asks for it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(multiplier=seconds, max=8 * seconds)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome and retry_state.outcome.exception()
        asked = error.retry_after if isinstance(error, TransientIngestError) else 0.0
        return max(super().__call__(retry_state), min(asked, MAX_RETRY_AFTER))


class _Job:
    """The attempts at one hour; they share what they learn of a damage."""

    def __init__(
        self, hour: ArchiveHour, settings: IngestSettings, containers: Containers[Store]
    ) -> None:
        self.hour = hour
        self.url = hour.source_url(settings.base_url)
        self.settings = settings
        self.containers = containers
        self.damages: list[Damage] = []

    def run(self) -> HourOutcome:
        """Make one attempt."""
        hour = self.hour
        record = JsonBlob(self.containers.outcomes, hour.outcome_name)
        last = _parsed(record)
        try:
            outcome = self._outcome(last)
        except DamagedSource as error:
            self.damages.append(error.damage)
            raise
        if outcome is not last:
            record.replace(msgspec.json.encode(outcome))
            level = logging.WARNING if outcome.is_alarming else logging.INFO
            logger.log(level, "%s: %s, %d lines read", hour, outcome.verdict, outcome.lines_read)
        else:
            logger.info("%s: unchanged since %s, not fetched", hour, outcome.ingested_at)
        return outcome

    def _outcome(self, last: HourOutcome | None) -> HourOutcome:
        """Read the source: a first time to reuse its gzip, a second to compress what can't be."""
        may_reuse = self.settings.keeps_everything and not self._known_damage(last)
        if may_reuse and (reused := self._read(last, self._reused)):
            return reused
        return self._read(last, self._compressed)

    def _read(
        self,
        last: HourOutcome | None,
        transfer: Callable[[SourceFile, GzipBlob, HourOutcome | None], T],
    ) -> HourOutcome | T:
        """Open the source, and transfer it if it holds anything new."""
        events = GzipBlob(self.containers.events, self.hour.events_name)
        is_intact = last is not None and events.holds(last.content_sha256)
        is_current = last is not None and last.filter_fingerprint == self.settings.fingerprint
        known_etag = last.source_etag if last and is_intact and is_current else None
        with open_source(self.url, known_etag, self.settings, self._known_damage(last)) as source:
            if source.missing:
                return self._without_source(last, is_intact)
            if last is not None and source.unchanged:
                return _dated(events.last_modified, last)
            return transfer(source, events, last)

    def _known_damage(self, last: HourOutcome | None) -> Damage | None:
        """Return the damage that is the archive's own, if this last try finds it once more.

        An hour that we hold whole is not given up for a damaged one: that stays an error.
        """
        before = self.damages[1 - TRIES_OF_DAMAGE :]
        is_same = len(before) == TRIES_OF_DAMAGE - 1 and len(set(before)) == 1
        is_held = last is not None and last.verdict in WHOLE
        return before[0] if is_same and before[0].etag and not is_held else None

    def _reused(
        self, source: SourceFile, events: GzipBlob, last: HourOutcome | None
    ) -> HourOutcome | None:
        """Publish the source's own gzip; None if it can't stand for the kept events."""
        quarantine = GzipBlob(self.containers.quarantine, self.hour.quarantine_name)
        sieve = Sieve(self.settings.keeps, Quarantine(quarantine).add)
        if why_not := reuse_gzip(source, sieve, events):
            logger.info("%s: read again and compressed, since %s", self.hour, why_not)
            return None
        quarantine.publish()
        return self._published(source, sieve, events, last)

    def _compressed(
        self, source: SourceFile, events: GzipBlob, last: HourOutcome | None
    ) -> HourOutcome:
        """Publish the kept events as a gzip of ours, and what isn't usable beside it."""
        quarantine = GzipBlob(self.containers.quarantine, self.hour.quarantine_name)
        sieve = Sieve(self.settings.keeps, Quarantine(quarantine).add)
        damaged_file = None
        if self._known_damage(last):
            damaged_file = GzipBlob(self.containers.quarantine, self.hour.damaged_name)
            source.tee(damaged_file.write_compressed)
        for lines in whole_lines(source.content()):
            events.write(sieve.sift(lines))
        quarantine.publish()
        if damaged_file and source.damage:
            damaged_file.publish()
        else:
            self._refuse_mostly_bad(sieve)
        return self._published(source, sieve, events, last)

    def _published(
        self, source: SourceFile, sieve: Sieve, events: GzipBlob, last: HourOutcome | None
    ) -> HourOutcome:
        """Publish what was staged, and return the account of it."""
        hour, settings = self.hour, self.settings
        times = sorted(sieve.created_at.values())
        content = events.publish(_summary(sieve, times))
        usual_bytes = _usual_bytes(hour, settings, source.received_bytes)
        return HourOutcome(
            hour=str(hour),
            blob_name=hour.events_name,
            verdict=_verdict(content, source, last, usual_bytes, settings),
            source_url=source.url,
            source_etag=source.etag,
            source_bytes=source.received_bytes,
            usual_bytes=usual_bytes,
            damage=source.damage,
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
            blob_last_modified=content.last_modified,
            first_created_at=times[0] if times else None,
            last_created_at=times[-1] if times else None,
            event_dates=sorted({moment.date() for moment in times}),
            ingested_at=datetime.now(UTC),
        )

    def _refuse_mostly_bad(self, sieve: Sieve) -> None:
        bad = sieve.quarantined.total()
        share = self.settings.max_quarantined_share
        if bad > share * sieve.lines_read:
            raise UnusableHour(
                f"{self.url}: {bad} of {sieve.lines_read} lines of hour {self.hour} are unusable "
                f"({dict(sieve.quarantined)}), more than max_quarantined_share = {share:g}. Look "
                f"at {self.hour.quarantine_name} in the quarantine container; raise the setting "
                "if the rest is worth having."
            )

    def _without_source(self, last: HourOutcome | None, is_intact: bool) -> HourOutcome:
        """Decide what a 404 means: nothing new for an hour we hold, too early, or never."""
        hour, settings = self.hour, self.settings
        if last is not None and last.verdict != "never_published":
            if is_intact:
                logger.warning(
                    "%s is gone from the archive; hour %s stays as it is", self.url, hour
                )
                return last
            raise UnusableHour(
                f"{self.url} is gone from the archive, and {hour.events_name} is not the blob "
                "that its outcome record describes. Restore the blob, or delete the outcome record."
            )
        if datetime.now(UTC) - hour.start < settings.never_published_after:
            raise NotYetPublished(
                f"{self.url} is not there yet (hour {hour}). Retry in some minutes."
            )
        if last is not None and last.filter_fingerprint == settings.fingerprint:
            return last
        return HourOutcome(
            hour=str(hour),
            blob_name=hour.events_name,
            verdict="never_published",
            source_url=self.url,
            filter_fingerprint=settings.fingerprint,
            ingested_at=datetime.now(UTC),
        )


def _dated(modified: datetime | None, outcome: HourOutcome) -> HourOutcome:
    """Return the record, renewed only if its blob was written again with the same content."""
    if outcome.blob_last_modified == modified:
        return outcome
    return msgspec.structs.replace(outcome, blob_last_modified=modified)


def _summary(sieve: Sieve, times: list[datetime]) -> dict[str, str]:
    """Say in the blob's metadata what is in it."""
    summary = {"rows": str(sieve.kept.total()), "era": sieve.era or "unknown"}
    if times:
        summary["first_created_at"] = times[0].isoformat()
        summary["last_created_at"] = times[-1].isoformat()
    return summary


def _usual_bytes(hour: ArchiveHour, settings: IngestSettings, found_bytes: int) -> int | None:
    """Return the size that an hour's file should have by those of its neighbours.

    Days whose every hour has collapsed are seen by other weeks. Of these only the nearest is asked
    if the hour is large enough by it; None if the archive has none of them.
    """
    if not settings.suspicious_share:
        return None
    usual = 0
    for others in (hour.neighbours(), hour.same_hour_of_other_weeks()):
        urls = [other.source_url(settings.base_url) for other in others]
        found = sizes(urls[:1], settings)
        if not found or found_bytes < settings.suspicious_share * found[0]:
            found += sizes(urls[1:], settings)
        usual = max(usual, int(median(found or [0])))
    return usual or None


def _verdict(
    content: Content,
    source: SourceFile,
    last: HourOutcome | None,
    usual_bytes: int | None,
    settings: IngestSettings,
) -> Verdict:
    if source.damage:
        return "damaged"
    if content.sha256 is None:
        return "empty"
    if usual_bytes and source.received_bytes < settings.suspicious_share * usual_bytes:
        return "suspiciously_small"
    if last is None or last.source_etag is None:
        return "published"
    if last.source_etag != source.etag:
        return "republished"
    return "republished" if last.verdict == "republished" else "published"


def _parsed(record: JsonBlob) -> HourOutcome | None:
    if record.text is None:
        return None
    try:
        return msgspec.json.decode(record.text, type=HourOutcome)
    except msgspec.DecodeError:
        # Written by another version of us: ingest the hour again
        return None
