"""Silver and Gold of real hours, against counts made independently from the files."""

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from tests.dbt.warehouse import Event, Warehouse, read_hour, utc

FILES = {
    "2012/06/14/15.json.gz": "2012-06-14-15.json.gz",
    "2015/01/01/12.json.gz": "2015-01-01-12.json.gz",
    # Two events of each of 652 hours: every change of shape of eight years
    "2021/01/01/00.json.gz": "sample-2014-2021.json.gz",
}


@pytest.fixture(scope="module")
def loaded(archive: Path) -> dict[str, list[Event]]:
    """Return the events by blob name."""
    return {name: read_hour(archive / source) for name, source in FILES.items()}


@pytest.fixture(scope="module")
def distinct(loaded: dict[str, list[Event]]) -> list[Event]:
    """Return the events, each once: by id and time, or before 2015 by their whole content."""
    events = [event for hour in loaded.values() for event in hour]
    return list(
        {
            (event["id"], event["created_at"])
            if "id" in event
            else json.dumps(event, sort_keys=True): event
            for event in events
        }.values()
    )


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, loaded: dict[str, list[Event]]) -> Warehouse:
    """Load and build twice, tests of data and rules included."""
    names = list(loaded)
    warehouse.load({name: loaded[name] for name in names[:1]})
    warehouse.dbt("build")
    warehouse.load({name: loaded[name] for name in names[1:]})
    warehouse.dbt("build")
    return warehouse


def login(event: Event) -> str | None:
    actor: Event | str | None = event["actor"]
    return actor["login"] if isinstance(actor, dict) else actor


def is_bot(event: Event) -> bool:
    return (login(event) or "").lower().endswith(("[bot]", "-bot"))


def test_every_line_is_a_row_and_every_event_is_there_once(
    built: Warehouse, loaded: dict[str, list[Event]], distinct: list[Event]
) -> None:
    rows = dict(built.query("select file_name, count(*) from silver.event_rows group by 1"))
    assert rows == {name: len(events) for name, events in loaded.items()}
    assert built.query("select count(*) from silver.events") == [(len(distinct),)]


def test_events_have_their_utc_hour_and_type(built: Warehouse, distinct: list[Event]) -> None:
    expected = Counter(
        (utc(event).replace(minute=0, second=0), event["type"]) for event in distinct
    )
    found = built.query("select event_hour, event_type, event_count from gold.event_trends")
    assert {(hour, event_type): count for hour, event_type, count in found} == expected


def test_merges_are_counted_in_every_era(built: Warehouse, distinct: list[Event]) -> None:
    merged = [
        event
        for event in distinct
        if event["type"] == "PullRequestEvent"
        and event["payload"]["pull_request"]["merged"]
        and event["payload"]["action"] == "closed"
    ]
    assert built.query("select count(*) from silver.events where is_merged") == [(len(merged),)]


def test_events_metrics_holds_what_users_did_in_repositories(
    built: Warehouse, distinct: list[Event]
) -> None:
    expected = Counter(
        (event["actor"]["id"], event["repo"]["id"])
        for event in distinct
        if "id" in event and not is_bot(event)
    )
    found = built.query("SELECT user_id, repo_id, event_count FROM Gold.EventsMetrics")
    assert {(user, repo): count for user, repo, count in found} == expected


def test_the_busiest_repositories_of_a_day(built: Warehouse, distinct: list[Event]) -> None:
    day = datetime(2015, 1, 1).date()
    counts = Counter(
        event["repo"]["id"] for event in distinct if "id" in event and utc(event).date() == day
    )
    found = built.query(
        "select repo_id, event_count from gold.top_repositories"
        " where event_date = ? and day_rank <= 10 order by day_rank",
        day,
    )
    assert [count for _, count in found] == [count for _, count in counts.most_common(10)]
    assert all(counts[repo] == count for repo, count in found)


def test_actors_and_repositories_are_known_once(built: Warehouse, distinct: list[Event]) -> None:
    actors = {
        str(event["actor"]["id"]) if "id" in event else f"name:{event['actor'].lower()}"
        for event in distinct
        if event["actor"]
    }
    assert {key for (key,) in built.query("select actor_key from silver.actors")} == actors

    named = [event for event in distinct if "repository" in event]
    repositories = {str(event["repo"]["id"]) for event in distinct if "id" in event} | {
        str(repository["id"])
        if "id" in repository
        else f"name:{repository['owner']}/{repository['name']}".lower()
        for repository in (event["repository"] for event in named)
    }
    found = {key for (key,) in built.query("select repo_key from silver.repositories")}
    assert found == repositories


def test_ledger_bronze_silver_and_gold_reconcile(built: Warehouse) -> None:
    checks = built.query("select subject_count, mismatch_count from gold.reconciliation")
    assert len(checks) == 5
    assert all(subjects > 0 and mismatches == 0 for subjects, mismatches in checks)


def test_no_e_mail_goes_beyond_bronze(built: Warehouse) -> None:
    e_mail = re.compile(r"[0-9a-f]{40}@")
    assert not [row for rows in built.snapshot().values() for row in rows if e_mail.search(row)]


def test_a_build_with_nothing_new_changes_nothing(built: Warehouse) -> None:
    before, watermarks = built.snapshot(), built.watermarks()
    built.dbt("run")
    assert built.snapshot() == before
    assert built.watermarks() == watermarks
