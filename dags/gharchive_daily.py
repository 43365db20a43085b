"""One day of GH Archive: hourly ingest, Bronze, Silver, Gold, recommendations, Power BI refresh."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, TriggerRule
from airflow.timetables.interval import CronDataIntervalTimetable

from dags.gharchive import tasks
from dags.gharchive.dbt import dbt_build
from dags.gharchive.form import ALS_PARAMETERS, PARAMS
from plugins.operators.als import AlsTrainOperator
from plugins.operators.powerbi import PowerBIDatasetRefreshOperator

with DAG(
    dag_id="gharchive_daily",
    description="A day of GH Archive, from its hourly files to recommendations in Power BI",
    # @daily would be a trigger timetable, whose data interval has no width
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2011, 2, 12, tzinfo=UTC),
    catchup=False,
    max_active_runs=3,
    default_args={
        "owner": "gharchive",
        "retries": 2,
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
    params=PARAMS,
    tags=["gharchive"],
    doc_md=__doc__,
):
    # Ingest: each file hour of the day, from the archive into Blob storage
    hours = tasks.plan()
    outcomes = tasks.ingest.expand(hour=hours)
    tasks.alert(outcomes)

    # Bronze: what arrived, though other hours may have failed
    loaded = tasks.load(outcomes)

    # If nothing is new since a run that did everything, all that follows is skipped. An hour that
    # failed keeps it from running
    news = tasks.is_anything_new()
    [outcomes, loaded] >> news

    # Silver and Gold: each folder of models a task, with its tests
    silver, gold = dbt_build("silver"), dbt_build("gold")
    news >> silver >> gold
    gold >> tasks.alert_odd_values(hours)

    # ALS: train on Gold and publish, unless the same data has been trained on before
    model = tasks.plan_model(hours)
    train = AlsTrainOperator(
        task_id="train",
        model_id=model["model_id"],
        as_of=model["as_of"],
        **{name: f"{{{{ params.{name} }}}}" for name in ALS_PARAMETERS},
    )
    publish = tasks.publish(model["model_id"])

    # Power BI: without a new model the day's facts are still worth a refresh
    refresh = PowerBIDatasetRefreshOperator(
        task_id="refresh",
        conn_id="gharchive_powerbi",
        trigger_rule=TriggerRule.NONE_FAILED,
        # Each start counts against the few refreshes a day; the operator waits out throttling
        retries=0,
    )
    gold >> tasks.is_last_run() >> model >> train >> publish >> refresh
    refresh >> tasks.record_completion(news)
