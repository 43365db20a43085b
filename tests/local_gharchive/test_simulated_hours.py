"""Simulated hours repeat exactly and look like the archive's."""

import gzip
import json
from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pytest

from local.gharchive.hours import hour_file
from local.gharchive.simulator import SEED, simulate
from local.gharchive.world import world

Json = dict[str, Any]
TIMELINE = datetime(2012, 6, 14, 15)
EVENTS = datetime(2015, 1, 1, 12)
TRIMMED = datetime(2026, 3, 4, 10)


@lru_cache
def events(hour: datetime, events_per_hour: int = 2000) -> list[Json]:
    """Parse a simulated hour."""
    return [json.loads(line) for line in simulate(hour, events_per_hour=events_per_hour)]


def of_type(hour: datetime, name: str) -> list[Json]:
    """Keep one type of an hour, made large enough to have it."""
    size = 6000 if hour == EVENTS else 3000
    return [event for event in events(hour, size) if event["type"] == name]


@pytest.mark.parametrize(
    ("hour", "digest"),
    [
        (TIMELINE, "43fc1d3b49e16883d6baea5876df042eab9b0c00929317e38f77582fce65c915"),
        (EVENTS, "657d5331b73a75c2416e4ae3a4c3ad53f2a8b1e36d99b27da01fa0e084d7b924"),
        (TRIMMED, "0f7ec4bdbf29000de292da8e781f84ebf210495c7f3f3cab6d9185be0cbfcbc3"),
    ],
)
def test_an_hour_has_the_same_bytes_everywhere(hour: datetime, digest: str) -> None:
    content = b"".join(simulate(hour, events_per_hour=60))
    assert sha256(content).hexdigest() == digest
    file = hour_file(hour, events_per_hour=60)
    assert gzip.decompress(file) == content
    assert file[4:8] == b"\0\0\0\0"  # gzip's time of making


def test_another_seed_makes_another_hour() -> None:
    assert list(simulate(EVENTS, events_per_hour=5)) != list(simulate(EVENTS, 1, 5))


@pytest.mark.parametrize("events_per_hour", [0, 7001])
def test_an_hour_of_an_impossible_size_is_refused(events_per_hour: int) -> None:
    with pytest.raises(ValueError, match="events_per_hour"):
        next(simulate(EVENTS, events_per_hour=events_per_hour))


def test_days_have_a_rhythm() -> None:
    night, noon = datetime(2015, 1, 7, 4), datetime(2015, 1, 7, 15)
    assert len(events(noon)) > 1.5 * len(events(night))
    assert len(events(noon)) > 1.2 * len(events(noon + timedelta(days=4)))


# What one whole real hour holds of each type (2012-06-14-15 and 2015-01-01-12)
REAL = {
    TIMELINE: {
        "PushEvent": 2724,
        "CreateEvent": 508,
        "WatchEvent": 445,
        "IssueCommentEvent": 404,
        "IssuesEvent": 255,
        "GistEvent": 207,
        "PullRequestEvent": 179,
        "ForkEvent": 141,
        "FollowEvent": 130,
        "GollumEvent": 94,
        "CommitCommentEvent": 84,
        "PullRequestReviewCommentEvent": 67,
        "DeleteEvent": 43,
        "MemberEvent": 19,
        "DownloadEvent": 11,
        "PublicEvent": 2,
    },
    EVENTS: {
        "PushEvent": 4284,
        "WatchEvent": 994,
        "CreateEvent": 981,
        "IssueCommentEvent": 574,
        "PullRequestEvent": 367,
        "IssuesEvent": 361,
        "ForkEvent": 285,
        "DeleteEvent": 156,
        "GollumEvent": 123,
        "PullRequestReviewCommentEvent": 50,
        "CommitCommentEvent": 41,
        "ReleaseEvent": 30,
        "MemberEvent": 17,
        "PublicEvent": 10,
    },
}


@pytest.mark.parametrize("hour", [TIMELINE, EVENTS])
def test_types_have_their_real_shares(hour: datetime) -> None:
    simulated, real = Counter(event["type"] for event in events(hour, 6000)), REAL[hour]
    assert set(simulated) == set(real)
    for name, count in real.items():
        share = count / sum(real.values())
        assert simulated[name] / simulated.total() == pytest.approx(share, rel=0.15, abs=0.004)


