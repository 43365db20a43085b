"""The conformance suite of the stand-in, on the account."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from account_check.findings import Finding, NotTriedError, judged
from account_check.run import Run

ROOT = Path(__file__).parents[2]
SUITE = "snowflake_stand_in/tests/conformance"


def check(run: Run) -> Iterator[Finding]:
    """Run the suite with names of our own."""
    if "private_key_file" not in run.account.settings:
        raise NotTriedError("the suite logs in by the connection's private_key_file")
    results = run.folder / "conformance.xml"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", SUITE, "-q", "-p", "no:cacheprovider", "-n", "0"),
            f"--junitxml={results}",
            *(("-k", run.behaviours) if run.behaviours else ()),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            **run.storage.for_conformance(),
            "SNOWFLAKE_HOME": str(_home(run)),
            "SNOWFLAKE_CONFORMANCE_CONNECTION": "default",
            "SNOWFLAKE_CONFORMANCE_PREFIX": f"{run.prefix}_CONFORMANCE",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if not results.exists():
        yield judged("conformance", False, f"pytest: {(done.stdout + done.stderr)[-2000:]}")
        return
    cases = list(ElementTree.parse(results).iter("testcase"))
    faults = [
        f"{case.get('name')}: {(fault.get('message') or '').partition(chr(10))[0]}"
        for case in cases
        for fault in (*case.findall("failure"), *case.findall("error"))
    ]
    skipped = sum(case.find("skipped") is not None for case in cases)
    yield judged(
        "conformance",
        bool(cases) and not faults,
        f"{len(cases) - skipped - len(faults)} hold, {skipped} not tried or listed, "
        f"{len(faults)} differ",
        faults,
    )


def _home(run: Run) -> Path:
    """Write a connections.toml that names a warehouse of ours."""
    home = run.folder / "snowflake"
    home.mkdir(mode=0o700)
    settings = {
        "role": "ACCOUNTADMIN",
        **run.account.settings,
        "warehouse": run.deployment.load_warehouse,
    }
    file = home / "connections.toml"
    file.touch(mode=0o600)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    file.write_text("[default]\n" + "".join(lines))
    return home
