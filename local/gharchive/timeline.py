"""Events of the Timeline era, 2011 to 2014: no id, logins for actors, Pacific times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from local.gharchive import payloads, wording
from local.gharchive.draws import below, mix
from local.gharchive.issues_and_pull_requests import issue_or_pull, pull_request, review_comment
from local.gharchive.objects import WEB, Activity, Json, gravatar, hashed_email
from local.gharchive.world import Repository

PACIFIC = ZoneInfo("America/Los_Angeles")


def utc(hour: datetime) -> datetime:
    """Convert a file hour of this era to UTC; ValueError if the clocks jumped over it."""
    moment = hour.replace(tzinfo=PACIFIC).astimezone(UTC)
    if moment.astimezone(PACIFIC).replace(tzinfo=None) != hour:
        raise ValueError(f"The Pacific clock skipped {hour}: summer time began")
    return moment.replace(tzinfo=None)


def _local(at: datetime) -> str:
    return at.replace(tzinfo=UTC).astimezone(PACIFIC).isoformat()


def _repository(repo: Repository, a: Activity) -> Json:
    recent = a.at >= datetime(2013, 1, 1)
    stars = 20_000 // (repo.rank + 1)
    owner = repo.owner.login(a.at)
    found: Json = {"id": repo.id} if recent else {}
    found |= {
        "name": repo.name(a.at),
        "url": f"{WEB}/{repo.full_name(a.at)}",
        "description": f"{repo.base_name} · {repo.language}",
        "watchers": stars,
        "forks": stars // 8,
        "fork": False,
        "size": mix(repo.id) % 90_000,
        "owner": owner,
        "private": False,
        "open_issues": stars // 50,
        "has_issues": True,
        "has_downloads": True,
        "has_wiki": True,
        "created_at": _local(datetime(2010, 1, 1) + timedelta(hours=repo.index)),
        "pushed_at": _local(a.at),
    }
    if recent:
        found |= {"stargazers": stars, "master_branch": "master"}
    if repo.index % 10:
        found["language"] = repo.language
    if repo.index % 3 == 0:
        found["homepage"] = ""
    if repo.owner.kind == "Organization":
        found["organization"] = owner
    return found


def _payload(a: Activity) -> tuple[str, Json | None]:
    """Give the event's web address and its payload."""
    if a.type == "PushEvent":
        size = payloads.commit_count(a)
        mail = hashed_email(a.actor)
        shas = [
            [a.sha(size - 1 - position), mail, wording.message(a.rng), a.actor.name, True]
            for position in range(size)
        ]
        ref = f"refs/heads/{payloads.branch(a)}"
        payload = {"shas": shas, "size": size, "ref": ref, "head": a.sha(0)}
        return f"{a.web}/compare/{a.sha(-1)[:10]}...{a.sha(0)[:10]}", payload
    if a.type in ("IssuesEvent", "PullRequestEvent"):
        source = payloads.PAYLOADS[a.type](a)
        if a.type == "PullRequestEvent":
            return f"{a.web}/pull/{source['number']}", source
        number = source["issue"]["number"]
        issue = {"action": source["action"], "issue": source["issue"]["id"], "number": number}
        return f"{a.web}/issues/{number}", issue
    if a.type == "IssueCommentEvent":
        t = issue_or_pull(a, pull_request=a.rng.random() < 0.37, new=False)
        web = f"{a.web}/issues/{t.number}#issuecomment-{a.sequence}"
        return web, {"issue_id": t.id, "comment_id": a.sequence}
    if a.type == "CommitCommentEvent":
        payload = {"commit": a.sha(), "comment_id": a.sequence}
        return f"{a.web}/commit/{a.sha()}#commitcomment-{a.sequence}", payload
    if a.type == "PullRequestReviewCommentEvent":
        t = issue_or_pull(a, True, new=False)
        payload = {"comment": review_comment(t, a)}
        if a.at.year >= 2014:
            payload = {"action": "created"} | payload | {"pull_request": pull_request(t, a)}
        return f"{a.web}/pull/{t.number}#r{a.sequence}", payload
    if a.type == "GistEvent":
        web = f"https://gist.github.com/{a.sequence}"
        action = "create" if a.rng.random() < 0.8 else "update"
        gist = {"id": a.sequence, "name": f"gist: {a.sequence}", "url": web}
        return web, {"action": action, "desc": wording.title(a.rng)} | gist
    if a.type == "FollowEvent":
        target = a.world.human(a.rng)
        counts = {"followers": below(a.rng, 300), "repos": below(a.rng, 40)}
        who = {"id": target.id, "login": target.login(a.at), "gravatar_id": gravatar(target)}
        return f"{WEB}/{target.login(a.at)}", {"target": who | counts}
    if a.type == "DownloadEvent":
        web = f"{WEB}/downloads/{a.repo.full_name(a.at)}/{a.repo.name(a.at)}.zip"
        return web, {"id": a.sequence, "url": web}
    if a.type == "ForkEvent":
        return a.web, {}
    if a.type == "PublicEvent":
        return a.web, None
    payload = payloads.PAYLOADS[a.type](a)
    if a.at.year < 2014:
        payload.pop("pusher_type", None)
    return a.web, payload


def event(a: Activity) -> Json:
    """Write an event as the Timeline had it."""
    url, payload = _payload(a)
    found: Json = {"created_at": _local(a.at)}
    if payload is not None:
        found["payload"] = payload
    found |= {"public": True, "type": a.type, "url": url}
    login = a.actor.login(a.at)
    if a.type == "GistEvent" and a.rng.random() < 0.17:
        found["actor"] = None  # an anonymous gist
    else:
        found["actor"] = login
        found["actor_attributes"] = {
            "login": login,
            "type": "User",
            "gravatar_id": gravatar(a.actor),
            "email": hashed_email(a.actor),
        } | wording.profile(a.rng, login)
    if a.type not in ("GistEvent", "FollowEvent"):
        found["repository"] = _repository(a.repo, a)
    return found
