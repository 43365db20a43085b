"""Issues, pull requests and comments as events carry them, with the keys of their time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from local.gharchive import wording
from local.gharchive.draws import below, mix, pick
from local.gharchive.objects import EPOCH, Activity, Json, Since, repository, since, stamp, user
from local.gharchive.world import Account

_PULL_REQUEST_SINCE: Since = (
    (datetime(2016, 7, 19), "assignees", []),
    (datetime(2017, 6, 21), "requested_reviewers", []),
    (datetime(2018, 3, 19), "requested_teams", []),
    (datetime(2018, 3, 19), "labels", []),
    (datetime(2020, 4, 2), "draft", False),
    (datetime(2020, 7, 17), "active_lock_reason", None),
    (datetime(2021, 2, 6), "auto_merge", None),
)
_COUNTS_SINCE: Since = (
    (datetime(2017, 1, 19), "maintainer_can_modify", False),
    (datetime(2017, 6, 21), "rebaseable", None),
)
_ISSUE_SINCE: Since = (
    (datetime(2016, 8, 9), "assignees", []),
    (datetime(2020, 7, 20), "active_lock_reason", None),
    (datetime(2020, 7, 20), "performed_via_github_app", None),
)
_LABEL_SINCE: Since = ((datetime(2019, 12, 2), "description", None),)
_LABELS = (("bug", "fc2929"), ("enhancement", "84b6eb"), ("good first issue", "7057ff"))
_PATHS = ("README.md", "src/main.c", "lib/index.js", "docs/naïve.rst", "Makefile")


@dataclass(frozen=True, slots=True)
class IssueOrPull:
    """An issue or pull request; its number tells the hour it was opened in."""

    number: int
    id: int
    author: Account
    opened: datetime

    @property
    def is_pull_request(self) -> bool:
        """Even numbers are pull requests."""
        return self.number % 2 == 0


def issue_or_pull(a: Activity, pull_request: bool, new: bool) -> IssueOrPull:
    """Open an issue or pull request, or find one of the last weeks."""
    hours = (a.at - EPOCH) // timedelta(hours=1)
    if not new:
        hours = max(0, hours - 1 - below(a.rng, 1 + below(a.rng, 500)))
    number = hours * 4 + 2 * below(a.rng, 2) + (not pull_request)
    # Of one found again, only the number was drawn: the rest belongs to the number
    author = a.actor if new else a.world.person(mix(a.repo.id, number, 1))
    second = mix(a.repo.id, number, 2) % 3600
    opened = a.at if new else EPOCH + timedelta(hours=hours, seconds=second)
    return IssueOrPull(number, number * 10_000 + a.repo.index, author, opened)


def _title(t: IssueOrPull) -> str:
    return wording.title(Random(t.id))


def labels(a: Activity) -> list[Json]:
    """Draw up to three labels."""
    drawn = [entry for entry in _LABELS if a.rng.random() < 0.15]
    return [_label(a, name, color) for name, color in drawn]


def _label(a: Activity, name: str, color: str) -> Json:
    found: Json = {"url": f"{a.api}/labels/{name}", "name": name, "color": color}
    if a.at >= datetime(2016, 11, 14):
        id = mix(a.repo.id, len(name)) % 10**9
        found = {"id": id} | a.node("Label", id) | found | {"default": name == "bug"}
    return found | since(_LABEL_SINCE, a.at)


def issue(t: IssueOrPull, a: Activity, closed: bool) -> Json:
    """Describe an issue, or a pull request as issue comments see it."""
    url = f"{a.api}/issues/{t.number}"
    web = f"{a.web}/{'pull' if t.is_pull_request else 'issues'}/{t.number}"
    found: Json = {"url": url} | ({"repository_url": a.api} if a.at >= datetime(2015, 6, 1) else {})
    found |= {
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": web,
        "id": t.id,
        **a.node("Issue", t.id),
        "number": t.number,
        "title": _title(t),
        "user": user(t.author, a),
        "labels": labels(a),
        "state": "closed" if closed else "open",
        "locked": False,
        "assignee": user(a.repo.owner, a) if a.rng.random() < 0.1 else None,
        "milestone": None,
        "comments": below(a.rng, 9),
        "created_at": stamp(t.opened),
        "updated_at": a.stamp,
        "closed_at": a.stamp if closed else None,
        "body": wording.body(a.rng),
    }
    if t.is_pull_request:
        pull = f"{a.web}/pull/{t.number}"
        found["pull_request"] = {
            "url": f"{a.api}/pulls/{t.number}",
            "html_url": pull,
            "diff_url": f"{pull}.diff",
            "patch_url": f"{pull}.patch",
        }
    return found | a.association() | since(_ISSUE_SINCE, a.at)


def _side(a: Activity, owner: Account, ref: str, salt: int) -> Json:
    return {
        "label": f"{owner.login(a.at)}:{ref}",
        "ref": ref,
        "sha": a.sha(salt),
        "user": user(owner, a),
        "repo": repository(a.repo, a, None if owner is a.repo.owner else owner),
    }


def trimmed_pull_request(t: IssueOrPull, a: Activity) -> Json:
    """Describe a pull request as events do since October 2025."""
    repo = {"id": a.repo.id, "url": a.api, "name": a.repo.name(a.at)}
    return {
        "url": f"{a.api}/pulls/{t.number}",
        "id": t.id,
        "number": t.number,
        "head": {"ref": f"topic-{t.number}", "sha": a.sha(1), "repo": repo},
        "base": {"ref": "main", "sha": a.sha(2), "repo": repo},
    }


def pull_request(t: IssueOrPull, a: Activity, closed: bool = False, merged: bool = False) -> Json:
    """Describe a pull request without the counts that only its own events carry."""
    if a.trimmed:
        return trimmed_pull_request(t, a)
    url, web = f"{a.api}/pulls/{t.number}", f"{a.web}/pull/{t.number}"
    comments = f"{a.api}/issues/{t.number}/comments"
    main = "master" if a.at.year < 2021 else "main"
    return (
        {"url": url, "id": t.id}
        | a.node("PullRequest", t.id)
        | {
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "issue_url": f"{a.api}/issues/{t.number}",
            "number": t.number,
            "state": "closed" if closed else "open",
            "locked": False,
            "title": _title(t),
            "user": user(t.author, a),
            "body": wording.body(a.rng),
            "created_at": stamp(t.opened),
            "updated_at": a.stamp,
            "closed_at": a.stamp if closed else None,
            "merged_at": a.stamp if merged else None,
            "merge_commit_sha": a.sha(3) if closed else None,
            "assignee": None,
            "milestone": None,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{a.api}/pulls/comments/{{number}}",
            "comments_url": comments,
            "statuses_url": f"{a.api}/statuses/{a.sha(1)}",
            "head": _side(a, t.author, f"topic-{t.number}", 1),
            "base": _side(a, a.repo.owner, main, 2),
            "_links": {
                "self": {"href": url},
                "html": {"href": web},
                "issue": {"href": f"{a.api}/issues/{t.number}"},
                "comments": {"href": comments},
                "review_comments": {"href": f"{url}/comments"},
                "review_comment": {"href": f"{a.api}/pulls/comments/{{number}}"},
                "commits": {"href": f"{url}/commits"},
                "statuses": {"href": f"{a.api}/statuses/{a.sha(1)}"},
            },
        }
        | a.association()
        | since(_PULL_REQUEST_SINCE, a.at)
    )


def pull_request_counts(a: Activity, merged: bool) -> Json:
    """Draw the part of a pull request that only its own events carry, before October 2025."""
    return since(_COUNTS_SINCE, a.at) | {
        "merged": merged,
        "mergeable": None,
        "mergeable_state": "unknown",
        "merged_by": user(a.actor, a) if merged else None,
        "comments": below(a.rng, 6),
        "review_comments": below(a.rng, 4),
        "commits": 1 + below(a.rng, 5),
        "additions": below(a.rng, 400),
        "deletions": below(a.rng, 200),
        "changed_files": 1 + below(a.rng, 12),
    }


def comment(a: Activity, path: str, anchor: str) -> Json:
    """Describe a comment by the actor; `path` and `anchor` locate it in API and web."""
    return (
        {
            "url": f"{a.api}/{path}/comments/{a.sequence}",
            "html_url": f"{a.web}/{anchor}{a.sequence}",
            "id": a.sequence,
        }
        | a.node("Comment", a.sequence)
        | {
            "user": user(a.actor, a),
            "created_at": a.stamp,
            "updated_at": a.stamp,
            "body": wording.body(a.rng),
        }
        | a.association()
    )


def review_comment(t: IssueOrPull, a: Activity) -> Json:
    """Describe a comment on a line of a pull request."""
    found = comment(a, "pulls", f"pull/{t.number}#discussion_r")
    pull = f"{a.api}/pulls/{t.number}"
    return found | {
        "diff_hunk": "@@ -1,3 +1,4 @@\n context\n-old\n+new",
        "path": pick(a.rng, _PATHS),
        "position": 1 + below(a.rng, 40),
        "original_position": 1 + below(a.rng, 40),
        "commit_id": a.sha(1),
        "original_commit_id": a.sha(1),
        "pull_request_url": pull,
        "_links": {
            "self": {"href": found["url"]},
            "html": {"href": found["html_url"]},
            "pull_request": {"href": pull},
        },
    }


def commit_comment(a: Activity) -> Json:
    """Describe a comment on a commit, half of them on one of its lines."""
    line = 1 + below(a.rng, 90) if a.rng.random() < 0.5 else None
    return comment(a, "", f"commit/{a.sha()}#commitcomment-") | {
        "url": f"{a.api}/comments/{a.sequence}",
        "position": line,
        "line": line,
        "path": pick(a.rng, _PATHS) if line else None,
        "commit_id": a.sha(),
    }
