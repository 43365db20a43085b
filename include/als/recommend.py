"""The best repositories for each user that the user doesn't know yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import DataFrame

TOP = 10
SCORES_PER_BLOCK = 16_000_000  # 64 MB of float32 at a time in each Python worker

_COLUMNS = "user_id long, repo_id long, rank int, score double"


@dataclass(frozen=True)
class Catalogue:
    """The repositories to choose from: their ids, ascending, and a row of factors for each."""

    repo_ids: npt.NDArray[np.int64]
    factors: npt.NDArray[np.float32]


def recommend(users: DataFrame, catalogue: Catalogue) -> DataFrame:
    """Return up to TOP rows per user: user_id, repo_id, rank (from 1) and score, best first.

    `users` has user_id, features (as many as the catalogue's factors) and known (repo_ids of the
    catalogue). A score is the product of both factors; equal scores rank by repo_id. Blocks of
    users are multiplied with the whole catalogue, which is broadcast: MLlib's own
    `recommendForAllUsers` takes several times as long and can't leave out what is known.
    """
    broadcast = users.sparkSession.sparkContext.broadcast(catalogue)

    def rank_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        size = max(1, SCORES_PER_BLOCK // len(broadcast.value.repo_ids))
        for batch in batches:
            for start in range(0, batch.num_rows, size):
                yield _rank(batch.slice(start, size), broadcast.value)

    return users.select("user_id", "features", "known").mapInArrow(rank_batches, _COLUMNS)


def _rank(users: pa.RecordBatch, catalogue: Catalogue) -> pa.RecordBatch:
    count, width = users.num_rows, catalogue.factors.shape[1]
    # flatten() and not .values: only the former heeds the slice
    features = users["features"].flatten().to_numpy().reshape(count, width)
    scores = features @ catalogue.factors.T

    known = users["known"]
    rows = np.repeat(np.arange(count), known.value_lengths().to_numpy())
    columns = np.searchsorted(catalogue.repo_ids, known.flatten().to_numpy())
    scores[rows, columns] = -np.inf

    top = min(TOP, scores.shape[1])
    best = np.argpartition(scores, -top, axis=1)[:, -top:]
    best_scores = np.take_along_axis(scores, best, axis=1)
    order = np.lexsort((best, -best_scores), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    best_scores = np.take_along_axis(best_scores, order, axis=1)

    unknown = np.isfinite(best_scores)
    user_ids = np.broadcast_to(users["user_id"].to_numpy()[:, None], best.shape)
    ranks = np.broadcast_to(np.arange(1, top + 1, dtype=np.int32), best.shape)
    return pa.RecordBatch.from_pydict(
        {
            "user_id": user_ids[unknown],
            "repo_id": catalogue.repo_ids[best][unknown],
            "rank": ranks[unknown],
            "score": best_scores[unknown].astype(np.float64),
        }
    )
