"""Streams: what they show, and what advances them."""

from conformance.behaviour import fails, rows

_S = "user-guide/streams-intro"
_C = "sql-reference/sql/create-stream"
_H = "sql-reference/functions/system_stream_has_data"

_TABLE = [
    "create table t (a number)",
    "insert into t values (1), (2)",
    "create stream s on table t",
    "create table seen (a number)",
]
_APPEND_ONLY = [*_TABLE[:2], "create stream s on table t append_only = true", _TABLE[3]]
_CHANGES = "select a, metadata$action, metadata$isupdate from s order by a"
_HAS_DATA = "select system$stream_has_data('s')"

BEHAVIOURS = [
    rows("stream-new", "A new stream is empty.", _C, [*_TABLE, _CHANGES]),
    rows(
        "stream-inserts",
        "A stream shows the rows inserted since its offset.",
        _S,
        [*_TABLE, "insert into t values (3)", _CHANGES],
        (3, "INSERT", False),
    ),
    rows(
        "stream-initial",
        "A stream shows the rows that were there, if asked to.",
        _C,
        [
            *_TABLE[:2],
            "create stream s on table t append_only = true show_initial_rows = true",
            _CHANGES,
        ],
        (1, "INSERT", False),
        (2, "INSERT", False),
    ),
    rows(
        "stream-select",
        "A query alone doesn't advance a stream.",
        _S,
        [*_TABLE, "insert into t values (3)", _CHANGES, _CHANGES],
        (3, "INSERT", False),
    ),
    rows(
        "stream-consumed",
        "A DML statement that reads a stream advances it.",
        _S,
        [*_TABLE, "insert into t values (3)", "insert into seen select a from s", _CHANGES],
    ),
    rows(
        "stream-skipped",
        "A DML statement whose condition takes no row advances it too.",
        _S,
        [
            *_TABLE,
            "insert into t values (3)",
            "insert into seen select a from s where false",
            "select (select count(*) from seen), (select count(*) from s)",
        ],
        (0, 0),
    ),
    rows(
        "stream-rollback",
        "A rollback leaves the offset where it was.",
        _S,
        [
            *_TABLE,
            "insert into t values (3)",
            "begin",
            "insert into seen select a from s",
            "rollback",
            _CHANGES,
        ],
        (3, "INSERT", False),
    ),
    rows(
        "stream-repeatable",
        "All statements of a transaction see the same changes.",
        _S,
        [
            *_TABLE,
            "insert into t values (3)",
            "begin",
            "insert into seen select a from s",
            "insert into seen select a from s",
            "commit",
            "select a, count(*) from seen group by a",
        ],
        (3, 2),
    ),
    rows(
        "stream-deletes",
        "A standard stream shows deletes, and nothing of a row that came and went.",
        _S,
        [*_TABLE, "insert into t values (3), (4)", "delete from t where a in (1, 3)", _CHANGES],
        (1, "DELETE", False),
        (4, "INSERT", False),
    ),
    rows(
        "stream-append-only",
        "An append-only stream shows inserts, of deleted rows too, and no deletes.",
        _S,
        [
            *_APPEND_ONLY,
            "insert into t values (3), (4)",
            "delete from t where a in (1, 3)",
            _CHANGES,
        ],
        (3, "INSERT", False),
        (4, "INSERT", False),
    ),
    rows(
        "stream-has-no-data",
        "SYSTEM$STREAM_HAS_DATA says false of a stream that was consumed.",
        _H,
        [
            *_APPEND_ONLY,
            "insert into t values (3)",
            "insert into seen select a from s where false",
            _HAS_DATA,
        ],
        (False,),
    ),
    rows(
        "stream-has-data",
        "SYSTEM$STREAM_HAS_DATA says true of a stream with changes.",
        _H,
        [*_APPEND_ONLY, "insert into t values (3)", _HAS_DATA],
        (True,),
    ),
    fails(
        "stream-twice",
        "A name of a stream is taken.",
        _C,
        [*_TABLE, "create stream s on table t"],
    ),
    fails(
        "stream-table-dropped",
        "A stream can't be read without its table.",
        _S,
        [*_TABLE, "drop table t", "select a from s"],
    ),
]
