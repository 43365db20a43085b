"""What the Function app's settings say; a wrong one is named, and never quoted."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from azure.core.exceptions import ClientAuthenticationError
from azure.core.utils import parse_connection_string
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from include.ingest import CONTAINER_NAMES, Containers, IngestSettings

DEFAULT_CATCH_UP_HOURS = 48
# A tick asks for every hour of its window: with more, asking alone would fill its time
MAX_CATCH_UP_HOURS = 168


class AppSettingsError(Exception):
    """A setting of the Function app is missing or wrong: which one, and what to do."""


def catch_up_hours(environment: Mapping[str, str]) -> int:
    """Return how many hours back a tick looks."""
    text = _value(environment, "GHARCHIVE_CATCH_UP_HOURS") or str(DEFAULT_CATCH_UP_HOURS)
    if not text.isdecimal() or not 1 <= int(text) <= MAX_CATCH_UP_HOURS:
        raise AppSettingsError(
            f"GHARCHIVE_CATCH_UP_HOURS must be a whole number from 1 to {MAX_CATCH_UP_HOURS}; "
            "older hours are a backfill's."
        )
    return int(text)


def ingest_settings(environment: Mapping[str, str]) -> IngestSettings:
    """Return where the hours come from and which event types to keep."""
    base_url = _value(environment, "GHARCHIVE_BASE_URL") or IngestSettings().base_url
    if not _is_url(base_url, "http", "https"):
        raise AppSettingsError(
            f"GHARCHIVE_BASE_URL must be the archive's URL, such as {IngestSettings().base_url}."
        )
    text = _value(environment, "GHARCHIVE_EVENT_TYPES")
    if not text:
        return IngestSettings(base_url=base_url)
    if text == "all":
        return IngestSettings(base_url=base_url, dropped_types=frozenset())
    types = frozenset(name.strip() for name in text.split(","))
    if not all(re.fullmatch(r"[A-Za-z]+Event", name) for name in types):
        raise AppSettingsError(
            "GHARCHIVE_EVENT_TYPES must be all, or full names such as PushEvent,WatchEvent."
        )
    return IngestSettings(base_url=base_url, kept_types=types)


@contextmanager
def open_containers(environment: Mapping[str, str]) -> Iterator[Containers[ContainerClient]]:
    """Give the three containers, by connection string or by the app's identity."""
    names = {role: _container_name(environment, role) for role in Containers._fields}
    connection = _value(environment, "BLOB_CONNECTION_STRING")
    url = _value(environment, "GHARCHIVE_BLOB_URL")
    if bool(connection) == bool(url):
        raise AppSettingsError(
            f"{'Both' if url else 'Neither'} BLOB_CONNECTION_STRING {'and' if url else 'nor'} "
            "GHARCHIVE_BLOB_URL set: set the storage account's connection string, or its URL if "
            "the app's managed identity may write to it, and not both."
        )
    with _by_connection_string(connection) if connection else _by_identity(url) as service:
        yield Containers.opened(service.get_container_client, names=names)


@contextmanager
def _by_connection_string(connection: str) -> Iterator[BlobServiceClient]:
    # Without their causes, which may quote what they could not read
    try:
        parts = parse_connection_string(connection)
        base64.b64decode(parts.get("accountkey", ""), validate=True)
        service = BlobServiceClient.from_connection_string(connection)
    except ValueError:
        parts = {}
    if not parts.keys() & {"accountkey", "sharedaccesssignature", "usedevelopmentstorage"}:
        raise AppSettingsError(
            "BLOB_CONNECTION_STRING is not a storage account's connection string with an "
            "AccountKey or a SharedAccessSignature: copy it whole from the account's access keys."
        )
    with service:
        yield service


@contextmanager
def _by_identity(url: str) -> Iterator[BlobServiceClient]:
    if not _is_url(url, "https") or urlsplit(url).path.strip("/"):
        raise AppSettingsError(
            "GHARCHIVE_BLOB_URL must be the storage account's URL and no more: "
            "https://ACCOUNT.blob.core.windows.net."
        )
    with DefaultAzureCredential() as credential:
        # Asked for at once, since a blob's request would only say that it was refused
        try:
            credential.get_token("https://storage.azure.com/.default")
        except ClientAuthenticationError:
            raise AppSettingsError(
                "GHARCHIVE_BLOB_URL needs an identity and none was found: give the app a managed "
                "identity with the role Storage Blob Data Contributor (AZURE_CLIENT_ID names a "
                "user-assigned one), or set BLOB_CONNECTION_STRING in its place."
            ) from None
        with BlobServiceClient(url, credential) as service:
            yield service


def _container_name(environment: Mapping[str, str], role: str) -> str:
    variable = f"GHARCHIVE_{role}_CONTAINER".upper()
    name = _value(environment, variable) or CONTAINER_NAMES[role]
    if not re.fullmatch(r"[a-z0-9](-?[a-z0-9])+", name):
        raise AppSettingsError(
            f"{variable} must be a container's name, such as {CONTAINER_NAMES[role]}."
        )
    return name


def _value(environment: Mapping[str, str], name: str) -> str:
    """Return a setting; an empty one is as good as missing."""
    return environment.get(name, "").strip()


def _is_url(text: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not parts.query
