"""Bring a trained model into Snowflake and, if it is good enough, before its readers.

The statements are the files of `publish/`, in the order they run.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor

from include.als.layout import RESULT, check_model_id, part_pattern
from include.sql.statements import run_statement, transaction

STATEMENTS = Path(__file__).parent / "publish"

log = logging.getLogger(__name__)


class PublishError(Exception):
    """Snowflake would not hold what the job wrote; nothing was changed."""


@dataclass(frozen=True)
class Publication:
    """What one call of `publish_model` did: rows loaded, whether readers see them, and why."""

    model_id: str
    recommendations: int
    live: bool
    reason: str


def publish_model(connection: SnowflakeConnection, model_id: str) -> Publication:
    """Load the model's blobs and point `gold.live_model` to it, in one transaction.

    Safe to repeat: the rows of that model are replaced. A model whose NDCG@10 is below that of
    popularity is loaded, but the live one stays, unless there is none; the reason is returned, and
    kept in the model's metrics as `publication`. If the job trained nothing, nothing changes.
    Raises PublishError, with everything rolled back, if rows differ from what the job wrote.
    """
    cursor = connection.cursor()
    try:
        with transaction(cursor):
            publication = _publish(cursor, check_model_id(model_id))
    except _NotTrainedError as not_trained:
        publication = Publication(model_id, 0, live=False, reason=str(not_trained))
    log.info("Model %s: %s", model_id, publication.reason)
    return publication


class _NotTrainedError(Exception):
    """The job's result says why there is no model."""


def _publish(cursor: SnowflakeCursor, model_id: str) -> Publication:
    _run(cursor, "0_delete_recommendations", model_id)
    _run(cursor, "1_delete_model", model_id)
    _run(cursor, "2_copy_model", model_id, result=RESULT)
    models = _run(cursor, "3_model", model_id)
    if len(models) != 1:
        raise PublishError(
            f"{model_id}/{RESULT} gave {len(models)} rows of gold.models, not 1: "
            "run the training again"
        )
    metrics = json.loads(models[0][0])
    if "not_trained" in metrics:
        raise _NotTrainedError(metrics["not_trained"])

    written = metrics["recommendations"]
    _run(cursor, "4_copy_recommendations", model_id, pattern=part_pattern(metrics["parts"]))
    ((loaded,),) = _run(cursor, "5_loaded", model_id)
    if loaded != written:
        raise PublishError(
            f"{model_id}: {loaded} recommendations loaded of {written} written, so nothing was "
            "changed: run the training again, then publish"
        )

    ((live_model_id,),) = _run(cursor, "6_live", model_id)
    live, reason = _gate(metrics, live_model_id if live_model_id != model_id else None)
    record = json.dumps({**metrics, "publication": reason})
    _run(cursor, "7_record", model_id, {"metrics": record})
    if live:
        _run(cursor, "8_publish", model_id)
    return Publication(model_id, loaded, live, reason)


def _gate(metrics: Mapping[str, Any], other_live_model: str | None) -> tuple[bool, str]:
    """Decide whether readers get the model, and say why."""
    als, popularity = (metrics[name]["ndcg_at_10"] for name in ("als", "popularity"))
    compared = f"NDCG@10 {als:.3f}, popularity's {popularity:.3f}"
    if als >= popularity:
        return True, f"Published: {compared}"
    if other_live_model is None:
        return True, f"Published although below popularity, as no other model is live: {compared}"
    return False, f"Not published, {other_live_model} stays live: {compared}"


def _run(
    cursor: SnowflakeCursor,
    statement: str,
    model_id: str,
    binds: Mapping[str, str] | None = None,
    **names: str,
) -> list[tuple[Any, ...]]:
    """Run one file of `publish/`, the model's id both bound and written into it."""
    file = STATEMENTS / f"{statement}.sql"
    binds = {"model_id": model_id, **(binds or {})}
    return run_statement(cursor, file, binds, model_id=model_id, **names)
