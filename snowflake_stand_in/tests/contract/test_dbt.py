"""dbt-snowflake, stock macros but one strategy, four threads, three runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from dbt.cli.main import dbtRunner
from snowflake.connector.cursor import SnowflakeCursor

from contract.stand_in import StandIn, fetch

MODELS = {
    "src.sql": "{{ config(materialized='view') }} select id, name from {{ ref('people') }}",
    "plain.sql": """
        {{ config(materialized='table', cluster_by=['id'], copy_grants=true) }}
        select id, count(*) as n, sum(id) as total from {{ ref('src') }} group by id""",
    "by_change_set.sql": """
        {{ config(materialized='incremental', incremental_strategy='change_set', unique_key='id',
            pre_hook="set low = (select coalesce(max(id), 0) from {{ ref('people') }})",
            post_hook="insert into {{ ref('hooked') }} select $low") }}
        select id, name, $low as low from {{ ref('src') }}""",
    "hooked.sql": """
        {{ config(materialized='incremental') }}
        select cast(0 as number) as low from {{ ref('src') }} where false""",
    "by_merge.sql": """
        {{ config(materialized='incremental', unique_key='id') }}
        select id, name from {{ ref('src') }}""",
    "by_delete.sql": """
        {{ config(materialized='incremental', incremental_strategy='delete+insert',
            unique_key='id') }}
        select id, name from {{ ref('src') }}""",
    "by_append.sql": """
        {{ config(materialized='incremental', incremental_strategy='append') }}
        select id from {{ ref('src') }}""",
}
SCHEMA = {
    "version": 2,
    "models": [
        {
            "name": "plain",
            "description": "A table's description, with 'quotes'",
            "config": {"persist_docs": {"relation": True, "columns": True}},
            "columns": [
                {
                    "name": "id",
                    "description": "The key",
                    "data_tests": ["unique", "not_null"],
                },
                {"name": "n", "description": "How many"},
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
    ],
}
STRATEGY = """
{% macro get_incremental_change_set_sql(arg_dict) %}
    {% set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
    {% set dml %}
        delete from {{ arg_dict['target_relation'] }}
        where id in (select id from {{ arg_dict['temp_relation'] }});

        insert into {{ arg_dict['target_relation'] }} ({{ columns }})
        select {{ columns }} from {{ arg_dict['temp_relation'] }}
    {% endset %}
    {{ return(snowflake_dml_explicit_transaction(dml)) }}
{% endmacro %}
"""
SNAPSHOT = """
{% snapshot kept %}
    {{ config(target_schema=target.schema, unique_key='id', strategy='check',
        check_cols=['name']) }}
    select id, name from {{ ref('people') }}
{% endsnapshot %}
"""


@pytest.fixture
def project(tmp_path: Path, server: StandIn, schema: str) -> Path:
    for folder in ("models", "seeds", "macros", "snapshots"):
        (tmp_path / folder).mkdir()
    for name, sql in MODELS.items():
        (tmp_path / "models" / name).write_text(sql)
    (tmp_path / "models" / "schema.yml").write_text(yaml.safe_dump(SCHEMA))
    (tmp_path / "macros" / "strategy.sql").write_text(STRATEGY)
    (tmp_path / "snapshots" / "kept.sql").write_text(SNAPSHOT)
    (tmp_path / "seeds" / "people.csv").write_text("id,name\n1,a\n2,b\n3,\n")
    (tmp_path / "dbt_project.yml").write_text(
        yaml.safe_dump(
            {
                "name": "contract",
                "version": "1.0.0",
                "profile": "contract",
                "query-comment": {"append": True},
                "flags": {"send_anonymous_usage_stats": False},
            }
        )
    )
    key = tmp_path / "key.pem"
    key.write_bytes(server.private_key_pem)
    output = {
        "type": "snowflake",
        "account": "local",
        "host": "127.0.0.1",
        "port": server.port,
        "user": "transformer",
        "private_key_path": str(key),
        "database": "GHARCHIVE",
        "schema": schema,
        "warehouse": "wh",
        "role": "ACCOUNTADMIN",
        "query_tag": "dbt",
        "threads": 4,
    }
    profile = {"contract": {"target": "x", "outputs": {"x": output}}}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile))
    return tmp_path


def build(project: Path) -> dict[str, str]:
    """Run `dbt build`; return each node's status."""
    folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
    result = dbtRunner().invoke(["--quiet", "build", *folders])
    results: Any = result.result
    assert results is not None, result.exception
    failed = {r.node.name: r.message for r in results if r.status in ("error", "fail", "skipped")}
    assert not failed, json.dumps(failed, indent=1)
    return {r.node.name: str(r.status) for r in results}


def test_builds_again_and_again(project: Path, cursor: SnowflakeCursor) -> None:
    first = build(project)
    assert first["accepted_values_src_name__a"] == "warn"
    build(project)
    (project / "seeds" / "people.csv").write_text("id,name\n1,a\n2,c\n3,\n4,d\n")
    build(project)

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return fetch(cursor, sql)

    people = [(1, "a"), (2, "c"), (3, None), (4, "d")]
    for model in ("by_merge", "by_delete", "by_change_set"):
        assert rows(f"select id, name from {model} order by id") == people
    assert rows("select distinct low from by_change_set") == [(4,)]
    assert rows("select low from hooked order by low") == [(3,), (3,), (4,)]
    assert rows("select count(*) from by_append") == [(10,)]
    history = rows("select name, dbt_valid_to is null from kept where id = 2 order by 2")
    assert history == [("b", False), ("c", True)]
    described = {row[0]: row for row in rows("describe table plain")}
    assert described["ID"][9] == "The key"
    assert described["TOTAL"][1] == "NUMBER(38,0)"
    tables = dict(rows("select table_name, comment from information_schema.tables"))
    assert tables["PLAIN"] == "A table's description, with 'quotes'"
