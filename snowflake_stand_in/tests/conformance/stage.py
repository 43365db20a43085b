"""A folder of Blob storage for stages: Azurite's, or a container named by the environment."""

import os
import secrets
from dataclasses import dataclass, field

from azure.storage.blob import ContainerClient

URL = "SNOWFLAKE_CONFORMANCE_STAGE_URL"
SAS = "SNOWFLAKE_CONFORMANCE_STAGE_SAS"


@dataclass(frozen=True)
class Stage:
    """Where a case puts files, and what CREATE STAGE is given."""

    url: str
    sas: str = field(repr=False)
    container: ContainerClient
    folder: str = ""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, or another version of it."""
        self.container.upload_blob(f"{self.folder}{name}", content, overwrite=True)


def real_stage() -> Stage | None:
    """Return a fresh folder of the container that the environment names, if it does.

    The SAS must allow to read, list, create, write and delete.
    """
    if URL not in os.environ:
        return None
    url, sas = os.environ[URL].rstrip("/"), os.environ[SAS]
    folder = f"conformance-{secrets.token_hex(4)}/"
    container = ContainerClient.from_container_url(
        url.replace("azure://", "https://"), credential=sas
    )
    return Stage(f"{url}/{folder}", sas, container, folder)
