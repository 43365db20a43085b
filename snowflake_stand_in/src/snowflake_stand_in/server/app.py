"""The HTTP side: Snowflake's login, query, session and monitoring endpoints, and /health."""

import asyncio
import gzip
import json
import logging
import secrets
import threading
import uuid
from base64 import b64encode
from typing import Any

from fakesnow.arrow import to_ipc
from fakesnow.server import describe_only_response
from fakesnow.statement_type import DML_TYPE_IDS, INSERT, statement_type_id
from fakesnow.transforms import SERVER_VERSION
from snowflake.connector.errors import ProgrammingError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.engine.session import Session
from snowflake_stand_in.rights import logins
from snowflake_stand_in.sql import results
from snowflake_stand_in.sql.errors import error, translate
from snowflake_stand_in.statement import StatementCursor

# How long a client with an open transaction may be without a TCP connection
_GRACE_SECONDS = 3.0

log = logging.getLogger("uvicorn.error")


class Service:
    """One account behind Snowflake's HTTP endpoints."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.sessions: dict[str, Session] = {}
        self.running: dict[str, Session] = {}

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/session/v1/login-request", self.login, methods=["POST"]),
                Route("/session", self.session, methods=["POST"]),
                Route("/session/heartbeat", self.session, methods=["POST"]),
                Route("/session/token-request", self.session, methods=["POST"]),
                Route("/queries/v1/query-request", self.query, methods=["POST"]),
                Route("/queries/v1/abort-request", self.abort, methods=["POST"]),
                Route("/monitoring/queries/{query_id}", self.monitoring),
                Route("/telemetry/send", self.telemetry, methods=["POST"]),
                Route("/telemetry/send/sessionless", self.telemetry, methods=["POST"]),
            ]
        )

    def interrupt(self) -> None:
        """Stop every running statement."""
        for session in list(self.sessions.values()):
            session.interrupt()

    def lost(self, client: tuple[str, int]) -> None:
        """Note that a TCP connection has ended: a killed client must not keep its locks."""
        for session in list(self.sessions.values()):
            if client in session.clients:
                session.clients.discard(client)
                if not session.clients and session.in_transaction:
                    asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._abandon, session)

    def _abandon(self, session: Session) -> None:
        if not session.clients:
            threading.Thread(target=session.abandon, daemon=True).start()

    async def health(self, _: Request) -> JSONResponse:
        """Say that the server is ready."""
        return JSONResponse({"status": "ok"})

    async def telemetry(self, _: Request) -> JSONResponse:
        """Throw telemetry away."""
        return JSONResponse({"success": True})

    async def login(self, request: Request) -> JSONResponse:
        """Open a session, if the user and the role are right: the port is for this machine."""
        data = (await _body(request))["data"]
        try:
            session = await run_in_threadpool(
                logins.log_in, self.account, data, dict(request.query_params)
            )
        except ProgrammingError as refusal:
            return _failure(refusal)
        token = secrets.token_urlsafe(32)
        session.session_id = str(secrets.randbits(48))
        self.sessions[token] = session
        log.info(
            "login of %s, database %s, schema %s", session.user, session.database, session.schema
        )
        return _success(
            {
                "token": token,
                "masterToken": token,
                "validityInSeconds": 3600,
                "masterValidityInSeconds": 14400,
                "sessionId": int(session.session_id),
                "serverVersion": SERVER_VERSION,
                "parameters": [
                    *_parameters(session),
                    {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
                    {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
                    # 0: clients send array bindings with the statement, not through a stage
                    {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},
                ],
                "sessionInfo": {
                    "databaseName": session.database,
                    "schemaName": session.schema,
                    "warehouseName": session.warehouse,
                    "roleName": session.role,
                },
            }
        )

    async def session(self, request: Request) -> JSONResponse:
        """Answer a heartbeat, or log out."""
        session = self.sessions.get(_token(request))
        if session is None:
            return _unknown_session()
        if request.query_params.get("delete"):
            del self.sessions[_token(request)]
            await run_in_threadpool(session.close)
        return _success(None)

    async def abort(self, request: Request) -> JSONResponse:
        """Cancel the statement with a request id."""
        body = await _body(request)
        if session := self.running.get(str(body.get("requestId"))):
            session.interrupt()
        return _success(None)

    async def monitoring(self, request: Request) -> JSONResponse:
        """Say whether a query has run."""
        known = request.path_params["query_id"] in self.account.results_cache
        return _success({"queries": [{"status": "SUCCESS"}] if known else []})

    async def query(self, request: Request) -> Response:
        """Run one statement, once: a client that has waited a minute asks again, by the same id."""
        session = self.sessions.get(_token(request))
        if session is None:
            return _unknown_session()
        if request.client:
            session.clients.add((request.client.host, request.client.port))
        body = await _body(request)
        request_id = str(request.query_params.get("requestId"))
        answer = session.answers.get(request_id)
        if answer is None:
            answer = asyncio.create_task(run_in_threadpool(_run, session, body))
            self.running[request_id] = session
            answer.add_done_callback(lambda _: self.running.pop(request_id, None))
            # The last answer is kept until the next question: it may not have arrived
            unanswered = {id_: task for id_, task in session.answers.items() if not task.done()}
            session.answers = {**unanswered, request_id: answer}
        return await asyncio.shield(answer)


def _run(session: Session, body: dict[str, Any]) -> Response:
    with session.turn:
        try:
            return _answer(session, body)
        except Exception as fault:
            refusal = translate(fault)
            if refusal.errno == 603:
                log.error("statement failed in the stand-in itself", exc_info=fault)
            return _failure(refusal)


def _answer(session: Session, body: dict[str, Any]) -> JSONResponse:
    sql = body["sqlText"]
    cursor = session.cursor()
    assert isinstance(cursor, StatementCursor)
    if body.get("describeOnly"):
        expression = cursor.parsed(sql)
        described = cursor.describe_only(sql)
        if described is not None:
            columns = results.row_type(described, cursor.types_of(expression))
            return describe_only_response(
                session, cursor, columns, expression, statement_type_id(expression)
            )
    bindings = body.get("bindings") or {}
    arrays = any(isinstance(b["value"], list) for b in bindings.values())
    expression = cursor.parsed(sql)
    type_id = statement_type_id(expression)
    if arrays:
        _run_batch(cursor, sql, bindings, insert=type_id == INSERT)
    elif bindings and not all(k.isdigit() for k in bindings):
        cursor.execute(sql, {k: results.bound(b["type"], b["value"]) for k, b in bindings.items()})
    else:
        ordered = [bindings[str(i + 1)] for i in range(len(bindings))]
        cursor.execute(sql, [results.bound(b["type"], b["value"]) for b in ordered] or None)
    if cursor.upload is not None:
        return _success(cursor.upload | {"queryId": cursor.sfqid})
    columns = results.row_type(cursor.described(), cursor.types_of(cursor.asked))
    table = cursor.result
    if type_id in DML_TYPE_IDS:
        rows = zip(*[c.to_pylist() for c in table.columns], strict=True)
        result: dict[str, Any] = {
            "queryResultFormat": "json",
            "rowset": [[None if v is None else str(v) for v in row] for row in rows],
        }
    else:
        stream = to_ipc(results.wire_table(table, columns))
        result = {
            "queryResultFormat": "arrow",
            "rowsetBase64": b64encode(stream).decode() if table.num_rows else "",
        }
    return _success(
        {
            "parameters": _parameters(session),
            "rowtype": columns,
            "total": table.num_rows,
            "returned": table.num_rows,
            "queryId": cursor.sfqid,
            "statementTypeId": type_id,
            "finalDatabaseName": session.database,
            "finalSchemaName": session.schema,
            **result,
        }
    )


_TOLD = (
    "DATE_OUTPUT_FORMAT",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT",
    "TIMESTAMP_OUTPUT_FORMAT",
    "TIMESTAMP_TZ_OUTPUT_FORMAT",
    "TIMEZONE",
    "TIME_OUTPUT_FORMAT",
)


def _parameters(session: Session) -> list[dict[str, Any]]:
    """Return the parameters by which a client reads results and writes times."""
    settings = session.settings
    told = [{"name": name, "value": settings[name]} for name in _TOLD]
    return [{"name": "AUTOCOMMIT", "value": session.commits_alone}, *told]


def _run_batch(
    cursor: StatementCursor, sql: str, bindings: dict[str, Any], *, insert: bool
) -> None:
    """Run an array binding: an INSERT as one statement, anything else is refused by Snowflake."""
    if not insert:
        raise error(2, "Unsupported feature: array bindings in anything but INSERT", "0A000")
    cursor.execute(sql, arrays=bindings)


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        raw = gzip.decompress(raw)
    return json.loads(raw) if raw else {}


def _token(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix('Snowflake Token="').rstrip('"')


def _success(data: Any) -> JSONResponse:
    return JSONResponse({"data": data, "code": None, "message": None, "success": True})


def _failure(refusal: ProgrammingError) -> JSONResponse:
    code = f"{refusal.errno:06d}"
    log.info("%s %s", code, str(refusal.raw_msg or refusal.msg).replace("\n", " ")[:300])
    return JSONResponse(
        {
            "data": {
                "errorCode": code,
                "sqlState": refusal.sqlstate,
                "queryId": str(uuid.uuid4()),
            },
            "code": code,
            "message": refusal.raw_msg or refusal.msg,
            "success": False,
        }
    )


def _unknown_session() -> JSONResponse:
    return JSONResponse(
        {
            "data": None,
            "code": "390104",
            "message": "User must login again to access the service.",
            "success": False,
        },
        status_code=401,
    )
