"""What dbt's stock materialisations rely on: two builds of a small project, then a look."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from contract.stand_in import fetch
from dbt.cli.main import dbtRunner
from snowflake.connector.cursor import SnowflakeCursor

from conformance.behaviour import documented
from conformance.target import Target

SCHEMA = "DBT"
FILES = {
    "seeds/people.csv": "id,name\n1,a\n2,b\n3,\n",
    "models/src.sql": """
        {{ config(materialized='view') }}
        select id, name from {{ ref('people') }}""",
    "models/plain.sql": """
        {{ config(materialized='table') }}
        select id, cast(sum(id) as number(38, 0)) as total, count(*) as n
        from {{ ref('src') }} group by id""",
    "models/by_merge.sql": """
        {{ config(materialized='incremental', unique_key='id') }}
        select id, name from {{ ref('src') }}""",
    "models/by_delete.sql": """
        {{ config(materialized='incremental', incremental_strategy='delete+insert',
            unique_key='id') }}
        select id, name from {{ ref('src') }}""",
    "models/by_append.sql": """
        {{ config(materialized='incremental', incremental_strategy='append') }}
        select id from {{ ref('src') }}""",
    "models/hooked.sql": """
        {{ config(materialized='incremental',
            pre_hook="set low = (select coalesce(max(id), 0) from {{ ref('people') }})",
            post_hook="insert into {{ this }} select 100 + $low") }}
        select cast($low as number(38, 0)) as low""",
    "models/wider.sql": """
        {{ config(materialized='incremental', on_schema_change='append_new_columns') }}
        select id {% if is_incremental() %}, 'new' as added {% endif %} from {{ ref('src') }}""",
    "models/schema.yml": yaml.safe_dump(
        {
            "models": [
                {
                    "name": "plain",
                    "description": "A description with 'quotes'",
                    "config": {"persist_docs": {"relation": True, "columns": True}},
                    "columns": [
                        {
                            "name": "id",
                            "description": "The key",
                            "data_tests": ["unique", "not_null"],
                        },
                    ],
                },
                {
                    "name": "src",
                    "columns": [
                        {
                            "name": "name",
                            "data_tests": [
                                {
                                    "accepted_values": {
                                        "arguments": {"values": ["a"]},
                                        "config": {"severity": "warn", "store_failures": True},
                                    }
                                }
                            ],
                        }
                    ],
                },
            ]
        }
    ),
    "snapshots/kept.sql": """
        {% snapshot kept %}
            {{ config(target_schema=target.schema, unique_key='id', strategy='check',
                check_cols=['name']) }}
            select id, name from {{ ref('people') }}
        {% endsnapshot %}""",
    "dbt_project.yml": yaml.safe_dump(
        {
            "name": "conformance",
            "version": "1.0.0",
            "profile": "conformance",
            "flags": {"send_anonymous_usage_stats": False},
        }
    ),
}


@pytest.fixture(scope="module")
def built(
    target: Target, shared: SnowflakeCursor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Build twice, with a changed seed; give the statuses of the second build's nodes."""
    project = tmp_path_factory.mktemp("dbt")
    for name, text in FILES.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    output = {
        "type": "snowflake",
        "host": target.host,
        "port": target.port,
        "account": target.account,
        "user": target.user,
        "private_key_path": target.private_key_file,
        "database": target.database,
        "schema": SCHEMA,
        "warehouse": target.warehouse,
        "role": target.role,
        "threads": 4,
    }
    profile = {"conformance": {"target": "x", "outputs": {"x": output}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profile))
    _build(project)
    (project / "seeds" / "people.csv").write_text("id,name\n1,a\n2,c\n3,\n4,d\n")
    yield _build(project)
    shared.execute(f"drop schema {SCHEMA}")


def _build(project: Path) -> dict[str, str]:
    folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
    result = dbtRunner().invoke(["--quiet", "build", *folders])
    results: Any = result.result
    assert results is not None, result.exception
    failed = {r.node.name: r.message for r in results if r.status in ("error", "fail", "skipped")}
    assert not failed, json.dumps(failed, indent=1)
    return {r.node.name: str(r.status) for r in results}


@pytest.fixture
def look(built: dict[str, str], shared: SnowflakeCursor) -> Any:
    return lambda sql: fetch(shared, sql)


PEOPLE = [(1, "a"), (2, "c"), (3, None), (4, "d")]


