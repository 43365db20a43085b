"""COPY INTO a table from a stage, within the session's transaction, with Snowflake's results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
from azure.storage.blob import BlobProperties
from sqlglot import exp

from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, error, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.stages import file_formats, stage_files, stages
from snowflake_stand_in.stages.stage_files import BadRecord, StagedFile
from snowflake_stand_in.stages.stages import Stage

ROWS = "_STAGED_ROWS"
_OPTIONS = {"FILES", "PATTERN", "FORCE", "ON_ERROR", "FILE_FORMAT", "MATCH_BY_COLUMN_NAME"}
_MORE_THAN_COLUMNS = ("joins", "where", "group", "having", "qualify", "order", "limit", "distinct")
_RESULT = pa.schema(
    [
        ("file", pa.string()),
        ("status", pa.string()),
        ("rows_parsed", pa.int64()),
        ("rows_loaded", pa.int64()),
        ("error_limit", pa.int64()),
        ("errors_seen", pa.int64()),
        ("first_error", pa.string()),
        ("first_error_line", pa.int64()),
        ("first_error_character", pa.int64()),
        ("first_error_column_name", pa.string()),
    ]
)


@dataclass
class Loaded:
    """What became of one file."""

    blob: BlobProperties
    url: str
    parsed: int = 0
    rows: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    skipped: bool = False

    def row(self) -> tuple[Any, ...]:
        """Return the file's row of COPY's result."""
        first = self.bad[0] if self.bad else None
        status = "LOADED"
        if first:
            status = "LOAD_FAILED" if self.skipped or not self.rows else "PARTIALLY_LOADED"
        return (
            self.url,
            status,
            self.parsed,
            self.rows,
            self.parsed if self.bad else 1,
            len(self.bad),
            f"Error parsing JSON: {first.reason}" if first else None,
            first.line if first else None,
            1 if first else None,
            None,
        )


class Delivery(NamedTuple):
    """One file that a pipe loads: the pipe's id and full name, when it received the file."""

    pipe_id: str
    pipe: tuple[str, str, str]
    received: datetime
    blob: BlobProperties


def run(cursor: Cursor, statement: exp.Copy, delivery: Delivery | None = None) -> None:
    """Run a COPY INTO statement; a pipe's is told its file, and has a history of its own."""
    options = _options(statement)
    source = statement.args["files"][0]
    select = source.this if isinstance(source, exp.Subquery) else None
    table = select.args["from_"].this if select is not None else source
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Var):
        raise unsupported("COPY from anything but a stage")
    if select is not None and select.find(exp.Subquery, exp.SetOperation, exp.Exists) is not None:
        raise compilation(
            2, "COPY statement only supports simple SELECT from stage statements for import."
        )
    if select is not None and any(select.args.get(clause) for clause in _MORE_THAN_COLUMNS):
        raise unsupported("anything but SELECT … FROM a stage in the query of a COPY")
    stage = stages.find(cursor, table.this.name)
    file_format = file_formats.file_format(cursor, options.get("FILE_FORMAT", {}), stage.format)
    stage_files.refuse_options(file_format)
    target = names.target(statement, cursor.session.database, cursor.session.schema)
    default = "SKIP_FILE" if delivery else "ABORT_STATEMENT"
    on_error = str(options.get("ON_ERROR", default)).upper()
    if on_error not in ("ABORT_STATEMENT", "CONTINUE", "SKIP_FILE"):
        raise unsupported(f"ON_ERROR = {on_error}")
    if delivery:
        blobs = [delivery.blob]
    else:
        blobs = _blobs(stage, options.get("FILES"), options.get("PATTERN"), on_error)
    with cursor.session.writing([target], exclusive=False):
        if not options.get("FORCE") and not delivery:
            blobs = _unloaded(cursor, target, blobs)
        results: list[Loaded] = []
        files = stage_files.download(stage, blobs)
        pieces = stage_files.ahead(_pieces(stage, files, file_format, on_error, results))
        # As few INSERTs as can be: DuckDB compresses in parallel within one
        for schema, alike in groupby(pieces, key=lambda piece: piece.schema):
            cursor.register(ROWS, schema.empty_table())
            insert = _insert(cursor, statement, select, target, file_format, options, schema)
            _load(cursor, insert, schema, alike)
        for loaded in results:
            _remember(cursor, target, loaded, delivery)
    _answer(cursor, results)


