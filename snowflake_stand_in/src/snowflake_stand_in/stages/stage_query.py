"""SELECT … FROM @stage (FILE_FORMAT => …, PATTERN => …)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import error, unsupported
from snowflake_stand_in.stages import copy_into, file_formats, stage_files, stages

_METADATA = {
    "METADATA$FILE_ROW_NUMBER": pa.int64(),
    "METADATA$FILENAME": pa.string(),
    "METADATA$FILE_CONTENT_KEY": pa.string(),
    "METADATA$FILE_LAST_MODIFIED": pa.timestamp("us"),
    "METADATA$START_SCAN_TIME": pa.timestamp("us", "UTC"),
}


def read_stage(cursor: Cursor, statement: exp.Expr) -> exp.Expr:
    """Return the statement with its stage, if it has one, made a table of what it holds."""
    staged = [t for t in statement.find_all(exp.Table) if isinstance(t.this, exp.Var)]
    if not isinstance(statement, exp.Query) or not staged:
        return statement
    if len(staged) > 1:
        raise unsupported("a query over several stages")
    table = staged[0]
    stage = stages.find(cursor, table.this.name)
    named = table.args.get("format")
    given = {"FORMAT_NAME": named.name} if named is not None else {}
    file_format = file_formats.file_format(cursor, given, stage.format)
    stage_files.refuse_options(file_format)
    pattern = table.args.get("pattern")
    tables = []
    for file in stage_files.download(stage, stage.files(pattern.name if pattern else None)):
        for piece, bad, _ in file.pieces(file_format):
            if bad:
                raise error(100069, f"Error parsing JSON: {bad[0].reason}", "22P02")
            tables.append(piece)
    rows = pa.concat_tables(tables) if tables else _nothing(statement, file_format)
    # It stays until the next one: the server describes a result after the statement
    cursor.register(copy_into.ROWS, rows)
    return copy_into.staged_columns(statement.copy(), file_format)


def _nothing(statement: exp.Expr, file_format: dict[str, Any]) -> pa.Table:
    """Make the empty table of a path without files: the columns that the query reads."""
    columns = {name: pa.array([], kind) for name, kind in _METADATA.items()}
    if file_format["TYPE"] == "PARQUET":
        for key in statement.find_all(exp.JSONPathKey):
            columns[str(key.this)] = pa.array([], pa.string())
    else:
        columns["$1"] = pa.ExtensionArray.from_storage(pa.json_(), pa.array([], pa.string()))
    return pa.table(columns)
