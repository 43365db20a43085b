"""The Spark job: `spark-submit --packages JDBC_PACKAGE include/als/train.py --model-id … --rank …`.

The project root is on PYTHONPATH, and the variables of `include.als.access` are set.
"""

import argparse
import json
import os
from dataclasses import asdict
from datetime import UTC, date, datetime
from tempfile import TemporaryDirectory

from pyspark.sql import DataFrame, SparkSession

from include.als.access import Access
from include.als.evaluate import evaluate
from include.als.layout import check_model_id
from include.als.model import ENOUGH, Parameters, activity, fit, prepare
from include.als.read import read_interactions
from include.als.recommend import recommend
from include.als.write import write_parts, write_result


def train(
    rows: DataFrame, parameters: Parameters, access: Access, model_id: str
) -> dict[str, object]:
    """Train, evaluate and write a model's recommendations; return its metrics.

    With too little data nothing is trained or written, and the metrics say so in `not_trained`.
    """
    pairs = prepare(rows).cache()
    try:
        found = activity(pairs)
        metrics: dict[str, object] = asdict(found)
        short = [
            f"{found_count} of {least} {name}"
            for (name, found_count), least in zip(
                asdict(found).items(), asdict(ENOUGH).values(), strict=True
            )
            if found_count < least
        ]
        if short:
            return {**metrics, "not_trained": f"Too little data: {', '.join(short)}"}

        metrics |= evaluate(pairs, parameters)
        parts = pairs.sparkSession.sparkContext.defaultParallelism
        written = write_parts(recommend(*fit(pairs, parameters)), access, model_id, parts)
        return {**metrics, "recommendations": written, "parts": parts}
    finally:
        pairs.unpersist()


def run(
    spark: SparkSession, access: Access, model_id: str, as_of: date, parameters: Parameters
) -> dict[str, object]:
    """Read Gold, train, and write the result, which is the model's row of `gold.models`."""
    metrics = train(read_interactions(spark, access), parameters, access, model_id)
    result: dict[str, object] = {
        "model_id": model_id,
        "trained_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "as_of": as_of.isoformat(),
        "parameters": asdict(parameters),
        "metrics": metrics,
    }
    write_result(result, access, model_id)
    return result


def _spark(scratch: str) -> SparkSession:
    """Start Spark; `scratch` holds its checkpoints unless spark.checkpoint.dir names a place.

    A cluster of several machines needs that setting, since they all read them.
    """
    spark = (
        SparkSession.builder.config("spark.sql.redaction.options.regex", "(?i)url|private_key")
        # Each shuffle would be a job of its own, which costs more than better plans win here
        .config("spark.sql.adaptive.enabled", "false")
        .getOrCreate()
    )
    if not spark.conf.get("spark.checkpoint.dir", ""):
        spark.sparkContext.setCheckpointDir(scratch)
    # Spark's 200 are for clusters: a shuffle of a day's pairs needs one partition per core
    spark.conf.set("spark.sql.shuffle.partitions", spark.sparkContext.defaultParallelism)
    return spark


def main() -> None:
    """Run the job with the arguments of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-id", required=True, type=check_model_id)
    parser.add_argument("--as-of", required=True, type=date.fromisoformat)
    parser.add_argument("--rank", required=True, type=int)
    parser.add_argument("--reg-param", required=True, type=float)
    parser.add_argument("--max-iter", required=True, type=int)
    parser.add_argument("--alpha", required=True, type=float)
    arguments = vars(parser.parse_args())
    model_id, as_of = arguments.pop("model_id"), arguments.pop("as_of")

    access = Access.from_environment(os.environ)
    with TemporaryDirectory(prefix="gharchive-als-") as scratch:
        spark = _spark(scratch)
        try:
            result = run(spark, access, model_id, as_of, Parameters(**arguments))
        finally:
            spark.stop()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
