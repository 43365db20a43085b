"""A few people and repositories, and whatever can happen to them between 2011 and 2025.

Small enough that a few events meet: in a day, a window of days, an issue, a name
or an identity.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.dbt.warehouse import Event

HOURS = [
    datetime(2011, 12, 31, 22),
    datetime(2012, 3, 10, 22),
    datetime(2014, 12, 31, 23),
    datetime(2015, 1, 1, 0),
    datetime(2015, 1, 1, 23),
    datetime(2015, 1, 2, 0),
    datetime(2015, 1, 20, 12),
    datetime(2015, 1, 31, 23),
    # The last window of 56 days that sees 2015-01-01, and the first that doesn't
    datetime(2015, 2, 25, 8),
    datetime(2015, 2, 26, 8),
    datetime(2015, 4, 5, 8),
    datetime(2016, 2, 29, 23),
    datetime(2025, 10, 7, 1),
    datetime(2025, 12, 5, 9),
]
"""File hours: eras, years, months and days begin between them."""

SLOTS = 48
"""How many different events an hour can have."""

TIMELINE_ENDS = datetime(2015, 1, 1)
TRIMMED_BEGINS = datetime(2025, 10, 7)
RENAMED_AT = datetime(2015, 1, 25)

KINDS: list[tuple[str, str | None]] = [
    ("PushEvent", None),
    ("WatchEvent", "started"),
    ("ForkEvent", None),
    ("IssuesEvent", "opened"),
    ("IssuesEvent", "closed"),
    ("IssuesEvent", "reopened"),
    ("IssueCommentEvent", "created"),
    ("IssueCommentEvent", "created"),
    ("PullRequestEvent", "opened"),
    ("PullRequestEvent", "closed"),
    ("PullRequestEvent", "merged"),
    ("PullRequestReviewEvent", "created"),
    ("PullRequestReviewCommentEvent", "created"),
    ("CommitCommentEvent", None),
    ("ReleaseEvent", "published"),
    ("CreateEvent", None),
    ("DeleteEvent", None),
    ("MemberEvent", "added"),
    ("GollumEvent", None),
    ("FollowEvent", None),
    ("GistEvent", "create"),
    ("DownloadEvent", None),
]


def invent(hour: int, slot: int, edited: bool) -> Event:
    """Return an event of about that hour, an index of HOURS; the slot is its id and kind.

    What was `edited` has the same identity and says something else, as in a republished hour.
    """
    draw = random.Random(hour * SLOTS + slot)
    # Minutes about the hour, which may be midnight
    at = HOURS[hour] + timedelta(minutes=draw.randrange(-30, 90), seconds=slot)
    kind, action = KINDS[slot % len(KINDS)]
    actor, repo = draw.randrange(5), draw.randrange(4)
    login = "deploy[bot]" if actor == 4 else _name("user", actor, at)
    if edited:
        login = f"{login}-later"
    number = draw.randrange(1, 3)
    payload = _payload(kind, action, repo, number, at, draw)
    if edited:
        payload["distinct_size"] = 9
    if slot == SLOTS - 1:
        return {"id": str(slot), "type": kind, "created_at": "no time", "payload": {}}
    if slot == SLOTS - 2:
        return {"id": str(slot), "created_at": f"{at.isoformat()}Z", "payload": {}}
    if at < TIMELINE_ENDS:
        return _of_the_timeline(kind, login, repo, number, at, payload, draw)
    return {
        # One id at many times, as since the sequence began again
        "id": str(slot),
        "type": kind,
        "created_at": f"{at.isoformat()}Z",
        "actor": {"id": actor, "login": login},
        "repo": {"id": repo, "name": f"owner/{_name('repo', repo, at)}"},
        **({"org": {"id": repo % 2, "login": f"org{repo % 2}"}} if draw.random() < 0.4 else {}),
        "payload": payload,
        "public": True,
    }


def _name(word: str, number: int, at: datetime) -> str:
    """Return the name at a time: the first is renamed, the second then takes the old name."""
    if at < RENAMED_AT or number > 1:
        return f"{word}{number}"
    return f"renamed-{word}0" if number == 0 else f"{word}0"


def _of_the_timeline(
    kind: str,
    login: str,
    repo: int,
    number: int,
    at: datetime,
    payload: dict[str, Any],
    draw: random.Random,
) -> Event:
    pacific = at - timedelta(hours=8)
    form = draw.choice(["%Y-%m-%dT%H:%M:%S-08:00", "%Y/%m/%d %H:%M:%S -0800"])
    page = "pull" if kind.startswith("PullRequest") else "issues"
    repository = {
        "name": _name("repo", repo, at),
        "owner": "owner",
        "url": f"https://x/owner/repo{repo}",
        "language": draw.choice(["Ruby", "C", None]),
        **({"organization": "org0"} if repo == 0 else {}),
    }
    return {
        "type": kind,
        "created_at": pacific.strftime(form),
        "actor": login if draw.random() < 0.9 else None,
        **({"repository": repository} if draw.random() < 0.9 else {}),
        "url": f"https://x/owner/repo{repo}/{page}/{number}",
        "payload": payload,
        "public": True,
    }


def _payload(
    kind: str, action: str | None, repo: int, number: int, at: datetime, draw: random.Random
) -> dict[str, Any]:
    author = draw.randrange(5)
    language = draw.choice(["Ruby", "Rust", None])
    issue = {
        "id": repo * 10 + number,
        "number": number,
        "title": f"issue {number}",
        "user": {"id": author, "login": _name("user", author, at)},
        "created_at": f"{datetime(2014, 12, 30 + number % 2, 12).isoformat()}Z",
    }
    pull_request: dict[str, Any] = issue | {"base": {"ref": "main", "repo": {"language": language}}}
    if at >= TRIMMED_BEGINS:
        pull_request = {"id": issue["id"], "number": number}
    elif action == "closed":
        # Merged by its time, by its flag, or not at all
        merged_at, merged = draw.choice([(f"{at.isoformat()}Z", True), (None, True), (None, False)])
        pull_request |= {"merged_at": merged_at, "merged": merged}
    given: dict[str, dict[str, Any]] = {
        "PushEvent": {"push_id": draw.randrange(99), "size": 2, "distinct_size": 1, "head": "abc"},
        "ForkEvent": {"forkee": {"id": 90 + repo, "full_name": "x/y", "language": language}},
        "IssuesEvent": {"issue": issue},
        "IssueCommentEvent": {
            "issue": issue | ({"pull_request": {"url": "x"}} if number == 2 else {}),
            "comment": {"id": draw.randrange(99)},
        },
        "PullRequestEvent": {"number": number, "pull_request": pull_request},
        "PullRequestReviewEvent": {
            "pull_request": pull_request,
            "review": {"id": draw.randrange(99), "state": "APPROVED"},
        },
        "PullRequestReviewCommentEvent": {
            "pull_request": pull_request,
            "comment": {"id": draw.randrange(99)},
        },
        "CommitCommentEvent": {"comment": {"id": draw.randrange(99), "commit_id": "abc"}},
        "ReleaseEvent": {"release": {"id": 7, "tag_name": "v1", "prerelease": False}},
        "CreateEvent": {"ref": "main", "ref_type": "branch", "master_branch": "main"},
        "DeleteEvent": {"ref": "topic", "ref_type": "branch"},
        "MemberEvent": {"member": {"id": author, "login": "member"}},
        "GollumEvent": {"pages": [{"page_name": "Home", "action": "edited", "sha": "abc"}]},
        "FollowEvent": {"target": {"id": author, "login": "target"}},
        "GistEvent": {"id": draw.randrange(99)},
        "DownloadEvent": {"id": draw.randrange(99)},
    }
    return given.get(kind, {}) | ({"action": action} if action else {})
