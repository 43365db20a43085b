"""The stand-in over TLS with a private CA, as many times as a test needs it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import certifi
import pytest

from local.setup import issue
from tests.powerbi.processes import PowerBI


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    issue.tls(folder, Path(certifi.where()))
    return folder


@pytest.fixture(scope="session")
def start_powerbi(
    tls: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], PowerBI]]:
    started = []

    def start() -> PowerBI:
        service = PowerBI(tls, tmp_path_factory.mktemp("powerbi") / "state.json")
        service.start()
        started.append(service)
        return service

    yield start
    for service in started:
        service.stop()


@pytest.fixture
def powerbi(start_powerbi: Callable[[], PowerBI]) -> Iterator[PowerBI]:
    service = start_powerbi()
    yield service
    service.stop()
