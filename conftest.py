"""What all rooms of tests share: where set-up has put their tools, and who runs what, and when."""

import os
import shlex
from pathlib import PurePosixPath
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


# Fixtures that take long: a test that uses one is slow, without a mark of its own
SLOW = {"deployed", "migrated", "spark", "stack"}
# The servers of the stand-in's own rooms, whose hundreds of tests are `make test-stand-in`
SLOW |= {"certificates", "shared", "target"}
# What takes longest, longest first: what comes last should be short, or one worker waits
LONGEST = ("tests/end_to_end", "tests/dbt", "tests/launcher", "tests/settings", "tests/sql")
# Their modules share no server, so both workers may have some
APART = {"tests/dbt", "tests/ingest", "tests/launcher"}


class OneWorkerPerRoom(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps each folder of tests on one worker, so that its servers and JVM are started once."""

    def _split_scope(self, nodeid: str) -> str:
        module = PurePosixPath(nodeid.partition("::")[0])
        return str(module if str(module.parent) in APART else module.parent)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Choose how `make test` shares the tests out to its workers."""
    return OneWorkerPerRoom(config, log)


# Before -m leaves tests out
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a long start as slow, and begin with the longest rooms."""

    def place(item: pytest.Item) -> int:
        room = str(PurePosixPath(item.nodeid.partition("::")[0]).parent)
        return LONGEST.index(room) if room in LONGEST else len(LONGEST)

    for item in items:
        if SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    items.sort(key=place)
