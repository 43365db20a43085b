"""Least privilege: what each role of the deployment may do, and what it is refused."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from include.sql.load import load_hours
from local.launcher.stack import Stack
from tests.sql.conftest import Archive, Tables

MAY = {
    "loader": [
        "select count(*) from bronze.BronzeRaw",
        "select count(*) from ledger.days",
        "list @bronze.gharchive_stage",
    ],
    "transformer": [
        "select count(*) from bronze.events_current",
        "select count(*) from ledger.loads",
        "insert into ledger.model_watermarks select 'x', 0, sysdate() where false",
        "insert into ledger.dbt_commands select 'x', sysdate() where false",
        "insert into ledger.completed_runs select 0, 'x', 'x', sysdate() where false",
        "create or replace table silver.by_transformer as select 1 as a",
        "create or replace view gold.by_transformer as select a from silver.by_transformer",
        "select model_id from gold.live_model",
    ],
    "trainer": [
        "select count(*) from gold.by_transformer",
        "update gold.live_model set model_id = model_id",
        "delete from gold.recommendations where false",
        "list @gold.gharchive_models",
    ],
    "reader": [
        "select * from gold.by_transformer",
        "select * from silver.by_transformer",
        "select count(*) from ledger.days",
        "select * from ledger.lag",
        "select * from ledger.tables",
    ],
    "pipe": [
        "insert into bronze.BronzeRaw (file_name) select 'x' where false",
        "select count(*) from bronze.BronzeRaw",
    ],
    "deployer": [
        "create schema GHARCHIVE.mine",
        "drop schema GHARCHIVE.mine",
        "alter table ledger.loads set comment = 'mine'",
        "grant select on table ledger.loads to role GHARCHIVE_TRANSFORMER",
    ],
}
MAY_NOT = {
    "loader": [
        "update bronze.BronzeRaw set file_name = 'x'",
        "delete from ledger.loads",
        "truncate table bronze.BronzeRaw",
        "drop table bronze.BronzeRaw",
        "select * from silver.by_transformer",
        "create table bronze.mine (a int)",
        "list @gold.gharchive_models",
        "create role mine",
    ],
    "transformer": [
        "select * from bronze.BronzeRaw",
        "delete from bronze.BronzeRaw",
        "insert into ledger.loads select * from ledger.loads",
        "list @bronze.gharchive_stage",
        "delete from gold.models",
        "create table ledger.mine (a int)",
        "alter warehouse GHARCHIVE_TRANSFORM set warehouse_size = 'XLARGE'",
    ],
    "trainer": [
        "select * from bronze.events_current",
        "select * from silver.by_transformer",
        "drop view gold.by_transformer",
        "create table gold.mine (a int)",
        "use warehouse GHARCHIVE_LOAD",
    ],
    "reader": [
        "select * from bronze.BronzeRaw",
        "select * from bronze.events_current",
        "list @bronze.gharchive_stage",
        "select * from @bronze.gharchive_stage",
        "select * from ledger.loads",
        "delete from silver.by_transformer",
        "insert into gold.live_model values ('mine')",
        "create table gold.mine (a int)",
        "grant select on table silver.by_transformer to role public",
    ],
    "deployer": [
        "create user mine",
        "create resource monitor mine with credit_quota = 1",
        "alter warehouse GHARCHIVE_LOAD set warehouse_size = 'XLARGE'",
        "grant role ACCOUNTADMIN to role GHARCHIVE_DEPLOYER",
        "grant create user on account to role GHARCHIVE_DEPLOYER",
        "drop role SYSADMIN",
    ],
    "pipe": [
        "delete from bronze.BronzeRaw",
        "select * from ledger.current_loads",
    ],
}
DENIED = {3001, 2003, 2043}
"""Insufficient privileges; does not exist or not authorized."""

Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def as_role(stack: Stack, archive: Archive) -> Iterator[Callable[[str], Run]]:
    """Give what runs a statement as a role, in an account that holds an hour."""
    with stack.connect_snowflake() as connection:
        load_hours(connection, archive.ingested(datetime(2013, 3, 1)))
        tables = Tables(connection)

        def switch(role: str) -> Run:
            tables.run(f"use role GHARCHIVE_{role}")
            return tables.run

        for statement in MAY["transformer"]:
            switch("transformer")(statement)
        yield switch


def cases(statements: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(role, statement) for role, texts in statements.items() for statement in texts]


@pytest.mark.parametrize(("role", "statement"), cases(MAY))
def test_a_role_may_do_its_work(as_role: Callable[[str], Run], role: str, statement: str) -> None:
    as_role(role)(statement)


@pytest.mark.parametrize(("role", "statement"), cases(MAY_NOT))
def test_a_role_is_refused_all_else(
    as_role: Callable[[str], Run], role: str, statement: str
) -> None:
    with pytest.raises(ProgrammingError) as refused:
        as_role(role)(statement)
    assert refused.value.errno in DENIED, refused.value


def test_the_loader_loads(
    stack: Stack, archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """All of a load: first, replaced and unchanged."""
    connection.cursor().execute("use role GHARCHIVE_LOADER")
    assert load_hours(connection, archive.ingested(day)).loaded == 1
    assert load_hours(connection, archive.ingested(day, seed=2)).loaded == 1
    assert load_hours(connection, archive.ingest(day)).unchanged == 1
