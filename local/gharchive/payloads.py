"""Payloads of the Events and trimmed eras, one function for each type of event."""

from collections.abc import Callable
from datetime import datetime

from local.gharchive import wording
from local.gharchive.draws import below, pick
from local.gharchive.issues_and_pull_requests import (
    comment,
    commit_comment,
    issue,
    issue_or_pull,
    labels,
    pull_request,
    pull_request_counts,
    review_comment,
)
from local.gharchive.objects import Activity, Json, hashed_email, repository, user

MERGED_FROM = datetime(2025, 12, 1)


def branch(a: Activity) -> str:
    """Draw a branch: most are the default one."""
    chance = a.rng.random()
    if chance < 0.7:
        return "master" if a.at.year < 2021 else "main"
    return f"feature/{below(a.rng, 90)}" if chance < 0.95 else "gh-pages"


def commit_count(a: Activity) -> int:
    """Draw the number of commits of a push: four in five have one, and a few have none."""
    chance = a.rng.random()
    if chance < 0.8:
        return 1
    return 0 if chance < 0.805 else 2 + below(a.rng, 1 + below(a.rng, 20))


def push(a: Activity) -> Json:
    """Push commits."""
    ref = {"ref": f"refs/heads/{branch(a)}"}
    ends = {"head": a.sha(0), "before": a.sha(-1)}
    if a.trimmed:
        return {"repository_id": a.repo.id, "push_id": a.sequence} | ref | ends
    size = commit_count(a)
    distinct = sum(a.rng.random() < 0.95 for _ in range(size))
    commits = [
        {
            "sha": a.sha(size - 1 - position),
            "author": {"email": hashed_email(a.actor), "name": a.actor.name},
            "message": wording.message(a.rng),
            "distinct": position < distinct,
            "url": f"{a.api}/commits/{a.sha(size - 1 - position)}",
        }
        for position in range(size)
    ]
    counts = {"push_id": a.sequence, "size": size, "distinct_size": distinct}
    return counts | ref | ends | {"commits": commits[:20]}


def reference(a: Activity) -> Json:
    """Draw what a CreateEvent made, unless it made the repository itself."""
    if a.repo.index == len(a.world.repositories):
        return {"ref": None, "ref_type": "repository"}
    if a.rng.random() < 0.25:
        return {"ref": f"v{below(a.rng, 9)}.{below(a.rng, 20)}", "ref_type": "tag"}
    return {"ref": f"feature/{below(a.rng, 90)}", "ref_type": "branch"}


def create(a: Activity) -> Json:
    """Create a branch, a tag or the repository."""
    return reference(a) | {
        "master_branch": "master" if a.at.year < 2021 else "main",
        "description": None if a.rng.random() < 0.05 else wording.title(a.rng),
        "pusher_type": "user",
    }


def delete(a: Activity) -> Json:
    """Delete a branch or a tag."""
    return reference(a) | {"pusher_type": "user"}


def watch(a: Activity) -> Json:
    """Star: the API says `started`, and never says that a star was taken back."""
    return {"action": "started"}


def fork(a: Activity) -> Json:
    """Fork the repository."""
    forkee = repository(a.repo, a, forked_by=a.actor) | {"public": True}
    return ({"action": "forked"} if a.trimmed else {}) | {"forkee": forkee}


def issues(a: Activity) -> Json:
    """Open, close or reopen an issue."""
    chance = a.rng.random()
    action = "opened" if chance < 0.65 else "closed" if chance < 0.98 else "reopened"
    found = issue(issue_or_pull(a, False, new=action == "opened"), a, closed=action == "closed")
    return {"action": action, "issue": found}


def issue_comment(a: Activity) -> Json:
    """Comment on an issue, or on a pull request's conversation."""
    t = issue_or_pull(a, pull_request=a.rng.random() < 0.37, new=False)
    anchor = f"{'pull' if t.is_pull_request else 'issues'}/{t.number}#issuecomment-"
    return {
        "action": "created",
        "issue": issue(t, a, closed=a.rng.random() < 0.25),
        "comment": comment(a, "issues", anchor) | {"issue_url": f"{a.api}/issues/{t.number}"},
    }


def pull_request_event(a: Activity) -> Json:
    """Open, close, merge or reopen a pull request."""
    chance = a.rng.random()
    action = "opened" if chance < 0.52 else "closed" if chance < 0.99 else "reopened"
    merged = 0.52 <= chance < 0.92
    t = issue_or_pull(a, True, new=action == "opened")
    found = pull_request(t, a, closed=action == "closed", merged=merged)
    if not a.trimmed:
        found |= pull_request_counts(a, merged)
    elif a.at >= MERGED_FROM and merged:
        action = "merged"
    payload = {"action": action, "number": t.number, "pull_request": found}
    if a.trimmed and a.rng.random() < 0.1 and (drawn := labels(a)):
        payload |= {"action": "labeled", "label": drawn[0], "labels": drawn}
    return payload


