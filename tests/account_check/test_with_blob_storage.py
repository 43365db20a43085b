"""The check over Blob storage: containers of its own, and the account without Airflow."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from tests.account_check.conftest import running_account
from tests.account_check.test_account_check import report_of, verdicts
from tests.blob_storage import ACCOUNT, Storage

pytestmark = pytest.mark.long

ONLY_WITH_TASKS = {"integrations", "pipe-loads", "pipe-adopted", "graph-together", "graph-consumes"}


@pytest.mark.parametrize("tasks", [False, True], ids=["SAS tokens", "integration and tasks"])
def test_what_needs_blob_storage_holds(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch, tasks: bool
) -> None:
    sas = generate_account_sas(
        ACCOUNT,
        storage.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions.from_string("rwdlc"),  # type: ignore[no-untyped-call]
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    before = [container.name for container in storage.owner.list_containers()]
    # The consent that Azure's administrator gives
    monkeypatch.setenv("AZURE_STORAGE_KEY", storage.key)
    settings = {"GHARCHIVE_BLOB_URL": storage.url, "GHARCHIVE_BLOB_SAS": sas}
    if tasks:
        settings["GHARCHIVE_AZURE_TENANT_ID"] = "11111111-1111-1111-1111-111111111111"
        settings["GHARCHIVE_QUEUE_URL"] = "https://plantedblobs.queue.core.windows.net/events"

    with running_account(tmp_path) as checked:
        objects = checked.objects()
        done = checked.run("--yes", *(["--tasks"] if tasks else []), **settings)
        assert checked.objects() == objects

    report = report_of(done.stdout)
    found = verdicts(report)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (found["last-modified"], found["unreached-stage"]) == ("holds", "not tried")
    assert {found[name] for name in ONLY_WITH_TASKS} == {"holds" if tasks else "not tried"}
    assert [container.name for container in storage.owner.list_containers()] == before
    signature = sas.partition("sig=")[2]
    for secret in (signature, storage.address, ACCOUNT, "plantedblobs", "11111111-1111"):
        assert secret not in report
