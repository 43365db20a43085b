"""Statements about tasks: CREATE, ALTER, EXECUTE, DROP, SHOW and DESCRIBE TASK."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import sqlglot
from sqlglot import exp

from snowflake_stand_in.automation import scripting, stream_reads
from snowflake_stand_in.automation.task_lists import answer, history, show
from snowflake_stand_in.automation.task_runs import Tasks
from snowflake_stand_in.automation.task_schedule import Task, next_time, require_execute
from snowflake_stand_in.catalog.listing import Listing
from snowflake_stand_in.engine.pipeline import Kind, begins
from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.rights import securables
from snowflake_stand_in.rights.access import Access
from snowflake_stand_in.rights.model import ADMIN
from snowflake_stand_in.rights.requirements import missing, require
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, error, unsupported
from snowflake_stand_in.sql.token_stream import TokenStream

_SETTINGS = {
    "WAREHOUSE",
    "SCHEDULE",
    "ALLOW_OVERLAPPING_EXECUTION",
    "USER_TASK_TIMEOUT_MS",
    "SUSPEND_TASK_AFTER_NUM_FAILURES",
    "COMMENT",
    "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE",
    "SERVERLESS_TASK_MIN_STATEMENT_SIZE",
    "SERVERLESS_TASK_MAX_STATEMENT_SIZE",
}
# Seven days
_LONGEST_MS = 604_800_000
_NUMBERS = ("USER_TASK_TIMEOUT_MS", "SUSPEND_TASK_AFTER_NUM_FAILURES")
_DEPENDENTS = "SYSTEM$TASK_DEPENDENTS_ENABLE"


def _run(cursor: Cursor, text: str) -> None:
    tokens = TokenStream(text)
    verb = tokens.skip().upper()
    if verb != "SHOW":
        # DDL, and EXECUTE TASK as DDL does, commits what is open
        cursor.session.commit()
    match verb:
        case "CREATE":
            _create(cursor, tokens)
        case "ALTER":
            _alter(cursor, tokens)
        case "DROP":
            _drop(cursor, tokens)
        case "EXECUTE":
            _execute(cursor, tokens)
        case "SHOW":
            show(cursor, Listing(cursor, tokens, "TASKS"))
        case _:
            tokens.expect("TASK")
            task = _named(cursor, tokens, None)
            tokens.end()
            answer(cursor, [task])


TASK = Kind(
    "TASK STATEMENT",
    begins(
        "(?:create(?: or (?:replace|alter))?|alter|drop|execute|desc|describe) task"
        "|show (?:terse )?tasks"
    ),
    _run,
)


def call_functions(cursor: Cursor, statement: exp.Expr) -> None:
    """Make TASK_HISTORY a query and call SYSTEM$TASK_DEPENDENTS_ENABLE, in place."""
    for call in list(statement.find_all(exp.Anonymous)):
        if call.name.upper() == _DEPENDENTS:
            call.replace(_enable_dependents(cursor, call))
    for source in list(statement.find_all(exp.TableFromRows)):
        call = source.this.expression if isinstance(source.this, exp.Dot) else source.this
        if isinstance(call, exp.Anonymous) and call.name.upper() == "TASK_HISTORY":
            alias = source.args.get("alias") or exp.TableAlias(
                this=exp.to_identifier("TASK_HISTORY", quoted=True)
            )
            source.replace(exp.Subquery(this=history(cursor, call), alias=alias))


def _create(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    store, access = session.account.service(Tasks), session.account.service(Access)
    replace = alter = False
    if tokens.accept("OR"):
        replace, alter = tokens.word == "REPLACE", tokens.word == "ALTER"
        tokens.skip()
    tokens.expect("TASK")
    if_not_exists = tokens.accept("IF", "NOT", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    require(session, "CREATE TASK", "SCHEMA", f"{place.database}.{place.schema}")
    if not securables.exists(cursor, "SCHEMA", f"{place.database}.{place.schema}"):
        raise missing("SCHEMA", f"{place.database}.{place.schema}")
    known = store.get(str(place))
    now = datetime.now(UTC)
    task = Task(*place, str(uuid.uuid4()), now, "", {}, [], None, now)
    _read_definition(cursor, tokens, task)
    if known is not None:
        if if_not_exists:
            cursor.succeed(f"{place.name} already exists, statement succeeded.")
            return
        if not replace and not alter:
            raise compilation(2002, f"Object '{place}' already exists.", "42710")
        require(session, "OWNERSHIP", "TASK", str(place))
        _require_suspended(cursor, str(place))
        if alter:
            task.id, task.created_on = known.id, known.created_on
            task.version, task.started = known.version + 1, known.started
            task.resumed_on = known.resumed_on
    for predecessor in task.predecessors:
        _require_suspended(cursor, predecessor)
    _check(cursor, task)
    if warehouse := task.settings.get("WAREHOUSE"):
        require(session, "USAGE", "WAREHOUSE", warehouse)
    if known is None or replace:
        access.created("TASK", str(place), session.role or ADMIN)
    store.put(task)
    cursor.succeed(f"Task {place.name} successfully created.")


def _read_definition(cursor: Cursor, tokens: TokenStream, task: Task) -> None:
    while not tokens.accept("AS"):
        if tokens.accept("AFTER"):
            task.predecessors = _predecessors(cursor, tokens)
        elif tokens.accept("WHEN"):
            task.condition = _condition(tokens.until("AS"))
        elif tokens.accept("COPY", "GRANTS"):
            raise unsupported("COPY GRANTS of a task")
        else:
            _setting(tokens, task)
    task.body = _body(cursor, tokens)


def _setting(tokens: TokenStream, task: Task) -> None:
    key = tokens.name()
    if key not in _SETTINGS:
        raise unsupported(f"task property {key}")
    tokens.expect("=")
    value = tokens.value()
    if key in _NUMBERS and (
        not value.isdigit() or (key == "USER_TASK_TIMEOUT_MS" and int(value) > _LONGEST_MS)
    ):
        raise compilation(1008, f"invalid value [{value}] for parameter '{key}'", "22023")
    if key == "SCHEDULE":
        now = datetime.now(UTC)
        next_time(value, now, now)
    task.settings[key] = value.upper() if key == "WAREHOUSE" else value


def _predecessors(cursor: Cursor, tokens: TokenStream) -> list[str]:
    session = cursor.session
    found = []
    while True:
        place = names.full(tokens.table(), session.database, session.schema)
        if session.account.service(Tasks).get(str(place)) is None:
            raise missing("TASK", str(place))
        require(session, "OWNERSHIP", "TASK", str(place))
        found.append(str(place))
        if not tokens.accept(","):
            return found


def _condition(text: str) -> str:
    parsed = sqlglot.parse_one(f"select {text}", read="snowflake")
    for call in parsed.find_all(exp.Anonymous):
        if call.name.upper().startswith("SYSTEM$") and call.name.upper() != stream_reads.HAS_DATA:
            raise unsupported(f"{call.name.upper()} in WHEN")
    return text


def _body(cursor: Cursor, tokens: TokenStream) -> str:
    text = tokens.rest()
    statement = cursor.parsed(text)
    if isinstance(statement, exp.Command):
        if statement.this == scripting.BLOCK.name:
            scripting.check(cursor, text)
        elif str(statement.this).upper() == "CALL":
            raise unsupported("procedures")
    elif isinstance(statement, exp.Alias | exp.Column):
        raise compilation(1003, f"syntax error: '{text[:60]}' is no statement.")
    return text


def _check(cursor: Cursor, task: Task) -> None:
    """Raise for a definition that can't be."""
    if {"WAREHOUSE", "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE"} <= set(task.settings):
        raise compilation(
            1420, "Task cannot have both a warehouse and the size of a managed one.", "42601"
        )
    schema = task.full_name.rpartition(".")[0]
    if any(name.rpartition(".")[0] != schema for name in task.predecessors):
        raise compilation(91091, "A task and its predecessors must be in the same schema.", "42601")
    if task.predecessors and "SCHEDULE" in task.settings:
        raise compilation(1420, "Task cannot have both a schedule and predecessors.", "42601")
    triggered = stream_reads.HAS_DATA in (task.condition or "").upper()
    if triggered and not task.predecessors and "SCHEDULE" not in task.settings:
        raise unsupported("triggered tasks: give a SCHEDULE beside WHEN")
    store = cursor.session.account.service(Tasks)
    if task.full_name in task.predecessors or any(
        task.full_name in t.predecessors or task.full_name == t.full_name
        for name in task.predecessors
        for t in _before(store.all(), name)
    ):
        raise compilation(1421, f"Graph of task '{task.full_name}' would have a cycle.", "42601")


