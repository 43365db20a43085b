"""A model's blobs: what writing and publishing agree on.

`MODEL_ID/part-00000-of-00002.parquet` …, and `MODEL_ID/_result.json`, written last. The count is
part of a name, so that parts left by an attempt with another number of partitions are never read.
"""

import re

RESULT = "_result.json"

_MODEL_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class ModelIdError(ValueError):
    """A model id that is no plain name."""


def check_model_id(model_id: str) -> str:
    """Return the id; raises ModelIdError if it couldn't stand in a path or a COPY statement."""
    if not _MODEL_ID.fullmatch(model_id):
        raise ModelIdError(
            f"{model_id!r} is no model id: use 1 to 100 letters, digits, '-' and '_'"
        )
    return model_id


def part_name(index: int, parts: int) -> str:
    """Return the blob's name below the model's folder."""
    return f"part-{index:05d}-of-{parts:05d}.parquet"


def part_pattern(parts: int) -> str:
    """Return the regular expression, as COPY's PATTERN takes it, of all parts of one attempt."""
    return f".*part-[0-9]+-of-{parts:05d}[.]parquet"