# Keys of every real event of the type, in the hours named above; 2012's payloads in full,
# 2015's one level deeper where a table would type them
TIMELINE_PAYLOADS = {
    "PushEvent": "head ref shas size",
    "CreateEvent": "description master_branch ref ref_type",
    "WatchEvent": "action",
    "IssueCommentEvent": "comment_id issue_id",
    "IssuesEvent": "action issue number",
    "GistEvent": "action desc id name url",
    "PullRequestEvent": "action number pull_request",
    "ForkEvent": "",
    "FollowEvent": "target",
    "GollumEvent": "pages",
    "CommitCommentEvent": "comment_id commit",
    "PullRequestReviewCommentEvent": "comment",
    "DeleteEvent": "ref ref_type",
    "MemberEvent": "action member",
    "DownloadEvent": "id url",
}
EVENTS_PAYLOADS = {
    "PushEvent": "before commits distinct_size head push_id ref size",
    "CreateEvent": "description master_branch pusher_type ref ref_type",
    "WatchEvent": "action",
    "IssueCommentEvent": "action comment issue",
    "IssuesEvent": "action issue",
    "PullRequestEvent": "action number pull_request",
    "ForkEvent": "forkee",
    "GollumEvent": "pages",
    "CommitCommentEvent": "comment",
    "PullRequestReviewCommentEvent": "action comment pull_request",
    "DeleteEvent": "pusher_type ref ref_type",
    "MemberEvent": "action member",
    "PublicEvent": "",
    "ReleaseEvent": "action release",
}
EVENTS_OBJECTS = {
    ("IssuesEvent", "issue"): "assignee body closed_at comments comments_url created_at events_url "
    "html_url id labels labels_url locked milestone number state title updated_at url user",
    ("IssueCommentEvent", "comment"): "body created_at html_url id issue_url updated_at url user",
    ("PullRequestEvent", "pull_request"): "_links additions assignee base body changed_files "
    "closed_at comments comments_url commits commits_url created_at deletions diff_url head "
    "html_url id issue_url locked merge_commit_sha mergeable mergeable_state merged merged_at "
    "merged_by milestone number patch_url review_comment_url review_comments review_comments_url "
    "state statuses_url title updated_at url user",
    ("CommitCommentEvent", "comment"): "body commit_id created_at html_url id line path position "
    "updated_at url user",
    ("PullRequestReviewCommentEvent", "comment"): "_links body commit_id created_at diff_hunk "
    "html_url id original_commit_id original_position path position pull_request_url updated_at "
    "url user",
    ("MemberEvent", "member"): "avatar_url events_url followers_url following_url gists_url "
    "gravatar_id html_url id login organizations_url received_events_url repos_url site_admin "
    "starred_url subscriptions_url type url",
    ("ReleaseEvent", "release"): "assets assets_url author body created_at draft html_url id name "
    "prerelease published_at tag_name tarball_url target_commitish upload_url url zipball_url",
}


def test_timeline_events_have_their_shape() -> None:
    for event in events(TIMELINE, 6000):
        extra = {"GistEvent": {"actor_attributes"}, "FollowEvent": set()}
        required = {"created_at", "public", "type", "url", "actor", "actor_attributes"}
        if event["type"] not in extra:
            required |= {"repository"}
        if event["actor"] is None:
            required -= extra[event["type"]]
        if event["type"] != "PublicEvent":
            required |= {"payload"}
            assert set(event["payload"]) == set(TIMELINE_PAYLOADS[event["type"]].split())
        assert set(event) == required
        assert event["created_at"].endswith("-07:00")
    assert any(event["actor"] is None for event in events(TIMELINE, 6000))
    assert events(datetime(2012, 1, 14, 15), 50)[0]["created_at"].endswith("-08:00")


def test_events_have_their_shape() -> None:
    for event in events(EVENTS, 6000):
        required = {"id", "type", "actor", "repo", "payload", "public", "created_at"}
        assert set(event) - {"org"} == required
        assert set(event["actor"]) == {"id", "login", "gravatar_id", "url", "avatar_url"}
        assert set(event["payload"]) == set(EVENTS_PAYLOADS[event["type"]].split())
    for (name, part), keys in EVENTS_OBJECTS.items():
        for event in of_type(EVENTS, name):
            assert set(event["payload"][part]) == set(keys.split())
    assert 0.1 < sum("org" in event for event in events(EVENTS)) / len(events(EVENTS)) < 0.5


def test_pushes_name_their_commits_and_hide_their_mail() -> None:
    for event in of_type(EVENTS, "PushEvent"):
        payload = event["payload"]
        assert payload["distinct_size"] <= payload["size"]
        assert len(payload["commits"]) == min(payload["size"], 20)
        for commit in payload["commits"]:
            local, _, _ = commit["author"]["email"].partition("@")
            assert len(local) == 40
        if 1 <= payload["size"] <= 20:  # of more, the first twenty
            assert payload["commits"][-1]["sha"] == payload["head"]


def test_merges_are_closed_until_they_are_an_action_of_their_own() -> None:
    for event in of_type(EVENTS, "PullRequestEvent"):
        pull = event["payload"]["pull_request"]
        assert event["payload"]["action"] in ("opened", "closed", "reopened")
        assert pull["merged"] == (pull["merged_at"] is not None)
        assert pull["created_at"] <= event["created_at"]
        assert pull["base"]["repo"]["id"] == event["repo"]["id"]
    actions = {
        hour: {event["payload"]["action"] for event in of_type(hour, "PullRequestEvent")}
        for hour in (datetime(2025, 11, 30), datetime(2025, 12, 1, 1))
    }
    assert "merged" not in actions[datetime(2025, 11, 30)]
    assert {"merged", "closed"} <= actions[datetime(2025, 12, 1, 1)]


