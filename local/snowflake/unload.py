"""COPY INTO a stage: a table or a query written as CSV, JSON or Parquet files."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from sqlglot import exp

from local.snowflake import stages
from local.snowflake.errors import compilation, error, unsupported
from local.snowflake.stages import Stage

if TYPE_CHECKING:
    from local.snowflake.cursor import Cursor

_OPTIONS = ("FILE_FORMAT", "OVERWRITE", "SINGLE", "HEADER", "MAX_FILE_SIZE", "DETAILED_OUTPUT")
_FORMATS = {
    "CSV": {
        "TYPE",
        "COMPRESSION",
        "FIELD_DELIMITER",
        "RECORD_DELIMITER",
        "FIELD_OPTIONALLY_ENCLOSED_BY",
        "NULL_IF",
        "EMPTY_FIELD_AS_NULL",
        "ESCAPE_UNENCLOSED_FIELD",
        "SKIP_HEADER",
        "COMMENT",
    },
    "JSON": {"TYPE", "COMPRESSION", "ALLOW_DUPLICATE", "COMMENT"},
    "PARQUET": {"TYPE", "COMPRESSION", "COMMENT"},
}
_SIZE = 16_777_216
_BATCH_ROWS = 50_000


@dataclass
class Unloaded:
    """One file that was written."""

    name: str
    rows: int
    size: int
    content_size: int


def handle(cursor: Cursor, statement: exp.Copy) -> bool:
    """Run COPY INTO a location; return whether the statement was one."""
    target = statement.this
    if not isinstance(target, exp.Table) or not isinstance(target.this, exp.Var | exp.Literal):
        return False
    if isinstance(target.this, exp.Literal):
        raise unsupported("COPY INTO a URL: create a stage")
    options = _options(statement)
    stage = stages.resolve(cursor, target.this.name)
    file_format = stages.file_format(cursor, options.get("FILE_FORMAT", {}), stage.format)
    kind = file_format["TYPE"]
    if kind not in _FORMATS or (unknown := set(file_format) - _FORMATS[kind]):
        raise unsupported(f"unloading with the file format options {sorted(unknown)}")
    query = _query(statement)
    with cursor._conn.reading():
        written = _write(cursor, stage, query, file_format, options)
    _answer(cursor, written, detailed=bool(options.get("DETAILED_OUTPUT")))
    return True


def _options(statement: exp.Copy) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter in statement.args.get("params") or []:
        name = parameter.this.name.upper()
        value = parameter.args.get("expression")
        if name not in _OPTIONS:
            raise unsupported(f"COPY INTO a location with {name}")
        if name == "FILE_FORMAT":
            found[name] = stages.format_options(parameter.expressions)
        elif isinstance(value, exp.Boolean):
            found[name] = value.this
        else:
            found[name] = int(value.name)
    return found


def _query(statement: exp.Copy) -> exp.Expr:
    source = statement.args["files"][0]
    if isinstance(source, exp.Subquery):
        query: exp.Expr = source.this
        return query
    if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
        raise unsupported("COPY INTO a location from this")
    return exp.select("*").from_(source.copy())


def _write(
    cursor: Cursor,
    stage: Stage,
    query: exp.Expr,
    file_format: dict[str, Any],
    options: dict[str, Any],
) -> list[Unloaded]:
    single, limit = bool(options.get("SINGLE")), int(options.get("MAX_FILE_SIZE", _SIZE))
    kind = file_format["TYPE"]
    columns = _columns(cursor, query)
    if kind == "JSON" and [c for _, c in columns] != ["JSON"]:
        raise compilation(
            1383, "Unloading JSON needs one column of type VARIANT, OBJECT or ARRAY.", "0A000"
        )
    encode, suffix = _encoder(kind, columns, file_format, header=bool(options.get("HEADER")))
    existing = stage.files()
    if existing and not options.get("OVERWRITE"):
        raise error(
            1030,
            "SQL execution error: Files already existing at the unload destination: "
            f"{stage.url_of(existing[0].name)}. Use overwrite option to force unloading.",
        )
    written: list[Unloaded] = []
    with stages.storage_faults(stage), stage.container as container:
        for batch, content in _files(_batches(cursor, query, kind, columns), encode, limit):
            if single and written:
                raise unsupported("SINGLE = TRUE for more than MAX_FILE_SIZE")
            name = _name(stage, suffix, len(written), single=single)
            data = content if kind == "PARQUET" or not _zipped(file_format) else _gzip(content)
            container.upload_blob(name, data, overwrite=True)
            written.append(Unloaded(stage.url_of(name), batch, len(data), len(content)))
    return written


def _columns(cursor: Cursor, query: exp.Expr) -> list[tuple[str, str]]:
    cursor.check_db_and_schema(query)
    described = cursor.rows(f"describe {cursor.translated(query.copy())}")
    return [(name, kind) for name, kind, *_ in described]


def _batches(
    cursor: Cursor, query: exp.Expr, kind: str, columns: list[tuple[str, str]]
) -> Iterator[pa.Table]:
    """Yield the rows, for CSV as Snowflake's texts."""
    if kind != "PARQUET":
        inner = exp.Subquery(
            this=query.copy(),
            alias=exp.TableAlias(
                this=exp.to_identifier("_FS_ROWS", quoted=True),
                columns=[exp.to_identifier(f"C{i}", quoted=True) for i in range(len(columns))],
            ),
        )
        texts = [
            exp.alias_(
                exp.cast(exp.column(exp.to_identifier(f"C{i}", quoted=True)), "text"),
                f"C{i}",
                quoted=True,
            )
            if kind == "CSV"
            else exp.Anonymous(
                this="TO_JSON", expressions=[exp.column(exp.to_identifier(f"C{i}", quoted=True))]
            )
            for i in range(len(columns))
        ]
        query = exp.select(*texts).from_(inner)
    result = cursor._duck_conn.execute(cursor.translated(query.copy()))
    batches: Any = result.to_arrow_reader(_BATCH_ROWS)
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if table.num_rows:
            yield table


