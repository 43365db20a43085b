"""Every statement that the product can send is right on Snowflake and on the stand-in."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlglot
from conformance.differences import DIFFERENCES

from tests.sql_lint import dbt_statements
from tests.sql_lint.complaints import complaints
from tests.sql_lint.rules import RULES, broken
from tests.sql_lint.statements import Statement, from_files, from_migrations, from_python


def judge(statements: Sequence[Statement], *, style: bool = True) -> None:
    found = [c for statement in statements for c in complaints(statement, style=style)]
    assert not found, "\n".join(found)


def test_files_that_python_runs() -> None:
    statements = from_files()
    assert len(statements) > 20
    judge(statements)


def test_migrations() -> None:
    statements = from_migrations()
    assert sum(bool(statement.parts) for statement in statements) >= 2
    different = {statement.sql: statement for statement in statements}.values()
    # The style of what dbt compiles is judged where the models are written
    generated = [s for s in different if s.origin.startswith("R__9_models.sql")]
    judge([s for s in different if s not in generated])
    judge(generated, style=False)


def test_statements_in_python() -> None:
    statements = from_python()
    assert len(statements) > 3
    # The names that are put in are given in Python's case, as is the query that users know
    judge(statements, style=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Statement], Path]:
    """Build the dbt project twice; give what was sent, and the folder of what was compiled."""
    folder = tmp_path_factory.mktemp("lint")
    return dbt_statements.from_dbt(folder), folder


@pytest.mark.slow
def test_statements_that_dbt_sends(built: tuple[list[Statement], Path]) -> None:
    statements, _ = built
    sent = "\n".join(statement.sql for statement in statements)
    # Both forms of a model are there: the first table, and the change set
    assert "create or replace transient" in sent
    assert "$first_changed" in sent
    judge(statements, style=False)


@pytest.mark.slow
def test_compiled_models(built: tuple[list[Statement], Path]) -> None:
    models = dbt_statements.compiled_models(built[1])
    assert len(models) > 10
    judge(models)


@pytest.mark.parametrize("name", RULES)
def test_rule_finds_what_it_is_for(name: str) -> None:
    tree = sqlglot.parse_one(RULES[name].example, read="snowflake")
    assert list(broken(tree)) == [name]


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("select from where", "sqlglot can't parse it"),
        ("explain analyze plan select 1", "sqlglot doesn't know this kind of statement"),
        ("create widget w", "Found unparsable section"),
        ("SELECT a as b from t", "CP01"),
        ("select a b from t", "AL02"),
    ],
)
def test_what_else_is_complained_of(sql: str, complaint: str) -> None:
    assert complaint in "\n".join(complaints(Statement("here", sql), style=True))


def test_a_block_is_judged_by_its_statements() -> None:
    block = Statement("here", "begin return 1; end", ("select event::varchar as text from t",))
    assert "variant-text" in "\n".join(complaints(block, style=False))


def test_every_silent_difference_has_a_rule() -> None:
    silent = {name: d.rule for name, d in DIFFERENCES.items() if d.is_silent}
    assert set(silent.values()) <= set(RULES), silent