def test_trimmed_payloads_are_trimmed() -> None:
    kinds = {event["type"] for event in events(TRIMMED, 3000)}
    assert kinds >= {"PullRequestReviewEvent", "DiscussionEvent", "WatchEvent", "ReleaseEvent"}
    for event in of_type(TRIMMED, "PushEvent"):
        assert set(event["payload"]) == {"repository_id", "push_id", "ref", "head", "before"}
        assert event["payload"]["repository_id"] == event["repo"]["id"]
    for name in ("PullRequestEvent", "PullRequestReviewEvent", "PullRequestReviewCommentEvent"):
        for event in of_type(TRIMMED, name):
            assert set(event["payload"]["pull_request"]) == {"id", "number", "url", "head", "base"}
    assert "author_association" not in json.dumps(events(TRIMMED, 3000))
    assert "author_association" in json.dumps(events(datetime(2025, 10, 6, 23), 500))


def test_ids_are_unique_in_an_era_and_taken_again_in_the_next() -> None:
    def ids(first: datetime, hours: int) -> list[int]:
        files = [events(first + timedelta(hours=hour)) for hour in range(hours)]
        return list(dict.fromkeys(int(event["id"]) for file in files for event in file))

    older = [e for h in range(3) for e in events(datetime(2018, 3, 1, h))]
    by_id: dict[str, Json] = {}
    for event in older:
        assert by_id.setdefault(event["id"], event) == event  # repeated whole, or not at all
    assert len(by_id) < len(older)
    in_order = ids(datetime(2018, 3, 1), 3)
    assert in_order != sorted(in_order)
    # 2026-08-01 runs through the ids of 2017-12 at this size of blocks
    newer = ids(datetime(2026, 8, 1), 1)
    hour = datetime(2015, 1, 1) + timedelta(hours=(newer[0] - 2_489_000_000) // 560_000)
    assert hour.year < 2022
    assert set(newer) & set(ids(hour, 4))


def test_files_hold_stragglers_and_events_of_their_neighbours() -> None:
    midnight = datetime(2015, 1, 2)
    created = [event["created_at"] for event in events(midnight)]
    late = [time for time in created if time < "2015-01-02"]
    assert 0.01 < len(late) / len(created) < 0.05
    assert max(created) < "2015-01-02T01"
    before = {event["id"] for event in events(midnight - timedelta(hours=1))}
    assert before & {event["id"] for event in events(midnight)}
    repeated = Counter(e["id"] for h in range(2) for e in events(midnight + timedelta(hours=h)))
    assert max(repeated.values()) > 1
    assert any("T16:" in event["created_at"] for event in events(TIMELINE))


def test_eras_do_not_mix_at_their_borders() -> None:
    assert all("id" in event for event in events(datetime(2015, 1, 1), 2000))
    assert not any("id" in event for event in events(datetime(2014, 12, 31, 23), 2000))
    for event in events(datetime(2025, 10, 7)):
        assert event["type"] != "PushEvent" or "commits" not in event["payload"]


def test_people_and_repositories_return_under_the_same_ids() -> None:
    def names(first: datetime, part: str, key: str) -> dict[int, str]:
        found = (event[part] for hour in (9, 10) for event in events(first.replace(hour=hour)))
        return {entry["id"]: entry[key] for entry in found}

    for part, key in (("actor", "login"), ("repo", "name")):
        one, other = names(datetime(2017, 1, 4), part, key), names(datetime(2017, 9, 6), part, key)
        both = one.keys() & other.keys()
        renamed = [id for id in both if one[id] != other[id]]
        assert len(both) > 0.4 * len(one)
        assert 0 < len(renamed) < 0.1 * len(both)


def test_popularity_activity_and_bots() -> None:
    day = [event for hour in (0, 9, 15) for event in events(datetime(2015, 1, 5, hour))]
    for part in ("actor", "repo"):
        counts = sorted(Counter(event[part]["id"] for event in day).values(), reverse=True)
        assert sum(counts[: len(counts) // 100]) > 0.07 * len(day)  # the top hundredth
        assert counts[len(counts) // 2] <= 2
    bots = sum(event["actor"]["login"].endswith("[bot]") for event in day) / len(day)
    assert 0.07 < bots < 0.13


def test_people_keep_to_their_tastes_and_star_what_is_new_to_them() -> None:
    population = world(SEED)
    community = {repo.id: repo.community for repo in population.repositories}
    tastes = {person.id: person.tastes for person in population.humans}
    hours = [datetime(2015, 1, day, hour) for day in (5, 6, 7) for hour in (9, 15)]
    stars = [
        (event["actor"]["id"], event["repo"]["id"])
        for hour in hours
        for event in events(hour)
        if event["type"] == "WatchEvent"
    ]
    first = sum(community[repo] == tastes[person][0] for person, repo in stars) / len(stars)
    # Chance would be the largest community's share, about an eighth
    assert first > 0.6
    assert len(set(stars)) > 0.93 * len(stars)


def test_texts_have_many_scripts() -> None:
    text = b"".join(simulate(EVENTS, events_per_hour=500)).decode()
    for sample in ("修复", "исправить", "إصلاح", "👩‍👩‍👧", "\u2028", "\\r\\n", '\\"'):
        assert sample in text
