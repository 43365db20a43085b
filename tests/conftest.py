"""What all rooms share: one Azurite a worker, and one worker a room."""

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.blob_storage import Storage, running_azurite


class OneWorkerPerRoom(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps each folder of tests on one worker, so that its servers and JVM are started once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.removeprefix("tests/").partition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Choose how `make test` shares the tests out to its workers."""
    return OneWorkerPerRoom(config, log)


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Run one Azurite for the whole session; tests make containers of their own."""
    with running_azurite(tmp_path_factory.mktemp("azurite")) as storage:
        yield storage
