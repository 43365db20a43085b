"""The dbt models as tasks run them: compiled, each with what dbt would do around it.

`migrations/R__9_models.sql` makes tasks and views of them. Compiling takes no account, and some
ten seconds: dbt parses the whole project.
"""

import json
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[1] / "dbt"

_MARK = "-- around it: "
_ROWS = "(rows_of_the_model)"
# Over the project's own: a task runs on tables that exist. What is around a model's query are the
# statements that dbt runs, as the same macros write them.
_MACROS = """
{% macro has_window() %}
    {{ return(true) }}
{% endmacro %}
{% macro around_it() %}
    {%- if execute and model.config.materialized == 'change_set' -%}
        {%- set columns = [] -%}
        {%- for column in model.columns.values() -%}
            {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
        {{- '\\nMARK' ~ tojson({
            'is_of_all_time': is_of_all_time(model.name),
            'variables': window(),
            'columns': columns,
            'batches': batches(),
            'changes': change_rows(this, 'ROWS'),
            'progress': record_progress('$progress'),
            'watermark': record_watermark(),
        }) -}}
    {%- endif -%}
{% endmacro %}
""".replace("MARK", _MARK).replace("ROWS", _ROWS)
_FLAGS = ("--quiet", "--no-introspect", "--no-populate-cache", "--select", "resource_type:model")


class ModelError(Exception):
    """A model can't be a task."""


@dataclass(frozen=True)
class Model:
    """A model as compiled. Its SQL has variables as a block does; a view has none."""

    dbt_name: str
    name: str
    """As `schema.table`."""
    sql: str
    tables: Sequence[str]
    """The tables among the models that it reads, also through views."""
    columns: Sequence[str]
    """A table's, each with its type."""
    variables: Mapping[str, str]
    """What a run's window is, each with its SQL."""
    batches: str
    """The query for the first and last keys of the window's batches."""
    bound: str
    """The type of these keys."""
    is_daily: bool
    """Whether it is of more than days, so that a load isn't worth a run of it."""
    is_of_all_time: bool
    """Whether even a day may not be worth a run of it."""
    changes: str
    """The statements that bring the table to its model."""
    progress: str
    watermark: str


def compiled_models(database: str) -> list[Model]:
    """Compile the project for a database; parents come before their children.

    The same project gives the same models. Raises ModelError.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "dbt"
        shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
        (copy / "profiles.yml").write_text(json.dumps(_profile(database)))
        # Over the project's own file: of its macros dbt takes no two with one name
        (copy / "macros" / "has_window.sql").write_text(_MACROS)
        for file in (copy / "models").rglob("*.sql"):
            file.write_text(file.read_text() + "\n{{ around_it() }}")
        where = ("--project-dir", str(copy), "--profiles-dir", str(copy), "--target", "none")
        logs = ("--log-path", str(copy / "logs"), "--target-path", str(copy / "target"))
        result = dbtRunner().invoke(["compile", *where, *logs, *_FLAGS])
        if not result.success:
            raise ModelError(f"dbt compile failed: {result.exception or result.result}")
        manifest = json.loads((copy / "target" / "manifest.json").read_text())
    nodes = {i: n for i, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    models: dict[str, Model] = {}
    while left := sorted(nodes.keys() - models.keys()):
        for node_id in left:
            parents = [p for p in nodes[node_id]["depends_on"]["nodes"] if p in nodes]
            if all(parent in models for parent in parents):
                models[node_id] = _model(nodes[node_id], [models[p] for p in parents])
    return list(models.values())


def _profile(database: str) -> dict[str, object]:
    login = {"type": "snowflake", "account": "none", "user": "none"}
    output = {**login, "database": database, "schema": "SILVER"}
    return {"gharchive": {"target": "none", "outputs": {"none": output}}}


def _model(node: Mapping[str, Any], parents: Sequence[Model]) -> Model:
    """Read a compiled model."""
    name = f"{node['schema']}.{node['alias']}".lower()
    config = node["config"]
    if config["materialized"] not in ("change_set", "view"):
        raise ModelError(f"{name}: no task makes a {config['materialized']}")
    sql, _, rest = node["compiled_code"].partition(_MARK)
    around: dict[str, Any] = json.loads(rest) if rest else {}
    sql = _in_block(sql)
    return Model(
        dbt_name=node["name"],
        name=name,
        sql=sql,
        tables=sorted({t for p in parents for t in ([p.name] if p.variables else p.tables)}),
        columns=around.get("columns", ()),
        variables={n: _in_block(v) for n, v in around.get("variables", {}).items()},
        batches=_in_block(around.get("batches", "")),
        bound="varchar" if config.get("unique_key") == "file_name" else "date",
        is_daily=config.get("unique_key") not in ("file_name", "event_date"),
        is_of_all_time=around.get("is_of_all_time", False),
        changes=_in_block(around.get("changes", "")).replace(_ROWS, sql),
        progress=_in_block(around.get("progress", "")),
        watermark=_in_block(around.get("watermark", "")),
    )


def _in_block(sql: str) -> str:
    """Return SQL of dbt's with a block's variables in the place of a session's."""
    sql = re.sub(r"\$(?=[a-z])", ":", textwrap.dedent(sql))
    return re.sub(r"\s*\n(\s*\n)+", "\n\n", sql).strip().rstrip(";")
