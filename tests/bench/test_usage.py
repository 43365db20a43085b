"""What a job takes is that of all its processes."""

import sys

import pytest

from bench.ingest.rows import CORES
from bench.ingest.usage import Job, run

MB = 1_000_000
SPIN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
FILL = "import time; b = bytearray(200_000_000); time.sleep(0.3)\n"
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"


def python(*arguments: str) -> list[str]:
    """Return a command."""
    return [sys.executable, "-c", *arguments]


@pytest.mark.parametrize(
    "commands",
    [[python(SPIN + FILL)], [python(SPIN), python(FILL)], [python(CHILD, SPIN + FILL)]],
    ids=["alone", "piped", "in a child"],
)
def test_cpu_and_memory_are_counted_wherever_they_are_used(commands: list[list[str]]) -> None:
    used = run(Job(commands), CORES)
    assert used.cpu > 0.3
    assert used.wall > 0.3
    assert 200 * MB < used.peak_bytes_of_one <= used.peak_bytes < 300 * MB


def test_our_own_memory_is_not_counted() -> None:
    ballast = bytearray(200 * MB)
    used = run(Job([["sleep", "0.2"]]), CORES)
    assert used.peak_bytes < 10 * MB < len(ballast)


def test_a_job_runs_where_it_may() -> None:
    script = "import os, sys; sys.exit(os.sched_getaffinity(0) != {int(sys.argv[1])})"
    run(Job([python(script, str(CORES[-1]))]), CORES[-1:])


def test_a_failure_is_no_result() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        run(Job([python("raise SystemExit(3)"), python("pass")]), CORES)
