"""Paths of one VARIANT, taken together, say what each says alone."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from snowflake_stand_in.composition import open_account
from snowflake_stand_in.engine.session import Session

from contract.conftest import Run

EVENTS = [
    """{"id": "1", "actor": {"id": 7, "login": "ada"}, "Actor": "b", "n": null, "f": 1.50,
        "t": true, "at": "2015-01-01T12:00:00Z", "big": 9007199254740993, "it's": 1, "a.b": 2,
        "A b": {"c": 3}, "payload": {"action": "q\\"uo\\\\te", "pages": [{"sha": "x"}, null]}}""",
    '{"id": 2, "actor": "ada", "payload": {"pages": [], "action": {"deep": [1, "2"]}}, "t": "no"}',
    '{"id": null, "actor": [], "payload": null}',
    "[1, 2]",
    "null",
]
PATHS = [
    "event:id",
    "event:id::varchar",
    "cast(event:id as number(38, 0))",
    "event:actor",
    "event:actor::varchar",
    "event:actor:id::number(38, 0)",
    "event:actor.login::varchar",
    "event:Actor::varchar",
    "event:ACTOR::varchar",
    "event:n",
    "event:n is null",
    "event:n::varchar",
    "event:f::float",
    "event:f::varchar",
    "try_cast(event:t::varchar as boolean)",
    "event:at::timestamp_ntz",
    "event:big::number(38, 0)",
    'event:"it\'s"::number(38, 0)',
    "event['a.b']::number(38, 0)",
    'event:"A b":c::number(38, 0)',
    "event:payload:action",
    "event:payload:action::varchar",
    "event:payload:pages",
    "event:payload:pages[0]:sha::varchar",
    "event:payload:pages[1]",
    "event:payload:pages[9]::varchar",
    "event[1]::number(38, 0)",
    "typeof(event:payload)",
    "upper(event:payload:action)",
    "coalesce(event:actor:login::varchar, event:actor::varchar)",
    "case when event:t::varchar = 'true' then event:f::varchar end",
    "event:payload:pages[0]:sha = 'x'",
    "array_size(event:payload:pages)",
    "get_path(event, 'payload.action')",
]


@pytest.fixture
def events(run: Run) -> None:
    run("create table events (line number(38, 0), event variant)")
    for line, text in enumerate(EVENTS):
        run(f"insert into events select {line}, parse_json($${text}$$)")


@pytest.mark.usefixtures("events")
def test_together_and_alone(run: Run) -> None:
    alone = {path: run(f"select {path} as x from events order by line") for path in PATHS}

    @given(st.lists(st.sampled_from(PATHS), min_size=2, unique=True))
    @example(PATHS)
    @settings(max_examples=40, deadline=None)
    def are_equal(paths: list[str]) -> None:
        listed = ", ".join(f"{path} as x{n}" for n, path in enumerate(paths))
        together = run(f"select {listed} from events order by line")
        assert {path: [(row[n],) for row in together] for n, path in enumerate(paths)} == {
            path: alone[path] for path in paths
        }

    are_equal()


@pytest.mark.usefixtures("events")
def test_a_cast_that_fails_still_fails(run: Run) -> None:
    with pytest.raises(Exception, match="ada"):
        run("select event:id::varchar as a, event:actor::number as b from events")


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "with p as (select event:id::varchar as id, event:payload as payload from events)"
            " select id, payload:action::varchar, payload:pages[0]:sha::varchar from p"
            " where id = '1'",
            [("1", 'q"uo\\te', "x")],
        ),
        (
            "select event:payload as payload, payload:action::varchar as a,"
            " payload:pages[0]:sha::varchar as b from events where line = 0",
            None,
        ),
        (
            "select event:actor:login::varchar, event:id::varchar, count(*) from events"
            " group by event:actor:login::varchar, event:id::varchar"
            " having count(event:id::varchar) > 0 order by event:id::varchar",
            [("ada", "1", 1), (None, "2", 1)],
        ),
        (
            "select a.event:id::varchar, b.event:id::varchar, a.event:f::varchar"
            " from events as a inner join events as b"
            " on a.event:id::varchar = b.event:id::varchar where a.event:t::varchar = 'true'",
            [("1", "1", "1.5")],
        ),
        (
            "select event:id::varchar as id, event:actor:login::varchar as login from events"
            " qualify row_number() over (order by event:id::varchar, line) = 1",
            [("1", "ada")],
        ),
        (
            "select value:sha::varchar, value:none::varchar from events,"
            " lateral flatten(input => event:payload:pages) where line = 0 and index = 0",
            [("x", None)],
        ),
        (
            "select line, (select max(e.event:id::varchar || events.event:f::varchar)"
            " from events as e where e.line = 0), event:id::varchar from events where line = 0",
            [(0, "11.5", "1")],
        ),
    ],
)
def test_queries(run: Run, query: str, expected: list[tuple[object, ...]] | None) -> None:
    rows = run(query)
    if expected is None:
        assert [row[1:] for row in rows] == [('q"uo\\te', "x")]
    else:
        assert rows == expected


@pytest.mark.usefixtures("events")
def test_a_view_and_a_table_of_a_query(run: Run) -> None:
    query = "select event:actor:id::number(38, 0) as a, event:id::varchar as b from events"
    run(f"create view seen as {query}")
    run(f"create table kept as {query}")
    assert run("select b from seen where a = 7") == [("1",)]
    assert run("select a, b from kept minus select a, b from seen") == []


def test_one_parse_for_all_paths(tmp_path: Path) -> None:
    account = open_account(tmp_path / "gharchive.duckdb")
    account.create_database("GHARCHIVE", exists_ok=True)
    cursor = Session(account, "GHARCHIVE", "PUBLIC").cursor()
    cursor.rows("create table GHARCHIVE.PUBLIC.EVENTS (EVENT json)")
    paths = "event:a::varchar as a, event:b:c::number(38, 0) as b, event:d[0]::boolean as d"
    query = cursor.translated(cursor.parsed(f"select {paths} from events")).sql(dialect="duckdb")
    ((_, plan),) = cursor.rows(f"explain (format json) {query}")
    assert plan.count("json_transform") == 1
    assert plan.count("json_extract") + plan.count("->>") == 0
    account.close()
