"""Snowflake Scripting: a block runs a statement at a time in its session."""

from __future__ import annotations

from typing import Any

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.automation.script_parser import Parser
from snowflake_stand_in.automation.script_tree import (
    Assign,
    Block,
    Declare,
    DeclareException,
    DeclareRows,
    ExecuteImmediate,
    ForCount,
    ForRows,
    If,
    Leave,
    Raise,
    Return,
    Sql,
    Statement,
    While,
)
from snowflake_stand_in.automation.script_values import (
    Scope,
    Thrown,
    Variable,
    bound,
    literal,
    null,
    values_of,
)
from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.sql.errors import compilation, error, translate, unsupported
from snowflake_stand_in.sql.token_stream import place

_LAST_DML = ("SQLROWCOUNT", "SQLFOUND", "SQLNOTFOUND")
_CANCELED = 604


def check(cursor: Cursor, text: str) -> None:
    """Raise for a syntax error in a block."""
    Parser(text, cursor.parsed).script()


def _run(cursor: Cursor, text: str) -> None:
    script = Parser(text, cursor.parsed).script()
    _Run(cursor, text).run(script)


BLOCK = Kind(
    "SCRIPTING BLOCK",
    begins(r"declare|begin(?! ?(?:transaction\b|work\b|name\b|;|$))|execute immediate"),
    _run,
)


class _Raised(Exception):  # noqa: N818 a control flow like the two below
    def __init__(self, thrown: Thrown, line: int, position: int) -> None:
        self.thrown, self.line, self.position = thrown, line, position


class _Returned(Exception):  # noqa: N818
    def __init__(self, sql: str) -> None:
        self.sql = sql


class _Left(Exception):  # noqa: N818
    def __init__(self, again: bool) -> None:
        self.again = again


