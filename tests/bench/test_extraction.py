"""The benchmark of Silver's extraction compares equal work."""

from pathlib import Path

import pytest

from bench.extraction.__main__ import SIDES, assert_same, extract
from bench.extraction.bronze import build
from bench.extraction.model import columns
from bench.ingest.hours import pool

EVENTS = 4000
OF_THE_FILE = 3


@pytest.mark.slow
def test_both_make_the_same_table(tmp_path: Path) -> None:
    build(tmp_path / "gharchive.duckdb", pool(), EVENTS)

    ours, other = (extract(side, tmp_path / "gharchive.duckdb") for side in SIDES)

    assert ours.rows == EVENTS
    assert len(ours.columns) == len(columns()) + OF_THE_FILE
    assert_same(ours, other)
