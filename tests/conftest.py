"""One Azurite for all rooms of a worker."""

from collections.abc import Iterator

import pytest

from tests.blob_storage import Storage, running_azurite


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Run one Azurite for the whole session; tests make containers of their own."""
    with running_azurite(tmp_path_factory.mktemp("azurite")) as storage:
        yield storage
