"""What a reader of recommendations relies on."""

from collections import defaultdict

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from include.als.evaluate import evaluate
from include.als.model import Activity, Parameters, activity, fit, prepare
from include.als.recommend import TOP, Catalogue, recommend
from tests.als.taste import cluster_of, interactions

PARAMETERS = Parameters(rank=8, reg_param=0.1, max_iter=6, alpha=10.0)
SCHEMA = "user_id long, repo_id long, event_count long"

Recommendations = dict[int, list[tuple[int, float]]]


@pytest.fixture(scope="module")
def pairs(spark: SparkSession) -> DataFrame:
    return prepare(spark.createDataFrame(interactions(), SCHEMA)).cache()


@pytest.fixture(scope="module")
def recommended(pairs: DataFrame) -> Recommendations:
    return train_and_recommend(pairs)


def train_and_recommend(pairs: DataFrame) -> Recommendations:
    by_user = defaultdict(list)
    rows = recommend(*fit(pairs, PARAMETERS)).collect()
    for row in sorted(rows, key=lambda row: (row.user_id, row.rank)):
        by_user[row.user_id].append((row.repo_id, row.score))
        assert row.rank == len(by_user[row.user_id])
    return by_user


def test_every_user_gets_ten_distinct_repositories_best_first(recommended: Recommendations) -> None:
    assert recommended.keys() == {user_id for user_id, _, _ in interactions()}
    for repositories in recommended.values():
        scores = [score for _, score in repositories]
        assert len({repo_id for repo_id, _ in repositories}) == TOP
        assert scores == sorted(scores, reverse=True)


def test_recommendations_follow_the_users_taste(recommended: Recommendations) -> None:
    within = [
        cluster_of(repo_id) == cluster_of(user_id)
        for user_id, repositories in recommended.items()
        for repo_id, _ in repositories
    ]
    assert sum(within) / len(within) > 0.8  # 0.25 by chance


def test_nothing_a_user_already_knows_is_recommended(recommended: Recommendations) -> None:
    known = {(user_id, repo_id) for user_id, repo_id, _ in interactions()}
    given = {(user_id, repo_id) for user_id, row in recommended.items() for repo_id, _ in row}
    assert not known & given


def test_the_same_rows_give_the_same_recommendations_in_any_order(
    spark: SparkSession, recommended: Recommendations
) -> None:
    shuffled = spark.createDataFrame(interactions()[::-1], SCHEMA).repartition(5)
    again = train_and_recommend(prepare(shuffled))
    assert {user: [repo for repo, _ in row] for user, row in again.items()} == {
        user: [repo for repo, _ in row] for user, row in recommended.items()
    }


def test_a_user_who_knows_nearly_everything_gets_only_the_rest(spark: SparkSession) -> None:
    rows = [*interactions(), *((1, repo_id, 1) for _, repo_id, _ in interactions())]
    unknown = rows.pop()[1]
    rows = [row for row in rows if row[:2] != (1, unknown)]
    given = recommend(*fit(prepare(spark.createDataFrame(rows, SCHEMA)), PARAMETERS))
    assert [row.repo_id for row in given.where("user_id = 1").collect()] == [unknown]


def test_the_best_are_found_in_a_large_catalogue(spark: SparkSession) -> None:
    random = np.random.default_rng(3)
    factors = random.normal(size=(3001, 4)).astype(np.float32)
    catalogue = Catalogue(repo_ids=np.arange(3001) * 7, factors=factors)
    features = random.normal(size=(20, 4)).astype(np.float32)
    best = np.argsort(-(features @ factors.T), axis=1) * 7
    users = spark.createDataFrame(
        [(user, features[user].tolist(), best[user, :5].tolist()) for user in range(20)],
        "user_id long, features array<float>, known array<long>",
    )
    given = sorted(
        (row.user_id, row.rank, row.repo_id) for row in recommend(users, catalogue).collect()
    )
    assert [repo_id for _, _, repo_id in given] == best[:, 5 : 5 + TOP].ravel().tolist()


def test_the_model_beats_popularity_where_there_is_taste(pairs: DataFrame) -> None:
    metrics = evaluate(pairs, PARAMETERS)
    als, popularity = metrics["als"], metrics["popularity"]
    assert isinstance(als, dict)
    assert isinstance(popularity, dict)
    assert als["ndcg_at_10"] > 2 * popularity["ndcg_at_10"]
    assert als["recall_at_10"] > 2 * popularity["recall_at_10"]
    assert metrics == evaluate(pairs, PARAMETERS)


def test_the_inactive_and_the_unknown_are_left_out(spark: SparkSession) -> None:
    rows = [
        (1, 10, 1),
        (1, 11, 2),
        (1, 11, 3),  # another day's row of the same pair
        (2, 10, 1),
        (2, 11, 1),
        (3, 10, 9),  # a user of one repository
        (1, 12, 9),  # a repository of one user
        (None, 10, 1),  # the years before 2015 have no user ids
    ]
    prepared = prepare(spark.createDataFrame(rows, SCHEMA))
    assert sorted(row[:2] for row in prepared.select("user_id", "repo_id").collect()) == [
        (1, 10),
        (1, 11),
        (2, 10),
        (2, 11),
    ]
    assert activity(prepared) == Activity(users=2, repositories=2, interactions=4)