@documented("dbt-view", "CREATE OR REPLACE VIEW, again and again.", "sql-reference/sql/create-view")
def test_view(look: Any) -> None:
    assert look("select id, name from dbt.src order by id") == PEOPLE


@documented(
    "dbt-table",
    "CREATE OR REPLACE TABLE … AS replaces a table's rows.",
    "sql-reference/sql/create-table",
)
def test_table(look: Any) -> None:
    assert look("select id, total, n from dbt.plain order by id") == [
        (1, 1, 1),
        (2, 2, 1),
        (3, 3, 1),
        (4, 4, 1),
    ]


@documented(
    "dbt-merge", "An incremental model merges from a temporary relation.", "sql-reference/sql/merge"
)
def test_merge(look: Any) -> None:
    assert look("select id, name from dbt.by_merge order by id") == PEOPLE


@documented(
    "dbt-delete-insert", "delete+insert runs both in one transaction.", "sql-reference/transactions"
)
def test_delete_insert(look: Any) -> None:
    assert look("select id, name from dbt.by_delete order by id") == PEOPLE


@documented("dbt-append", "append inserts.", "sql-reference/sql/insert")
def test_append(look: Any) -> None:
    assert look("select count(*) from dbt.by_append") == [(7,)]


@documented(
    "dbt-hooks",
    "Hooks and model run in one session: variables reach all of them.",
    "sql-reference/session-variables",
)
def test_hooks(look: Any) -> None:
    assert look("select low from dbt.hooked order by low") == [(3,), (4,), (103,), (104,)]


@documented(
    "dbt-new-column", "A new column is added by ALTER TABLE.", "sql-reference/sql/alter-table"
)
def test_new_column(look: Any) -> None:
    assert look("select added, count(*) from dbt.wider group by added order by 1") == [
        ("new", 4),
        (None, 3),
    ]


@documented("dbt-snapshot", "A snapshot keeps the version before.", "sql-reference/sql/merge")
def test_snapshot(look: Any) -> None:
    assert look("select name, dbt_valid_to is null from dbt.kept where id = 2 order by name") == [
        ("b", False),
        ("c", True),
    ]


@documented(
    "dbt-seed",
    "A seed is loaded by bound inserts, NULL for an empty cell.",
    "sql-reference/sql/insert",
)
def test_seed(look: Any) -> None:
    assert look("select id, name from dbt.people order by id") == PEOPLE


@documented(
    "dbt-tests",
    "Tests count rows; failures can be stored in tables.",
    "sql-reference/sql/create-table",
)
def test_tests(built: dict[str, str], look: Any) -> None:
    assert built["unique_plain_id"] == built["not_null_plain_id"] == "pass"
    assert built["accepted_values_src_name__a"] == "warn"
    assert look(
        "select count(*) from information_schema.schemata where schema_name = 'DBT_DBT_TEST__AUDIT'"
    ) == [(1,)]


@documented(
    "dbt-comments",
    "Descriptions become comments of tables and columns.",
    "sql-reference/sql/comment",
)
def test_comments(look: Any) -> None:
    assert look(
        "select comment from information_schema.tables"
        " where table_schema = 'DBT' and table_name = 'PLAIN'"
    ) == [("A description with 'quotes'",)]
    assert look(
        "select comment from information_schema.columns"
        " where table_schema = 'DBT' and table_name = 'PLAIN' and column_name = 'ID'"
    ) == [("The key",)]


@documented(
    "dbt-introspection",
    "SHOW OBJECTS lists relations with schema, name and kind.",
    "sql-reference/sql/show-objects",
)
def test_introspection(built: dict[str, str], shared: SnowflakeCursor) -> None:
    shared.execute("show objects in schema dbt")
    names = [column.name for column in shared.description]
    assert {"schema_name", "name", "kind"} <= set(names)
    rows = [dict(zip(names, row, strict=True)) for row in shared.fetchall()]
    kinds = {row["name"]: row["kind"] for row in rows}
    assert (kinds["SRC"], kinds["PLAIN"]) == ("VIEW", "TABLE")


@documented(
    "dbt-temporary-leaves-nothing",
    "Temporary relations leave nothing behind.",
    "user-guide/tables-temp-transient",
)
def test_temporary(look: Any) -> None:
    assert look(
        "select count(*) from information_schema.tables"
        " where table_schema = 'DBT' and table_name like '%TMP'"
    ) == [(0,)]
