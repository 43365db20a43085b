"""Build Silver and Gold with dbt, as the transformer: twice, for the second day is another one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from account_check.account import rows, shown
from account_check.findings import Finding, judged, tried
from account_check.run import Run
from account_check.scratch import user_of

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "include" / "dbt"
GOOD = ("success", "pass", "warn", "no-op")


class BuildError(Exception):
    """dbt came to no result; the message is the end of what it said."""


def check(run: Run) -> Iterator[Finding]:
    """Build for the first time."""
    yield _build(run, "first-build")
    run.row_counts = _row_counts(run)


def check_again(run: Run) -> Iterator[Finding]:
    """Build once more: the hour has been loaded again meanwhile."""
    yield _build(run, "second-build")
    counts = _row_counts(run)
    others = [
        f"{table}: {run.row_counts.get(table)} → {count}"
        for table, count in counts.items()
        if run.row_counts.get(table) != count
    ]
    yield judged("same-rows", not others, "; ".join(others) or f"{len(counts)} tables")
    yield tried("swap-keeps-readers", lambda: _swapped(run))


def _swapped(run: Run) -> tuple[bool, str]:
    """Rebuild a table, and read it as the reader."""
    table = "event_hours"
    dbt_build(run, "--full-refresh", "--select", table)
    with run.login("reader") as connection, connection.cursor() as cursor:
        ((count,),) = rows(cursor, f"select count(*) from gold.{table}")
    return count > 0, f"{count} rows"


def _build(run: Run, name: str) -> Finding:
    results = dbt_build(run, *(("--select", run.models) if run.models else ()))
    bad = [f"{r['unique_id']}: {r['message']}" for r in results if r["status"] not in GOOD]
    if not bad:
        return judged(name, bool(results), f"{len(results)} models and tests")
    return judged(name, False, f"{len(bad)} of {len(results)} failed, first {bad[0]}", bad)


def dbt_build(run: Run, *selection: str) -> list[dict[str, Any]]:
    """Run `dbt build` of a selection; return what became of each model and test."""
    target = run.folder / "dbt"
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("build", "--quiet", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(target), "--log-path", str(target)),
            # As the DAG does: unit tests judge the code, and full scans are for the week's run
            *("--exclude-resource-type", "unit_test", "--exclude", "tag:full_scan"),
            *selection,
        ],
        cwd=ROOT,
        env=_environment(run),
        capture_output=True,
        text=True,
        check=False,
    )
    if not results.exists():
        raise BuildError(f"dbt build: {(done.stdout + done.stderr)[-2000:]}")
    return list(json.loads(results.read_text())["results"])


def _environment(run: Run) -> dict[str, str]:
    """Return what include/dbt/profiles.yml reads, and nothing of another account."""
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("SNOWFLAKE_", "DBT_"))}
    address = {f"SNOWFLAKE_{name.upper()}": str(v) for name, v in run.account.address.items()}
    return {
        **inherited,
        **address,
        "SNOWFLAKE_USER": user_of(run.prefix, "transformer"),
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(run.key),
        "SNOWFLAKE_ROLE": str(run.deployment.transformer_role),
        "SNOWFLAKE_WAREHOUSE": str(run.deployment.transform_warehouse),
        "SNOWFLAKE_DATABASE": run.prefix,
    }


def _row_counts(run: Run) -> dict[str, int]:
    counts = {}
    with run.administrator() as cursor:
        for schema in ("silver", "gold"):
            for found in shown(cursor, f"tables in schema {schema}"):
                table = f"{schema}.{found['name']}"
                if table.endswith("_RECONCILIATION"):
                    # Those of dates have one for each that a load touched, with events or not
                    continue
                ((counts[table],),) = rows(cursor, f"select count(*) from {table}")
    return counts
