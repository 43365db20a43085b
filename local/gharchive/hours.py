"""Files of hours: their names, and simulated ones kept in a cache."""

import os
import re
import tempfile
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from isal import isal_zlib

from local.gharchive import timeline
from local.gharchive.simulator import EVENTS_FROM, EVENTS_PER_HOUR, SEED, simulate

FIRST_HOUR = datetime(2011, 2, 12)
PUBLISHED_AFTER = timedelta(minutes=65)
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-(0|[1-9]|1[0-9]|2[0-3])\.json\.gz")


def hour_of(name: str) -> datetime | None:
    """Read a file's name, `YYYY-MM-DD-H.json.gz`; None unless it is exactly of that form."""
    if not (found := _NAME.fullmatch(name)):
        return None
    try:
        return datetime.fromisoformat(found[1]) + timedelta(hours=int(found[2]))
    except ValueError:  # no such day
        return None


def name_of(hour: datetime) -> str:
    """Write a file's name; the hour isn't padded."""
    return f"{hour:%Y-%m-%d}-{hour.hour}.json.gz"


def exists(hour: datetime, now: datetime) -> bool:
    """Tell whether the archive has published an hour by `now` (naive UTC)."""
    if hour < FIRST_HOUR:
        return False
    try:
        start = timeline.utc(hour) if hour < EVENTS_FROM else hour
    except ValueError:  # the Pacific clock skipped it
        return False
    return start + PUBLISHED_AFTER <= now


def hour_file(hour: datetime, seed: int = SEED, events_per_hour: int = EVENTS_PER_HOUR) -> bytes:
    """Make a simulated hour's file: gzip NDJSON, the same bytes with the same isal."""
    content = b"".join(simulate(hour, seed, events_per_hour))
    return isal_zlib.compress(content, level=2, wbits=31)


class SimulatedHours:
    """Simulated hours, each made once and kept below a folder."""

    def __init__(self, cache: Path, events_per_hour: int = EVENTS_PER_HOUR) -> None:
        """Keep files under the simulator's fingerprint: changed code never serves old hours."""
        self._folder = cache / f"{_fingerprint()}-{events_per_hour}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._events_per_hour = events_per_hour
        self._one_at_a_time = Lock()

    def path(self, hour: datetime) -> Path:
        """Give the file of an hour that exists, making it at first use."""
        path = self._folder / name_of(hour)
        if not path.exists():
            with self._one_at_a_time:
                if not path.exists():
                    self._write(path, hour_file(hour, events_per_hour=self._events_per_hour))
        return path

    def _write(self, path: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as partial:
            partial.write(content)
        os.replace(partial.name, path)


def _fingerprint() -> str:
    digest = sha256(version("isal").encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
