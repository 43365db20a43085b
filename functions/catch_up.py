"""One tick: ingest the hours of a window, which downloads only what is new."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from include.ingest import (
    ArchiveHour,
    Containers,
    HourOutcome,
    IngestSettings,
    NotYetPublished,
    PermanentIngestError,
    TransientIngestError,
    UnusableHour,
    ingest_hour,
)
from include.ingest.store import Store

logger = logging.getLogger(__name__)

STARTING_SECONDS = 420.0
"""How long a tick starts hours; `functionTimeout` in host.json leaves 180 s for the last one."""
DOWNLOAD_SECONDS = 50.0
"""How long one of an hour's three attempts may take, so that all of them fit into the 180 s."""


class CatchUpError(Exception):
    """Hours of a tick failed: which ones, and what to do about each."""


def window(now: datetime, hours: int) -> list[ArchiveHour]:
    """Return the last `hours` complete hours before `now`, oldest first."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [ArchiveHour.of(end - timedelta(hours=back)) for back in range(hours, 0, -1)]


def catch_up(
    now: datetime,
    hours: int,
    settings: IngestSettings,
    containers: Containers[Store],
    seconds: Callable[[], float] = time.monotonic,
) -> None:
    """Ingest what the last `hours` hours have that is new or was missed, oldest first.

    Hours that aren't published yet, or for which no time is left, are the next tick's. A transient
    failure leaves its hour to the next tick as well, and an unusable hour to a person;
    any other permanent one ends this tick, since it would be every hour's. All of them raise
    CatchUpError in the end, so that monitoring hears of it.
    """
    settings = msgspec.structs.replace(settings, total_timeout=DOWNLOAD_SECONDS)
    deadline = seconds() + STARTING_SECONDS
    wanted = window(now, hours)
    failures = []
    for done, hour in enumerate(wanted):
        if seconds() >= deadline:
            logger.warning(
                "Out of time after %d of %d hours: those from %s on are left to the next tick.",
                done,
                len(wanted),
                hour,
            )
            break
        try:
            _report(ingest_hour(hour.start, settings, containers), now)
        except NotYetPublished:
            logger.info("%s: not published yet, left to the next tick", hour)
        except TransientIngestError as error:
            logger.warning("%s: failed, left to the next tick: %s", hour, error)
            failures.append(f"{hour}: {error}")
        except UnusableHour as error:
            logger.error("%s: failed: %s", hour, error)
            failures.append(f"{hour}: {error}")
        except PermanentIngestError as error:
            logger.error("%s: failed, and the hours after it were not tried: %s", hour, error)
            failures.append(f"{hour}, after which no other was tried: {error}")
            break
    if failures:
        raise CatchUpError(
            f"{len(failures)} of {len(wanted)} hours failed:\n" + "\n".join(failures)
        )


def _report(outcome: HourOutcome, now: datetime) -> None:
    logger.log(
        logging.WARNING if outcome.is_alarming else logging.INFO,
        "%s: %s%s, %d kept, %d dropped, %d quarantined",
        outcome.hour,
        outcome.verdict,
        ", unchanged" if outcome.ingested_at < now else "",
        outcome.lines_kept,
        outcome.lines_dropped,
        outcome.lines_quarantined,
    )
