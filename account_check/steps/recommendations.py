"""Publish a small model as training does: Parquet, through the stage, into Gold."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from account_check.account import rows
from account_check.findings import Finding, judged
from account_check.run import Run
from include.als.layout import RESULT, part_name
from include.als.publish import publish_model

MODEL = "account-check"
_INPUT = """
select user_id, repo_id, event_count from Gold.EventsMetrics
where user_id is not null and repo_id is not null limit 20
"""


def check(run: Run) -> Iterator[Finding]:
    """Read what ALS reads, write what it would write, and publish it."""
    with run.login("trainer") as connection, connection.cursor() as cursor:
        read = rows(cursor, _INPUT)
        with run.administrator() as administrator:
            for name, content in _blobs(read).items():
                run.storage.put(administrator, "models", f"{MODEL}/{name}", content)
        published = publish_model(connection, MODEL)
        ((live,),) = rows(
            cursor,
            "select count(*) from gold.recommendations as found inner join gold.live_model as live"
            " on found.model_id = live.model_id",
        )
    yield judged(
        "model-published",
        bool(read) and live == len(read) and published.live,
        f"{live} of {len(read)} recommendations; {published.reason}",
    )


def _blobs(read: list[tuple[int, ...]]) -> dict[str, bytes]:
    table = pa.table(
        {
            "model_id": [MODEL] * len(read),
            "user_id": pa.array([int(row[0]) for row in read], pa.int64()),
            "repo_id": pa.array([int(row[1]) for row in read], pa.int64()),
            "rank": pa.array(range(1, len(read) + 1), pa.int64()),
            "score": pa.array([float(row[2]) for row in read], pa.float64()),
        }
    )
    part = io.BytesIO()
    pq.write_table(table, part)
    now = datetime.now(UTC)
    result = {
        "model_id": MODEL,
        "trained_at": f"{now:%Y-%m-%d %H:%M:%S}",
        "as_of": f"{now:%Y-%m-%d}",
        "parameters": {},
        "metrics": {
            "als": {"ndcg_at_10": 1.0},
            "popularity": {"ndcg_at_10": 0.0},
            "recommendations": len(read),
            "parts": 1,
        },
    }
    return {part_name(0, 1): part.getvalue(), RESULT: json.dumps(result).encode()}
