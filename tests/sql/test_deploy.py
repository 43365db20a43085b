"""What a deployment does to an account, and what it says."""

import os
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from snowflake.connector import DictCursor, SnowflakeConnection
from snowflake_stand_in.testing import StandIn

from include.sql import deploy
from include.sql.load import load_hours
from local.launcher.stack import Stack
from local.setup import paths
from tests import deployment, hostile
from tests.deployment import ANYWHERE
from tests.sql.conftest import Archive, Tables


def run(
    stack: Stack, *options: str, program: str = "deploy", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, with the stack's settings but for these."""
    return subprocess.run(
        [paths.PYTHON, "-m", f"include.sql.{program}", *options],
        cwd=paths.ROOT,
        env={**stack.environment(), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def prepare_and_run(stack: Stack, **settings: str) -> subprocess.CompletedProcess[str]:
    """Let the administrator prepare the account, and deploy."""
    prepared = run(stack, program="account", **settings)
    assert prepared.returncode == 0, prepared.stderr
    return run(stack, **settings)


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
    longer = {"GHARCHIVE_RETENTION_DAYS": "3"}

    planned = run(stack, "--plan", **longer)
    deployed = run(stack, **longer)

    total = len(deploy.scripts())
    assert "data_retention_time_in_days = 3" in planned.stdout
    assert planned.stdout.endswith(f"-- 1 of {total} scripts would run\n")
    assert deployed.stdout == f"1 of {total} scripts have run: R__5_limits.sql\n"
    with stack.connect_snowflake() as connection:
        [schema] = shown(connection, "schemas like 'BRONZE' in database GHARCHIVE")
    assert schema["retention_time"] == "3"
    run(stack)


def test_what_may_be_spent_is_the_administrators(stack: Stack) -> None:
    """Its plan shows the statements; the monitor's month doesn't begin again."""
    quota = {"GHARCHIVE_CREDIT_QUOTA": "33"}

    planned = run(stack, "--plan", program="account", **quota)
    prepare_and_run(stack, **quota)

    assert "credit_quota = 33" in planned.stdout
    assert planned.stdout.count("start_timestamp") == 1
    with stack.connect_snowflake() as connection:
        (monitor,) = shown(connection, "resource monitors like 'GHARCHIVE_MONITOR'")
    assert monitor["credit_quota"] == "33.00"
    prepare_and_run(stack)


def test_what_a_deployment_makes_belongs_to_nobody_with_more_rights(stack: Stack) -> None:
    """Integrations, warehouses and the monitor are the administrator's, and nothing else."""
    with stack.connect_snowflake() as connection:
        connection.cursor().execute("use role GHARCHIVE_DEPLOYER")
        for kind in ("schemas", "tables", "views", "stages", "file formats", "tasks"):
            owners = {
                row["owner"]
                for row in shown(connection, f"{kind} in database GHARCHIVE")
                if row["name"] != "INFORMATION_SCHEMA"
            }
            roles = {"GHARCHIVE_DEPLOYER", "GHARCHIVE_LOADER", "GHARCHIVE_TRANSFORMER"}
            assert owners <= roles | {""}, kind
        owned = {row["name"]: row["owner"] for row in shown(connection, "roles")}
    assert {owned[f"GHARCHIVE_{job}"] for job in ("LOADER", "READER", "PIPE")} == {
        "GHARCHIVE_DEPLOYER"
    }


def test_what_an_administrator_deployed_is_handed_over(tmp_path: Path) -> None:
    """Earlier versions deployed as ACCOUNTADMIN. And no parameter of the account matters."""
    home, total = tmp_path / "home", len(deploy.scripts())
    with (
        StandIn(tmp_path / "snowflake.duckdb") as server,
        server.connect(user="ADMIN", password="any") as connection,
    ):
        tables = Tables(connection)
        warehouses = (f"GHARCHIVE_{job}" for job in ("LOAD", "TRANSFORM", "TRAIN", "READ"))
        for statement in (
            *hostile.statements(),
            *(f"create warehouse {warehouse}" for warehouse in warehouses),
        ):
            tables.run(statement)
        as_before = {**ANYWHERE, "GHARCHIVE_DEPLOYER_ROLE": "ACCOUNTADMIN"}
        deployment.deploy(home, server.address, as_before, ["include.sql.deploy"])

        said = deployment.deploy(home, server.address, ANYWHERE)
        again = deployment.deploy(home, server.address, ANYWHERE)

        assert "grant ownership on table GHARCHIVE.LEDGER.LOADS to role" in said
        assert said.endswith(f"1 of {total} scripts have run: R__2_roles.sql\n")
        assert again.endswith(f"0 of {total} scripts have run: none\n")
        tables.run("use database GHARCHIVE")
        assert tables.run("select count(*) from ledger.load_lock") == [(1,)]
        assert tables.run("select count(*) from gold.live_model") == [(1,)]
        assert tables.run("select distinct status from ledger.change_history") == [("Success",)]
        for kind in ("schemas", "tables", "views", "stages", "file formats"):
            owners = {
                row["owner"]
                for row in shown(connection, f"{kind} in database GHARCHIVE")
                if row["name"] != "INFORMATION_SCHEMA"
            }
            assert owners == {"GHARCHIVE_DEPLOYER"}, kind


def test_an_account_that_nobody_has_prepared_says_what_to_do(stack: Stack) -> None:
    refused = run(stack, GHARCHIVE_DATABASE="NOWHERE")
    assert refused.returncode == 1
    assert "`make snowflake-account`" in refused.stderr
    assert "GHARCHIVE_DEPLOYER_USERS" in refused.stderr


def test_a_budget_that_refuses_is_an_error(stack: Stack) -> None:
    """It says so in its result alone."""
    nobodys = {"GHARCHIVE_BUDGET_EMAIL": "nobody@example.com"}
    refused = run(stack, **nobodys)
    assert refused.returncode == 1
    assert "ledger.spending!set_email_notifications" in refused.stderr
    assert "nobody@example.com is not verified" in refused.stderr
    assert "deploy again" in refused.stderr
    with stack.connect_snowflake() as connection:
        connection.cursor().execute("create user verified email = 'nobody@example.com'")
    assert run(stack, **nobodys).returncode == 0


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
        assert [monitor[limit] for limit in limits] == ["100.00", "80%", "100%", "110%"]
        [schema] = shown(connection, "schemas like 'BRONZE' in database GHARCHIVE")
        assert schema["retention_time"] == "1"


def test_an_empty_account_gets_a_plan_without_being_touched(stack: Stack) -> None:
    run(stack, program="account", GHARCHIVE_DATABASE="ELSEWHERE")
    planned = run(stack, "--plan", GHARCHIVE_DATABASE="ELSEWHERE")

    total = len(deploy.scripts())
    assert planned.stdout.endswith(f"-- {total} of {total} scripts would run\n")
    assert "create schema if not exists ELSEWHERE.bronze" in planned.stdout
    with stack.connect_snowflake() as connection:
        assert Tables(connection).run("show databases like 'ELSEWHERE'") == []


def test_a_second_database_has_names_of_its_own(stack: Stack) -> None:
    """Nothing of the first one is taken or changed."""
    deployed = prepare_and_run(
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
