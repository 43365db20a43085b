"""How well a model finds interactions that were held out, against popularity."""

import math

from pyspark.sql import DataFrame, Window
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
    held_out = (
        pairs.where(bucket < HELD_OUT_PERCENT)
        .select("user_id", "repo_id")
        .join(train.select("user_id").distinct(), "user_id", "left_semi")
        .withColumn("relevant", F.count("*").over(Window.partitionBy("user_id")))
        .cache()
    )
    try:
        evaluated = held_out.select("user_id").distinct()
        count = evaluated.count()
        models = {"als": fit(train, parameters), "popularity": popularity(train)}
        scores = {
            name: _score(
                recommend(users.join(evaluated, "user_id", "left_semi"), catalogue), held_out, count
            )
            for name, (users, catalogue) in models.items()
        }
        return {"evaluated_users": count, **scores}
    finally:
        held_out.unpersist()


def _score(recommended: DataFrame, held_out: DataFrame, users: int) -> dict[str, float]:
    ideal = F.element_at(F.lit(_IDEAL_DCG), F.least("relevant", F.lit(TOP)).cast("int"))
    (hits,) = (
        recommended.join(held_out, ["user_id", "repo_id"])
        .agg(
            F.sum(1 / F.log2(F.col("rank") + 1) / ideal).alias("ndcg_at_10"),
            F.sum(1 / F.col("relevant")).alias("recall_at_10"),
        )
        .collect()
    )
    # Users without a hit count as 0
    return {name: round((total or 0.0) / max(users, 1), 6) for name, total in hits.asDict().items()}
