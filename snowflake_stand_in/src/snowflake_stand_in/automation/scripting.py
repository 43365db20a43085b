"""Snowflake Scripting: blocks are parsed here and run a statement at a time in their session.

What a block may contain is what `_Parser` reads; anything else is refused.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlglot
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor, Session
from snowflake_stand_in.engine.way import Kind, begins
from snowflake_stand_in.sql.errors import compilation, error, translate, unsupported
from snowflake_stand_in.sql.token_stream import TokenStream, place

_TRANSACTION = ("TRANSACTION", "WORK", "NAME", ";", "")
_REFUSED = ("ASYNC", "AWAIT", "CANCEL", "CASE", "CALL", "CLOSE", "FETCH", "OPEN", "WITH PROCEDURE")
_LAST_DML = ("SQLROWCOUNT", "SQLFOUND", "SQLNOTFOUND")
_CANCELED = 604


@dataclass(frozen=True)
class Statement:
    """One statement and where it starts."""

    offset: int


@dataclass(frozen=True)
class Declare(Statement):
    """A variable: DECLARE's or LET's."""

    name: str
    type: exp.DataType | None
    value: exp.Expr | None


@dataclass(frozen=True)
class DeclareException(Statement):
    """A user's exception."""

    name: str
    code: int
    message: str


@dataclass(frozen=True)
class DeclareRows(Statement):
    """A cursor or a result set: a query and its rows."""

    name: str
    query: exp.Expr


@dataclass(frozen=True)
class Assign(Statement):
    """A new value of a variable."""

    name: str
    value: exp.Expr


@dataclass(frozen=True)
class Sql(Statement):
    """A plain statement; SELECT … INTO fills variables."""

    statement: exp.Expr
    into: list[str]


@dataclass(frozen=True)
class ExecuteImmediate(Statement):
    """A statement in a string."""

    text: exp.Expr
    using: list[str]


@dataclass(frozen=True)
class If(Statement):
    """Branches in order; the last condition may be missing."""

    branches: list[tuple[exp.Expr | None, list[Statement]]]


@dataclass(frozen=True)
class ForRows(Statement):
    """A loop over the rows of a cursor or result set."""

    row: str
    rows: str
    body: list[Statement]


@dataclass(frozen=True)
class ForCount(Statement):
    """A loop over whole numbers."""

    counter: str
    first: exp.Expr
    last: exp.Expr
    reverse: bool
    body: list[Statement]


@dataclass(frozen=True)
class While(Statement):
    """A loop while a condition holds; LOOP has none."""

    condition: exp.Expr | None
    body: list[Statement]


@dataclass(frozen=True)
class Leave(Statement):
    """BREAK or CONTINUE."""

    again: bool


@dataclass(frozen=True)
class Return(Statement):
    """The block's result."""

    value: exp.Expr | None


@dataclass(frozen=True)
class Raise(Statement):
    """Raise an exception, or again the one being handled."""

    name: str | None


@dataclass(frozen=True)
class Block(Statement):
    """A block with its declarations and handlers."""

    declarations: list[Statement]
    body: list[Statement]
    handlers: list[tuple[set[str], list[Statement]]]


def check(cursor: Cursor, text: str) -> None:
    """Raise for a syntax error in a block."""
    _Parser(text, cursor.parsed).script()


def _run(cursor: Cursor, text: str) -> None:
    script = _Parser(text, cursor.parsed).script()
    _Run(cursor, text).run(script)


BLOCK = Kind(
    "SCRIPTING BLOCK",
    begins(r"declare|begin(?! ?(?:transaction\b|work\b|name\b|;|$))|execute immediate"),
    _run,
)


