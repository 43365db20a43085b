"""Put a model into Blob storage."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from azure.core.credentials import AzureSasCredential
from azure.storage.blob import ContainerClient
from pyspark import TaskContext
from pyspark.sql import DataFrame

from include.als.access import Access
from include.als.layout import RESULT, part_name

_SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("repo_id", pa.int64()),
        ("rank", pa.int32()),
        ("score", pa.float64()),
    ]
)


def write_parts(recommendations: DataFrame, access: Access, model_id: str, parts: int) -> int:
    """Write the recommendations as `parts` Parquet blobs, each from its executor; return the rows.

    Columns: model_id, user_id, repo_id, rank, score. A repeated task overwrites its blob.
    """

    def upload(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = pa.Table.from_batches(batches, _SCHEMA)
        table = table.add_column(0, "model_id", pa.repeat(model_id, table.num_rows))
        file = io.BytesIO()
        pq.write_table(table, file)
        task = TaskContext.get()
        assert task is not None
        name = part_name(task.partitionId(), parts)
        _container(access).upload_blob(f"{model_id}/{name}", file.getvalue(), overwrite=True)
        yield pa.RecordBatch.from_pydict({"rows": [table.num_rows]})

    placed = recommendations.repartition(parts, "user_id").sortWithinPartitions("user_id", "rank")
    return sum(row["rows"] for row in placed.mapInArrow(upload, "rows long").collect())


def write_result(result: Mapping[str, object], access: Access, model_id: str) -> None:
    """Write the model's row beside its parts. Publishing needs it: write it last."""
    _container(access).upload_blob(f"{model_id}/{RESULT}", json.dumps(result), overwrite=True)


def _container(access: Access) -> ContainerClient:
    credential = AzureSasCredential(access.blob_sas)
    return ContainerClient(access.blob_url, access.models_container, credential)
