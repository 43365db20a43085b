"""Accounts and repositories as events carry them, with the keys they had at the time.

Key sets follow the archive's own files; a `…_SINCE` table says when a key first appears there.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import md5, sha1
from random import Random
from typing import Any

from local.gharchive.draws import mix, pick
from local.gharchive.world import Account, Repository, World

Json = dict[str, Any]
API = "https://api.github.com"
WEB = "https://github.com"
EPOCH = datetime(2011, 2, 1)

_USER_URLS = (
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
)
_REPOSITORY_URLS = (
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments/{number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
)

Since = Sequence[tuple[datetime, str, Any]]
_REPOSITORY_SINCE: Since = (
    (datetime(2017, 5, 27), "has_projects", True),
    (datetime(2017, 11, 15), "archived", False),
    (datetime(2017, 12, 16), "license", None),
    (datetime(2019, 4, 29), "disabled", False),
    (datetime(2021, 9, 17), "allow_forking", True),
    (datetime(2021, 11, 11), "is_template", False),
    (datetime(2021, 11, 11), "topics", []),
    (datetime(2021, 11, 11), "visibility", "public"),
)
_MAIL_HOSTS = ("gmail.com", "example.com", "users.noreply.github.com", "example.ac.uk")


@dataclass(frozen=True, slots=True)
class Activity:
    """Who did something where and when, and the generator its details are drawn from.

    `sequence` grows with time and is unique to the activity; `trimmed` is the era since 2025-10.
    """

    type: str
    actor: Account
    repo: Repository
    at: datetime
    sequence: int
    trimmed: bool
    rng: Random
    world: World

    @property
    def stamp(self) -> str:
        """The time as the API writes it."""
        return stamp(self.at)

    @property
    def api(self) -> str:
        """The repository's API address."""
        return f"{API}/repos/{self.repo.full_name(self.at)}"

    @property
    def web(self) -> str:
        """The repository's web address."""
        return f"{WEB}/{self.repo.full_name(self.at)}"

    def sha(self, salt: int = 0) -> str:
        """Make a commit's name that belongs to this activity."""
        return sha1(f"{self.sequence}/{salt}".encode()).hexdigest()

    def node(self, kind: str, id: int) -> Json:
        """Give the `node_id` key, from the day objects had one."""
        if self.at < datetime(2018, 6, 21):
            return {}
        return {"node_id": b64encode(f"0{len(kind)}:{kind}{id}".encode()).decode()}

    def association(self) -> Json:
        """Give the `author_association` key, for the years that had it."""
        if self.at < datetime(2017, 9, 15) or self.trimmed:
            return {}
        return {"author_association": pick(self.rng, ("NONE", "CONTRIBUTOR", "MEMBER", "OWNER"))}


def stamp(at: datetime) -> str:
    """Write a UTC time as the API does."""
    return f"{at.isoformat()}Z"


def since(table: Since, at: datetime) -> Json:
    return {key: value for first, key, value in table if at >= first}


def gravatar(who: Account) -> str:
    """Give the Gravatar id of the years before avatars."""
    return md5(who.name.encode(), usedforsecurity=False).hexdigest()


def hashed_email(who: Account) -> str:
    """Give an address with the SHA-1 of its local part, as the archive publishes it."""
    local = sha1(who.name.encode()).hexdigest()
    return f"{local}@{_MAIL_HOSTS[who.index % len(_MAIL_HOSTS)]}"


def user(who: Account, a: Activity) -> Json:
    """Describe an account inside a payload."""
    login = who.login(a.at)
    url = f"{API}/users/{login}"
    found: Json = {"login": login, "id": who.id} | a.node("User", who.id)
    if a.at < datetime(2013, 1, 1):
        picture = f"https://secure.gravatar.com/avatar/{gravatar(who)}"
        return found | {"gravatar_id": gravatar(who), "avatar_url": picture, "url": url}
    kind = "Bot" if login.endswith("[bot]") else who.kind.replace("Bot", "User")
    return (
        found
        | {
            "avatar_url": f"https://avatars.githubusercontent.com/u/{who.id}?v=3",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{WEB}/{login}",
        }
        | {key: url + path for key, path in _USER_URLS}
        | {"type": kind, "site_admin": False}
    )


def repository(repo: Repository, a: Activity, forked_by: Account | None = None) -> Json:
    """Describe a repository inside a payload, or a new fork of it."""
    owner = forked_by or repo.owner
    id = repo.id if forked_by is None else 50_000_000 + a.sequence
    name = repo.name(a.at)
    full_name = f"{owner.login(a.at)}/{name}"
    url, web = f"{API}/repos/{full_name}", f"{WEB}/{full_name}"
    stars = 0 if forked_by else 20_000 // (repo.rank + 1)
    created = a.stamp if forked_by else stamp(datetime(2010, 1, 1) + timedelta(hours=repo.index))
    return (
        {"id": id}
        | a.node("Repository", id)
        | {
            "name": name,
            "full_name": full_name,
            "owner": user(owner, a),
            "private": False,
            "html_url": web,
            "description": f"{repo.base_name} · {repo.language}",
            "fork": forked_by is not None,
            "url": url,
        }
        | {key: url + path for key, path in _REPOSITORY_URLS}
        | {
            "created_at": created,
            "updated_at": a.stamp,
            "pushed_at": a.stamp,
            "git_url": f"git://github.com/{full_name}.git",
            "ssh_url": f"git@github.com:{full_name}.git",
            "clone_url": f"{web}.git",
            "svn_url": web,
            "homepage": None if repo.index % 2 else "",
            "size": mix(repo.id) % 90_000,
            "stargazers_count": stars,
            "watchers_count": stars,
            "language": repo.language,
            "has_issues": True,
            "has_downloads": True,
            "has_wiki": True,
            "has_pages": False,
            "forks_count": stars // 8,
            "mirror_url": None,
            "open_issues_count": stars // 50,
            "forks": stars // 8,
            "open_issues": stars // 50,
            "watchers": stars,
            "default_branch": "master" if a.at.year < 2021 else "main",
        }
        | since(_REPOSITORY_SINCE, a.at)
    )
