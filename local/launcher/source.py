"""Where the hours come from: a folder the user names, the archive, or the simulator."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

ARCHIVE_URL = "https://data.gharchive.org"
HOUR_FILE = re.compile(r"\d{4}-\d\d-\d\d-(\d|1\d|2[0-3])\.json\.gz")


class SourceError(Exception):
    """The source that the user named can't be used."""


@dataclass(frozen=True)
class Source:
    """A source of hours: a URL elsewhere, or a route of the local host (and its folder)."""

    description: str
    url: str | None = None
    route: str = "simulated"
    folder: str | None = None

    def require(self, hours: Sequence[str]) -> None:
        """Raise SourceError if a folder has none of the hours, given as `YYYY-MM-DDTHH`."""
        names = [f"{hour[:10]}-{int(hour[11:])}.json.gz" for hour in hours]
        if self.folder and names and not any(Path(self.folder, name).exists() for name in names):
            raise SourceError(
                f"SOURCE={self.folder}: none of the run's hours is there ({names[0]} …)"
            )


def choose_source(folder: str | None) -> Source:
    """Choose the user's folder if one is named, else the archive if it answers, else simulate."""
    if folder:
        path = Path(folder).expanduser().resolve()
        if not path.is_dir():
            raise SourceError(f"SOURCE={folder}: there is no such folder")
        if not any(HOUR_FILE.fullmatch(file.name) for file in path.iterdir()):
            raise SourceError(
                f"SOURCE={folder}: no file there is named like an hour, YYYY-MM-DD-H.json.gz "
                "(2015-01-01-9.json.gz; H has no leading zero)"
            )
        return Source(f"the folder {path}", route="folder", folder=str(path))
    if _archive_answers():
        return Source(f"GH Archive, {ARCHIVE_URL}", url=ARCHIVE_URL)
    return Source(f"SIMULATED hours: {ARCHIVE_URL} can't be reached and no SOURCE is given")


def _archive_answers() -> bool:
    try:
        return requests.head(f"{ARCHIVE_URL}/2015-01-01-0.json.gz", timeout=5).ok
    except requests.RequestException:
        return False