class _Run:
    """One run of a script in a session."""

    def __init__(self, cursor: Cursor, text: str) -> None:
        self._cursor = cursor
        self._session: Session = cursor.session
        self._text = text
        self._interrupts = self._session.interrupts
        self._outer_transaction = self._session.in_transaction
        self._handled: list[_Raised] = []

    def run(self, script: Statement) -> None:
        scope = Scope(names={name: Variable(exp.null(), None) for name in _LAST_DML})
        if isinstance(script, ExecuteImmediate):
            self._execute_immediate(self._cursor, script, scope)
            return
        result = "null::varchar"
        begun = self._session.in_transaction
        try:
            self._step(script, scope)
        except _Returned as returned:
            result = returned.sql
        except _Raised as raised:
            self._end_transaction(begun, quietly=True)
            thrown = raised.thrown
            raise error(
                thrown.code,
                f"Uncaught exception of type '{thrown.kind}' on line {raised.line} at position "
                f"{raised.position} : {thrown.message}",
                thrown.state,
            ) from None
        self._end_transaction(begun)
        self._cursor.answer(f'select {result} as "anonymous block"')

    def _end_transaction(self, begun: bool, *, quietly: bool = False) -> None:
        """Undo a transaction that the block has begun and not ended."""
        if begun or not self._session.in_transaction or not self._session.commits_alone:
            return
        self._session.rollback()
        if not quietly:
            raise error(
                90232,
                "Stored procedure execution error: Scoped transaction started in stored "
                "procedure is incomplete and it was rolled back.",
            )

    def _steps(self, statements: list[Statement], scope: Scope) -> None:
        for statement in statements:
            self._step(statement, scope)

    def _step(self, statement: Statement, scope: Scope) -> None:
        if self._session.interrupts != self._interrupts:
            raise error(_CANCELED, "SQL execution canceled", "57014")
        try:
            self._do(statement, scope)
        except (_Raised, _Returned, _Left):
            raise
        except Exception as fault:
            refusal = translate(fault)
            # What is cancelled, or can't be run here, isn't an exception of the block
            if refusal.errno in (_CANCELED, 2):
                raise refusal from fault
            sql = isinstance(statement, Sql | ExecuteImmediate)
            raise self._raised(_thrown(refusal, sql=sql), statement) from fault

    def _raised(self, thrown: Thrown, statement: Statement) -> _Raised:
        return _Raised(thrown, *place(self._text, statement.offset))

    def _do(self, statement: Statement, scope: Scope) -> None:
        match statement:
            case Block():
                self._block(statement, Scope(scope))
            case Declare(name=name, type=kind, value=value):
                found = self._value(value, scope, kind) if value is not None else null(kind)
                scope.declare(name, found)
            case DeclareException(name=name):
                thrown = Thrown(name, statement.code, statement.message, "P0001")
                scope.declare(name, thrown)
            case DeclareRows(name=name, query=query):
                scope.declare(name, self._rows(query, scope))
            case Assign(name=name, value=value):
                variable = scope.find(name)
                if not isinstance(variable, Variable):
                    raise compilation(904, f"invalid identifier '{name}'")
                new = self._value(value, scope, variable.type)
                variable.value, variable.type = new.value, variable.type or new.type
            case Sql():
                self._sql(statement, scope)
            case ExecuteImmediate():
                self._execute_immediate(self._session.cursor(), statement, scope)
            case If(branches=branches):
                for condition, body in branches:
                    if condition is None or self._holds(condition, scope):
                        self._steps(body, Scope(scope))
                        break
            case While() | ForRows() | ForCount():
                self._loop(statement, scope)
            case Leave(again=again):
                raise _Left(again)
            case Return(value=value):
                self._return(value, scope)
            case Raise(name=name):
                self._raise(statement, name, scope)

    def _block(self, block: Block, scope: Scope) -> None:
        try:
            self._steps(block.declarations, scope)
            self._steps(block.body, scope)
        except _Raised as raised:
            thrown = raised.thrown
            caught = {thrown.kind, "OTHER"}
            body = next((body for names, body in block.handlers if names & caught), None)
            if body is None:
                raise
            inner = Scope(scope)
            inner.names = {
                "SQLCODE": Variable(literal(thrown.code), None),
                "SQLERRM": Variable(literal(thrown.message), None),
                "SQLSTATE": Variable(literal(thrown.state), None),
            }
            self._handled.append(raised)
            try:
                self._steps(body, inner)
            finally:
                self._handled.pop()

    def _raise(self, statement: Statement, name: str | None, scope: Scope) -> None:
        if name is None:
            if not self._handled:
                raise compilation(1003, "syntax error: RAISE outside an exception handler.")
            raise self._handled[-1]
        thrown = scope.find(name)
        if not isinstance(thrown, Thrown):
            raise compilation(904, f"invalid identifier '{name}'")
        raise self._raised(thrown, statement)

    def _loop(self, loop: While | ForRows | ForCount, scope: Scope) -> None:
        try:
            match loop:
                case While(condition=condition):
                    while condition is None or self._holds(condition, scope):
                        self._turn(loop.body, Scope(scope))
                case ForRows():
                    rows = scope.find(loop.rows)
                    if not isinstance(rows, list):
                        raise compilation(904, f"invalid identifier '{loop.rows}'")
                    for row in rows:
                        self._turn(loop.body, Scope(scope, {loop.row: row}))
                case ForCount():
                    first, last = (
                        int(self._python(bound, scope)) for bound in (loop.first, loop.last)
                    )
                    numbers = range(first, last + 1)
                    for number in reversed(numbers) if loop.reverse else numbers:
                        counter = Variable(literal(number), None)
                        self._turn(loop.body, Scope(scope, {loop.counter: counter}))
        except _Left:
            return

    def _turn(self, body: list[Statement], scope: Scope) -> None:
        try:
            self._steps(body, scope)
        except _Left as left:
            if not left.again:
                raise

    def _sql(self, sql: Sql, scope: Scope) -> None:
        statement = bound(sql.statement, scope)
        if isinstance(statement, exp.Transaction | exp.Commit | exp.Rollback):
            self._refuse_scope(statement)
        cursor = self._session.cursor()
        cursor.perform(statement)
        if isinstance(statement, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Copy):
            self._note_rows(cursor, statement, scope)
        if sql.into:
            self._into(cursor, sql.into, scope)

    def _refuse_scope(self, statement: exp.Expr) -> None:
        if not self._outer_transaction:
            return
        if isinstance(statement, exp.Transaction):
            raise unsupported("BEGIN in a block that runs inside a transaction")
        raise error(
            90232,
            "Stored procedure execution error: Modifying a transaction that has started at a "
            "different scope is not allowed.",
        )

    def _note_rows(self, cursor: Cursor, statement: exp.Expr, scope: Scope) -> None:
        table = cursor.result
        if isinstance(statement, exp.Copy):
            rows = table.to_pylist()
            count = sum(int(row.get("rows_loaded") or 0) for row in rows)
        else:
            counts = (c for c in table.column_names if "multi-joined" not in c)
            count = sum(int(table.column(c)[0].as_py() or 0) for c in counts)
        outermost = scope
        while outermost.outer is not None:
            outermost = outermost.outer
        for name, value in zip(_LAST_DML, (count, count > 0, count == 0), strict=True):
            outermost.names[name] = Variable(literal(value), None)

    def _into(self, cursor: Cursor, into: list[str], scope: Scope) -> None:
        rows = values_of(cursor)
        if len(rows) != 1:
            found = f"{len(rows)}" if rows else "none"
            raise error(
                90233,
                f"A SELECT INTO statement expects exactly 1 returned row, but got {found}.",
            )
        values = list(rows[0].values())
        if len(values) != len(into):
            raise compilation(
                2020, f"SELECT INTO has {len(into)} variables for {len(values)} values"
            )
        for name, value in zip(into, values, strict=True):
            variable = scope.find(name)
            if not isinstance(variable, Variable):
                raise compilation(2049, f"Bind variable :{name} not set.", "42601")
            new = self._value(value.value, scope, variable.type)
            variable.value, variable.type = new.value, variable.type or value.type

    def _execute_immediate(self, cursor: Cursor, statement: ExecuteImmediate, scope: Scope) -> None:
        text = self._python(statement.text, scope)
        if not isinstance(text, str):
            raise compilation(1003, "syntax error: EXECUTE IMMEDIATE needs a string.")
        parsed = cursor.parsed(text)
        values = []
        for name in statement.using:
            variable = scope.find(name)
            if not isinstance(variable, Variable):
                raise compilation(2049, f"Bind variable :{name} not set.", "42601")
            values.append(variable.value)
        for mark in [p for p in parsed.find_all(exp.Placeholder) if not p.this][: len(values)]:
            mark.replace(values.pop(0).copy())
        cursor.perform(parsed)
        if isinstance(parsed, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Copy):
            self._note_rows(cursor, parsed, scope)

    def _return(self, value: exp.Expr | None, scope: Scope) -> None:
        if value is None:
            raise _Returned("null::varchar")
        if isinstance(value, exp.Anonymous) and value.name.upper() == "TABLE":
            raise unsupported("RETURN TABLE(…)")
        found = self._value(value, scope, None)
        raise _Returned(
            self._session.cursor().translated(exp.select(found.value)).sql("duckdb")[7:]
        )

    def _rows(self, query: exp.Expr, scope: Scope) -> list[dict[str, Variable]]:
        if not isinstance(query, exp.Query):
            raise unsupported("a cursor or result set of anything but a query")
        cursor = self._session.cursor()
        cursor.perform(bound(query, scope))
        return values_of(cursor)

    def _holds(self, condition: exp.Expr, scope: Scope) -> bool:
        return self._python(exp.cast(exp.paren(condition.copy()), "boolean"), scope) is True

    def _python(self, expression: exp.Expr, scope: Scope) -> Any:
        return self._evaluate(expression, scope).result.column(0)[0].as_py()

    def _value(self, expression: exp.Expr, scope: Scope, kind: exp.DataType | None) -> Variable:
        if kind is not None:
            expression = exp.Cast(this=exp.paren(expression.copy()), to=kind.copy())
        (row,) = values_of(self._evaluate(expression, scope))
        (found,) = row.values()
        return Variable(found.value, kind)

    def _evaluate(self, expression: exp.Expr, scope: Scope) -> Cursor:
        value = bound(exp.select(exp.alias_(expression.copy(), "V")), scope, bare=True)
        cursor = self._session.cursor()
        cursor.perform(value)
        return cursor


def _thrown(refusal: ProgrammingError, *, sql: bool) -> Thrown:
    kind = "STATEMENT_ERROR" if sql else "EXPRESSION_ERROR"
    message = str(refusal.raw_msg or refusal.msg)
    return Thrown(kind, int(refusal.errno or 603), message, str(refusal.sqlstate))