def _before(tasks: list[Task], name: str) -> list[Task]:
    """Return a task and all that it follows from."""
    by_name = {t.full_name: t for t in tasks}
    found, ahead = {}, [name]
    while ahead:
        current = ahead.pop()
        if current in by_name and current not in found:
            found[current] = by_name[current]
            ahead += by_name[current].predecessors
    return list(found.values())


def _named(cursor: Cursor, tokens: TokenStream, privilege: str | None) -> Task:
    session = cursor.session
    place = names.full(tokens.table(), session.database, session.schema)
    require(session, privilege, "TASK", str(place))
    task = session.account.service(Tasks).get(str(place))
    if task is None:
        raise missing("TASK", str(place))
    return task


def _require_suspended(cursor: Cursor, name: str, *, itself: bool = True) -> None:
    for root in cursor.session.account.service(Tasks).roots(name):
        if root.started and (itself or root.full_name != name):
            raise error(
                91421,
                f"Unable to update graph with root task {root.full_name} since that root task is "
                "not suspended.",
                "23001",
            )


def _alter(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    store = session.account.service(Tasks)
    tokens.expect("TASK")
    if tokens.accept("IF", "EXISTS"):
        ahead = TokenStream(tokens.text[tokens.start :])
        place = names.full(ahead.table(), session.database, session.schema)
        if store.get(str(place)) is None:
            cursor.succeed()
            return
    change = TokenStream(tokens.text[tokens.start :])
    change.table()
    operates = change.word in ("RESUME", "SUSPEND")
    task = _named(cursor, tokens, "OPERATE" if operates else "OWNERSHIP")
    if tokens.accept("RESUME"):
        _require_suspended(cursor, task.full_name, itself=False)
        require_execute(
            session.account, task, session.account.service(Access).owner("TASK", task.full_name)
        )
        task.started, task.resumed_on, task.failures = True, datetime.now(UTC), 0
        task.suspended_reason = None
    elif tokens.accept("SUSPEND"):
        _require_suspended(cursor, task.full_name, itself=False)
        if task.started:
            task.started, task.suspended_on = False, datetime.now(UTC)
            task.suspended_reason = "USER_SUSPENDED"
    else:
        _require_suspended(cursor, task.full_name)
        _change(cursor, tokens, task)
        _check(cursor, task)
        task.committed_on, task.version = datetime.now(UTC), task.version + 1
    tokens.end()
    store.put(task)
    cursor.succeed()


def _change(cursor: Cursor, tokens: TokenStream, task: Task) -> None:
    if tokens.accept("SET"):
        while not tokens.at_end and tokens.word != ";":
            _setting(tokens, task)
            tokens.accept(",")
    elif tokens.accept("UNSET"):
        while not tokens.at_end and tokens.word != ";":
            task.settings.pop(tokens.name(), None)
            tokens.accept(",")
    elif tokens.accept("ADD", "AFTER"):
        added = _predecessors(cursor, tokens)
        task.predecessors += [name for name in added if name not in task.predecessors]
        for name in added:
            _require_suspended(cursor, name)
    elif tokens.accept("REMOVE", "AFTER"):
        removed = _predecessors(cursor, tokens)
        task.predecessors = [name for name in task.predecessors if name not in removed]
    elif tokens.accept("REMOVE", "WHEN"):
        task.condition = None
    elif tokens.accept("MODIFY", "AS"):
        task.body = _body(cursor, tokens)
    elif tokens.accept("MODIFY", "WHEN"):
        task.condition = _condition(tokens.rest())
    else:
        raise unsupported(f"ALTER TASK … {tokens.word}")


def _drop(cursor: Cursor, tokens: TokenStream) -> None:
    session = cursor.session
    tokens.expect("TASK")
    exists = tokens.accept("IF", "EXISTS")
    place = names.full(tokens.table(), session.database, session.schema)
    tokens.end()
    if session.account.service(Tasks).get(str(place)) is None:
        if not exists:
            raise missing("TASK", str(place))
        cursor.succeed(f"Drop statement executed successfully ({place.name} already dropped).")
        return
    require(session, "OWNERSHIP", "TASK", str(place))
    _require_suspended(cursor, str(place), itself=False)
    session.account.service(Tasks).drop(str(place))
    session.account.service(Access).dropped("TASK", str(place))
    cursor.succeed(f"{place.name} successfully dropped.")


def _execute(cursor: Cursor, tokens: TokenStream) -> None:
    tokens.expect("TASK")
    task = _named(cursor, tokens, "OPERATE")
    if not tokens.at_end and tokens.word != ";":
        raise unsupported("EXECUTE TASK … RETRY LAST and USING CONFIG")
    if task.predecessors:
        raise error(91090, f"Cannot execute task {task.full_name}: it is not a root task.", "23001")
    account = cursor.session.account
    require_execute(account, task, account.service(Access).owner("TASK", task.full_name))
    account.service(Tasks).execute(task)
    cursor.succeed(f"Task {task.name} is scheduled to run immediately.")


def _enable_dependents(cursor: Cursor, call: exp.Anonymous) -> exp.Expr:
    session = cursor.session
    if len(call.expressions) != 1 or not isinstance(call.expressions[0], exp.Literal):
        raise unsupported(f"{_DEPENDENTS} of anything but a literal")
    task = _named(cursor, TokenStream(call.expressions[0].name), "OPERATE")
    store = session.account.service(Tasks)
    for found in reversed(store.graph(task.full_name)):
        changed = store.get(found.full_name)
        if changed is None or changed.started:
            continue
        require(session, "OPERATE", "TASK", changed.full_name)
        owner = session.account.service(Access).owner("TASK", changed.full_name)
        require_execute(session.account, changed, owner)
        changed.started, changed.resumed_on, changed.failures = True, datetime.now(UTC), 0
        store.put(changed)
    return exp.Literal.string("true")
