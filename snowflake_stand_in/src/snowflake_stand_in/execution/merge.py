"""MERGE as one DuckDB statement, with Snowflake's counts and its error for duplicates."""

from __future__ import annotations

from fakesnow.transforms.merge import operations
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import error

_ACTIONS = {"inserted": "INSERT", "updated": "UPDATE", "deleted": "DELETE"}


def merge(cursor: Cursor, statement: exp.Merge) -> None:
    """Run a MERGE inside the transaction that the caller has opened."""
    counted = [name for name, indices in operations(statement).items() if indices]
    _refuse_duplicates(cursor, statement)
    transformed = cursor.translated(statement)
    # Snowflake takes an alias before the columns of SET and INSERT, DuckDB doesn't
    for when in transformed.find_all(exp.When):
        then = when.args["then"]
        if isinstance(then, exp.Update):
            written = [e.this for e in then.expressions]
        elif isinstance(then, exp.Insert) and then.this:
            written = then.this.expressions
        else:
            written = []
        for column in written:
            if isinstance(column, exp.Column):
                column.set("table", None)
    sql = transformed.sql(dialect="duckdb")
    actions = cursor.rows(f"{sql} returning merge_action", cursor.bound(transformed))
    totals = ", ".join(
        f'{sum(a == _ACTIONS[name] for (a,) in actions)} as "number of rows {name}"'
        for name in counted
    )
    cursor.answer(f"select {totals}")


def _refuse_duplicates(cursor: Cursor, statement: exp.Merge) -> None:
    matched = [w for w in statement.args["whens"].expressions if w.args.get("matched")]
    if not matched:
        return
    target, source = statement.this.copy(), statement.args["using"].copy()
    name = target.alias_or_name
    query = (
        exp.select(exp.alias_(exp.column("rowid", table=name), "ID"))
        .from_(target)
        .join(source, on=statement.args["on"].copy())
    )
    conditions = [w.args.get("condition") for w in matched]
    if all(conditions):
        query = query.where(exp.or_(*[c.copy() for c in conditions if c is not None]))
    translated = cursor.translated(query)
    joined = translated.sql(dialect="duckdb")
    twice = cursor.rows(
        f'select "ID" from ({joined}) group by "ID" having count(*) > 1 limit 1',
        cursor.bound(translated),
    )
    if twice:
        raise error(100090, "Duplicate row detected during DML action", "42P18")
