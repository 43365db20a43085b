"""The matrix of users and repositories, and its factors."""

from dataclasses import dataclass

import numpy as np
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from include.als.recommend import Catalogue

# Below these a user says nothing about taste, and a repository nothing about its users
MIN_REPOSITORIES_PER_USER = 2
MIN_USERS_PER_REPOSITORY = 2


@dataclass(frozen=True)
class Parameters:
    """What MLlib's ALS is given; `alpha` is the weight of an interaction's strength."""

    rank: int
    reg_param: float
    max_iter: int
    alpha: float
    seed: int = 20150101


@dataclass(frozen=True)
class Activity:
    """How much there is to learn from: users, repositories, and pairs of them."""

    users: int
    repositories: int
    interactions: int


ENOUGH = Activity(users=20, repositories=20, interactions=100)


def prepare(rows: DataFrame) -> DataFrame:
    """Turn user_id, repo_id, event_count into one row per pair of an active user and repository.

    Adds `user` and `repo`, the ids numbered from 0 in their order (MLlib takes 32-bit ids only),
    and `strength`, the logarithm of the events, so that one busy script doesn't outweigh the rest.
    """
    pairs = (
        rows.dropna()
        .groupBy("user_id", "repo_id")
        .agg(F.log1p(F.sum("event_count")).cast("float").alias("strength"))
    )
    pairs = _at_least(pairs, MIN_USERS_PER_REPOSITORY, per="repo_id")
    pairs = _at_least(pairs, MIN_REPOSITORIES_PER_USER, per="user_id")
    return pairs.join(_numbers(pairs, "user"), "user_id").join(_numbers(pairs, "repo"), "repo_id")


def _at_least(pairs: DataFrame, count: int, per: str) -> DataFrame:
    counted = pairs.withColumn("count", F.count("*").over(Window.partitionBy(per)))
    return counted.where(F.col("count") >= count).drop("count")


def _numbers(pairs: DataFrame, entity: str) -> DataFrame:
    # One partition sorts all ids, at 8 bytes each; the pairs stay spread
    order = Window.orderBy(f"{entity}_id")
    return (
        pairs.select(f"{entity}_id").distinct().withColumn(entity, F.row_number().over(order) - 1)
    )


def activity(pairs: DataFrame) -> Activity:
    """Count what `prepare` left."""
    (row,) = pairs.select(
        F.count_distinct("user_id"), F.count_distinct("repo_id"), F.count("*")
    ).collect()
    return Activity(*row)


def fit(pairs: DataFrame, parameters: Parameters) -> tuple[DataFrame, Catalogue]:
    """Factorise the pairs into users, as `recommend` takes them, and a catalogue.

    The same pairs and parameters give the same factors.
    """
    spark = pairs.sparkSession
    blocks = spark.sparkContext.defaultParallelism
    model = ALS(
        userCol="user",
        itemCol="repo",
        ratingCol="strength",
        implicitPrefs=True,
        rank=parameters.rank,
        regParam=parameters.reg_param,
        maxIter=parameters.max_iter,
        alpha=parameters.alpha,
        seed=parameters.seed,
        # One block a core: MLlib's 10 cost twice the time on two cores
        numUserBlocks=blocks,
        numItemBlocks=blocks,
        # Each iteration builds on the last; read back as one, ten overflow a JVM's stack
        checkpointInterval=2,
    ).fit(pairs.select("user", "repo", "strength"))

    known = pairs.groupBy("user", "user_id").agg(F.collect_list("repo_id").alias("known"))
    users = model.userFactors.withColumnRenamed("id", "user").join(known, "user").drop("user")

    repositories = pairs.select("repo", "repo_id").distinct()
    items = (
        model.itemFactors.withColumnRenamed("id", "repo")
        .join(repositories, "repo")
        .select("repo_id", "features")
        .toArrow()
        .sort_by("repo_id")
    )
    factors = items["features"].combine_chunks().flatten().to_numpy()
    return users, Catalogue(
        repo_ids=items["repo_id"].to_numpy(),
        factors=factors.reshape(-1, parameters.rank),
    )


def popularity(pairs: DataFrame) -> tuple[DataFrame, Catalogue]:
    """Return the model that everyone is given the repositories with most users, as `fit` does."""
    users = pairs.groupBy("user_id").agg(F.collect_list("repo_id").alias("known"))
    items = pairs.groupBy("repo_id").count().toArrow().sort_by("repo_id")
    return users.withColumn("features", F.array(F.lit(1.0).cast("float"))), Catalogue(
        repo_ids=items["repo_id"].to_numpy(),
        factors=items["count"].to_numpy().astype(np.float32)[:, None],
    )
