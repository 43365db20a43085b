"""Types are remembered from statement to statement: what a table was is never taken for what it is.

Only types tell which division is Snowflake's exact one, and how a value is written.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake_stand_in.sql.descriptions import Descriptions

from contract.conftest import Run
from contract.stand_in import fetch

Connect = Callable[..., SnowflakeConnection]

ASKED = "select a / 3, a::varchar from r"
NUMBER = [(Decimal("0.333333"), "1")]
FLOAT = [(1 / 3, "1")]
TABLE = "create or replace table r as select 1::number as a"

CHANGES: dict[str, tuple[list[str], list[str]]] = {
    "replaced table": ([TABLE], ["create or replace table r as select 1::float as a"]),
    "declared table": (
        ["create or replace table r (a number)", "insert into r values (1)"],
        ["create or replace table r (a float)", "insert into r values (1)"],
    ),
    "dropped and created": ([TABLE], ["drop table r", "create table r as select 1::float as a"]),
    "altered": (
        ["create or replace table r as select 0 as x, 1::number as a"],
        ["alter table r drop column a", "alter table r add column a float", "update r set a = 1"],
    ),
    "renamed column": (
        ["create or replace table r as select 1::number as a, 1::float as b"],
        ["alter table r rename column a to c", "alter table r rename column b to a"],
    ),
    "renamed table": (
        [TABLE, "create table s as select 1::float as a"],
        ["alter table r rename to q", "alter table s rename to r"],
    ),
    "swapped": ([TABLE, "create table s as select 1::float as a"], ["alter table r swap with s"]),
    "replaced view": (
        ["create or replace view r as select 1::number as a"],
        ["create or replace view r as select 1::float as a"],
    ),
    "a view's table": (
        ["create or replace table s as select 1::number as a", "create view r as select * from s"],
        [
            "create or replace table s as select 1::float as a",
            "create or replace view r as select * from s",
        ],
    ),
    "view of a view": (
        [
            "create view p as select 1::number as a",
            "create view q as select a from p",
            "create view r as select a from q",
        ],
        [
            "create or replace view p as select 1::float as a",
            "create or replace view q as select a from p",
            "create or replace view r as select a from q",
        ],
    ),
    "temporary table in front": ([TABLE], ["create temporary table r as select 1::float as a"]),
    "temporary table away": (
        ["create table r as select 1::float as a", "create temporary table r as select 1 as a"],
        ["drop table r"],
    ),
    "replaced temporary table": (
        ["create temporary table r as select 1::number as a"],
        ["create or replace temporary table r as select 1::float as a"],
    ),
    "replaced temporary view": (
        ["create temporary view r as select 1::number as a"],
        ["create or replace temporary view r as select 1::float as a"],
    ),
    "schema dropped": (
        [TABLE],
        [
            "drop schema {schema}",
            "create schema {schema}",
            "create table r as select 1::float as a",
        ],
    ),
    "in a block": (
        [TABLE],
        ["begin create or replace table r as select 1::float as a; end"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_types_follow_a_change(run: Run, schema: str, change: str) -> None:
    before, after = CHANGES[change]
    for sql in before:
        run(sql)
    assert repr(run(ASKED)) == repr(run(ASKED)) == repr(NUMBER)
    for sql in after:
        run(sql.format(schema=schema))
    assert repr(run(ASKED)) == repr(FLOAT)


@pytest.mark.parametrize("change", [c for c in CHANGES if "temporary" not in c])
def test_types_follow_another_sessions_change(
    connect: Connect, run: Run, schema: str, change: str
) -> None:
    before, after = CHANGES[change]
    for sql in before:
        run(sql)
    other = connect().cursor()
    other.execute("begin")
    assert repr(fetch(other, ASKED)) == repr(NUMBER)
    for sql in after:
        run(sql.format(schema=schema))
    assert repr(fetch(other, ASKED)) == repr(FLOAT)


def test_types_are_those_of_the_schema_in_use(run: Run, schema: str) -> None:
    run(TABLE)
    assert repr(run(ASKED)) == repr(NUMBER)
    run(f"create schema {schema}_other")
    run("create table r as select 1::float as a")
    assert repr(run(ASKED)) == repr(FLOAT)
    run(f"use schema {schema}")
    assert repr(run(ASKED)) == repr(NUMBER)
    run(f"drop schema {schema}_other")


def test_one_sessions_temporary_table_is_no_others(connect: Connect, run: Run) -> None:
    run("create temporary table r as select 1::number as a")
    assert repr(run(ASKED)) == repr(NUMBER)
    other = connect().cursor()
    other.execute("create temporary table r as select 1::float as a")
    assert repr(fetch(other, ASKED)) == repr(FLOAT)
    assert repr(run(ASKED)) == repr(NUMBER)


def test_types_stay_true_while_two_sessions_replace_a_table(connect: Connect, run: Run) -> None:
    run(TABLE)

    def replace(kind: str) -> None:
        cursor = connect().cursor()
        for _ in range(15):
            cursor.execute(f"create or replace table r as select 1::{kind} as a")
            cursor.execute(ASKED)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(replace, ("number", "float")))
    shown = run("describe table r")[0][1]
    assert repr(run(ASKED)) == repr(FLOAT if shown == "FLOAT" else NUMBER)


def test_an_answer_that_ddl_has_overtaken_is_not_kept() -> None:
    known, asked, changed = Descriptions(), threading.Event(), threading.Event()

    def slow() -> list[tuple[str, ...]]:
        asked.set()
        changed.wait()
        return [("A", "of before")]

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(known.of, "r", slow)
        asked.wait()
        with known.replacing("r", iter([1, 2]).__next__):
            pass
        changed.set()
        assert first.result() == [("A", "of before")]
    assert known.of("r", lambda: [("A", "of now")]) == [("A", "of now")]


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "create", "alter"]),
            st.sampled_from("rs"),
            st.integers(0, 2),
        )
    )
)
def test_what_is_remembered_is_what_is(steps: list[tuple[str, str, int]]) -> None:
    known, tables = Descriptions(), {"r": 0, "s": 0}
    for step, name, columns in steps:
        match step:
            case "ask":
                both = known.of("r, s", lambda: [tuple(tables.values())])
                assert both == [tuple(tables.values())]
            case "create":
                with known.replacing(name, partial(tables.__getitem__, name)):
                    tables[name] = columns
            case "alter":
                with known.changing():
                    tables[name] = columns
