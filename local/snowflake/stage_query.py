"""SELECT … FROM @stage (FILE_FORMAT => …, PATTERN => …)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
from sqlglot import exp

from local.snowflake import copy_into, stage_files, stages
from local.snowflake.errors import error, unsupported

if TYPE_CHECKING:
    from local.snowflake.cursor import Cursor


def readable(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Return the statement with its stage, if it has one, made a table of what it holds."""
    staged = [t for t in statement.find_all(exp.Table) if isinstance(t.this, exp.Var)]
    if not isinstance(statement, exp.Query) or not staged:
        return statement
    if len(staged) > 1:
        raise unsupported("a query over several stages")
    table = staged[0]
    stage = stages.resolve(cursor, table.this.name)
    named = table.args.get("format")
    given = {"FORMAT_NAME": named.name} if named is not None else {}
    file_format = stages.file_format(cursor, given, stage.format)
    pattern = table.args.get("pattern")
    tables = []
    for file in stage_files.download(stage, stage.files(pattern.name if pattern else None)):
        for piece, bad, _ in file.pieces(file_format):
            if bad:
                raise error(100069, f"Error parsing JSON: {bad[0].reason}", "22P02")
            tables.append(piece)
    if not tables:
        raise unsupported("a query over a stage path without files")
    # It stays until the next one: the server describes a result after the statement
    cursor._duck_conn.register(copy_into.ROWS, pa.concat_tables(tables))
    return copy_into.staged_columns(statement.copy(), file_format)