def staged_columns(select: exp.Expr, file_format: dict[str, Any]) -> exp.Expr:
    """Make a query over a stage one over the rows read from it, in place."""
    parquet = file_format["TYPE"] == "PARQUET"
    for extract in list(select.find_all(exp.JSONExtract)):
        if parquet and _is_file(extract.this):
            keys = extract.expression.expressions[1:]
            if len(keys) != 1 or not isinstance(keys[0], exp.JSONPathKey):
                raise unsupported("paths into nested columns of Parquet")
            extract.replace(exp.column(exp.to_identifier(keys[0].this, quoted=True)))
    for node in list(select.find_all(exp.Parameter)):
        if parquet or node.this.name != "1":
            raise unsupported(f"${node.this.name} in a query over {file_format['TYPE']} files")
        owner = node.parent if isinstance(node.parent, exp.Dot | exp.Column) else node
        owner.replace(exp.column(exp.to_identifier("$1", quoted=True)))
    for column in select.find_all(exp.Column):
        if column.name.upper().startswith("METADATA$"):
            column.replace(exp.column(exp.to_identifier(column.name.upper(), quoted=True)))
    for table in list(select.find_all(exp.Table)):
        if isinstance(table.this, exp.Var):
            alias = table.alias
            table.replace(
                exp.table_(
                    exp.to_identifier(ROWS, quoted=True),
                    db="main",
                    catalog="temp",
                    alias=alias or None,
                )
            )
    return select


def _is_file(node: exp.Expr) -> bool:
    return isinstance(node, exp.Parameter) or node.find(exp.Parameter) is not None


def _options(statement: exp.Copy) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter in statement.args.get("params") or []:
        name = parameter.this.name.upper()
        value = parameter.args.get("expression")
        if name not in _OPTIONS:
            raise unsupported(f"COPY option {name}")
        if name == "FILE_FORMAT":
            found[name] = file_formats.format_options(parameter.expressions)
        elif name == "FILES":
            items = value.expressions if isinstance(value, exp.Tuple) else [value.this]
            found[name] = [item.name for item in items]
        elif isinstance(value, exp.Boolean):
            found[name] = value.this
        else:
            found[name] = value.name if value is not None else None
    return found


def _blobs(
    stage: Stage, files: list[str] | None, pattern: str | None, on_error: str
) -> list[BlobProperties]:
    if files is None:
        return stage.files(pattern)
    found = []
    with stages.storage_faults(stage):
        known = {b.name: b for b in _listed(stage, files)}
    for file in files:
        name = f"{stage.prefix}{stage.path}{file}"
        if name in known:
            found.append(known[name])
        elif on_error == "ABORT_STATEMENT":
            raise stages.missing_file(stage.url_of(name))
    return found


def _listed(stage: Stage, files: list[str]) -> Iterator[BlobProperties]:
    """List what the names share at their start: far fewer requests than one per file."""
    shared = files[0]
    for file in files:
        while not file.startswith(shared):
            shared = shared[:-1]
    with stage.container as container:
        yield from container.list_blobs(name_starts_with=stage.prefix + stage.path + shared)


def _unloaded(
    cursor: Cursor, target: TableName, blobs: list[BlobProperties]
) -> list[BlobProperties]:
    known = dict(
        cursor.rows(
            f"select file_name, etag from {_history(target)} "
            "where schema_name = ? and table_name = ? and status != 'LOAD_FAILED'"
            " and pipe_id is null",
            [target.schema, target.name],
        )
    )
    return [b for b in blobs if known.get(b.name) != b.etag.strip('"')]


def _pieces(
    stage: Stage,
    files: Iterable[StagedFile],
    file_format: dict[str, Any],
    on_error: str,
    results: list[Loaded],
) -> Iterator[pa.Table]:
    """Yield the tables to insert, as ON_ERROR wants, and add to `results` what became of a file."""
    for file in files:
        loaded = Loaded(file.blob, stage.url_of(file.blob.name))
        results.append(loaded)
        if on_error == "SKIP_FILE" and any(bad for _, bad, _ in file.pieces(file_format)):
            loaded.skipped = True
        for piece, bad, parsed in file.pieces(file_format):
            loaded.parsed += parsed
            loaded.bad += bad
            if bad and on_error == "ABORT_STATEMENT":
                raise error(
                    100069,
                    f"Error parsing JSON: {bad[0].reason}\n  File '{file.blob.name}', line "
                    f"{bad[0].line}, character 1\n  If you would like to continue loading when an "
                    "error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for "
                    "the ON_ERROR option.",
                    "22P02",
                )
            if not loaded.skipped and piece.num_rows:
                loaded.rows += piece.num_rows
                yield piece


