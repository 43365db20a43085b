"""One Azurite for all rooms of a worker, and set-ups that are made once for all workers."""

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.setup import paths
from tests import deployment
from tests.blob_storage import Storage, running_azurite

Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Run one Azurite for the whole session; tests make containers of their own."""
    with running_azurite(tmp_path_factory.mktemp("azurite")) as storage:
        yield storage


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Return what makes a folder, unless another worker has made it."""
    session = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        # A worker's folder is in the session's
        session = session.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = session / name
        with (session / f"{name}.lock").open("w") as lock:
            # Closing lets go of it
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                filled = tmp_path_factory.mktemp(name)
                fill(filled)
                filled.rename(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def deployed(once: Once) -> Path:
    """Return the folder of a stopped account that holds the product's objects, to copy."""
    return once("deployed", deployment.deployed_account)


@pytest.fixture(scope="session")
def migrated(once: Once) -> Path:
    """Return an Airflow metadata database without runs, to copy."""

    def migrate(home: Path) -> None:
        settings = {name: v for name, v in os.environ.items() if not name.startswith("AIRFLOW")}
        subprocess.run(
            [paths.BIN / "airflow", "db", "migrate"],
            env=settings | {"AIRFLOW_HOME": str(home)},
            capture_output=True,
            check=True,
        )

    return once("migrated", migrate) / "airflow.db"
