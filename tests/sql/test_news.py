"""Whether anything is left to do: exactly if the last complete run had all that is there now."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection

from include.sql.load import load_hours
from include.sql.news import News, find_news, record_completion
from local.launcher.stack import Stack
from tests.sql.conftest import Archive, Tables

PARAMETERS = '{"rank": 16.0}'


class Project:
    """A dbt project of a table and a view, built and complete."""

    def __init__(self, folder: Path, tables: Tables, connection: SnowflakeConnection) -> None:
        self.folder = folder
        self.tables = tables
        self.connection = connection
        nodes = [
            {"name": "facts", "materialized": "change_set"},
            {"name": "shown", "materialized": "view"},
        ]
        manifest = {
            "nodes": {
                node["name"]: {
                    "resource_type": "model",
                    "name": node["name"],
                    "schema": "silver",
                    "alias": node["name"],
                    "config": {"materialized": node["materialized"], "tags": []},
                }
                for node in nodes
            }
        }
        self.write("target/manifest.json", json.dumps(manifest))
        self.write("models/facts.sql", "select 1 as a")
        tables.run("create or replace table silver.facts as select 1 as a")
        tables.run("create or replace view silver.shown as select a from silver.facts")
        self.build()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self) -> None:
        """Record what dbt records of a table: a command, and a watermark at the newest load."""
        self.begin()
        self.tables.run(
            "insert into ledger.model_watermarks (model, load_seq, recorded_at)"
            " select 'facts', coalesce(max(load_seq), 0), sysdate() from ledger.loads"
        )

    def begin(self) -> None:
        self.tables.run("insert into ledger.dbt_commands select 'some id', sysdate()")

    def news(self, parameters: str = PARAMETERS) -> News:
        return find_news(self.connection, self.folder, parameters)

    def complete(self) -> None:
        record_completion(self.connection, self.news())
        assert self.news().reasons == []


@pytest.fixture
def project(
    tmp_path: Path, stack: Stack, archive: Archive, connection: SnowflakeConnection, day: datetime
) -> Iterator[Project]:
    """Return a project in an account that has loaded something, as the DAG's role sees it."""
    load_hours(connection, archive.ingested(day))
    connection.cursor().execute("use role GHARCHIVE_TRANSFORMER")
    with stack.connect_snowflake() as transformer:
        tables = Tables(transformer)
        tables.run("use role GHARCHIVE_TRANSFORMER")
        yield Project(tmp_path, tables, connection)
        tables.run("use role ACCOUNTADMIN")
        tables.run("delete from ledger.completed_runs")
        tables.run("drop view if exists silver.shown")
        tables.run("drop table if exists silver.facts")


def test_before_any_run_is_complete_there_is_everything_to_do(project: Project) -> None:
    assert project.news().reasons == ["no run has done everything yet"]


def test_after_a_complete_run_there_is_nothing_to_do(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is recorded."""
    project.complete()
    record_completion(project.connection, project.news())
    caplog.set_level("INFO", "include.sql.news")
    news = project.news()
    assert news.reasons == []
    assert f"Nothing to do: load {news.load_seq} is built" in caplog.text


def test_a_load_is_news_until_a_run_that_knew_of_it_is_complete(
    project: Project, archive: Archive, tables: Tables, day: datetime
) -> None:
    """A run that completes what it began before the load doesn't speak for it."""
    project.complete()
    before = project.news()
    load_hours(tables.connection, archive.ingested(day, seed=2))

    news = project.news()
    assert news.reasons == [
        f"load {news.load_seq} is newer than load {before.load_seq}",
        "missing or behind the newest load: SILVER.FACTS",
    ]
    project.build()
    record_completion(project.connection, before)
    assert project.news().reasons == [f"load {news.load_seq} is newer than load {before.load_seq}"]
    record_completion(project.connection, news)
    assert project.news().reasons == []


def test_what_dbt_has_begun_is_news_until_a_run_is_complete(project: Project) -> None:
    """It may have failed or been killed, of which it leaves no trace."""
    project.complete()
    project.begin()
    assert project.news().reasons == ["dbt has begun something since the last complete run"]
    project.complete()


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("drop table silver.facts", "SILVER.FACTS"),
        ("drop view silver.shown", "SILVER.SHOWN"),
        ("delete from ledger.model_watermarks where model = 'facts'", "SILVER.FACTS"),
    ],
)
def test_a_model_that_is_gone_is_news(
    project: Project, tables: Tables, statement: str, missing: str
) -> None:
    project.complete()
    tables.run(statement)
    assert project.news().reasons == [f"missing or behind the newest load: {missing}"]


@pytest.mark.parametrize("name", ["models/facts.sql", "models/new.yml", "dbt_project.yml"])
def test_another_project_is_news(project: Project, name: str) -> None:
    """A deployment may have changed a table, a view or a test."""
    project.complete()
    project.write("target/compiled/facts.sql", "what dbt makes of it")
    assert project.news().reasons == []
    project.write(name, "another text")
    assert project.news().reasons == ["the dbt project is another one"]
    project.complete()


def test_other_parameters_of_training_are_news(project: Project) -> None:
    project.complete()
    assert project.news('{"rank": 8.0}').reasons == ["training has other parameters"]


def test_what_a_run_hands_on_is_plain_data(project: Project) -> None:
    """It goes from one task to another as JSON."""
    news: dict[str, Any] = vars(project.news())
    assert News(**json.loads(json.dumps(news))) == project.news()
