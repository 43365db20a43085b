"""Which model the present state of Gold calls for, and whether it is there already."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snowflake.connector import SnowflakeConnection

from include.sql.statements import run_statement

STATEMENTS = Path(__file__).parent


@dataclass(frozen=True)
class ModelPlan:
    """A model's id, which names its input and parameters, and whether it has been trained."""

    model_id: str
    is_trained: bool


def parameters_text(parameters: Mapping[str, float]) -> str:
    """Return the same text for the same parameters."""
    # 5 and 5.0 are one parameter: a form sends the former, a default may be the latter
    return json.dumps({name: float(value) for name, value in parameters.items()}, sort_keys=True)


def plan_model(
    connection: SnowflakeConnection, as_of: str, parameters: Mapping[str, float]
) -> ModelPlan:
    """Name the model of today's Gold, `as_of` a date, by what it depends on.

    The same data and parameters always give the same id, so nothing is trained twice.
    """
    digest = hashlib.sha256(parameters_text(parameters).encode()).hexdigest()[:8]
    cursor = connection.cursor()
    ((load_seq,),) = run_statement(cursor, STATEMENTS / "0_watermark.sql")
    model_id = f"{as_of}-{load_seq}-{digest}"
    trained = run_statement(cursor, STATEMENTS / "1_trained.sql", {"model_id": model_id})
    return ModelPlan(model_id, is_trained=bool(trained))
