"""A real Azurite, reached as production reaches Azure: with a SAS, never with the account key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azure.storage.blob import ContainerClient
from snowflake_stand_in.testing import azurite
from snowflake_stand_in.testing.azurite import ACCOUNT

from include.ingest import Containers
from local.setup.paths import AZURITE_BLOB, node

__all__ = ["ACCOUNT", "AzureContainers", "Storage", "running_azurite"]

AzureContainers = Containers[ContainerClient]


class Storage(azurite.Storage):
    """An account, with the product's containers in it."""

    def containers(self, prefix: str, sas: str) -> AzureContainers:
        """Return clients for three containers, without the SDK's slow retries."""
        return Containers.opened(
            lambda name: ContainerClient(self.url, name, credential=sas, retry_total=0),
            prefix=f"{prefix}-",
        )


@contextmanager
def running_azurite(folder: Path) -> Iterator[Storage]:
    """Run the Azurite that set-up has installed on a free port, its data in `folder`."""
    command = [str(node()), str(AZURITE_BLOB)]
    with azurite.running_azurite(folder, command) as storage:
        yield Storage(*storage)
