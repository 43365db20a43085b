"""What the tasks of a day do; libraries are imported in the task that needs them.

The DAG processor imports this file every minute, and must not wait for Snowflake's or Azure's.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import TriggerRule, get_current_context, task

from dags.gharchive.dbt import PROJECT
from dags.gharchive.form import ALS_PARAMETERS
from include.day import DayError, plan_day

PUBLICATION_POLL = timedelta(minutes=10)


@task
def plan() -> list[str]:
    """Decide the run's file hours; every later task takes its day and hours from here."""
    from airflow.sdk.exceptions import AirflowFailException

    context = get_current_context()
    day, hours = context["params"]["day"], context["params"]["hours"]
    try:
        return plan_day(day, hours, context.get("logical_date"), datetime.now(UTC)).hours
    except DayError as error:
        raise AirflowFailException(str(error)) from error


@task(pool="gharchive_source", map_index_template="{{ hour }}")
def ingest(hour: str) -> dict[str, Any]:
    """Bring one hour of the archive into Blob; return its outcome record."""
    from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException

    from include.ingest import (
        Containers,
        IngestSettings,
        NotYetPublished,
        PermanentIngestError,
        ingest_hour,
    )

    context = get_current_context()
    context["hour"] = hour
    types = context["params"]["event_types"]
    settings = IngestSettings(
        base_url=Connection.get("gharchive_source").host,
        kept_types=frozenset(types) if types else None,
    )
    names = Connection.get("gharchive_blob").extra_dejson
    with WasbHook("gharchive_blob").get_conn() as blob:
        containers = Containers.opened(blob.get_container_client, names=names)
        try:
            return ingest_hour(datetime.fromisoformat(hour), settings, containers).to_dict()
        except PermanentIngestError as error:
            raise AirflowFailException(str(error)) from error
        except NotYetPublished as error:
            # The day's last hour appears after the day; a day late, ingest calls it a gap
            raise AirflowRescheduleException(datetime.now(UTC) + PUBLICATION_POLL) from error


@task(pool="snowflake_load", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
def load(outcomes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Load the hours that arrived into Bronze, though others may have failed."""
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

    from include.sql.load import load_hours

    with closing(SnowflakeHook("gharchive_loader").get_conn()) as connection:
        return asdict(load_hours(connection, list(outcomes)))


@task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
def alert(outcomes: Iterable[dict[str, Any]]) -> str:
    """Tell of hours that are damaged, missing or suspiciously small; the day goes on."""
    from airflow.sdk.exceptions import AirflowSkipException

    from include.ingest import alarm
    from plugins.alerts import send_alert

    if text := alarm(outcomes):
        send_alert(text)
        return text
    raise AirflowSkipException("Every hour is as it should be")


@task
def alert_odd_values(hours: list[str]) -> str:
    """Tell of fields that hold something else than a number, boolean or time; the day goes on."""
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
    from airflow.sdk.exceptions import AirflowSkipException

    from include.sql.odd_values import odd_values
    from plugins.alerts import send_alert

    with closing(SnowflakeHook("gharchive_transformer").get_conn()) as connection:
        text = odd_values(connection, hours)
    if text:
        send_alert(text)
        return text
    raise AirflowSkipException("Every value is as it should be")


@task.short_circuit
def is_anything_new() -> dict[str, Any] | None:
    """Go on only if dbt, training or the refresh have something to do; the log says why."""
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

    from include.als.plan import parameters_text
    from include.sql.news import find_news

    with closing(SnowflakeHook("gharchive_transformer").get_conn()) as connection:
        news = find_news(connection, PROJECT, parameters_text(_als_parameters()))
    return asdict(news) if news.reasons else None


@task
def record_completion(news: dict[str, Any]) -> None:
    """Record that everything is done, so that a run with nothing new needn't do it again."""
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

    from include.sql.news import News, record_completion

    with closing(SnowflakeHook("gharchive_transformer").get_conn()) as connection:
        record_completion(connection, News(**news))


@task.short_circuit
def is_last_run() -> bool:
    """Train and refresh once for a backfill, in the run that no other one follows."""
    task_instance = get_current_context()["ti"]
    unfinished = task_instance.get_dr_count(task_instance.dag_id, states=["queued", "running"])
    return bool(unfinished <= 1)


@task
def plan_model(hours: list[str]) -> dict[str, Any]:
    """Name the model that Gold calls for; skip training if it is there already."""
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
    from airflow.sdk.exceptions import AirflowSkipException

    from include.als.plan import plan_model

    as_of = hours[-1].partition("T")[0]
    with closing(SnowflakeHook("gharchive_trainer").get_conn()) as connection:
        model = plan_model(connection, as_of, _als_parameters())
    if model.is_trained:
        raise AirflowSkipException(f"Model {model.model_id} is trained; nothing has changed")
    return {"model_id": model.model_id, "as_of": as_of}


@task(pool="snowflake_load")
def publish(model_id: str) -> dict[str, Any]:
    """Load the model's recommendations; show them to readers if the model is good enough."""
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

    from include.als.publish import publish_model

    with closing(SnowflakeHook("gharchive_trainer").get_conn()) as connection:
        return asdict(publish_model(connection, model_id))


def _als_parameters() -> dict[str, float]:
    params = get_current_context()["params"]
    return {name: params[name] for name in ALS_PARAMETERS}
