"""Where blobs lie: containers of our own in the user's Blob storage, or internal stages."""

import posixpath
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from azure.storage.blob import BlobServiceClient, ContainerClient
from snowflake.connector.cursor import SnowflakeCursor

from include.ingest import Containers
from include.ingest.store import Store
from include.sql.settings import STAGES

STAGE_OF = {
    "events": "bronze.gharchive_stage",
    "outcomes": "ledger.gharchive_outcomes",
    "models": "gold.gharchive_models",
}


class Storage(Protocol):
    """What a run needs of it; `cursor` is an administrator's, in the run's database."""

    says: str
    """What it is, in a few words."""

    def settings(self) -> dict[str, Any]:
        """Return the part of a deployment's settings that says where the blobs are."""

    def prepare(self, cursor: SnowflakeCursor, roles: Mapping[str, str]) -> None:
        """Make the deployed stages read it; `roles` are those that read each stage."""

    def containers(self) -> Containers[Store]:
        """Return where ingest writes."""

    def bring(self, cursor: SnowflakeCursor) -> None:
        """Bring what ingest has written before the stages."""

    def put(self, cursor: SnowflakeCursor, role: str, name: str, content: bytes) -> None:
        """Write a blob, or another version of it, for a stage of STAGE_OF."""

    def last_modified(self, name: str) -> datetime | None:
        """Return when the store says that a blob of events was last modified (UTC), if it does."""

    def for_conformance(self) -> dict[str, str]:
        """Return what tells the conformance suite of a container, as its README says."""

    def drop(self) -> None:
        """Delete all of it."""


class InternalStages:
    """Internal stages in the place of the deployed ones."""

    says = "internal stages, as GHARCHIVE_BLOB_URL and GHARCHIVE_BLOB_SAS name no Blob storage"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def settings(self) -> dict[str, Any]:
        """Return a place that nobody looks at before `prepare` puts another one there."""
        tokens = {f"{stage}_sas_token": "sig=none" for stage in STAGES}
        return {"storage_url": "azure://nowhere.blob.core.windows.net", **tokens}

    def prepare(self, cursor: SnowflakeCursor, roles: Mapping[str, str]) -> None:
        """Replace the stages; what was granted on them goes with them."""
        formats = {
            "events": "format_name = 'bronze.gharchive_json'",
            "outcomes": "type = json",
            "models": "type = parquet",
        }
        for name, stage in STAGE_OF.items():
            cursor.execute(f"create or replace stage {stage} file_format = ({formats[name]})")
            cursor.execute(f"grant read on stage {stage} to role {roles[name]}")

    def containers(self) -> Containers[Store]:
        """Return folders."""
        return Containers.opened(self._folder.joinpath, prefix="")

    def bring(self, cursor: SnowflakeCursor) -> None:
        """Put the folders' files."""
        for role in ("events", "outcomes"):
            root = self._folder / role
            for file in root.rglob("*.json*"):
                if file.is_file() and not file.name.startswith("."):
                    name = file.relative_to(root).as_posix()
                    self.put(cursor, role, name, file.read_bytes())

    def put(self, cursor: SnowflakeCursor, role: str, name: str, content: bytes) -> None:
        """Put a file, as the client does it."""
        path, base = posixpath.split(name)
        with TemporaryDirectory(dir=self._folder) as folder:
            file = Path(folder, base)
            file.write_bytes(content)
            cursor.execute(
                f"put 'file://{file}' '@{STAGE_OF[role]}/{path}'"
                " auto_compress = false overwrite = true"
            )

    def last_modified(self, name: str) -> datetime | None:
        """Return None: only LIST tells it, by the same clock."""
        return None

    def for_conformance(self) -> dict[str, str]:
        """Return nothing: its cases of Blob storage are then skipped."""
        return {}

    def drop(self) -> None:
        """Leave it to the database."""


class BlobContainers:
    """Containers named for the run, in an account whose SAS may make and delete them."""

    says = "containers of our own in the Blob storage that GHARCHIVE_BLOB_URL names"
    _ROLES = (*STAGES, "quarantine")

    def __init__(self, url: str, sas: str, prefix: str, tenant: str | None = None) -> None:
        self._url, self._sas, self._tenant = url.rstrip("/"), sas.removeprefix("?"), tenant
        self._prefix = prefix.lower().replace("_", "-")

    def settings(self) -> dict[str, Any]:
        """Make the containers; return where they are, and the SAS or the tenant."""
        for role in self._ROLES:
            self._container(role).create_container()
        access = (
            {"azure_tenant_id": self._tenant}
            if self._tenant
            else {f"{stage}_sas_token": self._sas for stage in STAGES}
        )
        return {
            "storage_url": "azure://" + self._url.partition("://")[2],
            **{f"{role}_container": self._name(role) for role in STAGES},
            **access,
        }

    def prepare(self, cursor: SnowflakeCursor, roles: Mapping[str, str]) -> None:
        """Leave the stages as they were deployed."""

    def containers(self) -> Containers[Store]:
        """Return the containers."""
        return Containers.opened(
            lambda name: ContainerClient(self._url, name, credential=self._sas),
            prefix=f"{self._prefix}-",
        )

    def bring(self, cursor: SnowflakeCursor) -> None:
        """Do nothing: ingest has written them there."""

    def put(self, cursor: SnowflakeCursor, role: str, name: str, content: bytes) -> None:
        """Upload a blob."""
        self._container(role).upload_blob(name, content, overwrite=True)

    def last_modified(self, name: str) -> datetime | None:
        """Ask the store."""
        properties = self._container("events").get_blob_client(name).get_blob_properties()
        return properties.last_modified.replace(tzinfo=None)

    def for_conformance(self) -> dict[str, str]:
        """Return a container that no stage of ours reads."""
        url = f"azure://{self._url.partition('://')[2]}/{self._name('quarantine')}"
        return {
            "SNOWFLAKE_CONFORMANCE_STAGE_URL": url,
            "SNOWFLAKE_CONFORMANCE_STAGE_SAS": self._sas,
        }

    def drop(self) -> None:
        """Delete every container of the run's."""
        with BlobServiceClient(self._url, credential=self._sas) as service:
            for found in service.list_containers(name_starts_with=f"{self._prefix}-"):
                service.delete_container(found.name)

    def _name(self, role: str) -> str:
        return f"{self._prefix}-{role}"

    def _container(self, role: str) -> ContainerClient:
        return ContainerClient(self._url, self._name(role), credential=self._sas)