def _files(
    batches: Iterator[pa.Table], encode: Callable[[pa.Table], bytes], limit: int
) -> Iterator[tuple[int, bytes]]:
    """Yield rows and content of each file, halving batches that are too large."""
    for whole in batches:
        waiting = [whole]
        while waiting:
            table = waiting.pop()
            content = encode(table)
            if len(content) > limit and table.num_rows > 1:
                half = table.num_rows // 2
                waiting += [table.slice(half), table.slice(0, half)]
            else:
                yield table.num_rows, content


def _encoder(
    kind: str, columns: list[tuple[str, str]], options: dict[str, Any], *, header: bool
) -> tuple[Callable[[pa.Table], bytes], str]:
    compression = str(options.get("COMPRESSION", "AUTO")).upper()
    if kind == "PARQUET":
        if compression not in ("AUTO", "SNAPPY", "NONE"):
            raise unsupported(f"unloading with COMPRESSION = {compression}")
        codec = "none" if compression == "NONE" else "snappy"
        names_ = [n if header else f"_COL_{i}" for i, (n, _) in enumerate(columns)]
        suffix = "parquet" if codec == "none" else "snappy.parquet"
        return (lambda table: _parquet(table.rename_columns(names_), codec)), suffix
    if compression not in ("AUTO", "GZIP", "NONE"):
        raise unsupported(f"unloading with COMPRESSION = {compression}")
    suffix = kind.lower() + (".gz" if _zipped(options) else "")
    if kind == "JSON":
        return _json, suffix
    return _Csv(columns, options, header=header).encode, suffix


def _parquet(table: pa.Table, codec: str) -> bytes:
    plain = [
        column.cast(pa.string()) if isinstance(column.type, pa.BaseExtensionType) else column
        for column in table.columns
    ]
    sink = io.BytesIO()
    pq.write_table(pa.table(plain, names=table.column_names), sink, compression=codec)
    return sink.getvalue()


def _json(table: pa.Table) -> bytes:
    texts = table.column(0).cast(pa.string()).to_pylist()
    return "".join(f"{text}\n" for text in texts if text is not None).encode()


class _Csv:
    """Writes rows of texts as CSV in Snowflake's way."""

    def __init__(
        self, columns: list[tuple[str, str]], options: dict[str, Any], *, header: bool
    ) -> None:
        self._delimiter = str(options.get("FIELD_DELIMITER", ","))
        self._end = str(options.get("RECORD_DELIMITER", "\n"))
        quote = str(options.get("FIELD_OPTIONALLY_ENCLOSED_BY", "NONE"))
        self._quote = "" if quote.upper() == "NONE" else quote
        nulls = options.get("NULL_IF", "\\N")
        self._null = str(nulls[0] if isinstance(nulls, list) else nulls)
        self._texts = [kind in ("VARCHAR", "JSON") for _, kind in columns]
        self._header = [name for name, _ in columns] if header else None

    def encode(self, table: pa.Table) -> bytes:
        """Return the rows, under a header if there is to be one."""
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        lines = [self._delimiter.join(map(self._field, row, self._texts)) for row in rows]
        if self._header is not None:
            named = [self._field(name, True) for name in self._header]
            lines.insert(0, self._delimiter.join(named))
        return "".join(f"{line}{self._end}" for line in lines).encode()

    def _field(self, value: str | None, text: bool) -> str:
        if value is None:
            return self._null
        if self._quote and text:
            return f"{self._quote}{value.replace(self._quote, self._quote * 2)}{self._quote}"
        if self._quote:
            return value
        for mark in ("\\", self._delimiter, self._end):
            value = value.replace(mark, f"\\{mark}")
        return value


def _zipped(options: dict[str, Any]) -> bool:
    return str(options.get("COMPRESSION", "AUTO")).upper() in ("AUTO", "GZIP")


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0)


def _name(stage: Stage, suffix: str, number: int, *, single: bool) -> str:
    folder, _, file = f"{stage.prefix}{stage.path}".rpartition("/")
    place = f"{folder}/" if folder else ""
    if single:
        return f"{place}{file or 'data'}"
    return f"{place}{file or 'data'}_0_0_{number}.{suffix}"


def _answer(cursor: Cursor, written: list[Unloaded], *, detailed: bool) -> None:
    if detailed:
        columns = {
            "FILE_NAME": pa.array([f.name.rpartition("/")[2] for f in written], pa.string()),
            "FILE_SIZE": pa.array([f.size for f in written], pa.int64()),
            "ROW_COUNT": pa.array([f.rows for f in written], pa.int64()),
        }
    else:
        columns = {
            "rows_unloaded": pa.array([sum(f.rows for f in written)], pa.int64()),
            "input_bytes": pa.array([sum(f.content_size for f in written)], pa.int64()),
            "output_bytes": pa.array([sum(f.size for f in written)], pa.int64()),
        }
    cursor.answer_table(pa.table(columns))
