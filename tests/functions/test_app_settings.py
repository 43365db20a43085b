"""Settings of the Function app: what they mean, and what a wrong one leads to."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError

from functions import app_settings
from functions.app_settings import (
    AppSettingsError,
    catch_up_hours,
    ingest_settings,
    open_containers,
)
from include.ingest import IngestSettings

SECRET = "c2VjcmV0"
CONNECTION = f"AccountName=account;AccountKey={SECRET};EndpointSuffix=core.windows.net"
URL = "https://account.blob.core.windows.net"


class Identity:
    """Stands in for Azure's: only there is a real one."""

    def __init__(self, has_token: bool) -> None:
        self.has_token = has_token

    def __call__(self) -> Identity:
        return self

    def __enter__(self) -> Identity:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_token(self, *_: object, **__: object) -> None:
        if not self.has_token:
            raise ClientAuthenticationError(SECRET)


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(app_settings, "DefaultAzureCredential", Identity(request.param))


def test_defaults_are_those_of_ingest() -> None:
    for empty in ({}, {"GHARCHIVE_EVENT_TYPES": "", "GHARCHIVE_CATCH_UP_HOURS": " "}):
        assert ingest_settings(empty) == IngestSettings()
        assert catch_up_hours(empty) == 48


def test_settings_are_taken_as_written() -> None:
    settings = ingest_settings(
        {
            "GHARCHIVE_BASE_URL": "http://127.0.0.1:8080/hours",
            "GHARCHIVE_EVENT_TYPES": "PushEvent, WatchEvent",
        }
    )
    assert settings.base_url == "http://127.0.0.1:8080/hours"
    assert settings.kept_types == frozenset({"PushEvent", "WatchEvent"})
    assert ingest_settings({"GHARCHIVE_EVENT_TYPES": "all"}).keeps_everything
    assert catch_up_hours({"GHARCHIVE_CATCH_UP_HOURS": "72"}) == 72


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("GHARCHIVE_CATCH_UP_HOURS", value) for value in ("0", "-1", "2.5", "two", "169", "²")),
        *(("GHARCHIVE_BASE_URL", value) for value in ("data.org", "ftp://data.org", "http://[")),
        *(("GHARCHIVE_EVENT_TYPES", value) for value in ("push", "PushEvent,", "ALL", "all,x")),
        *(
            ("BLOB_CONNECTION_STRING", value)
            for value in (
                SECRET,
                f"AccountName=account;AccountKey={SECRET}x",
                "BlobEndpoint=https://account.blob.core.windows.net",
                f"AccountKey={SECRET}",
                f"{CONNECTION};{CONNECTION}",
            )
        ),
        *(("GHARCHIVE_EVENTS_CONTAINER", value) for value in ("Events", "a/b", "-a", "a--b")),
        *(
            ("GHARCHIVE_BLOB_URL", value)
            for value in (
                "account.blob.core.windows.net",
                URL.replace("https", "http"),
                f"{URL}/gharchive-events",
                f"{URL}?sig={SECRET}",
            )
        ),
    ],
)
@pytest.mark.parametrize("identity", [True], indirect=True)
def test_a_wrong_setting_is_named_and_not_quoted(identity: None, name: str, value: str) -> None:
    with pytest.raises(AppSettingsError) as raised:
        open_all({name: value})
    assert str(raised.value).startswith(name)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "Neither BLOB_CONNECTION_STRING nor GHARCHIVE_BLOB_URL"),
        (
            {"BLOB_CONNECTION_STRING": CONNECTION, "GHARCHIVE_BLOB_URL": URL},
            "Both BLOB_CONNECTION_STRING and GHARCHIVE_BLOB_URL",
        ),
    ],
)
def test_storage_is_named_once(settings: dict[str, str], says: str) -> None:
    with pytest.raises(AppSettingsError, match=f"^{says} set"):
        open_all(settings)


@pytest.mark.parametrize(
    "connection",
    [
        CONNECTION,
        f"  {CONNECTION}\n",
        f"BlobEndpoint={URL};SharedAccessSignature=sv=2024-11-04&sig={SECRET}",
        "UseDevelopmentStorage=true",
    ],
)
def test_a_connection_string_gives_the_three_containers(connection: str) -> None:
    with open_containers({"BLOB_CONNECTION_STRING": connection}) as containers:
        names = [container.container_name for container in containers]
    assert names == ["gharchive-events", "gharchive-outcomes", "gharchive-quarantine"]


@pytest.mark.parametrize("identity", [True], indirect=True)
def test_an_identity_gives_the_three_containers(identity: None) -> None:
    with open_containers({"GHARCHIVE_BLOB_URL": f"{URL}/"}) as containers:
        urls = [container.url for container in containers]
    assert urls == [f"{URL}/gharchive-{role}" for role in ("events", "outcomes", "quarantine")]


@pytest.mark.parametrize("identity", [False], indirect=True)
def test_without_an_identity_the_error_says_what_to_give(identity: None) -> None:
    with pytest.raises(AppSettingsError, match="Storage Blob Data Contributor") as raised:
        open_all({"GHARCHIVE_BLOB_URL": URL})
    assert SECRET not in str(raised.value)


def open_all(environment: dict[str, str]) -> None:
    """Read all that a tick reads."""
    catch_up_hours(environment)
    ingest_settings(environment)
    with open_containers(environment):
        pass
