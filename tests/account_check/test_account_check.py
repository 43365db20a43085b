"""The check as a user runs it, on the stand-in: it tries, tells and leaves nothing behind."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from account_check.expectations import EXPECTATIONS
from tests.account_check.conftest import PLANTED, Checked
from tests.blob_storage import Storage

pytestmark = pytest.mark.slow

NOT_TRIED_HERE = {
    # Without Blob storage or a queue
    *("last-modified", "integrations", "pipe-loads", "pipe-adopted", "graph-together"),
    "graph-consumes",
    # The stand-in has no such figures
    *("statements-told", "partitions-told", "cost"),
}


def report_of(output: str) -> str:
    """Return the report that a run says it has written, which holds no secrets."""
    (file,) = re.findall(r"The report, without secrets: (\S+)", output)
    report = Path(file).read_text()
    for secret in (*PLANTED.values(), str(Path.home())):
        assert secret.lower() not in report.lower()
    return report


def verdicts(report: str) -> dict[str, str]:
    """Return the verdict on each expectation."""
    cells = re.findall(r"^\| ([a-z-]+) \|.*\| (holds|differs|not tried) \|[^|]*\|$", report, re.M)
    return dict(cells)


def prefix_of(output: str) -> str:
    """Return what the names of a run begin with."""
    (prefix,) = re.findall(r"All that it makes begins with (\w+)", output)
    return str(prefix)


def until(process: "subprocess.Popen[str]", line: str) -> str:
    """Read what a process says up to a line; return it."""
    assert process.stdout is not None
    said = ""
    for text in process.stdout:
        said += text
        if text.strip() == line:
            return said
    raise AssertionError(said)


def test_what_can_be_tried_holds(checked: Checked) -> None:
    before = checked.objects()

    # Settings of a deployment that is there decide nothing
    given = {"GHARCHIVE_LOAD_WAREHOUSE": "PRODUCTION_LOAD", "GHARCHIVE_BLOB_SAS": PLANTED["sas"]}
    done = checked.run("--yes", **given)

    assert done.returncode == 0, done.stdout + done.stderr
    report = report_of(done.stdout)
    assert verdicts(report) == {
        e.name: "not tried" if e.name in NOT_TRIED_HERE else "holds" for e in EXPECTATIONS
    }
    assert all(e.name in done.stdout for e in EXPECTATIONS)
    assert "0.75 credits in all" in done.stdout
    assert re.search(r"^\| loader \| [1-9]\d* \|", report, re.M), "no figures of the loader"
    assert checked.objects() == before


def test_without_consent_nothing_is_done(checked: Checked) -> None:
    before = checked.objects()
    done = checked.run()
    assert done.returncode == 2
    assert "Nothing was done" in done.stdout
    assert checked.objects() == before


def test_what_differs_is_told(checked: Checked) -> None:
    """A deployment that fails: the error is in the report, its secrets are not."""
    before = checked.objects()
    done = checked.run("--yes", PATH=os.environ["PATH"])
    assert done.returncode == 1, done.stdout + done.stderr
    report = report_of(done.stdout)
    assert "schemachange isn't on the PATH" in report
    found = verdicts(report)
    assert found["empty-account"] == "differs"
    assert found["hour-loaded"] == "not tried"
    assert checked.objects() == before


def test_storage_that_refuses_is_told_without_its_key(checked: Checked, storage: Storage) -> None:
    """What can't be made there, and what can't be looked at: something may be left."""
    before = checked.objects()
    sas = f"sv=2026-01-01&ss=b&srt=sco&sp=rwdlc&{PLANTED['sas']}"
    done = checked.run("--yes", GHARCHIVE_BLOB_URL=storage.url, GHARCHIVE_BLOB_SAS=sas)
    assert done.returncode == 1, done.stdout + done.stderr
    report = report_of(done.stdout)
    assert storage.address not in report
    found = verdicts(report)
    assert (found["empty-account"], found["nothing-left"]) == ("differs", "differs")
    assert f"make account-check DROP={prefix_of(done.stdout)}" in report
    assert checked.objects() == before


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(n, marks=pytest.mark.long) for n in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_an_interrupted_check_drops_all(checked: Checked, number: signal.Signals) -> None:
    before = checked.objects()
    with checked.start("--yes") as process:
        said = until(process, "models")
        assert any(prefix_of(said) in name for name in checked.objects()["databases"])
        process.send_signal(number)
        rest, _ = process.communicate(timeout=120)
    assert process.returncode == 130, rest
    assert checked.objects() == before
    found = verdicts(report_of(rest))
    assert (found["hour-loaded"], found["conformance"]) == ("holds", "not tried")


def test_what_a_killed_check_leaves_can_be_dropped(checked: Checked) -> None:
    before = checked.objects()
    with checked.start("--yes") as process:
        prefix = prefix_of(until(process, "load"))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert checked.objects() != before

    told = checked.run()
    dropped = checked.run("--drop", prefix)

    assert f"An earlier check has left {prefix} behind: make account-check DROP={prefix}" in (
        told.stdout
    )
    assert (dropped.returncode, dropped.stdout) == (0, f"Nothing of {prefix} is left\n")
    assert checked.objects() == before


def test_only_a_checks_own_can_be_dropped(checked: Checked) -> None:
    before = checked.objects()
    done = checked.run("--drop", "PRODUCTION")
    assert done.returncode == 2
    assert checked.objects() == before
