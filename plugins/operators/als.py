"""Submit the ALS job with the credentials of the Airflow connections."""

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import BaseHook, Context
from airflow.sdk.exceptions import AirflowFailException
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import include.als
from include.als.access import JDBC_PACKAGE, Access

SPARK = "gharchive_spark"
SNOWFLAKE = "gharchive_trainer"
BLOB = "gharchive_blob"


class AlsTrainOperator(SparkSubmitOperator):
    """Train a model of the days up to `as_of` and write it to Blob storage as `model_id`.

    All arguments may be Jinja templates. The driver runs beside the task (deploy mode client) and
    finds its credentials in its environment; they are in no argument, log or rendered field.
    """

    def __init__(
        self,
        *,
        model_id: str,
        as_of: str,
        rank: int | str,
        reg_param: float | str,
        max_iter: int | str,
        alpha: float | str,
        **kwargs: Any,
    ) -> None:
        arguments = {
            "--model-id": model_id,
            "--as-of": as_of,
            "--rank": rank,
            "--reg-param": reg_param,
            "--max-iter": max_iter,
            "--alpha": alpha,
        }
        super().__init__(
            application=str(Path(include.als.__path__[0]) / "train.py"),
            application_args=[item for pair in arguments.items() for item in pair],
            packages=JDBC_PACKAGE,
            # INFO is thousands of lines of the scheduler's, which would bury the job's own
            conf={"spark.log.level": "WARN", "spark.ui.showConsoleProgress": "false"},
            conn_id=SPARK,
            name="gharchive-als",
            **kwargs,
        )

    def execute(self, context: Context) -> None:
        """Run spark-submit and wait for it."""
        deploy_mode = BaseHook.get_connection(SPARK).extra_dejson.get("deploy-mode")
        if deploy_mode != "client":
            raise AirflowFailException(
                f"Connection {SPARK} has deploy-mode {deploy_mode!r}; it must be 'client', since "
                "credentials reach the driver only through this task's environment"
            )
        # A rendered template keeps its type or not, as the DAG says; a command line takes text
        self.application_args = [str(argument) for argument in self.application_args or ()]
        # Not `env_vars`: a rendered field, which YARN and Kubernetes put on the command line
        with _environment(_access().to_environment()):
            super().execute(context)


def _access() -> Access:
    # Here, since the DAG file imports this module whenever it is parsed
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

    from include.ingest import CONTAINER_NAMES

    snowflake = BaseHook.get_connection(SNOWFLAKE)
    extra = snowflake.extra_dejson
    key = SnowflakeHook(SNOWFLAKE).get_private_key()
    if key is None:
        raise AirflowFailException(
            f"Connection {SNOWFLAKE} has no private_key_content: training logs in by key pair"
        )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    blob = BaseHook.get_connection(BLOB)
    return Access(
        snowflake_host=extra.get("host") or f"{extra['account']}.snowflakecomputing.com",
        snowflake_port=str(extra.get("port") or 443),
        snowflake_account=extra["account"],
        snowflake_user=snowflake.login or "",
        snowflake_private_key=base64.b64encode(pem).decode(),
        snowflake_database=extra["database"],
        snowflake_warehouse=extra["warehouse"],
        snowflake_role=extra.get("role") or "",
        blob_url=blob.host or "",
        blob_sas=blob.extra_dejson["sas_token"],
        models_container=blob.extra_dejson.get("models", CONTAINER_NAMES["models"]),
    )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
