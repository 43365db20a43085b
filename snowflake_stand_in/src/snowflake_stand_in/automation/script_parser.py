"""Parses a block of Snowflake Scripting; what isn't read here is refused."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

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
from snowflake_stand_in.sql import parsing
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.token_stream import TokenStream

_TRANSACTION = ("TRANSACTION", "WORK", "NAME", ";", "")
_REFUSED = ("ASYNC", "AWAIT", "CANCEL", "CASE", "CALL", "CLOSE", "FETCH", "OPEN", "WITH PROCEDURE")


class Parser:
    """Reads one script; `parsed` parses the plain statements in it."""

    def __init__(self, text: str, parsed: Callable[[str], exp.Expr]) -> None:
        self._tokens = TokenStream(text)
        self._parsed = parsed

    def script(self) -> Statement:
        """Return the block, or EXECUTE IMMEDIATE, that the text is."""
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
    select = parsing.parse(f"select {text}")
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        raise compilation(1003, f"syntax error: '{text}' is no expression.")
    found: exp.Expr = select.expressions[0]
    if isinstance(found, exp.Alias) or select.args.get("from_"):
        raise compilation(1003, f"syntax error: '{text}' is no expression.")
    return found