class _Parser:
    def __init__(self, text: str, parsed: Callable[[str], exp.Expr]) -> None:
        self._tokens = TokenStream(text)
        self._parsed = parsed

    def script(self) -> Statement:
        tokens = self._tokens
        found: Statement
        if tokens.word == "EXECUTE":
            found = self._statement()
        else:
            found = self._block()
            tokens.end()
        tokens.end()
        return found

    def _block(self) -> Block:
        tokens = self._tokens
        offset = tokens.start
        declarations = []
        if tokens.accept("DECLARE"):
            while tokens.word != "BEGIN":
                declarations.append(self._declaration(tokens.start))
        tokens.expect("BEGIN")
        body = self._statements("END", "EXCEPTION")
        handlers = []
        if tokens.accept("EXCEPTION"):
            while tokens.accept("WHEN"):
                names = {tokens.name()}
                while tokens.accept("OR"):
                    names.add(tokens.name())
                if tokens.word in ("CONTINUE", "EXIT"):
                    raise unsupported(f"exception handlers of kind {tokens.word}")
                tokens.expect("THEN")
                handlers.append((names, self._statements("END", "WHEN")))
            if not handlers:
                raise tokens.unexpected()
        tokens.expect("END")
        if tokens.word not in (";", ""):
            tokens.name()
        return Block(offset, declarations, body, handlers)

    def _statements(self, *stops: str) -> list[Statement]:
        found = []
        while self._tokens.word not in stops:
            if self._tokens.at_end:
                raise self._tokens.unexpected()
            found.append(self._statement())
        if not found:
            raise self._tokens.unexpected()
        return found

    def _declaration(self, offset: int) -> Statement:
        tokens = self._tokens
        name = tokens.name()
        found: Statement
        if tokens.accept("EXCEPTION"):
            code, message = -20000, ""
            if tokens.accept("("):
                sign = -1 if tokens.accept("-") else 1
                code = sign * int(tokens.skip())
                if tokens.accept(","):
                    message = tokens.string()
                tokens.expect(")")
            found = DeclareException(offset, name, code, message)
        elif tokens.accept("CURSOR"):
            tokens.expect("FOR")
            found = DeclareRows(offset, name, self._plain(tokens.until(";")))
        elif tokens.accept("RESULTSET"):
            if not (tokens.accept("DEFAULT") or tokens.accept(":=")):
                raise unsupported("a RESULTSET without a query")
            found = DeclareRows(offset, name, self._plain(tokens.until(";")).unnest())
        else:
            kind = tokens.until("DEFAULT", ":=", ";")
            value = None
            if tokens.accept("DEFAULT") or tokens.accept(":="):
                value = _expression(tokens.until(";"))
            data_type = exp.DataType.build(kind, dialect="snowflake") if kind else None
            if data_type is None and value is None:
                raise tokens.unexpected()
            found = Declare(offset, name, data_type, value)
        tokens.expect(";")
        return found

    def _statement(self) -> Statement:
        tokens = self._tokens
        offset = tokens.start
        word = tokens.word
        if tokens.ahead(1) == ":=":
            name = tokens.name()
            tokens.expect(":=")
            found: Statement = Assign(offset, name, _expression(tokens.until(";")))
        elif word == "DECLARE" or (word == "BEGIN" and tokens.ahead(1) not in _TRANSACTION):
            found = self._block()
        elif tokens.accept("LET"):
            return self._declaration(offset)
        elif tokens.accept("IF"):
            found = self._if(offset)
        elif tokens.accept("FOR"):
            found = self._for(offset)
        elif tokens.accept("WHILE"):
            condition = _expression(tokens.until("DO", "LOOP"))
            found = While(offset, condition, self._loop("WHILE"))
        elif tokens.accept("LOOP"):
            found = While(offset, None, self._loop("LOOP", opened=True))
        elif tokens.accept("BREAK") or tokens.accept("EXIT"):
            found = Leave(offset, again=False)
        elif tokens.accept("CONTINUE") or tokens.accept("ITERATE"):
            found = Leave(offset, again=True)
        elif tokens.accept("RETURN"):
            text = tokens.until(";")
            found = Return(offset, _expression(text) if text else None)
        elif tokens.accept("RAISE"):
            found = Raise(offset, None if tokens.word == ";" else tokens.name())
        elif tokens.accept("EXECUTE", "IMMEDIATE"):
            text, using = tokens.until(";", "USING"), []
            if tokens.accept("USING"):
                tokens.expect("(")
                using = [tokens.name()]
                while tokens.accept(","):
                    using.append(tokens.name())
                tokens.expect(")")
            found = ExecuteImmediate(offset, _expression(text), using)
            if tokens.at_end:
                return found
        elif word == "NULL" and tokens.ahead(1) == ";":
            tokens.skip()
            found = If(offset, [])
        elif word in _REFUSED or word == "REPEAT":
            raise unsupported(f"{word} in a block")
        else:
            found = self._sql(offset)
        tokens.expect(";")
        return found

    def _if(self, offset: int) -> If:
        tokens = self._tokens
        branches: list[tuple[exp.Expr | None, list[Statement]]] = []
        while True:
            condition = _expression(tokens.until("THEN"))
            tokens.expect("THEN")
            branches.append((condition, self._statements("ELSEIF", "ELSE", "END")))
            if not tokens.accept("ELSEIF"):
                break
        if tokens.accept("ELSE"):
            branches.append((None, self._statements("END")))
        tokens.expect("END", "IF")
        return If(offset, branches)

    def _for(self, offset: int) -> Statement:
        tokens = self._tokens
        name = tokens.name()
        tokens.expect("IN")
        reverse = tokens.accept("REVERSE")
        first = tokens.until("TO", "DO", "LOOP")
        if tokens.accept("TO"):
            last = _expression(tokens.until("DO", "LOOP"))
            return ForCount(offset, name, _expression(first), last, reverse, self._loop("FOR"))
        rows = _expression(first)
        if not isinstance(rows, exp.Column) or reverse:
            raise unsupported("FOR over anything but a cursor, a result set or a range")
        return ForRows(offset, name, rows.name.upper(), self._loop("FOR"))

    def _loop(self, kind: str, *, opened: bool = False) -> list[Statement]:
        tokens = self._tokens
        ending = "LOOP" if opened or tokens.word == "LOOP" else kind
        if not opened:
            tokens.skip()
        body = self._statements("END")
        tokens.expect("END", ending)
        if tokens.word != ";":
            tokens.name()
        return body

    def _sql(self, offset: int) -> Sql:
        tokens = self._tokens
        into: list[str] = []
        if tokens.word not in ("SELECT", "WITH"):
            text = tokens.until(";")
            if tokens.at_end:
                raise tokens.unexpected()
            return Sql(offset, self._plain(text), into)
        text = tokens.until("INTO", ";")
        if tokens.accept("INTO"):
            while True:
                tokens.expect(":")
                into.append(tokens.name())
                if not tokens.accept(","):
                    break
            text += " " + tokens.until(";")
        return Sql(offset, self._plain(text), into)

    def _plain(self, text: str) -> exp.Expr:
        """Parse one statement of a block."""
        if not text:
            raise compilation(1003, "syntax error: a statement is missing.")
        statement = self._parsed(text)
        if isinstance(statement, exp.Command):
            tokens = TokenStream(text)
            word = tokens.word
            if word == "CREATE" and any(
                tokens.ahead(i) in ("TASK", "PROCEDURE", "FUNCTION", "PIPE", "STREAM")
                for i in range(1, 4)
            ):
                raise unsupported(
                    "CREATE TASK, PIPE, STREAM and PROCEDURE in a block: use EXECUTE IMMEDIATE"
                )
            while not tokens.at_end:
                if tokens.skip() == ":":
                    raise unsupported(f"variables in statements of {word}")
        return statement


