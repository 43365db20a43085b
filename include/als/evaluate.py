"""How well a model finds interactions that were held out, against popularity."""

import math

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from include.als.model import Parameters, fit, popularity
from include.als.recommend import TOP, recommend

HELD_OUT_PERCENT = 20

_IDEAL_DCG = [
    sum(1 / math.log2(rank + 1) for rank in range(1, relevant + 1))
    for relevant in range(1, TOP + 1)
]


def evaluate(pairs: DataFrame, parameters: Parameters) -> dict[str, object]:
    """Train on 80 % of the pairs and look for the other 20 % in the top 10.

    Returns `als` and `popularity`, each with `ndcg_at_10` and `recall_at_10` (means over users, 0
    to 1), and `evaluated_users`: those with pairs on both sides. Which pairs are held out depends
    on their ids and the seed alone; what a user knows from the 80 % isn't recommended.
    """
    bucket = F.pmod(F.xxhash64("user_id", "repo_id", F.lit(parameters.seed)), F.lit(100))
    train = pairs.where(bucket >= HELD_OUT_PERCENT)
    held_out = pairs.where(bucket < HELD_OUT_PERCENT).join(
        train.select("user_id").distinct(), "user_id", "left_semi"
    )
    relevant = held_out.groupBy("user_id").agg(F.count("*").alias("relevant")).cache()
    try:
        scores = {
            name: _score(
                recommend(users.join(relevant, "user_id", "left_semi"), catalogue),
                held_out,
                relevant,
            )
            for name, (users, catalogue) in {
                "als": fit(train, parameters),
                "popularity": popularity(train),
            }.items()
        }
        return {"evaluated_users": relevant.count(), **scores}
    finally:
        relevant.unpersist()


def _score(recommended: DataFrame, held_out: DataFrame, relevant: DataFrame) -> dict[str, float]:
    hits = (
        recommended.join(held_out, ["user_id", "repo_id"])
        .groupBy("user_id")
        .agg(F.sum(1 / F.log2(F.col("rank") + 1)).alias("dcg"), F.count("*").alias("hits"))
    )
    ideal = F.element_at(F.lit(_IDEAL_DCG), F.least("relevant", F.lit(TOP)).cast("int"))
    (row,) = (
        relevant.join(hits, "user_id", "left")
        .fillna(0, ["dcg", "hits"])
        .agg(
            F.avg(F.col("dcg") / ideal).alias("ndcg"),
            F.avg(F.col("hits") / F.col("relevant")).alias("recall"),
        )
        .collect()
    )
    return {
        "ndcg_at_10": round(row["ndcg"] or 0.0, 6),
        "recall_at_10": round(row["recall"] or 0.0, 6),
    }
