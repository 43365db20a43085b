"""Every statement that the product can send is right on Snowflake and on the stand-in.

What dbt sends is judged where it is built: tests/dbt/test_dbt_real_hours.py.
"""

import pytest
import sqlglot
from conformance.differences import DIFFERENCES

from tests.sql_lint.complaints import complaints, judge
from tests.sql_lint.rules import RULES, broken
from tests.sql_lint.statements import Statement, from_files, from_migrations, from_python


def test_files_that_python_runs() -> None:
    statements = from_files()
    assert len(statements) > 20
    judge(statements)


@pytest.mark.slow
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