def _expression(text: str) -> exp.Expr:
    if not text:
        raise compilation(1003, "syntax error: an expression is missing.")
    select = sqlglot.parse_one(f"select {text}", read="snowflake")
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        raise compilation(1003, f"syntax error: '{text}' is no expression.")
    found: exp.Expr = select.expressions[0]
    if isinstance(found, exp.Alias) or select.args.get("from_"):
        raise compilation(1003, f"syntax error: '{text}' is no expression.")
    return found


@dataclass
class _Variable:
    value: exp.Expr
    type: exp.DataType | None


@dataclass(frozen=True)
class _Thrown:
    """A user's exception, or a statement's error, on its way."""

    kind: str
    code: int
    message: str
    state: str


class _Raised(Exception):  # noqa: N818 a control flow like the two below
    def __init__(self, thrown: _Thrown, line: int, position: int) -> None:
        self.thrown, self.line, self.position = thrown, line, position


class _Returned(Exception):  # noqa: N818
    def __init__(self, sql: str) -> None:
        self.sql = sql


class _Left(Exception):  # noqa: N818
    def __init__(self, again: bool) -> None:
        self.again = again


@dataclass
class _Scope:
    outer: _Scope | None = None
    names: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def declare(self, name: str, value: Any) -> None:
        if name in self.names:
            raise compilation(1003, f"syntax error: '{name}' is declared twice.")
        self.names[name] = value


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
        scope = _Scope(names={name: _Variable(exp.null(), None) for name in _LAST_DML})
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
        if begun or not self._session.in_transaction or not self._session.parameters["AUTOCOMMIT"]:
            return
        self._session.rollback()
        if not quietly:
            raise error(
                90232,
                "Stored procedure execution error: Scoped transaction started in stored "
                "procedure is incomplete and it was rolled back.",
            )

    def _steps(self, statements: list[Statement], scope: _Scope) -> None:
        for statement in statements:
            self._step(statement, scope)

    def _step(self, statement: Statement, scope: _Scope) -> None:
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

    def _raised(self, thrown: _Thrown, statement: Statement) -> _Raised:
        return _Raised(thrown, *place(self._text, statement.offset))

    def _do(self, statement: Statement, scope: _Scope) -> None:
        match statement:
            case Block():
                self._block(statement, _Scope(scope))
            case Declare(name=name, type=kind, value=value):
                found = self._value(value, scope, kind) if value is not None else _null(kind)
                scope.declare(name, found)
            case DeclareException(name=name):
                thrown = _Thrown(name, statement.code, statement.message, "P0001")
                scope.declare(name, thrown)
            case DeclareRows(name=name, query=query):
                scope.declare(name, self._rows(query, scope))
            case Assign(name=name, value=value):
                variable = scope.find(name)
                if not isinstance(variable, _Variable):
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
                        self._steps(body, _Scope(scope))
                        break
            case While() | ForRows() | ForCount():
                self._loop(statement, scope)
            case Leave(again=again):
                raise _Left(again)
            case Return(value=value):
                self._return(value, scope)
            case Raise(name=name):
                self._raise(statement, name, scope)

    def _block(self, block: Block, scope: _Scope) -> None:
        try:
            self._steps(block.declarations, scope)
            self._steps(block.body, scope)
        except _Raised as raised:
            thrown = raised.thrown
            caught = {thrown.kind, "OTHER"}
            body = next((body for names, body in block.handlers if names & caught), None)
            if body is None:
                raise
            inner = _Scope(scope)
            inner.names = {
                "SQLCODE": _Variable(_literal(thrown.code), None),
                "SQLERRM": _Variable(_literal(thrown.message), None),
                "SQLSTATE": _Variable(_literal(thrown.state), None),
            }
            self._handled.append(raised)
            try:
                self._steps(body, inner)
            finally:
                self._handled.pop()

    def _raise(self, statement: Statement, name: str | None, scope: _Scope) -> None:
        if name is None:
            if not self._handled:
                raise compilation(1003, "syntax error: RAISE outside an exception handler.")
            raise self._handled[-1]
        thrown = scope.find(name)
        if not isinstance(thrown, _Thrown):
            raise compilation(904, f"invalid identifier '{name}'")
        raise self._raised(thrown, statement)

    def _loop(self, loop: While | ForRows | ForCount, scope: _Scope) -> None:
        try:
            match loop:
                case While(condition=condition):
                    while condition is None or self._holds(condition, scope):
                        self._turn(loop.body, _Scope(scope))
                case ForRows():
                    rows = scope.find(loop.rows)
                    if not isinstance(rows, list):
                        raise compilation(904, f"invalid identifier '{loop.rows}'")
                    for row in rows:
                        self._turn(loop.body, _Scope(scope, {loop.row: row}))
                case ForCount():
                    first, last = (
                        int(self._python(bound, scope)) for bound in (loop.first, loop.last)
                    )
                    numbers = range(first, last + 1)
                    for number in reversed(numbers) if loop.reverse else numbers:
                        counter = _Variable(_literal(number), None)
                        self._turn(loop.body, _Scope(scope, {loop.counter: counter}))
        except _Left:
            return

    def _turn(self, body: list[Statement], scope: _Scope) -> None:
        try:
            self._steps(body, scope)
        except _Left as left:
            if not left.again:
                raise

    def _sql(self, sql: Sql, scope: _Scope) -> None:
        statement = _bound(sql.statement, scope)
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

    def _note_rows(self, cursor: Cursor, statement: exp.Expr, scope: _Scope) -> None:
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
            outermost.names[name] = _Variable(_literal(value), None)

    def _into(self, cursor: Cursor, into: list[str], scope: _Scope) -> None:
        rows = _values(cursor)
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
            if not isinstance(variable, _Variable):
                raise compilation(2049, f"Bind variable :{name} not set.", "42601")
            new = self._value(value.value, scope, variable.type)
            variable.value, variable.type = new.value, variable.type or value.type

    def _execute_immediate(
        self, cursor: Cursor, statement: ExecuteImmediate, scope: _Scope
    ) -> None:
        text = self._python(statement.text, scope)
        if not isinstance(text, str):
            raise compilation(1003, "syntax error: EXECUTE IMMEDIATE needs a string.")
        parsed = cursor.parsed(text)
        values = []
        for name in statement.using:
            variable = scope.find(name)
            if not isinstance(variable, _Variable):
                raise compilation(2049, f"Bind variable :{name} not set.", "42601")
            values.append(variable.value)
        for mark in [p for p in parsed.find_all(exp.Placeholder) if not p.this][: len(values)]:
            mark.replace(values.pop(0).copy())
        cursor.perform(parsed)
        if isinstance(parsed, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Copy):
            self._note_rows(cursor, parsed, scope)

    def _return(self, value: exp.Expr | None, scope: _Scope) -> None:
        if value is None:
            raise _Returned("null::varchar")
        if isinstance(value, exp.Anonymous) and value.name.upper() == "TABLE":
            raise unsupported("RETURN TABLE(…)")
        found = self._value(value, scope, None)
        raise _Returned(
            self._session.cursor().translated(exp.select(found.value)).sql("duckdb")[7:]
        )

    def _rows(self, query: exp.Expr, scope: _Scope) -> list[dict[str, _Variable]]:
        if not isinstance(query, exp.Query):
            raise unsupported("a cursor or result set of anything but a query")
        cursor = self._session.cursor()
        cursor.perform(_bound(query, scope))
        return _values(cursor)

    def _holds(self, condition: exp.Expr, scope: _Scope) -> bool:
        return self._python(exp.cast(exp.paren(condition.copy()), "boolean"), scope) is True

    def _python(self, expression: exp.Expr, scope: _Scope) -> Any:
        return self._evaluate(expression, scope).result.column(0)[0].as_py()

    def _value(self, expression: exp.Expr, scope: _Scope, kind: exp.DataType | None) -> _Variable:
        if kind is not None:
            expression = exp.Cast(this=exp.paren(expression.copy()), to=kind.copy())
        (row,) = _values(self._evaluate(expression, scope))
        (found,) = row.values()
        return _Variable(found.value, kind)

    def _evaluate(self, expression: exp.Expr, scope: _Scope) -> Cursor:
        value = _bound(exp.select(exp.alias_(expression.copy(), "V")), scope, bare=True)
        cursor = self._session.cursor()
        cursor.perform(value)
        return cursor


