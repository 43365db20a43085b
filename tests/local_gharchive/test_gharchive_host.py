"""The host answers as the archive's does."""

import gzip
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path

import pytest
import requests

from local.gharchive import hours
from local.gharchive.hours import SimulatedHours, hour_file, name_of
from tests.local_gharchive.conftest import Host, running_host

HOUR = "2015-01-01-9.json.gz"


def test_an_hour_is_the_simulators(host: Host) -> None:
    answer = requests.get(f"{host.url}/simulated/{HOUR}", timeout=20)
    assert answer.status_code == 200
    assert answer.content == hour_file(datetime(2015, 1, 1, 9))
    assert answer.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in answer.headers  # or clients would inflate it unasked
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    digest = b64encode(md5(answer.content, usedforsecurity=False).digest()).decode()
    assert answer.headers["X-Goog-Hash"] == f"md5={digest}"
    assert "max-age=" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "simulated/2015-01-01-09.json.gz",
        "simulated/2015-01-01-24.json.gz",
        "simulated/2015-13-01-9.json.gz",
        "simulated/2015-1-1-9.json.gz",
        "simulated/2015-01-01-9.json",
        "simulated/2015-01-01-9.json.gz.manifest.json",
        "simulated/2011-02-11-23.json.gz",
        "simulated/2012-03-11-2.json.gz",  # the Pacific clock went from 1:59 to 3:00
        "simulated/..%2f..%2fetc%2fpasswd",
        "folder/2015-01-01-3.json.gz",
        "folder/..%2f2015-01-01-3.json.gz",
        "elsewhere/2015-01-01-9.json.gz",
    ],
)
def test_what_is_no_hour_is_not_found(host: Host, path: str) -> None:
    assert requests.get(f"{host.url}/{path}", timeout=20).status_code == 404


def test_an_hour_appears_65_minutes_after_it_starts(host: Host) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    old = (now - timedelta(minutes=126)).replace(minute=0, second=0, microsecond=0)
    for hour, status in ((old, 200), (now, 404), (now + timedelta(days=400), 404)):
        answer = requests.get(f"{host.url}/simulated/{name_of(hour)}", timeout=20)
        assert answer.status_code == status


def test_publication_counts_from_pacific_time_in_the_timeline_era() -> None:
    hour = datetime(2012, 6, 14, 15)  # 22:00 UTC
    assert not hours.exists(hour, datetime(2012, 6, 14, 23, 4))
    assert hours.exists(hour, datetime(2012, 6, 14, 23, 5))


def test_an_unchanged_hour_is_304_and_a_changed_one_is_sent_again(host: Host) -> None:
    path, url = host.folder / "2016-01-01-0.json.gz", f"{host.url}/folder/2016-01-01-0.json.gz"
    path.write_bytes(gzip.compress(b'{"id":"1"}\n'))
    first = requests.get(url, timeout=5)
    seen = {"If-None-Match": first.headers["ETag"]}
    again = requests.get(url, headers=seen, timeout=5)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    path.write_bytes(gzip.compress(b'{"id":"2"}\n'))
    changed = requests.get(url, headers=seen, timeout=5)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_folder_files_are_served_as_they_are(host: Host) -> None:
    broken = {"2016-08-21-3.json.gz": b"\x1f\x8b\x08broken", "2020-08-22-0.json.gz": b""}
    for name, content in broken.items():
        (host.folder / name).write_bytes(content)
        answer = requests.get(f"{host.url}/folder/{name}", timeout=5)
        assert (answer.status_code, answer.content) == (200, content)


def test_ranges(host: Host) -> None:
    url = f"{host.url}/simulated/{HOUR}"
    whole = requests.get(url, timeout=20)
    part = requests.get(url, headers={"Range": "bytes=100-199"}, timeout=5)
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    rest = requests.get(
        url, headers={"Range": "bytes=100-", "If-Range": whole.headers["ETag"]}, timeout=5
    )
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    stale = requests.get(url, headers={"Range": "bytes=100-", "If-Range": '"other"'}, timeout=5)
    assert (stale.status_code, stale.content) == (200, whole.content)
    beyond = requests.get(url, headers={"Range": "bytes=99999999-"}, timeout=5)
    assert beyond.status_code == 416


def test_head_tells_what_get_would(host: Host) -> None:
    url = f"{host.url}/simulated/{HOUR}"
    head, get = requests.head(url, timeout=20), requests.get(url, timeout=20)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "X-Goog-Hash", "Last-Modified"):
        assert head.headers[name] == get.headers[name]
    assert (
        requests.head(f"{host.url}/simulated/2015-01-01-09.json.gz", timeout=5).status_code == 404
    )


def test_an_hour_is_made_once_however_many_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[datetime] = []

    def counted(hour: datetime, events_per_hour: int) -> bytes:
        made.append(hour)
        return hour_file(hour, events_per_hour=events_per_hour)

    monkeypatch.setattr(hours, "hour_file", counted)
    simulated, hour = SimulatedHours(tmp_path, events_per_hour=200), datetime(2015, 1, 1)
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(simulated.path, [hour] * 32))
    assert made == [hour]
    assert [path.read_bytes() for path in paths] == [hour_file(hour, events_per_hour=200)]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == list(paths)


def test_the_host_ends_at_once_when_told_to(tmp_path: Path) -> None:
    with running_host(tmp_path, tmp_path / "cache") as host:
        host.process.terminate()
        assert host.process.wait(5) in (0, -15)
