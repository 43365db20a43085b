"""Statements about pipes: CREATE, ALTER, DROP, SHOW and DESCRIBE PIPE, and SYSTEM$PIPE_… calls."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.automation.pipe_runs import Pipe, Pipes, history, pending, read, refreshed
from snowflake_stand_in.catalog.listing import Listing
from snowflake_stand_in.engine import relations
from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import authorization, securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import missing, require
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.sql.token_stream import TokenStream

_STATUS = "SYSTEM$PIPE_STATUS"
_FORCE_RESUME = "SYSTEM$PIPE_FORCE_RESUME"
_NOT_IN_PIPES = ("FILES", "FORCE", "PURGE", "SIZE_LIMIT", "RETURN_FAILED_ONLY", "VALIDATION_MODE")


def _run(cursor: Cursor, text: str) -> None:
    tokens = TokenStream(text)
    verb = tokens.skip().upper()
    if verb in ("CREATE", "ALTER", "DROP"):
        cursor.session.commit()
    match verb:
        case "CREATE":
            _create(cursor, tokens)
        case "ALTER":
            _alter(cursor, tokens)
        case "DROP":
            _drop(cursor, tokens)
        case "SHOW":
            listing = Listing(cursor, tokens, "PIPES")
            pipes = [
                p for p in cursor.session.account.service(Pipes).all() if listing.wants(p.full_name)
            ]
            _answer(cursor, pipes[: listing.limit])
        case _:
            tokens.expect("PIPE")
            _answer(cursor, [_named(cursor, tokens, None)])


PIPE = Kind(
    "PIPE STATEMENT",
    begins("(?:create(?: or replace)?|alter|drop|desc|describe) pipe|show pipes"),
    _run,
)


def call_functions(cursor: Cursor, statement: exp.Expr) -> None:
    """Replace a statement's calls of SYSTEM$PIPE_… by what they say, in place."""
    for call in list(statement.find_all(exp.Anonymous)):
        function = call.name.upper()
        if function not in (_STATUS, _FORCE_RESUME):
            continue
        if len(call.expressions) != 1 or not isinstance(call.expressions[0], exp.Literal):
            raise unsupported(f"{function} of anything but one literal")
        tokens = TokenStream(call.expressions[0].name)
        if function == _STATUS:
            says = json.dumps(_status(cursor, _named(cursor, tokens, None)))
        else:
            says = _force_resume(cursor, _named(cursor, tokens, "OPERATE"))
        call.replace(exp.Literal.string(says))


def _force_resume(cursor: Cursor, pipe: Pipe) -> str:
    """Resume a pipe although another role owns it now."""
    account = cursor.session.account
    pipe.paused, pipe.resumed_by = False, account.service(Access).owner("PIPE", pipe.full_name)
    account.service(Pipes).put(pipe)
    return "Success"


