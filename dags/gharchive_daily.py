"""One day of GH Archive: hourly ingest, Bronze, Silver, Gold, recommendations, Power BI refresh."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, TriggerRule, get_current_context, task
from airflow.timetables.interval import CronDataIntervalTimetable
from cosmos import (
    DbtTaskGroup,
    ExecutionConfig,
    ExecutionMode,
    LoadMode,
    ProfileConfig,
    ProjectConfig,
    RenderConfig,
    TestBehavior,
)
from cosmos.constants import InvocationMode
from cosmos.operators.local import DbtBuildLocalOperator
from cosmos.profiles import SnowflakePrivateKeyPemProfileMapping

from include.day import DayError, plan_day
from plugins.operators.als import AlsTrainOperator
from plugins.operators.powerbi import PowerBIDatasetRefreshOperator

DBT_PROJECT = Path(__file__).parents[1] / "include" / "dbt"
MANIFEST = DBT_PROJECT / "target" / "manifest.json"
PUBLICATION_POLL = timedelta(minutes=10)
# What the form offers; the API takes any name
EVENT_TYPES = (
    "CommitCommentEvent",
    "CreateEvent",
    "DeleteEvent",
    "DiscussionEvent",
    "DownloadEvent",
    "FollowEvent",
    "ForkEvent",
    "GistEvent",
    "GollumEvent",
    "IssueCommentEvent",
    "IssuesEvent",
    "MemberEvent",
    "PublicEvent",
    "PullRequestEvent",
    "PullRequestReviewCommentEvent",
    "PullRequestReviewEvent",
    "PushEvent",
    "ReleaseEvent",
    "WatchEvent",
)
ALS_PARAMETERS = ("rank", "reg_param", "max_iter", "alpha")

if not MANIFEST.exists():
    raise FileNotFoundError(f"{MANIFEST} is missing: run `make manifest` to write it")

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
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="The UTC day to process. Empty: the logical date's day, but never one that "
            "isn't over. Leave it empty in a backfill.",
        ),
        "hours": Param(
            "0-23",
            type="string",
            title="Hours",
            description="The file hours of that day, 0 to 23 (UTC): 12, 14-17 or 0,6,12-14",
        ),
        "event_types": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": "Event$"},
            examples=list(EVENT_TYPES),
            title="Event types",
            description="The event types to keep. Empty: all but GollumEvent, MemberEvent, "
            "GistEvent and DownloadEvent.",
        ),
        "rank": Param(
            16, type="integer", minimum=1, title="ALS rank", description="Number of latent factors"
        ),
        "reg_param": Param(
            0.05, type="number", minimum=0, title="ALS regParam", description="Regularisation"
        ),
        "max_iter": Param(
            10, type="integer", minimum=1, title="ALS maxIter", description="Iterations"
        ),
        "alpha": Param(
            5.0,
            type="number",
            minimum=0,
            title="ALS alpha",
            description="Confidence that an event adds to its user and repository",
        ),
    },
    tags=["gharchive"],
    doc_md=__doc__,
):

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
            containers = Containers(
                events=blob.get_container_client(names.get("events", "gharchive-events")),
                outcomes=blob.get_container_client(names.get("outcomes", "gharchive-outcomes")),
                quarantine=blob.get_container_client(
                    names.get("quarantine", "gharchive-quarantine")
                ),
            )
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

        params = get_current_context()["params"]
        parameters = {name: params[name] for name in ALS_PARAMETERS}
        as_of = hours[-1].partition("T")[0]
        with closing(SnowflakeHook("gharchive_trainer").get_conn()) as connection:
            model = plan_model(connection, as_of, parameters)
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

    # A slow run's table must never overwrite a newer one
    dbt_task = {"pool": "dbt", "max_active_tis_per_dag": 1}
    profile = ProfileConfig(
        profile_name="gharchive",
        target_name="airflow",
        profile_mapping=SnowflakePrivateKeyPemProfileMapping(
            conn_id="gharchive_transformer", profile_args={"threads": 1}
        ),
    )
    dbt_flags = [
        # Unit tests judge the code, not the day: CI runs them
        *("--exclude-resource-type", "unit_test"),
        # And tests that read the whole history, however long
        *("--exclude", "tag:full_scan"),
        # Nobody reads a task's artifacts, nor relations of schemas it has no part in
        *("--no-write-json", "--cache-selected-only"),
    ]

    def dbt_tables(layer: str) -> DbtTaskGroup:
        """Return the tables of one folder, each a task that builds and tests it."""
        return DbtTaskGroup(
            group_id=layer,
            project_config=ProjectConfig(
                dbt_project_path=DBT_PROJECT,
                manifest_path=MANIFEST,
                project_name="gharchive",
                install_dbt_deps=False,
            ),
            profile_config=profile,
            execution_config=ExecutionConfig(
                execution_mode=ExecutionMode.LOCAL, invocation_mode=InvocationMode.DBT_RUNNER
            ),
            render_config=RenderConfig(
                load_method=LoadMode.DBT_MANIFEST,
                select=[f"path:models/{layer},config.materialized:incremental"],
                test_behavior=TestBehavior.BUILD,
                # A test of several models would run before they all exist
                should_detach_multiple_parents_tests=True,
                emit_datasets=False,
            ),
            operator_args={"install_deps": False, "dbt_cmd_flags": dbt_flags},
            default_args=dbt_task,
        )

    def dbt_views(layer: str) -> DbtBuildLocalOperator:
        """Return the task that makes and tests the views of one folder: they hold no rows."""
        return DbtBuildLocalOperator(
            task_id=f"{layer}_views",
            project_dir=DBT_PROJECT,
            profile_config=profile,
            invocation_mode=InvocationMode.DBT_RUNNER,
            select=f"path:models/{layer},config.materialized:view",
            install_deps=False,
            dbt_cmd_flags=dbt_flags,
            **dbt_task,
        )

    hours = plan()
    outcomes = ingest.expand(hour=hours)
    loaded = load(outcomes)
    alert(outcomes)
    silver, silver_views = dbt_tables("silver"), dbt_views("silver")
    gold, gold_views = dbt_tables("gold"), dbt_views("gold")
    model = plan_model(hours)
    train = AlsTrainOperator(
        task_id="train",
        model_id=model["model_id"],
        as_of=model["as_of"],
        **{name: f"{{{{ params.{name} }}}}" for name in ALS_PARAMETERS},
    )
    # Without a new model the day's facts are still worth a refresh
    refresh = PowerBIDatasetRefreshOperator(
        task_id="refresh",
        conn_id="gharchive_powerbi",
        trigger_rule=TriggerRule.NONE_FAILED,
        # Each start counts against the few refreshes a day; the operator waits out throttling
        retries=0,
    )

    # An hour that failed keeps the run red and dbt from running; what arrived is loaded anyway
    [outcomes, loaded] >> silver >> [gold, silver_views] >> gold_views
    gold_views >> is_last_run() >> model >> train
    train >> publish(model["model_id"]) >> refresh