def _thrown(refusal: ProgrammingError, *, sql: bool) -> _Thrown:
    kind = "STATEMENT_ERROR" if sql else "EXPRESSION_ERROR"
    message = str(refusal.raw_msg or refusal.msg)
    return _Thrown(kind, int(refusal.errno or 603), message, str(refusal.sqlstate))


def _bound(statement: exp.Expr, scope: _Scope, *, bare: bool = False) -> exp.Expr:
    """Return a copy with `:name` replaced by values; `bare` names too, outside subqueries."""
    holder = exp.Tuple(expressions=[statement.copy()])
    nodes: list[Any] = list(holder.find_all(exp.Placeholder, exp.Column))
    for node in nodes:
        if isinstance(node, exp.Placeholder):
            if not node.this:
                raise compilation(2049, "Bind variable ? not set.", "42601")
            variable = scope.find(node.name.upper())
            if not isinstance(variable, _Variable):
                raise compilation(2049, f"Bind variable :{node.name.upper()} not set.", "42601")
        elif bare and node.parent_select is holder.expressions[0]:
            name = node.name if node.this.args.get("quoted") else node.name.upper()
            if node.table:
                row = scope.find(node.table.upper())
                variable = row.get(name) if isinstance(row, dict) else None
            else:
                variable = scope.find(name)
        else:
            continue
        if isinstance(variable, _Variable):
            node.replace(variable.value.copy())
    for dynamic in list(holder.find_all(exp.DynamicIdentifier)):
        if isinstance(dynamic.this, exp.Literal) and not isinstance(dynamic.parent, exp.Table):
            dynamic.replace(sqlglot.parse_one(dynamic.this.name, read="snowflake"))
    found: exp.Expr = holder.expressions[0]
    found.pop()
    return found


