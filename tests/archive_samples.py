"""The real hours that tests run on; they are public data and not part of the project."""

import os
from pathlib import Path

import pytest

SAMPLES = Path(
    os.environ.get("GHARCHIVE_SAMPLES", Path(__file__).parents[2] / "shared" / "data")
).resolve()


def sample(name: str) -> Path:
    """Return a real hour's file; where there are none, skip the test and say how to get them."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(
            f"{path} is missing: set GHARCHIVE_SAMPLES to a folder with this hour of GH Archive"
        )
    return path
