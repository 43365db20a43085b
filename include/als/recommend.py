"""The best repositories for each user that the user doesn't know yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import DataFrame

TOP = 10
SCORES_PER_BLOCK = 4_000_000  # 16 MB of float32 at a time in each Python worker
CHUNK = 64

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
    count = users.num_rows
    # flatten() and not .values: only the former heeds the slice
    features = users["features"].flatten().to_numpy().reshape(count, -1)
    width = len(catalogue.repo_ids)
    chunks = -(-width // CHUNK)
    scores = np.full((count, chunks * CHUNK), -np.inf, np.float32)
    scores[:, :width] = features @ catalogue.factors.T

    known = users["known"]
    rows = np.repeat(np.arange(count), known.value_lengths().to_numpy())
    scores[rows, np.searchsorted(catalogue.repo_ids, known.flatten().to_numpy())] = -np.inf

    # The best are in the chunks with the best maxima: a quarter of the time of searching all scores
    candidates = _highest(scores.reshape(count, chunks, CHUNK).max(axis=2), TOP)
    candidates = (candidates[:, :, None] * CHUNK + np.arange(CHUNK)).reshape(count, -1)
    candidate_scores = np.take_along_axis(scores, candidates, axis=1)
    chosen = _highest(candidate_scores, TOP)
    best = np.take_along_axis(candidates, chosen, axis=1)
    best_scores = np.take_along_axis(candidate_scores, chosen, axis=1)
    order = np.lexsort((best, -best_scores), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    best_scores = np.take_along_axis(best_scores, order, axis=1)

    unknown = np.isfinite(best_scores)
    user_ids = np.broadcast_to(users["user_id"].to_numpy()[:, None], best.shape)
    ranks = np.broadcast_to(np.arange(1, best.shape[1] + 1, dtype=np.int32), best.shape)
    return pa.RecordBatch.from_pydict(
        {
            "user_id": user_ids[unknown],
            "repo_id": catalogue.repo_ids[best[unknown]],
            "rank": ranks[unknown],
            "score": best_scores[unknown].astype(np.float64),
        }
    )


def _highest(values: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """Return the positions of the highest values of each row, in no order."""
    count = min(count, values.shape[1])
    return np.argpartition(values, -count, axis=1)[:, -count:]
