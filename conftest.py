"""What all rooms of tests share: where set-up has put their tools, and a worker for each room."""

import os
import shlex
from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from local.setup import paths
from tests.archive_samples import SAMPLES

# What the stand-in's tests take from the environment, as they know nothing of this project
os.environ["AZURITE_BLOB"] = shlex.join([str(paths.node()), str(paths.AZURITE_BLOB)])
os.environ["GHARCHIVE_SAMPLES"] = str(SAMPLES)
os.environ["JAVA_HOME"] = str(paths.JAVA_HOME)
for jar in paths.IVY.glob("**/snowflake-jdbc-*.jar"):
    os.environ["SNOWFLAKE_JDBC_JAR"] = str(jar)


class OneWorkerPerRoom(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps each folder of tests on one worker, so that its servers and JVM are started once."""

    def _split_scope(self, nodeid: str) -> str:
        return str(PurePath(nodeid.partition("::")[0]).parent)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Choose how `make test` shares the tests out to its workers."""
    return OneWorkerPerRoom(config, log)
