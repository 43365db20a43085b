"""The stand-in answers as Microsoft documents."""

import time
from uuid import UUID, uuid4

import pytest
import requests

from local.powerbi import DATASET_ID, GROUP_ID
from tests.powerbi.processes import TENANT, PowerBI


def newest(powerbi: PowerBI) -> dict[str, str]:
    answer = powerbi.http.get(powerbi.refreshes, params={"$top": 1})
    [entry] = answer.json()["value"]
    assert isinstance(entry, dict)
    return entry


def wait_for_end(powerbi: PowerBI) -> dict[str, str]:
    deadline = time.monotonic() + 10
    while (entry := newest(powerbi))["status"] == "Unknown" and time.monotonic() < deadline:
        time.sleep(0.1)
    return entry


def message(answer: requests.Response) -> str:
    return str(answer.json()["error"]["message"])


def test_a_refresh_runs_and_completes(powerbi: PowerBI) -> None:
    powerbi.log_in()
    powerbi.control(seconds=0.5)
    started = powerbi.http.post(powerbi.refreshes, json={"notifyOption": "NoNotification"})
    assert started.status_code == 202
    assert not started.content
    refresh_id = started.headers["RequestId"]
    assert UUID(refresh_id)
    assert started.headers["Location"] == f"{powerbi.refreshes}/{refresh_id}"

    running = newest(powerbi)
    assert (running["requestId"], running["status"]) == (refresh_id, "Unknown")
    assert "endTime" not in running
    assert powerbi.http.get(started.headers["Location"]).status_code == 202

    ended = wait_for_end(powerbi)
    assert (ended["refreshType"], ended["status"]) == ("ViaApi", "Completed")
    assert ended["endTime"] > ended["startTime"]
    assert powerbi.http.get(started.headers["Location"]).status_code == 200


def test_a_failed_refresh_tells_the_service_exception(powerbi: PowerBI) -> None:
    powerbi.log_in()
    powerbi.control(seconds=0, outcome="Failed")
    powerbi.http.post(powerbi.refreshes)
    failed = newest(powerbi)
    assert failed["status"] == "Failed"
    assert failed["serviceExceptionJson"].startswith('{"errorCode":')


def test_a_second_refresh_is_refused_while_one_runs(powerbi: PowerBI) -> None:
    powerbi.log_in()
    powerbi.control(seconds=60)
    powerbi.http.post(powerbi.refreshes)
    second = powerbi.http.post(powerbi.refreshes)
    assert second.status_code == 400
    assert "Another refresh request is already executing" in message(second)


def test_the_ninth_refresh_of_a_day_is_refused_by_shared_capacity(powerbi: PowerBI) -> None:
    powerbi.log_in()
    powerbi.control(seconds=0, daily_limit=8)
    assert [powerbi.http.post(powerbi.refreshes).status_code for _ in range(8)] == [202] * 8
    ninth = powerbi.http.post(powerbi.refreshes)
    assert ninth.status_code == 400
    assert "in last 24 hours exceeded limit" in message(ninth)


@pytest.mark.parametrize(
    "body", [{"type": "Full"}, {"notifyOption": "Sometimes"}, {"notifyOption": []}, [1]]
)
def test_shared_capacity_takes_notify_options_only(powerbi: PowerBI, body: object) -> None:
    powerbi.log_in()
    assert powerbi.http.post(powerbi.refreshes, json=body).status_code == 400


def test_throttled_calls_are_told_how_long_to_wait(powerbi: PowerBI) -> None:
    powerbi.log_in()
    powerbi.control(throttle=2, retry_after=7)
    for _ in range(2):
        throttled = powerbi.http.get(powerbi.refreshes)
        assert throttled.status_code == 429
        assert throttled.headers["Retry-After"] == "7"
    assert powerbi.http.get(powerbi.refreshes).status_code == 200


def test_a_wrong_secret_and_a_wrong_token_are_refused(powerbi: PowerBI) -> None:
    refused = powerbi.token(client_secret="wrong")
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"
    assert powerbi.token(client_id=str(uuid4())).status_code == 400
    assert powerbi.token(scope="https://graph.microsoft.com/.default").status_code == 400
    assert powerbi.http.get(powerbi.refreshes).status_code == 401
    powerbi.log_in()
    powerbi.control(token="refuse")
    assert powerbi.http.get(powerbi.refreshes).status_code == 401


def test_the_workspace_and_its_model_are_listed_and_others_are_unknown(powerbi: PowerBI) -> None:
    powerbi.log_in()
    groups = f"{powerbi.url}/v1.0/myorg/groups"
    assert [group["id"] for group in powerbi.http.get(groups).json()["value"]] == [GROUP_ID]
    datasets = powerbi.http.get(f"{groups}/{GROUP_ID}/datasets").json()["value"]
    assert [dataset["id"] for dataset in datasets] == [DATASET_ID]
    other = f"{groups}/{GROUP_ID}/datasets/{uuid4()}/refreshes"
    assert powerbi.http.post(other).status_code == 404


def test_the_authority_describes_itself(powerbi: PowerBI) -> None:
    documents = f"{powerbi.url}/{TENANT}/v2.0/.well-known/openid-configuration"
    token_endpoint = powerbi.http.get(documents).json()["token_endpoint"]
    assert token_endpoint == f"{powerbi.url}/{TENANT}/oauth2/v2.0/token"
    instance = powerbi.http.get(f"{powerbi.url}/common/discovery/instance").json()
    assert instance["tenant_discovery_endpoint"].startswith(powerbi.url)


def test_everything_survives_a_restart(powerbi: PowerBI) -> None:
    powerbi.log_in()
    powerbi.control(seconds=60)
    refresh_id = powerbi.http.post(powerbi.refreshes).headers["RequestId"]
    powerbi.stop()
    powerbi.start()
    assert newest(powerbi)["requestId"] == refresh_id
    assert powerbi.http.post(powerbi.refreshes).status_code == 400