def _values(cursor: Cursor) -> list[dict[str, _Variable]]:
    """Return a result's rows as values of variables."""
    described = cursor.described()
    kinds = [str(kind) for _, kind, *_ in described]
    names = [str(name) for name, *_ in described]
    rows = zip(*(column.to_pylist() for column in cursor.result.columns), strict=True)
    return [
        {
            name: _Variable(_literal(value, kind), None)
            for name, value, kind in zip(names, row, kinds, strict=True)
        }
        for row in rows
    ]


def _null(kind: exp.DataType | None) -> _Variable:
    return _Variable(exp.null(), kind)


def _literal(value: Any, kind: str = "") -> exp.Expr:
    match value:
        case None:
            return exp.null()
        case str() if kind == "JSON":
            return exp.ParseJSON(this=exp.Literal.string(value))
        case bool():
            return exp.Boolean(this=value)
        case int() | Decimal():
            number = exp.Literal.number(str(abs(value)))
            return exp.paren(exp.Neg(this=number)) if value < 0 else number
        case float():
            return exp.cast(exp.Literal.string(repr(value)), "double")
        case str():
            return exp.Literal.string(value)
        case datetime.datetime():
            zone = value.utcoffset() is not None
            text = exp.Literal.string(value.isoformat(sep=" "))
            return exp.cast(text, "timestamptz" if zone else "timestampntz")
        case datetime.date():
            return exp.cast(exp.Literal.string(value.isoformat()), "date")
        case _:
            raise unsupported(f"variables of type {kind or type(value).__name__}")
