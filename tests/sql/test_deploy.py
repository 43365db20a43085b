"""What a deployment does to an account, and what it says."""

import os
import subprocess
from collections.abc import Mapping
from datetime import datetime

import pytest
from snowflake.connector import DictCursor, SnowflakeConnection

from include.sql import deploy
from include.sql.load import load_hours
from local.launcher.stack import Stack
from local.setup import paths
from tests.sql.conftest import Archive, Tables


def run(stack: Stack, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, with the stack's settings but for these."""
    return subprocess.run(
        [paths.PYTHON, "-m", "include.sql.deploy", *options],
        cwd=paths.ROOT,
        env={**stack.environment(), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def history(tables: Tables) -> list[tuple[object, ...]]:
    """Return every script that ever ran."""
    return tables.run("select script, checksum, status from ledger.change_history order by 1, 2")


def shown(connection: SnowflakeConnection, what: str) -> list[dict[str, object]]:
    """Return the rows of a SHOW, by column."""
    with connection.cursor(DictCursor) as cursor:
        return list(cursor.execute(f"show {what}"))  # type: ignore[arg-type]


def test_a_second_deployment_changes_nothing(
    stack: Stack, archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """The first was the stack's own: rows, ledger and counter stay, and loads go on."""
    load_hours(connection, archive.ingested(day))
    state, scripts = tables.state(), history(tables)

    planned, deployed = run(stack, "--plan"), run(stack)

    total = len(deploy.scripts())
    assert planned.stdout == f"-- 0 of {total} scripts would run\n"
    assert deployed.stdout == f"0 of {total} scripts have run: none\n"
    assert (tables.state(), history(tables)) == (state, scripts)
    assert load_hours(connection, archive.ingested(day, seed=2)).loaded == 1


def test_a_new_setting_runs_the_scripts_that_have_it(stack: Stack) -> None:
    """A plan shows their statements and changes nothing."""
    quota = {"GHARCHIVE_CREDIT_QUOTA": "33"}

    planned = run(stack, "--plan", **quota)
    deployed = run(stack, **quota)

    total = len(deploy.scripts())
    assert "credit_quota = 33" in planned.stdout
    assert planned.stdout.endswith(f"-- 1 of {total} scripts would run\n")
    assert deployed.stdout == f"1 of {total} scripts have run: R__1_warehouses.sql\n"
    with stack.connect_snowflake() as connection:
        (monitor,) = shown(connection, "resource monitors like 'GHARCHIVE_MONITOR'")
    assert monitor["credit_quota"] == "33.00"
    run(stack)


def test_the_limits_are_there(stack: Stack) -> None:
    """What stops spending, and what warns of it; how long deleted rows stay."""
    with stack.connect_snowflake() as connection:
        tables = Tables(connection)
        assert tables.run("call ledger.spending!get_spending_limit()") == [(10,)]
        warehouses = shown(connection, "warehouses like 'GHARCHIVE\\_%'")
        assert [(w["size"], w["auto_suspend"], w["resource_monitor"]) for w in warehouses] == [
            ("X-Small", 60, "GHARCHIVE_MONITOR")
        ] * 4
        [monitor] = shown(connection, "resource monitors like 'GHARCHIVE_MONITOR'")
        limits = ("credit_quota", "notify_at", "suspend_at", "suspend_immediately_at")
        assert [monitor[limit] for limit in limits] == ["20.00", "80%", "100%", "110%"]
        [schema] = shown(connection, "schemas like 'BRONZE' in database GHARCHIVE")
        assert schema["retention_time"] == "1"


def test_an_empty_account_gets_a_plan_without_being_touched(stack: Stack) -> None:
    planned = run(stack, "--plan", GHARCHIVE_DATABASE="ELSEWHERE")

    total = len(deploy.scripts())
    assert planned.stdout.endswith(f"-- {total} of {total} scripts would run\n")
    assert "create schema if not exists ELSEWHERE.bronze" in planned.stdout
    with stack.connect_snowflake() as connection:
        assert Tables(connection).run("show databases like 'ELSEWHERE'") == []


def test_a_second_database_has_names_of_its_own(stack: Stack) -> None:
    """Nothing of the first one is taken or changed."""
    deployed = run(
        stack,
        GHARCHIVE_DATABASE="STAGING",
        GHARCHIVE_READER_ROLE="ANALYSTS",
        GHARCHIVE_LOAD_WAREHOUSE="SHARED",
    )

    assert deployed.returncode == 0, deployed.stderr
    with stack.connect_snowflake() as connection:
        tables = Tables(connection)
        names = {str(row[1]) for row in tables.run("show roles")}
        tables.run("use role ANALYSTS")
        assert tables.run("select * from STAGING.ledger.current_loads") == []
    assert {"STAGING_LOADER", "ANALYSTS", "GHARCHIVE_LOADER"} <= names


@pytest.mark.parametrize(
    ("settings", "without", "message"),
    [
        ({}, "GHARCHIVE_STORAGE_URL", "GHARCHIVE_STORAGE_URL: Field required"),
        ({}, "GHARCHIVE_MODELS_SAS_TOKEN", "set GHARCHIVE_MODELS_SAS_TOKEN, or GHARCHIVE_AZURE"),
        ({"GHARCHIVE_DATABASE": "a; drop"}, "", "GHARCHIVE_DATABASE: String should match"),
        ({"GHARCHIVE_TRAIN_WAREHOUSE_SIZE": "HUGE"}, "", "GHARCHIVE_TRAIN_WAREHOUSE_SIZE: Input"),
        ({"GHARCHIVE_CREDIT_QUOTA": "0"}, "", "GHARCHIVE_CREDIT_QUOTA: Input should be greater"),
        ({"GHARCHIVE_QUEUE_URL": "https://q"}, "", "GHARCHIVE_QUEUE_URL needs GHARCHIVE_AZURE"),
        ({"SNOWFLAKE_DEFAULT_CONNECTION_NAME": "none"}, "", "Invalid connection_name 'none'"),
    ],
)
def test_a_wrong_setting_is_named(
    stack: Stack,
    settings: Mapping[str, str],
    without: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**stack.environment(), **settings}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(without, raising=False)
    assert deploy.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("snowflake-deploy failed: ")
    assert message in said
    assert "Traceback" not in said


def test_secrets_are_nowhere_but_in_the_stage(stack: Stack) -> None:
    """Not in the plan, in what a failing script says, in the history or in SHOW and DESCRIBE."""
    token = stack.environment()["GHARCHIVE_EVENTS_SAS_TOKEN"]
    changed = {"GHARCHIVE_OUTCOMES_SAS_TOKEN": token}
    planned = run(stack, "--plan", **changed)
    failed = run(stack, **changed, GHARCHIVE_LOADER_USERS="NOBODY")
    assert "R__3_stages.sql" in planned.stdout
    assert failed.returncode == 1
    assert "NOBODY" in failed.stderr

    with stack.connect_snowflake() as connection:
        tables = Tables(connection)
        shown = [
            tables.run(statement)
            for statement in (
                "select * from ledger.change_history",
                "show stages in database",
                "describe stage bronze.gharchive_stage",
            )
        ]
    signature = token.partition("sig=")[2].partition("&")[0]
    assert signature
    for text in (planned.stdout, failed.stdout, failed.stderr, repr(shown)):
        assert signature not in text


def test_without_schemachange_the_message_says_what_to_do(stack: Stack) -> None:
    failed = run(stack, PATH=os.pathsep.join(["/usr/bin", "/bin"]))
    assert failed.returncode == 1
    assert "use `make snowflake-deploy`, or install include/sql/requirements.txt" in failed.stderr