def _create(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    store = session.account.service(Pipes)
    replace = tokens.accept("OR", "REPLACE")
    tokens.expect("PIPE")
    if_not_exists = tokens.accept("IF", "NOT", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    container = f"{place.database}.{place.schema}"
    require(session, "CREATE PIPE", "SCHEMA", container)
    if not securables.exists(cursor, "SCHEMA", container):
        raise missing("SCHEMA", container)
    pipe = Pipe(*place, str(uuid.uuid4()), datetime.now(UTC), "")
    while not tokens.accept("AS"):
        _property(tokens, pipe)
    if pipe.auto_ingest:
        _require_integration(cursor, pipe)
    pipe.definition = tokens.rest()
    if store.get(str(place)) is not None:
        if if_not_exists:
            cursor.succeed(f"{place.name} already exists, statement succeeded.")
            return
        if not replace:
            raise compilation(2002, f"Object '{place}' already exists.", "42710")
        require(session, "OWNERSHIP", "PIPE", str(place))
    _check(cursor, pipe)
    if store.get(str(place)) is not None:
        store.drop(str(place))
    pipe.resumed_by = session.role or ADMIN
    session.account.service(Access).created("PIPE", str(place), pipe.resumed_by)
    store.put(pipe)
    cursor.succeed(f"Pipe {place.name} successfully created.")


def _property(tokens: TokenStream, pipe: Pipe) -> None:
    key = tokens.name()
    tokens.expect("=")
    match key:
        case "AUTO_INGEST":
            pipe.auto_ingest = _boolean(tokens)
        case "INTEGRATION":
            pipe.integration = tokens.value().upper()
        case "COMMENT":
            pipe.comment = tokens.string()
        case _:
            raise unsupported(f"pipe property {key}")


def _boolean(tokens: TokenStream) -> bool:
    word = tokens.word
    if word not in ("TRUE", "FALSE"):
        raise tokens.unexpected()
    tokens.skip()
    return word == "TRUE"


def _require_integration(cursor: Cursor, pipe: Pipe) -> None:
    if pipe.integration is None:
        raise compilation(
            1008,
            "invalid value [null] for parameter 'INTEGRATION': a pipe that ingests from Azure by "
            "itself needs a notification integration.",
            "22023",
        )
    found = cursor.rows(
        "select 1 from _fs_global.main.account_objects"
        " where kind = 'NOTIFICATION INTEGRATION' and name = ?",
        [pipe.integration],
    )
    if not found:
        raise missing("INTEGRATION", pipe.integration)
    require(cursor.session, "USAGE", "INTEGRATION", pipe.integration)


def _check(cursor: Cursor, pipe: Pipe) -> None:
    """Compile a pipe's COPY where it will run, and note what is on the stage already."""
    session = cursor.session
    statement = cursor.parsed(pipe.definition)
    if not isinstance(statement, exp.Copy) or not statement.args.get("kind"):
        raise compilation(1003, "syntax error: a pipe's statement is COPY INTO a table.")
    for parameter in statement.args.get("params") or []:
        option = parameter.this.name.upper()
        value = parameter.args.get("expression")
        aborts = option == "ON_ERROR" and value.name.upper() == "ABORT_STATEMENT"
        if option in _NOT_IN_PIPES or aborts:
            raise _invalid(option)
    with session.account.service(Pipes).cursor(pipe, session.role or ADMIN) as inside:
        copy = read(inside, pipe.definition)
        authorization.check_pipe(inside, copy.statement.copy())
        relations.columns(inside, copy.target)
        if pipe.auto_ingest:
            since = pipe.created_on.replace(microsecond=0)
            try:
                blobs = copy.stage.files(copy.pattern)
            except ProgrammingError:
                # A stage that can't be read now stops no one from creating a pipe
                blobs = []
            recent = [b for b in blobs if b.last_modified >= since]
            pipe.before = {b.name: b.etag.strip('"') for b in recent}


def _invalid(option: str) -> ProgrammingError:
    return compilation(2140, f"COPY option {option} is not supported in a pipe.", "0A000")


def _alter(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    store = session.account.service(Pipes)
    tokens.expect("PIPE")
    if tokens.accept("IF", "EXISTS"):
        ahead = TokenStream(tokens.text[tokens.start :])
        place = names.full(ahead.table(), session.database, session.schema)
        if store.get(str(place)) is None:
            cursor.succeed()
            return
    pipe = _named(cursor, tokens, "OPERATE")
    if tokens.accept("REFRESH"):
        _refresh(cursor, tokens, pipe)
        return
    if tokens.accept("UNSET", "COMMENT"):
        pipe.comment = ""
    else:
        tokens.expect("SET")
        while not tokens.at_end and tokens.word != ";":
            key = tokens.name()
            tokens.expect("=")
            if key == "PIPE_EXECUTION_PAUSED":
                pipe.paused = _boolean(tokens)
                owner = session.account.service(Access).owner("PIPE", pipe.full_name)
                if not pipe.paused and owner != pipe.resumed_by:
                    raise unsupported(
                        f"resuming pipe {pipe.name}, which another role owns now: "
                        f"use {_FORCE_RESUME}"
                    )
            elif key == "COMMENT":
                pipe.comment = tokens.string()
            else:
                raise unsupported(f"ALTER PIPE … SET {key}")
            tokens.accept(",")
    tokens.end()
    store.put(pipe)
    cursor.succeed()


def _refresh(cursor: Cursor, tokens: TokenStream, pipe: Pipe) -> None:
    prefix, since = "", None
    while not tokens.at_end and tokens.word != ";":
        key = tokens.name()
        tokens.expect("=")
        if key == "PREFIX":
            prefix = tokens.string()
        elif key == "MODIFIED_AFTER":
            since = datetime.fromisoformat(tokens.string())
            since = since if since.tzinfo else since.replace(tzinfo=UTC)
        else:
            raise unsupported(f"ALTER PIPE … REFRESH {key}")
    tokens.end()
    store = cursor.session.account.service(Pipes)
    with store.cursor(pipe) as inside:
        copy = read(inside, pipe.definition)
        mine = history(inside, copy.target, pipe.id)
        files = refreshed(copy, mine, history(inside, copy.target, None), prefix, since)
    now = datetime.now(UTC)
    current = store.get(pipe.full_name)
    if current is not None and files:
        current.queue |= dict.fromkeys(files, now)
        store.put(current)
    columns = {"File": pa.array(files, pa.string())}
    columns["Status"] = pa.array(["SENT"] * len(files), pa.string())
    cursor.answer_table(pa.table(columns))


def _drop(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    tokens.expect("PIPE")
    exists = tokens.accept("IF", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    tokens.end()
    if session.account.service(Pipes).get(str(place)) is None:
        if not exists:
            raise missing("PIPE", str(place))
        cursor.succeed(f"Drop statement executed successfully ({place.name} already dropped).")
        return
    require(session, "OWNERSHIP", "PIPE", str(place))
    session.account.service(Pipes).drop(str(place))
    session.account.service(Access).dropped("PIPE", str(place))
    cursor.succeed(f"{place.name} successfully dropped.")


def _named(cursor: Cursor, tokens: TokenStream, privilege: str | None) -> Pipe:
    session = cursor.session
    place = names.full(tokens.table(), session.database, session.schema)
    require(session, privilege, "PIPE", str(place))
    pipe = session.account.service(Pipes).get(str(place))
    if pipe is None:
        raise missing("PIPE", str(place))
    return pipe


def _status(cursor: Cursor, pipe: Pipe) -> dict[str, Any]:
    store = cursor.session.account.service(Pipes)
    found: dict[str, Any] = {"executionState": "PAUSED" if pipe.paused else "RUNNING"}
    fault = store.errors.get(pipe.full_name)
    try:
        with store.cursor(pipe) as inside:
            copy = read(inside, pipe.definition)
            done = history(inside, copy.target, pipe.id)
            found["pendingFileCount"] = len(pending(pipe, copy.stage.files(copy.pattern), done))
            last = inside.rows(
                "select last_load_time, file_name from "
                f'"{copy.target.database}"._fs_information_schema._fs_load_history'
                " where pipe_id = ? order by last_load_time desc limit 1",
                [pipe.id],
            )
    except ProgrammingError as refusal:
        found["pendingFileCount"], last = len(pipe.queue), []
        fault = str(refusal.raw_msg or refusal.msg)
    if fault and not pipe.paused:
        found["executionState"] = "STALLED_EXECUTION_ERROR"
        found["error"] = fault
    for moment, file_name in last:
        stamp = moment.astimezone(UTC).isoformat(timespec="milliseconds")
        found["lastIngestedTimestamp"] = stamp.replace("+00:00", "Z")
        found["lastIngestedFilePath"] = file_name
    if pipe.integration:
        found["notificationChannelName"] = pipe.integration
    return found


def _answer(cursor: Cursor, pipes: list[Pipe]) -> None:
    access = cursor.session.account.service(Access)
    texts = {
        "name": [p.name for p in pipes],
        "database_name": [p.database for p in pipes],
        "schema_name": [p.schema for p in pipes],
        "definition": [p.definition for p in pipes],
        "owner": [access.owner("PIPE", p.full_name) for p in pipes],
        "notification_channel": [p.integration for p in pipes],
        "comment": [p.comment for p in pipes],
        "integration": [p.integration for p in pipes],
        "pattern": [None for _ in pipes],
        "error_integration": [None for _ in pipes],
        "owner_role_type": ["ROLE" for _ in pipes],
        "invalid_reason": [None for _ in pipes],
        "kind": ["STAGE" for _ in pipes],
    }
    made = pa.array([p.created_on for p in pipes], pa.timestamp("us", "UTC"))
    columns = {"created_on": made} | {k: pa.array(v, pa.string()) for k, v in texts.items()}
    cursor.answer_table(pa.table(columns))
