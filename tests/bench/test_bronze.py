"""The benchmark of Bronze compares equal work, and the README keeps both benchmarks' tables."""

import gzip
from pathlib import Path

import duckdb
import pytest

from bench.bronze import with_copy
from bench.bronze.__main__ import duckdb_alone
from bench.ingest.hours import pool
from bench.ingest.rows import CORES
from bench.ingest.usage import run
from bench.markdown import README, with_section
from tests.blob_storage import Storage

EVERY = 40


@pytest.mark.slow
def test_both_load_every_line(storage: Storage, tmp_path: Path) -> None:
    lines = pool().lines[::EVERY]
    files = [tmp_path / "0.json.gz", tmp_path / "1.json.gz"]
    for file in files:
        file.write_bytes(gzip.compress(b"".join(lines)))

    names = with_copy.upload(storage, files)
    loaded = with_copy.load(names, storage, tmp_path / "copied.duckdb", CORES)
    assert loaded.rows == 2 * len(lines)
    with duckdb.connect(str(tmp_path / "copied.duckdb"), read_only=True) as database:
        (copied,) = database.sql(
            "from bronze.bronzeraw select sum(length(event->>'id'))"
        ).fetchall()

    run(duckdb_alone(tmp_path / "alone.duckdb", files), CORES)
    with duckdb.connect(str(tmp_path / "alone.duckdb"), read_only=True) as database:
        assert database.sql("select count(*) from events").fetchall() == [(loaded.rows,)]
        (alone,) = database.sql("from events select sum(length(event->>'id'))").fetchall()
    assert copied == alone


def test_a_benchmark_replaces_its_own_section_alone() -> None:
    page = README.read_text()
    written = with_section(page, "bench-bronze", "new")
    assert "\n\nnew\n\n" in written
    for target in ("bench-ingest", "bench-bronze"):
        assert with_section(with_section(page, target, "new"), target, "newer").count("newer") == 1
    ingest = page.partition("<!-- end of make bench-ingest -->")[0]
    assert written.startswith(ingest)


def test_a_page_without_the_section_is_no_page() -> None:
    with pytest.raises(ValueError, match="no section of bench-other"):
        with_section(README.read_text(), "bench-other", "new")