def review(a: Activity) -> Json:
    """Review a pull request."""
    t = issue_or_pull(a, True, new=False)
    web = f"{a.web}/pull/{t.number}"
    html = f"{web}#pullrequestreview-{a.sequence}"
    pull = f"{a.api}/pulls/{t.number}"
    found = {
        "id": a.sequence,
        **a.node("PullRequestReview", a.sequence),
        "user": user(a.actor, a),
        "body": wording.body(a.rng) if a.rng.random() < 0.4 else None,
        "commit_id": a.sha(1),
        "submitted_at": a.stamp,
        "state": pick(a.rng, ("approved", "commented", "commented", "changes_requested")),
        "html_url": html,
        "pull_request_url": pull,
        **a.association(),
        "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
    }
    return {"action": "created", "review": found, "pull_request": pull_request(t, a)}


def review_comment_event(a: Activity) -> Json:
    """Comment on a line of a pull request."""
    t = issue_or_pull(a, True, new=False)
    return {
        "action": "created",
        "comment": review_comment(t, a),
        "pull_request": pull_request(t, a),
    }


def commit_comment_event(a: Activity) -> Json:
    """Comment on a commit."""
    return ({"action": "created"} if a.trimmed else {}) | {"comment": commit_comment(a)}


def release(a: Activity) -> Json:
    """Publish a release."""
    url = f"{a.api}/releases/{a.sequence}"
    tag = f"v{below(a.rng, 9)}.{below(a.rng, 20)}.{below(a.rng, 9)}"
    found = {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url.replace('api', 'uploads')}/assets{{?name}}",
        "html_url": f"{a.web}/releases/tag/{tag}",
        "id": a.sequence,
        **a.node("Release", a.sequence),
        "tag_name": tag,
        "target_commitish": "master" if a.at.year < 2021 else "main",
        "name": wording.title(a.rng),
        "draft": False,
        "author": user(a.actor, a),
        "prerelease": a.rng.random() < 0.15,
        "created_at": a.stamp,
        "published_at": a.stamp,
        "assets": [],
        "tarball_url": f"{a.api}/tarball/{tag}",
        "zipball_url": f"{a.api}/zipball/{tag}",
        "body": wording.body(a.rng),
    }
    return {"action": "published", "release": found}


def member(a: Activity) -> Json:
    """Add a collaborator."""
    return {"member": user(a.world.human(a.rng), a), "action": "added"}


def gollum(a: Activity) -> Json:
    """Edit the wiki."""
    page = pick(a.rng, ("Home", "Getting-Started", "FAQ", "Über-uns"))
    found = {
        "page_name": page,
        "title": page.replace("-", " "),
        "summary": None,
        "action": pick(a.rng, ("created", "edited", "edited")),
        "sha": a.sha(),
        "html_url": f"{a.web}/wiki/{page}",
    }
    return {"pages": [found]}


def public(a: Activity) -> Json:
    """Make a private repository public."""
    return {}


def discussion(a: Activity) -> Json:
    """Open a discussion."""
    t = issue_or_pull(a, False, new=True)
    found = {
        "repository_url": a.api,
        "category": {"id": 1, "name": "Q&A", "slug": "q-a", "is_answerable": True},
        "answer_html_url": None,
        "answer_chosen_at": None,
        "answer_chosen_by": None,
        "html_url": f"{a.web}/discussions/{t.number}",
        "id": t.id,
        **a.node("Discussion", t.id),
        "number": t.number,
        "title": wording.title(a.rng),
        "user": user(a.actor, a),
        "state": "open",
        "state_reason": None,
        "locked": False,
        "comments": 0,
        "created_at": a.stamp,
        "updated_at": a.stamp,
        "active_lock_reason": None,
        "body": wording.body(a.rng),
    }
    return {"action": "created", "discussion": found}


PAYLOADS: dict[str, Callable[[Activity], Json]] = {
    "CommitCommentEvent": commit_comment_event,
    "CreateEvent": create,
    "DeleteEvent": delete,
    "DiscussionEvent": discussion,
    "ForkEvent": fork,
    "GollumEvent": gollum,
    "IssueCommentEvent": issue_comment,
    "IssuesEvent": issues,
    "MemberEvent": member,
    "PublicEvent": public,
    "PullRequestEvent": pull_request_event,
    "PullRequestReviewCommentEvent": review_comment_event,
    "PullRequestReviewEvent": review,
    "PushEvent": push,
    "ReleaseEvent": release,
    "WatchEvent": watch,
}


def event(a: Activity, id: int) -> Json:
    """Write an event as the archive has it since 2015."""
    login, name = a.actor.login(a.at), a.repo.full_name(a.at)
    avatars = "https://avatars.githubusercontent.com/u"
    actor = {"id": a.actor.id, "login": login}
    if a.at >= datetime(2016, 5, 20):
        actor["display_login"] = login.removesuffix("[bot]")
    actor |= {
        "gravatar_id": "",
        "url": f"https://api.github.com/users/{login}",
        "avatar_url": f"{avatars}/{a.actor.id}?",
    }
    found = {
        "id": str(id),
        "type": a.type,
        "actor": actor,
        "repo": {"id": a.repo.id, "name": name, "url": a.api},
        "payload": PAYLOADS[a.type](a),
        "public": True,
        "created_at": a.stamp,
    }
    owner = a.repo.owner
    if owner.kind == "Organization":
        found["org"] = {
            "id": owner.id,
            "login": owner.login(a.at),
            "gravatar_id": "",
            "url": f"https://api.github.com/orgs/{owner.login(a.at)}",
            "avatar_url": f"{avatars}/{owner.id}?",
        }
    return found
