"""Snowflake Scripting blocks, run as one statement."""

from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from contract.conftest import Run

RESULTS = [
    ("begin return 1 + 1; end", 2),
    ("begin return 'a' || ';' || 'end'; end;", "a;end"),
    ("begin null; end", None),
    ("-- why\nbegin\n  return 1; -- ; end\nend", 1),
    ("declare a number default 5; b varchar := 'x'; begin return b || a; end", "x5"),
    ("declare a number; begin a := 2.6; return a; end", 3),
    ("declare a number(10, 2) default 1.5; begin return a * 2; end", Decimal("3.00")),
    ("begin let a := 3; let b number := a * 2; return b; end", 6),
    ("begin let a boolean := null; if (a) then return 1; else return 2; end if; end", 2),
    (
        "begin let a := 2; if (a = 1) then return 'one'; elseif (a = 2) then return 'two';"
        " else return 'more'; end if; end",
        "two",
    ),
    ('begin let v variant := parse_json(\'{"a": {"b": 7}}\'); return v:a.b::number; end', 7),
    ("begin let a array := [1, 2]; return array_size(a); end", 2),
    ("begin let t timestamp_ntz := '2015-01-01 15:00:00'; return year(t); end", 2015),
    ("begin let n := 0; for i in 1 to 4 do n := n + i; end for; return n; end", 10),
    ("begin let n := 0; while (n < 3) do n := n + 1; end while; return n; end", 3),
    (
        "begin let n := 0; loop n := n + 1; if (n > 5) then break; end if; end loop; return n; end",
        6,
    ),
    ("execute immediate $$ begin return 9; end $$", 9),
    ("begin let a := 1; begin let a := 2; end; return a; end", 1),
    ("begin let a := case when 1 = 1 then 'y' else 'n' end; return a; end", "y"),
]


@pytest.mark.parametrize(("block", "result"), RESULTS)
def test_block_returns(run: Run, block: str, result: Any) -> None:
    assert run(block) == [(result,)]


@pytest.fixture
def table(run: Run) -> str:
    """Make a table with three rows."""
    run("create table t (a number, b varchar)")
    run("insert into t values (1, 'x'), (2, 'y'), (3, 'z')")
    return "t"


def test_variables_in_statements_and_rows_into_variables(run: Run, table: str) -> None:
    block = """
        declare
            least number default 2;
            many number;
            last varchar;
        begin
            select count(*), max(b) into :many, :last from t where a >= :least;
            insert into t values (:many * 10, :last);
            update t set b = 'w' where a > :least;
            return many || ' ' || last || ' ' || sqlrowcount;
        end"""
    assert run(block) == [("2 z 2",)]
    assert run("select a, b from t order by a") == [(1, "x"), (2, "y"), (3, "w"), (20, "w")]


def test_for_over_a_cursor(run: Run, table: str) -> None:
    block = """
        declare
            c cursor for select a, b from t order by a;
            found varchar default '';
        begin
            for r in c do
                found := found || r.b || r.a;
            end for;
            return found;
        end"""
    assert run(block) == [("x1y2z3",)]


def test_execute_immediate_runs_the_text_of_a_variable(run: Run, table: str) -> None:
    run(
        "begin let name := 't'; let a := 7;"
        " let s := 'insert into ' || name || ' values (?, ''q'')';"
        " execute immediate :s using (a); end"
    )
    assert run("select b from t where a = 7") == [("q",)]


def test_uncaught_exception_has_its_own_number_and_place(run: Run) -> None:
    block = """declare
    too_many exception (-20042, 'Too many: it''s over');
begin
    raise too_many;
end"""
    with pytest.raises(ProgrammingError) as caught:
        run(block)
    assert caught.value.errno == -20042
    assert caught.value.sqlstate == "P0001"
    assert (
        "Uncaught exception of type 'TOO_MANY' on line 4 at position 4 : Too many: it's over"
        in str(caught.value)
    )


def test_uncaught_error_of_a_statement_keeps_its_number(run: Run) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run("begin\n  select * from nosuch;\nend")
    assert caught.value.errno == 2003
    assert "Uncaught exception of type 'STATEMENT_ERROR' on line 2 at position 2" in str(
        caught.value
    )
    with pytest.raises(ProgrammingError) as caught:
        run("begin let a := 1 / 0; end")
    assert caught.value.errno == 100051
    assert "EXPRESSION_ERROR" in str(caught.value)


@pytest.mark.parametrize(
    ("failing", "result"),
    [
        ("raise mine", "mine -20001 m P0001"),
        ("insert into nosuch values (1)", "statement 2003"),
        ("let a := 1 / 0", "other 100051"),
    ],
)
def test_exceptions_are_caught_by_name_by_kind_or_by_other(
    run: Run, failing: str, result: str
) -> None:
    block = f"""
        declare
            mine exception (-20001, 'm');
        begin
            {failing};
            return 'not reached';
        exception
            when mine then
                return 'mine ' || sqlcode || ' ' || sqlerrm || ' ' || sqlstate;
            when statement_error then
                return 'statement ' || sqlcode;
            when other then
                return 'other ' || sqlcode;
        end"""
    assert run(block) == [(result,)]


def test_rollback_and_raise_again(run: Run, table: str) -> None:
    """The form of every load: all or nothing, and the error stays the first one."""
    block = """
        declare
            unequal exception (-20001, 'unequal');
        begin
            begin transaction;
            delete from t where a < 3;
            if (sqlrowcount = 2) then
                raise unequal;
            end if;
            commit;
        exception
            when other then
                rollback;
                raise;
        end"""
    with pytest.raises(ProgrammingError) as caught:
        run(block)
    assert caught.value.errno == -20001
    assert run("select count(*) from t") == [(3,)]
    run(block.replace("= 2", "= 1"))
    assert run("select count(*) from t") == [(1,)]


def test_transaction_left_open_is_rolled_back(run: Run, table: str) -> None:
    with pytest.raises(ProgrammingError, match="incomplete"):
        run("begin begin transaction; delete from t; end")
    assert run("select count(*) from t") == [(3,)]


def test_begin_alone_still_starts_a_transaction(run: Run, table: str) -> None:
    for sql in ("begin", "delete from t", "rollback", "begin transaction", "delete from t"):
        run(sql)
    run("rollback")
    assert run("select count(*) from t") == [(3,)]


@pytest.mark.parametrize(
    ("block", "number"),
    [
        ("begin return 1", 1003),
        ("begin end", 1003),
        ("begin let a 1; end", 1003),
        ("begin return 1; end; select 2", 1003),
        ("begin if (1 = 1) then return 1; end; end", 1003),
        ("begin select :nosuch; end", 2049),
        ("begin nosuch := 1; end", 904),
        ("begin return nosuch; end", 904),
        ("begin call p(); end", 2),
        ("begin let c cursor for select 1; open c; end", 2),
        ("create procedure p() returns number language sql as 'begin return 1; end'", 2),
    ],
)
def test_what_is_wrong_or_not_supported_is_refused(run: Run, block: str, number: int) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run(block)
    assert caught.value.errno == number


def test_bindings_in_a_block_are_refused(run: Run) -> None:
    with pytest.raises(ProgrammingError) as caught:
        run("begin return ?; end", 1)
    assert caught.value.errno == 2


@pytest.mark.parametrize("rows", [0, 2])
def test_select_into_wants_exactly_one_row(run: Run, table: str, rows: int) -> None:
    with pytest.raises(ProgrammingError, match="expects exactly 1 returned row"):
        run(f"begin let n := 0; select a into :n from t where a <= {rows}; end")
