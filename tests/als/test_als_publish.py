"""From parts in Blob storage to what readers of Snowflake see."""

import io
import json
from collections.abc import Callable

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from azure.storage.blob import ContainerClient
from pyspark.sql import SparkSession
from snowflake.connector import SnowflakeConnection

from include.als.access import Access
from include.als.layout import ModelIdError, part_name
from include.als.model import Parameters
from include.als.publish import PublishError, publish_model
from include.als.train import train
from include.als.write import write_parts, write_result

Write = Callable[..., None]
ROWS = [
    (5_000_000_000 + user, 9_000_000_000, rank, 1 / rank) for user in range(30) for rank in (1, 2)
]


@pytest.fixture
def write(spark: SparkSession, access: Access, models: ContainerClient) -> Write:
    """Write a model of ROWS as the job would, better or worse than popularity."""

    def write(
        model_id: str, *, ndcg: float = 0.4, parts: int = 2, claimed: int = len(ROWS)
    ) -> None:
        rows = spark.createDataFrame(ROWS, "user_id long, repo_id long, rank int, score double")
        assert write_parts(rows, access, model_id, parts) == len(ROWS)
        scores = {"als": {"ndcg_at_10": ndcg}, "popularity": {"ndcg_at_10": 0.2}}
        write_row(access, model_id, {**scores, "recommendations": claimed, "parts": parts})

    return write


def write_row(access: Access, model_id: str, metrics: dict[str, object]) -> None:
    row = {"trained_at": "2015-01-02 03:04:05", "as_of": "2015-01-01", "parameters": {"rank": 8}}
    write_result({"model_id": model_id, **row, "metrics": metrics}, access, model_id)


@pytest.fixture
def account(snowflake_connection: SnowflakeConnection) -> SnowflakeConnection:
    """Empty the account of models."""
    cursor = snowflake_connection.cursor()
    cursor.execute("update gold.live_model set model_id = null")
    for table in ("models", "recommendations"):
        cursor.execute(f"delete from gold.{table}")
    return snowflake_connection


def live_model(connection: SnowflakeConnection) -> object:
    cursor = connection.cursor()
    cursor.execute("select model_id from gold.live_model")
    ((model_id,),) = cursor.fetchall()
    return model_id


def rows_of(connection: SnowflakeConnection, model_id: str) -> list[object]:
    cursor = connection.cursor()
    cursor.execute(
        "select user_id, repo_id, rank, score from gold.recommendations "
        f"where model_id = '{model_id}' order by user_id, rank"
    )
    return list(cursor.fetchall())


def publication(connection: SnowflakeConnection, model_id: str) -> str:
    cursor = connection.cursor()
    cursor.execute(f"select metrics from gold.models where model_id = '{model_id}'")
    ((metrics,),) = cursor.fetchall()
    return str(json.loads(metrics)["publication"])


def test_parts_are_parquet_with_the_columns_of_the_table(
    write: Write, models: ContainerClient
) -> None:
    write("columns")
    blobs = [models.download_blob(f"columns/{part_name(i, 2)}").readall() for i in range(2)]
    tables = [pq.read_table(io.BytesIO(blob)) for blob in blobs]
    assert tables[0].column_names == ["model_id", "user_id", "repo_id", "rank", "score"]
    assert all(table.num_rows for table in tables)
    rows = sorted(tuple(row.values()) for table in tables for row in table.to_pylist())
    assert rows == [("columns", *row) for row in ROWS]


def test_publishing_twice_leaves_one_copy(account: SnowflakeConnection, write: Write) -> None:
    write("once")
    first, second = (publish_model(account, "once") for _ in range(2))
    assert first == second
    assert first.live
    assert live_model(account) == "once"
    assert rows_of(account, "once") == ROWS


def test_a_repeated_training_replaces_the_model_whatever_its_parts(
    account: SnowflakeConnection, write: Write
) -> None:
    write("again", parts=3)
    publish_model(account, "again")
    write("again", parts=2)  # on a smaller machine: a third part stays in the folder
    assert publish_model(account, "again").recommendations == len(ROWS)
    assert rows_of(account, "again") == ROWS


def test_a_model_below_popularity_is_loaded_but_the_live_one_stays(
    account: SnowflakeConnection, write: Write
) -> None:
    write("good")
    write("poor", ndcg=0.1)
    publish_model(account, "good")
    kept = publish_model(account, "poor")
    assert not kept.live
    assert kept.reason == "Not published, good stays live: NDCG@10 0.100, popularity's 0.200"
    assert publication(account, "poor") == kept.reason
    assert live_model(account) == "good"
    assert rows_of(account, "poor") == ROWS


def test_the_first_model_is_published_whatever_its_quality(
    account: SnowflakeConnection, write: Write
) -> None:
    write("first", ndcg=0.1)
    for _ in range(2):
        published = publish_model(account, "first")
        assert published.live
        assert "no other model is live" in published.reason
    assert live_model(account) == "first"


def test_rows_that_are_missing_in_snowflake_roll_everything_back(
    account: SnowflakeConnection, write: Write
) -> None:
    write("before")
    publish_model(account, "before")
    write("torn", claimed=len(ROWS) + 1)
    with pytest.raises(
        PublishError, match=f"{len(ROWS)} recommendations loaded of {len(ROWS) + 1}"
    ):
        publish_model(account, "torn")
    assert rows_of(account, "torn") == []
    assert live_model(account) == "before"


def test_too_little_data_trains_nothing_and_changes_nothing(
    spark: SparkSession,
    access: Access,
    models: ContainerClient,
    account: SnowflakeConnection,
    write: Write,
) -> None:
    write("before")
    publish_model(account, "before")
    rows = spark.createDataFrame(
        [(None, repo_id, 1) for repo_id in range(50)],  # 2012: no user has an id
        "user_id long, repo_id long, event_count long",
    )
    parameters = Parameters(rank=8, reg_param=0.1, max_iter=2, alpha=10)
    metrics = train(rows, parameters, access, "day-2012")
    assert metrics["not_trained"] == (
        "Too little data: 0 of 20 users, 0 of 20 repositories, 0 of 100 interactions"
    )
    assert not [*models.list_blobs(name_starts_with="day-2012/part")]

    write_row(access, "day-2012", metrics)
    result = publish_model(account, "day-2012")
    assert not result.live
    assert result.reason == metrics["not_trained"]
    assert live_model(account) == "before"


def test_a_model_id_can_not_leave_its_folder(account: SnowflakeConnection) -> None:
    with pytest.raises(ModelIdError):
        publish_model(account, "../other'")