def _insert(
    cursor: Cursor,
    statement: exp.Copy,
    select: exp.Expr | None,
    target: TableName,
    file_format: dict[str, Any],
    options: dict[str, Any],
    schema: pa.Schema,
) -> str:
    into = statement.this.copy()
    if select is not None:
        query = staged_columns(select.copy(), file_format)
    elif str(options.get("MATCH_BY_COLUMN_NAME", "NONE")).upper() == "NONE":
        if file_format["TYPE"] != "JSON" or len(relations.columns(cursor, target)) != 1:
            raise compilation(
                1383,
                "JSON file format can produce one and only one column of variant, object, or "
                "array type. Load data into separate columns using the MATCH_BY_COLUMN_NAME copy "
                "option or copy with transformation.",
            )
        query = exp.select('"$1"').from_(f'temp.main."{ROWS}"')
    else:
        if file_format["TYPE"] != "PARQUET":
            raise unsupported("MATCH_BY_COLUMN_NAME for files other than Parquet")
        if options["MATCH_BY_COLUMN_NAME"].upper() != "CASE_INSENSITIVE":
            raise unsupported("MATCH_BY_COLUMN_NAME other than CASE_INSENSITIVE")
        pairs = _matching(schema, relations.columns(cursor, target))
        query = exp.select(*(exp.column(exp.to_identifier(mine, quoted=True)) for mine, _ in pairs))
        query = query.from_(f'temp.main."{ROWS}"')
        table = into.this if isinstance(into, exp.Schema) else into
        into = exp.Schema(
            this=table, expressions=[exp.to_identifier(theirs, quoted=True) for _, theirs in pairs]
        )
    return cursor.translated(exp.Insert(this=into, expression=query)).sql(dialect="duckdb")


def _matching(schema: pa.Schema, columns: dict[str, str]) -> list[tuple[str, str]]:
    by_name = {name.upper(): name for name in schema.names}
    pairs = [(by_name[c.upper()], c) for c in columns if c.upper() in by_name]
    if not pairs:
        raise compilation(904, "no column of the file matches a column of the table")
    return pairs


def _load(cursor: Cursor, insert: str, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
    """Run an INSERT that pulls the rows as it goes; a fault in making them is raised as it was."""
    faults: list[Exception] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for piece in pieces:
                yield from piece.to_batches()
        except Exception as fault:
            faults.append(fault)
            raise

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    cursor.register(ROWS, reader)
    try:
        cursor.rows(insert)
    except duckdb.Error:
        if faults:
            raise faults[0] from None
        raise
    finally:
        cursor.unregister(ROWS)


def fail(cursor: Cursor, target: TableName, stage: Stage, delivery: Delivery, reason: str) -> None:
    """Note that a pipe's file can't be loaded."""
    loaded = Loaded(delivery.blob, stage.url_of(delivery.blob.name), skipped=True)
    loaded.bad.append(BadRecord(1, reason))
    with cursor.session.writing([target], exclusive=False):
        _remember(cursor, target, loaded, delivery)


def _remember(cursor: Cursor, target: TableName, loaded: Loaded, delivery: Delivery | None) -> None:
    history = _history(target)
    cursor.rows(
        f"delete from {history} where schema_name = ? and table_name = ? and file_name = ?"
        " and pipe_id is not distinct from ?",
        [target.schema, target.name, loaded.blob.name, delivery and delivery.pipe_id],
    )
    first = loaded.bad[0] if loaded.bad else None
    cursor.rows(
        f"insert into {history} (schema_name, file_name, table_name, last_load_time, status, "
        "row_count, row_parsed, first_error_message, first_error_line_number, error_count, "
        "error_limit, etag, pipe_id, pipe_catalog_name, pipe_schema_name, pipe_name, "
        "pipe_received_time) values (?, ?, ?, now(), ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
        [
            target.schema,
            loaded.blob.name,
            target.name,
            loaded.row()[1],
            loaded.rows,
            loaded.parsed,
            first.reason if first else None,
            first.line if first else None,
            len(loaded.bad),
            loaded.blob.etag.strip('"'),
            *((delivery.pipe_id, *delivery.pipe, delivery.received) if delivery else [None] * 5),
        ],
    )


def _history(target: TableName) -> str:
    return f'"{target.database}"._fs_information_schema._fs_load_history'


def _answer(cursor: Cursor, results: list[Loaded]) -> None:
    if not results:
        cursor.succeed("Copy executed with 0 files processed.")
        return
    columns = [list(column) for column in zip(*(r.row() for r in results), strict=True)]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, _RESULT, strict=True)]
    cursor.answer_table(pa.table(arrays, schema=_RESULT))
