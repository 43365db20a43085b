"""Write Silver and Gold as tasks, for accounts without Airflow.

`python -m include.sql.model_tasks` has dbt compile the models, each with what the project's macros
do around it, and puts them into `model_tasks.sql.jinja`, which says what a task does with them.
"""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Of requirements-dev.txt: an account runs what this has written
import sqlglot
from dbt.cli.main import dbtRunner
from jinja2 import Environment, StrictUndefined
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

PROJECT = Path(__file__).parents[1] / "dbt"
MIGRATION = Path(__file__).parent / "migrations" / "R__9_models.sql"
TEMPLATE = Path(__file__).parent / "model_tasks.sql.jinja"

_DATABASE = "DATABASE_OF_THE_DEPLOYMENT"
_MARK = "-- around it: "
# In place of dbt's own and of ours: a run on tables that exist, whose queries are kept, not sent
_MACROS = (
    """
{% macro is_incremental() %}
    {{ return(model.config.materialized == 'incremental') }}
{% endmacro %}
{% macro has_window() %}
    {{ return(true) }}
{% endmacro %}
{% macro run_query(sql) %}
    {% do model.setdefault('queries', []).append(sql) %}
{% endmacro %}
{% macro around_it() %}
    {%- if execute and is_incremental() -%}
        {%- do open_change_window() -%}
        {{- '\\nMARK' ~ tojson({
            'variables': model.queries,
            'replaced': rows_of_this_run(config.get('unique_key')),
            'watermark': record_watermark(),
        }) -}}
    {%- endif -%}
{% endmacro %}
"""
).replace("MARK", _MARK)
_PROFILE = f"""
gharchive:
  target: none
  outputs:
    none: {{type: snowflake, account: none, user: none, database: {_DATABASE}, schema: SILVER}}
"""
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
    columns: Sequence[str]
    tables: Sequence[str]
    """The tables among the models that it reads, also through views."""
    cluster_by: Sequence[str]
    variables: Mapping[str, str]
    replaced: str
    """The condition of the rows that a run deletes and makes again."""
    watermark: str

    @property
    def task(self) -> str:
        """The name of its task."""
        return _task(self.name)

    @property
    def after(self) -> list[str]:
        """The tasks that come first."""
        return [_task(table) for table in self.tables] or ["new_rows"]

    @property
    def bound(self) -> str:
        """The type of the first and last key that has changed."""
        return "varchar" if "file_name" in self.variables.get("first_changed", "") else "date"


def _task(table: str) -> str:
    return table.replace(".", "_")


def compiled_models(project: Path = PROJECT) -> list[Model]:
    """Compile the project, which takes no account; parents come before their children."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "dbt"
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns("target", "logs"))
        (copy / "profiles.yml").write_text(_PROFILE)
        (copy / "macros" / "has_window.sql").write_text(_MACROS)
        for file in (copy / "models").rglob("*.sql"):
            file.write_text(file.read_text() + "\n{{ around_it() }}")
        where = ("--project-dir", str(copy), "--profiles-dir", str(copy))
        logs = ("--log-path", str(copy / "logs"))
        result = dbtRunner().invoke(["compile", *where, *logs, *_FLAGS])
        if not result.success:
            raise ModelError(f"dbt compile failed: {result.exception or result.result}")
        manifest = json.loads((copy / "target" / "manifest.json").read_text())
    nodes = {i: n for i, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    models: dict[str, Model] = {}
    columns = MappingSchema(dialect="snowflake")
    while left := sorted(nodes.keys() - models.keys()):
        for node_id in left:
            parents = [p for p in nodes[node_id]["depends_on"]["nodes"] if p in nodes]
            if all(parent in models for parent in parents):
                models[node_id] = _model(nodes[node_id], [models[p] for p in parents], columns)
    return list(models.values())


def _model(node: dict[str, Any], parents: list[Model], columns: MappingSchema) -> Model:
    """Read a compiled model, and note its columns among the others'."""
    name = f"{node['schema']}.{node['alias']}".lower()
    kind = node["config"]["materialized"]
    if kind not in ("incremental", "view"):
        raise ModelError(f"{name}: no task makes a {kind}")
    sql, _, rest = node["compiled_code"].partition(_MARK)
    around = json.loads(rest) if rest else {}
    named = _columns(name, sql, columns)
    columns.add_table(node["relation_name"], dict.fromkeys(named, "VARCHAR"))
    return Model(
        dbt_name=node["name"],
        name=name,
        sql=_placed(sql),
        columns=[column.lower() for column in named],
        tables=sorted({t for p in parents for t in ([p.name] if p.variables else p.tables)}),
        cluster_by=node["config"].get("cluster_by") or (),
        variables=dict(_variable(statement) for statement in around.get("variables", ())),
        replaced=_placed(around.get("replaced", "")),
        watermark=_placed(around.get("watermark", "")),
    )


def _columns(name: str, sql: str, known: MappingSchema) -> list[str]:
    """Return a query's columns in their order; INSERT must name them, or it goes by position."""
    query = qualify(
        sqlglot.parse_one(sql, read="snowflake"),
        schema=known,
        dialect="snowflake",
        validate_qualify_columns=False,
    )
    if not isinstance(query, exp.Query) or query.is_star:
        raise ModelError(f"{name}: its columns are not known, name them")
    return query.named_selects


def _placed(sql: str) -> str:
    """Return SQL of dbt's as it stands in a block, and in a migration."""
    if "{" in sql or "}" in sql:
        raise ModelError(f"a migration would take this for Jinja: {sql}")
    sql = re.sub(r"\$(?=[a-z])", ":", sql.replace(_DATABASE, "{{ database }}")).strip()
    # A macro's lines are indented for where it stands, but the first
    first, _, rest = sql.partition("\n")
    lines = [first, *textwrap.dedent(rest).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _variable(statement: str) -> tuple[str, str]:
    name, _, value = statement.removeprefix("set ").partition(" = ")
    return name, _placed(value)


def migration(models: Sequence[Model]) -> str:
    """Return the migration's text."""
    environment = Environment(
        # The text is itself Jinja
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    read = {table for model in models if model.variables for table in model.tables}
    last = [model for model in models if model.variables and model.name not in read]
    return environment.from_string(TEMPLATE.read_text()).render(models=models, last=last)


def main() -> int:
    """Write the migration; return the exit status."""
    try:
        models = compiled_models()
    except ModelError as error:
        print(f"model_tasks failed: {error}", file=sys.stderr)
        return 1
    MIGRATION.write_text(migration(models))
    tables = sum(bool(model.variables) for model in models)
    print(f"{MIGRATION.name}: {tables} tasks, {len(models) - tables} views")
    return 0


if __name__ == "__main__":
    sys.exit(main())
