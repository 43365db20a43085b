"""Tell whether a load has left anything to do for dbt, for training and for the refresh.

Everything is done if the last run that came to its end had the newest load, this dbt project and
these parameters, and no dbt command has begun since. A command that failed or was killed leaves no
other trace, so each is taken for one. The statements are the files of `news/`.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from snowflake.connector import SnowflakeConnection

from include.sql.statements import run_statement, transaction

STATEMENTS = Path(__file__).parent / "news"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """Why there is something to do, if there is; and for what a run does it.

    That is the newest load, the dbt project's fingerprint, and the parameters of training.
    """

    reasons: list[str]
    load_seq: int
    project: str
    parameters: str


def find_news(connection: SnowflakeConnection, project: Path, parameters: str) -> News:
    """Compare what the last complete run did with what is there now.

    `project` is the dbt project's folder with its manifest, `parameters` any text that stands for
    the parameters of training. The connection's role must see the tables and views of all models.
    """
    state = run_statement(
        connection.cursor(),
        STATEMENTS / "0_state.sql",
        {"models": json.dumps(_models(project))},
        models="parse_json(%(models)s)",
    )
    ((newest, completed, its_project, its_parameters, is_dbt_later, behind),) = state
    news = News([], newest, _fingerprint(project), parameters)
    if completed is None:
        news.reasons.append("no run has done everything yet")
    else:
        if completed < newest:
            news.reasons.append(f"load {newest} is newer than load {completed}")
        if its_project != news.project:
            news.reasons.append("the dbt project is another one")
        if its_parameters != parameters:
            news.reasons.append("training has other parameters")
        if is_dbt_later:
            news.reasons.append("dbt has begun something since the last complete run")
    if behind:
        news.reasons.append(f"missing or behind the newest load: {behind}")
    if news.reasons:
        log.info("There is something to do: %s", "; ".join(news.reasons))
    else:
        log.info("Nothing to do: load %s is built, tested, trained on and shown", newest)
    return news


def record_completion(connection: SnowflakeConnection, news: News) -> None:
    """Record that all that `news` tells of is done. Once more does no harm."""
    cursor = connection.cursor()
    # Whether a statement alone commits is a parameter of the account
    with transaction(cursor):
        run_statement(
            cursor,
            STATEMENTS / "1_complete.sql",
            {"project": news.project, "parameters": news.parameters},
            load_seq=news.load_seq,
        )


def _fingerprint(project: Path) -> str:
    """Return the hash of all that makes tables, views and tests what they are."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if path.suffix in (".sql", ".yml") and name.parts[0] not in ("target", "logs"):
            digest.update(f"{name.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _models(project: Path) -> list[dict[str, object]]:
    """Return what dbt makes, by its manifest."""
    manifest = json.loads((project / "target" / "manifest.json").read_bytes())
    return [
        {
            "name": node["name"],
            "relation": f"{node['schema']}.{node['alias']}".upper(),
            "is_table": node["config"]["materialized"] == "change_set",
            # It says itself when it is due
            "may_wait": "all_time" in node["config"]["tags"],
        }
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    ]
