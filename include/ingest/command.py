"""Bring hours of GH Archive into a folder or an Azure container."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from include.ingest.errors import (
    IngestError,
    PermanentIngestError,
    TransientIngestError,
    UnusableHour,
)
from include.ingest.hour import ingest_hour
from include.ingest.outcome import HourOutcome
from include.ingest.settings import IngestSettings
from include.ingest.store import Containers, Store

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

AT_ONCE = 2
"""Hours under way at the same time, out of politeness to the archive's host."""
SAS_VARIABLE = "GHARCHIVE_BLOB_SAS"
TRY_AGAIN_LATER = os.EX_TEMPFAIL
INTERRUPTED = 130

EPILOG = f"""
A container is named by its URL, https://ACCOUNT.blob.core.windows.net/gharchive-events; a SAS token
for it comes from the variable {SAS_VARIABLE}, otherwise Azure's default credential is used.
Outcome records and unusable lines go to the containers …-outcomes and …-quarantine beside it; in a
folder the three are called events, outcomes and quarantine.

Exit status: 0 if every hour has a verdict, {TRY_AGAIN_LATER} if the rest may succeed later,
1 if somebody has to look first.
"""


class Target(NamedTuple):
    """Where the hours go: a folder, a container's URL, or nowhere."""

    to: str | None

    def containers(self) -> Containers[Store]:
        """Return the three stores."""
        if self.to is None:
            return Containers.opened(lambda _: None)
        if "://" not in self.to:
            return Containers.opened(Path(self.to).joinpath, prefix="")
        from azure.storage.blob import ContainerClient

        return Containers.opened(
            lambda url: ContainerClient.from_container_url(url, credential=_credential()),
            prefix=self.to.rstrip("/").removesuffix("-events") + "-",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest what the command line names; return the exit status."""
    options = _parser().parse_args(arguments)
    settings = IngestSettings(base_url=options.base_url, **options.types)
    target = Target(None if options.dry_run else options.to)
    failures: list[IngestError] = []
    with _progress(len(options.hours)) as advance:
        for hour, result in _ingested(options.hours, settings, target):
            advance()
            if isinstance(result, IngestError):
                failures.append(result)
                print(f"{hour:%Y-%m-%dT%H}  failed: {result}", file=sys.stderr, flush=True)
            elif options.json:
                print(json.dumps(result.to_dict()), flush=True)
            else:
                print(_line(result), flush=True)
    if any(isinstance(failure, PermanentIngestError) for failure in failures):
        return 1
    return TRY_AGAIN_LATER if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.ingest",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "hours", type=_hours, help="2015-01-01T12, or a range: 2015-01-01T00..2015-01-02T23 (UTC)"
    )
    parser.add_argument(
        "--base-url", default=IngestSettings().base_url, help="the archive (%(default)s)"
    )
    parser.add_argument(
        "--types",
        type=_types,
        default={},
        help="the event types to keep: PushEvent,WatchEvent … or all; without it all but "
        + ", ".join(sorted(IngestSettings().dropped_types)),
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", metavar="PLACE", type=_place, help="a folder, or a container's URL")
    where.add_argument("--dry-run", action="store_true", help="fetch and check, but write nothing")
    parser.add_argument("--json", action="store_true", help="print each hour's outcome record")
    return parser


def _hours(text: str) -> list[datetime]:
    first, _, last = text.partition("..")
    try:
        start, end = (datetime.strptime(hour, "%Y-%m-%dT%H") for hour in (first, last or first))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write an hour as 2015-01-01T12, a range as 2015-01-01T00..2015-01-02T23"
        ) from None
    if end < start:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    return [start + timedelta(hours=n) for n in range((end - start) // timedelta(hours=1) + 1)]


def _place(text: str) -> str:
    if "://" in text and "?" in text:
        # Others see the arguments of a process
        raise argparse.ArgumentTypeError(
            f"leave out all from the ?: a SAS goes into {SAS_VARIABLE}"
        )
    return text


def _types(text: str) -> dict[str, frozenset[str]]:
    if text == "all":
        return {"dropped_types": frozenset()}
    types = frozenset(text.split(","))
    if wrong := sorted(name for name in types if not name.endswith("Event")):
        raise argparse.ArgumentTypeError(f"{', '.join(wrong)}: types end in Event, as PushEvent")
    return {"kept_types": types}


def _credential() -> str | TokenCredential:
    if sas := os.environ.get(SAS_VARIABLE):
        return sas
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def _ingested(
    hours: Sequence[datetime], settings: IngestSettings, target: Target
) -> Iterator[tuple[datetime, HourOutcome | IngestError]]:
    """Yield each hour's outcome or failure, as they come; after a permanent one none is begun."""
    if len(hours) == 1:
        yield hours[0], _ingest(hours[0], settings, target)
        return
    with ProcessPoolExecutor(AT_ONCE, get_context("spawn")) as pool:
        waiting = iter(hours)
        running: dict[Future[HourOutcome | IngestError], datetime] = {}
        try:
            while True:
                while len(running) < AT_ONCE and (hour := next(waiting, None)):
                    with _interrupts_held_back():
                        running[pool.submit(_ingest_aside, hour, settings, target)] = hour
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    hour, result = running.pop(future), future.result()
                    yield hour, result
                    if _is_everybodys(result):
                        waiting = iter(())
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Start processes that hear nothing of Ctrl-C but while they work."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _ingest_aside(
    hour: datetime, settings: IngestSettings, target: Target
) -> HourOutcome | IngestError:
    """Ingest in a process that Ctrl-C ends without a word, which is its parent's."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(INTERRUPTED))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        return _ingest(hour, settings, target)
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _is_everybodys(result: HourOutcome | IngestError) -> bool:
    return isinstance(result, PermanentIngestError) and not isinstance(result, UnusableHour)


def _ingest(hour: datetime, settings: IngestSettings, target: Target) -> HourOutcome | IngestError:
    try:
        return ingest_hour(hour, settings, target.containers())
    except TransientIngestError as error:
        # Its other attributes don't survive the way back from another process
        return TransientIngestError(str(error))
    except PermanentIngestError as error:
        return error


def _line(outcome: HourOutcome) -> str:
    return (
        f"{outcome.hour}  {outcome.verdict:<18}  {outcome.lines_read:>9,} lines: "
        f"{outcome.lines_kept:,} kept, {outcome.lines_dropped:,} dropped, "
        f"{outcome.lines_quarantined:,} quarantined; {outcome.blob_bytes:,} bytes"
    )


@contextmanager
def _progress(hours: int) -> Iterator[Callable[[], object]]:
    """Show a bar on a terminal; yield what moves it on by an hour."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (TextColumn("hours"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=hours)
        yield lambda: progress.advance(bar)
