"""How a statement is recognised, and that each kind and handler is found."""

import pytest
from snowflake_stand_in.sql.parsing import opening
from snowflake_stand_in.statement import KINDS


def _kind(text: str) -> str | None:
    begins = opening(text)
    return next((kind.name for kind in KINDS if kind.recognise(text, begins) is not None), None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("begin", None),
        ("BEGIN;", None),
        ("begin /* a name */ transaction", None),
        ("begin name t", None),
        ("begin let a := 1; end", "SCRIPTING BLOCK"),
        ("declare a int; begin return a; end", "SCRIPTING BLOCK"),
        ("-- why\n/* more\n */ execute  immediate 'select 1'", "SCRIPTING BLOCK"),
        ("execute task t", "TASK STATEMENT"),
        ("create or alter task t as select 1", "TASK STATEMENT"),
        ("create or alter table t (a int)", "CREATE OR ALTER"),
        ("show terse tasks", "TASK STATEMENT"),
        ("create table tasks (a int)", None),
        ("create table task (a int)", None),
        ("drop pipe p", "PIPE STATEMENT"),
        ("describe stream s", "STREAM STATEMENT"),
        ("create role r", "ROLE OR USER STATEMENT"),
        ("drop user if exists u", "ROLE OR USER STATEMENT"),
        ("grant role a to role b", "GRANT OR REVOKE"),
        ("show future grants in schema s", "SHOW OF RIGHTS"),
        ("show warehouses", "ACCOUNT OBJECT STATEMENT"),
        ("create or replace storage\n  integration i", "ACCOUNT OBJECT STATEMENT"),
        ("create snowflake.core.budget b()", "BUDGET STATEMENT"),
        ("call d.s.b!set_spending_limit(1)", "BUDGET STATEMENT"),
        ("call p(1)", None),
        ("grants", None),
        ("select 'grant' as role", None),
    ],
)
def test_a_kind_is_recognised_by_how_the_text_begins(text: str, kind: str | None) -> None:
    assert _kind(text) == kind


def test_kinds_have_names_of_their_own() -> None:
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)


def test_an_opening_is_found_behind_a_long_comment() -> None:
    assert opening(f"/* {'x' * 9000} */ create task t").startswith("create task t")
