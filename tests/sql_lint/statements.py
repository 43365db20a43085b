"""Every statement that the product can send, as it is sent."""

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.parser.segments import BaseSegment

from include.sql import account
from include.sql.deploy import from_code, render, scripts
from include.sql.settings import Deployment

ROOT = Path(__file__).parents[2]
FOLDERS = ("include/sql/load", "include/sql/news", "include/als", "local/launcher/report")
PYTHON = ("include", "dags", "plugins", "functions")

# Values of the kind that the callers write in: include/sql/load.py, include/als/publish.py
_ARRAY = """parse_json('[{"blob_name": "2015/01/01/12.json.gz"}]')"""
VALUES = {
    "outcomes": _ARRAY,
    "replaced": _ARRAY,
    "first_file": "2015/01/01/12.json.gz",
    "last_file": "2015/01/01/13.json.gz",
    "load_seq": "7",
    "load_id": "00000000-0000-0000-0000-000000000000",
    "files": "'2015/01/01/12.json.gz', '2015/01/01/13.json.gz'",
    "models": """parse_json('[{"name": "events", "relation": "A.B", "is_table": true}]')""",
    "model_id": "2015-01-01-7-0a1b2c3d",
    "result": "result.json",
    "pattern": ".*part-[0-9]+-of-2[.]parquet",
}
# Values of the expressions that f-strings put in, where a name wouldn't do
PLACED = {
    "what": "roles",
    "method": "gharchive.ledger.spending!get_spending_limit()",
    "budget": "gharchive.ledger.spending",
}
# Both kinds of access: SAS tokens, and integrations with Snowpipe
DEPLOYMENTS = {
    "tokens": Deployment.model_validate(
        {
            "storage_url": "azure://account.blob.core.windows.net",
            "events_sas_token": "token",
            "outcomes_sas_token": "token",
            "models_sas_token": "token",
        }
    ),
    "integrations": Deployment.model_validate(
        {
            "storage_url": "azure://account.blob.core.windows.net",
            "azure_tenant_id": "a123b456-0000-0000-0000-000000000000",
            "queue_url": "https://account.queue.core.windows.net/events",
            "budget_email": "someone@example.com",
            "loader_users": "LOADER",
            "reader_users": "POWERBI",
        }
    ),
}
_BIND = re.compile(r"%\((\w+)\)s|%s")
_SQL = re.compile(
    r"\s*(select|with|insert|update|delete|merge|copy|create|alter|drop|grant|use|show|call|begin|"
    r"commit|rollback|set|list|describe)\b",
    re.IGNORECASE,
)
_QUERIES = (
    "select_statement",
    "with_compound_statement",
    "set_expression",
    "insert_statement",
    "update_statement",
    "delete_statement",
    "merge_statement",
    "copy_into_table_statement",
)
# A task's declarations end a statement for sqlfluff, and its block is the next
_HOLD_OTHERS = ("create_task_statement", "create_pipe_statement", "scripting_block_statement")


@dataclass(frozen=True)
class Statement:
    """One statement and where it comes from."""

    origin: str
    sql: str
    # The queries and DML of a pipe or task, which sqlglot reads only one by one
    parts: tuple[str, ...] = ()


def from_files() -> list[Statement]:
    """Read the .sql files that Python runs one by one, with binds as the connector writes them."""
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.sql"))
    return [
        Statement(
            str(file.relative_to(ROOT)),
            _BIND.sub("'2015-01-01'", Template(file.read_text()).safe_substitute(VALUES)),
        )
        for file in files
    ]


def from_migrations() -> list[Statement]:
    """Render the migrations, and what comes before them, for both kinds of deployment."""
    found = []
    for kind, deployment in DEPLOYMENTS.items():
        code = from_code(deployment)
        texts = {script: account.render(script, deployment) for script in account.scripts()}
        texts |= {script: render(script, deployment, code) for script in scripts()}
        for script, text in texts.items():
            for number, statement in enumerate(split(text), start=1):
                found.append(Statement(f"{script} ({kind}), statement {number}", *statement))
    return found


def from_python() -> list[Statement]:
    """Find the statements that stand in Python: what is executed, and constants of that form."""
    found = []
    for folder in PYTHON:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for line, sql in _strings(ast.parse(file.read_text())):
                found.append(Statement(f"{file.relative_to(ROOT)}:{line}", sql))
    return found


def split(script: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Split a script into statements, each with its parts: also those of a block within $$."""
    for statement in _top(_parsed(script), "statement", "unparsable"):
        _, *block = statement.raw.split("$$")
        holds_others = statement.segments[0].is_type(*_HOLD_OTHERS)
        holder = _parsed(block[0]) if block else statement
        found = _top(holder, *_QUERIES, "unparsable") if block or holds_others else ()
        yield statement.raw.strip(), tuple(textwrap.dedent(query.raw) for query in found)


def _parsed(sql: str) -> BaseSegment:
    tree = Linter(config=CONFIG).parse_string(sql).tree
    assert tree is not None
    return tree


# What sqlfluff parses: statements without placeholders
CONFIG = FluffConfig(
    overrides={"dialect": "snowflake", "templater": "raw", "large_file_skip_byte_limit": 0}
)


def _top(tree: BaseSegment, *types: str) -> Iterator[BaseSegment]:
    """Yield the outermost segments of these types below `tree`."""
    for segment in tree.segments:
        if segment.is_type(*types):
            yield segment
        else:
            yield from _top(segment, *types)


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        candidates: Sequence[ast.expr] = ()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("execute", "execute_string", "executemany"):
                candidates = node.args[:1]
        elif isinstance(node, ast.Assign) and all(
            isinstance(target, ast.Name) and target.id.isupper() for target in node.targets
        ):
            candidates = [node.value]
        for candidate in candidates:
            sql = _text(candidate)
            if sql and _SQL.match(sql):
                yield candidate.lineno, sql


def _text(node: ast.expr) -> str | None:
    """Return a string's text, with a value in the place of what an f-string puts in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(
        str(part.value)
        if isinstance(part, ast.Constant)
        else PLACED.get(ast.unparse(part).strip("f'\"{}"), "placed")
        for part in node.values
    )
