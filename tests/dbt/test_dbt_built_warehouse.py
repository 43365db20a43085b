"""A built warehouse as its users meet it: analysts look at it, and an upgrade renames tables."""

from io import StringIO

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.util_text import split_statements

from include.sql.deploy import render
from include.sql.settings import Deployment
from tests import deployment
from tests.dbt.small_world import HOURS, SLOTS, invent
from tests.dbt.warehouse import Warehouse, hour_name

# Of one month, since event_trends has a row for every hour between the first and the last
LOADED = (3, 4, 5, 6, 7)

# By default dbt would show their tests as well
EVERY_MODEL = ("--select", "resource_type:model", "--indirect-selection", "empty")

RENAMED_TABLES = {
    "silver.name_days": "silver.daily_names",
    "silver.name_months": "silver.monthly_names",
    "silver.name_years": "silver.yearly_names",
    "gold.thread_days": "gold.daily_issues_and_pull_requests",
    "gold.thread_months": "gold.monthly_issues_and_pull_requests",
    "gold.thread_years": "gold.yearly_issues_and_pull_requests",
}
OLD_COLUMNS_OF_EVENTS = {
    "thread_number": "number",
    "thread_author_key": "author_key",
    "thread_title": "title",
    "thread_created_at": "opened_at",
    "is_thread_author_bot": "is_author_bot",
}

WERE_TABLES = (
    "silver.actors",
    "silver.repositories",
    "silver.organisations",
    "gold.issues_and_pull_requests",
)
WERE_VIEWS = ("gold.response_times", "gold.all_time_rankings")


@pytest.fixture(scope="module")
def built(warehouse: Warehouse) -> Warehouse:
    """Return a warehouse of some hours, all of them built."""
    warehouse.load(
        {
            hour_name(HOURS[hour]): [invent(hour, slot, False) for slot in range(0, SLOTS, 2)]
            for hour in LOADED
        }
    )
    warehouse.dbt("run")
    return warehouse


@pytest.mark.slow
def test_every_model_can_be_shown(built: Warehouse) -> None:
    shown = built.dbt_results("show", *EVERY_MODEL, "--limit", "1")
    assert {node.node.name: node.status for node in shown} == dict.fromkeys(
        built.models(), "success"
    )


@pytest.mark.slow
def test_compiled_sql_is_a_statement_that_gives_what_the_model_holds(built: Warehouse) -> None:
    built.dbt("compile", *EVERY_MODEL)
    compiled = {
        file.stem: file.read_text()
        for file in (built.scratch / "compiled").rglob("models/**/*.sql")
    }
    assert set(compiled) == set(built.models())
    for name, model in built.models().items():
        relation = f"{model['schema']}.{model['alias']}"
        assert built.query(f"select count(*) from ({compiled[name]})") == built.query(
            f"select count(*) from {relation}"
        ), name


@pytest.mark.slow
def test_an_upgrade_keeps_the_rows_of_renamed_tables(
    built: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version left other names; dbt then finds every table, and nothing to do."""
    before, watermarks = built.snapshot(), built.watermarks()
    for table in ("silver.event_rows", "silver.events"):
        for old, new in OLD_COLUMNS_OF_EVENTS.items():
            built.query(f"alter table {table} rename column {new} to {old}")
    for old, new in RENAMED_TABLES.items():
        if old.startswith("gold."):
            built.query(f"alter table {new} rename column number to thread_number")
        built.query(f"alter table {new} rename to {old}")
        built.query(
            "update ledger.model_watermarks set model = ? where model = ?",
            *(name.partition(".")[2] for name in (old, new)),
        )
    assert built.watermarks() != watermarks
    built.query("drop view gold.issues_and_pull_requests")
    built.query("create table gold.threads (thread_number number, thread_state varchar)")

    migrate(built, "V1.6__readable_names.sql", monkeypatch)
    migrate(built, "V1.9__kinds.sql", monkeypatch)
    built.dbt("run")

    assert built.watermarks() == watermarks
    assert built.snapshot() == before


@pytest.mark.slow
def test_an_upgrade_makes_views_of_tables_and_tables_of_views(
    built: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version left the other kind; and the second time there is nothing to do."""
    before = built.snapshot()
    for view in WERE_TABLES:
        built.query(f"drop view {view}")
        built.query(f"create table {view} (one number)")
    for table in WERE_VIEWS:
        built.query(f"drop table {table}")
        built.query(f"create view {table} as select 1 as one")

    migrate(built, "V1.9__kinds.sql", monkeypatch)
    for name in (*WERE_TABLES, *WERE_VIEWS):
        with pytest.raises(ProgrammingError, match="does not exist"):
            built.query(f"select * from {name}")
    built.dbt("run")
    migrate(built, "V1.9__kinds.sql", monkeypatch)

    assert built.snapshot() == before
    assert all(built.query(f"select * from {view} limit 1") for view in WERE_TABLES)


def migrate(built: Warehouse, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in deployment.ANYWHERE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GHARCHIVE_QUEUE_URL", "https://account.queue.core.windows.net/queue")
    monkeypatch.setenv("GHARCHIVE_AZURE_TENANT_ID", "a123b4c5-1234-123a-a12b-1a23b45678c9")
    text = StringIO(render(script, Deployment.from_environment(), {}))
    for statement, _ in split_statements(text, remove_comments=True):
        if statement:
            built.query(statement)
