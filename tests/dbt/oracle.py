"""Silver and Gold computed a second time, from the files and in plain Python.

It shares no code or SQL with the project. Each function returns the rows that a table promises.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Raw = dict[str, Any]

TRIMMED_FROM = datetime(2025, 10, 7)
FOREVER = datetime(9999, 12, 31)
# Programs with ordinary names, of those that the real hours hold
LISTED_BOTS = {"bors", "codecov-io", "coveralls", "homu", "houndci", "travis-ci"}
# A repository trends from so many visits in a week, and only the first hundred are kept
TRENDING_VISITS = 3
RANKS = 100
CONTRIBUTIONS = {
    "PushEvent",
    "IssuesEvent",
    "PullRequestEvent",
    "PullRequestReviewEvent",
    "IssueCommentEvent",
    "PullRequestReviewCommentEvent",
    "CommitCommentEvent",
}
COUNTED = {
    "push_count": "PushEvent",
    "star_count": "WatchEvent",
    "fork_count": "ForkEvent",
    "create_count": "CreateEvent",
    "delete_count": "DeleteEvent",
    "issue_count": "IssuesEvent",
    "issue_comment_count": "IssueCommentEvent",
    "pull_request_count": "PullRequestEvent",
    "review_count": "PullRequestReviewEvent",
    "review_comment_count": "PullRequestReviewCommentEvent",
    "commit_comment_count": "CommitCommentEvent",
    "release_count": "ReleaseEvent",
}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _key(number: int | None, name: str | None) -> str | None:
    """Return what an actor, repository or organisation is known by."""
    if number is not None:
        return str(number)
    return f"name:{name.lower()}" if name else None


def _bot_reason(login: str | None) -> str | None:
    name = (login or "").lower()
    if name.endswith("[bot]"):
        return "app"
    if name.endswith(("-bot", "_bot", "-robot")):
        return "name"
    return "listed" if name in LISTED_BOTS else None


@dataclass
class Event:
    """An event, read by the rules of its era."""

    raw: Raw

    def __post_init__(self) -> None:
        raw = self.raw
        self.type: str = raw["type"]
        self.at = _utc(raw["created_at"])
        self.date = self.at.date()
        self.payload: Raw = raw.get("payload") or {}
        self.id: str | None = raw.get("id")
        self.is_timeline = self.id is None
        self.era = "timeline" if self.is_timeline else "events"
        if not self.is_timeline and self.at >= TRIMMED_FROM:
            self.era = "trimmed"

        self.org_id: int | None = None
        if self.is_timeline:
            repository = raw.get("repository") or {}
            self.actor_id, self.login = None, raw["actor"]
            self.repo_id: int | None = repository.get("id")
            self.repo_name = f"{repository['owner']}/{repository['name']}" if repository else None
            self.org_login: str | None = repository.get("organization")
            self.language: str | None = repository.get("language")
        else:
            actor, repo, org = (raw.get(part) or {} for part in ("actor", "repo", "org"))
            self.actor_id, self.login = actor.get("id"), actor.get("login")
            self.repo_id, self.repo_name = repo.get("id"), repo.get("name")
            self.org_id, self.org_login = org.get("id"), org.get("login")
            base = self.pull_request.get("base") or {}
            source = self.payload.get("forkee") or base.get("repo") or {}
            self.language = source.get("language")
        self.actor = _key(self.actor_id, self.login)
        self.repo = _key(self.repo_id, self.repo_name)
        self.org = _key(self.org_id, self.org_login)
        self.is_bot = _bot_reason(self.login) is not None
        self.is_contribution = self.type in CONTRIBUTIONS

    @property
    def identity(self) -> Hashable:
        """Id and time, or all of the content where there is no id."""
        return (self.id, self.at) if self.id else json.dumps(self.raw, sort_keys=True)

    @property
    def action(self) -> str | None:
        return self.payload.get("action")

    @cached_property
    def pull_request(self) -> Raw:
        return self.payload.get("pull_request") or {}

    @cached_property
    def issue_or_pull(self) -> Raw:
        """The issue or pull request, as far as the event holds it."""
        issue = self.payload.get("issue")
        return self.pull_request or (issue if isinstance(issue, dict) else {})

    @cached_property
    def number(self) -> int | None:
        """The number in the payload, or else in the page's address."""
        if self.type not in ISSUE_AND_PULL_TYPES:
            return None
        number = self.payload.get("number") or self.issue_or_pull.get("number")
        if number is None and self.is_timeline:
            number = self.raw["url"].split("#")[0].rsplit("/", 1)[1]
        return None if number is None else int(number)

    @cached_property
    def is_of_pull_request(self) -> bool:
        return (
            self.type.startswith("PullRequest")
            or "pull_request" in self.issue_or_pull
            or (self.is_timeline and "/pull/" in self.raw["url"].split("#")[0])
        )

    @cached_property
    def is_merged(self) -> bool | None:
        if self.type != "PullRequestEvent":
            return None
        if self.action == "merged":
            return True
        if self.action != "closed":
            return False
        if self.pull_request.get("merged") or self.pull_request.get("merged_at"):
            return True
        says = "merged" in self.pull_request or "merged_at" in self.pull_request
        return False if says else None

    @cached_property
    def author(self) -> tuple[str | None, str | None]:
        """The key and login of the user who opened the issue or pull request."""
        user = self.issue_or_pull.get("user")
        if not user:
            return None, None
        return _key(None if self.is_timeline else user["id"], user["login"]), user["login"]

    @cached_property
    def opener(self) -> tuple[str | None, str | None]:
        """As `author`, or else the user whom this event shows opening it."""
        opens = self.type in ("IssuesEvent", "PullRequestEvent") and self.action == "opened"
        return (self.actor, self.login) if opens and not self.author[0] else self.author

    @cached_property
    def opened_at(self) -> datetime | None:
        if "created_at" in self.issue_or_pull:
            return _utc(self.issue_or_pull["created_at"])
        opens = self.type in ("IssuesEvent", "PullRequestEvent") and self.action == "opened"
        return self.at if opens else None

    @cached_property
    def merged_at(self) -> datetime | None:
        if self.pull_request.get("merged_at"):
            return _utc(self.pull_request["merged_at"])
        return self.at if self.is_merged else None


ISSUE_AND_PULL_TYPES = {
    "IssuesEvent",
    "IssueCommentEvent",
    "PullRequestEvent",
    "PullRequestReviewEvent",
    "PullRequestReviewCommentEvent",
}


class History:
    """The events of some files (`yyyy/MM/dd/HH.json.gz`), each once, in no particular order."""

    def __init__(self, files: Mapping[str, Sequence[Raw]]) -> None:
        self.files = files
        distinct: dict[Hashable, Event] = {}
        for name in sorted(files):
            for raw in files[name]:
                event = Event(raw)
                distinct.setdefault(event.identity, event)
        self.events = list(distinct.values())

    def loaded_hours(self) -> dict[datetime, int]:
        """Return the lines of each UTC hour that a file was loaded for."""
        hours = {}
        for name, lines in self.files.items():
            hour = datetime.strptime(name, "%Y/%m/%d/%H.json.gz")
            # Until 2014 files are named by Pacific time
            if hour.year < 2015:
                pacific = hour.replace(tzinfo=ZoneInfo("America/Los_Angeles"))
                hour = pacific.astimezone(UTC).replace(tzinfo=None)
            hours[hour] = len(lines)
        return hours


def _grouped(
    items: Iterable[Any], key: Callable[[Any], Hashable]
) -> Iterator[tuple[Any, list[Any]]]:
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    yield from groups.items()


def _distinct(values: Iterable[Hashable]) -> int:
    return len({value for value in values if value is not None})


def _first(values: Iterable[Any]) -> Any:
    return min((value for value in values if value is not None), default=None)


def _last(values: Iterable[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


def _counts(events: Sequence[Event]) -> Row:
    types = Counter(event.type for event in events)
    row: Row = {column: types[kind] for column, kind in COUNTED.items()}
    row["event_count"] = len(events)
    row["other_count"] = len(events) - sum(types[kind] for kind in COUNTED.values())
    row["merged_count"] = sum(bool(event.is_merged) for event in events)
    row["bot_event_count"] = sum(event.is_bot for event in events)
    row["contribution_count"] = sum(event.is_contribution for event in events)
    row["first_event_at"] = min(event.at for event in events)
    row["last_event_at"] = max(event.at for event in events)
    return row


def _chosen(row: Row, *columns: str) -> Row:
    return {column: row[column] for column in columns}


def _language_seen(events: Iterable[Event]) -> str | None:
    latest: str | None = _last(
        f"{event.date} {event.language}" for event in events if event.language
    )
    return latest


def events(history: History) -> list[Row]:
    return [
        {
            "era": event.era,
            "event_type": event.type,
            "created_at": event.at,
            "event_date": event.date,
            "actor_key": event.actor,
            "actor_id": event.actor_id,
            "actor_login": event.login,
            "repo_key": event.repo,
            "repo_id": event.repo_id,
            "repo_name": event.repo_name,
            "repo_language": event.language,
            "org_key": event.org,
            "org_id": event.org_id,
            "org_login": event.org_login,
            "bot_reason": _bot_reason(event.login),
            "is_merged": event.is_merged,
            "number": event.number,
            "author_key": event.author[0],
        }
        for event in history.events
    ]


def _by_period(
    figures: Callable[[str, Callable[[date], date]], Callable[[History], list[Row]]],
) -> Callable[[History], list[Row]]:
    """Return figures by year, of the newest year by month."""

    def by_period(history: History) -> list[Row]:
        newest = int(max(history.files)[:4])
        return figures(
            "period_start", lambda day: _month(day) if day.year == newest else _year(day)
        )(history)

    return by_period


def _activity(period: str, start: Callable[[date], date]) -> Callable[[History], list[Row]]:
    def activity(history: History) -> list[Row]:
        return [
            {
                period: day,
                "actor_key": actor,
                "actor_id": group[0].actor_id,
                "repo_key": repo,
                "repo_id": group[0].repo_id,
                "is_bot": group[0].is_bot,
                "active_days": _distinct(event.date for event in group),
                "language_seen": _language_seen(group),
                "first_contribution_at": _first(
                    event.at for event in group if event.is_contribution
                ),
                **_counts(group),
            }
            for (day, actor, repo, _), group in _grouped(
                history.events,
                lambda event: (start(event.date), event.actor, event.repo, event.is_bot),
            )
        ]

    return activity


def events_metrics(history: History) -> list[Row]:
    return [
        {
            "user_id": user,
            "repo_id": repo,
            "active_days": _distinct(event.date for event in group),
            **_chosen(
                _counts(group),
                *("event_count", "star_count", "fork_count", "push_count", "issue_count"),
                *("pull_request_count", "first_event_at", "last_event_at"),
            ),
        }
        for (user, repo), group in _grouped(
            history.events, lambda event: (event.actor_id, event.repo_id)
        )
        if user is not None and repo is not None and not group[0].is_bot
    ]


def repository_days(history: History) -> list[Row]:
    return [
        {
            "event_date": day,
            "repo_key": repo,
            "repo_name": _last(event.repo_name for event in group),
            "actor_count": _distinct(event.actor for event in group),
            "human_count": _distinct(event.actor for event in group if not event.is_bot),
            **_chosen(
                _counts(group),
                *("event_count", "star_count", "fork_count", "push_count", "issue_count"),
                *("pull_request_count", "merged_count", "contribution_count"),
            ),
        }
        for (day, repo), group in _grouped(history.events, lambda event: (event.date, event.repo))
    ]


def actor_days(history: History) -> list[Row]:
    return [
        {
            "event_date": day,
            "actor_key": actor,
            "actor_login": _last(event.login for event in group),
            "repo_count": _distinct(event.repo for event in group),
            "is_bot": any(event.is_bot for event in group),
            **_chosen(
                _counts(group),
                *("event_count", "star_count", "push_count", "issue_count"),
                *("pull_request_count", "merged_count", "contribution_count"),
            ),
        }
        for (day, actor), group in _grouped(history.events, lambda event: (event.date, event.actor))
    ]


def repository_profiles(history: History) -> list[Row]:
    return [
        {
            "repo_key": repo,
            "primary_language": (_language_seen(group) or "")[len("yyyy-mm-dd ") :] or None,
            "actor_count": _distinct(event.actor for event in group),
            "contributor_count": _distinct(
                event.actor for event in group if event.is_contribution and not event.is_bot
            ),
            **_chosen(
                _counts(group),
                *("event_count", "star_count", "fork_count", "push_count", "issue_count"),
                *("issue_comment_count", "pull_request_count", "merged_count", "review_count"),
                *("release_count", "contribution_count", "first_event_at", "last_event_at"),
            ),
        }
        for repo, group in _grouped(history.events, lambda event: event.repo)
        if repo
    ]


def actor_profiles(history: History) -> list[Row]:
    return [
        {
            "actor_key": actor,
            "repo_count": _distinct(event.repo for event in group),
            **_chosen(
                _counts(group),
                *("event_count", "star_count", "fork_count", "push_count", "issue_count"),
                *("issue_comment_count", "pull_request_count", "merged_count", "review_count"),
                *("contribution_count", "first_event_at", "last_event_at"),
            ),
        }
        for actor, group in _grouped(history.events, lambda event: event.actor)
        if actor
    ]


def event_hours(history: History) -> list[Row]:
    return [
        {
            "event_date": hour.date(),
            "event_hour": hour,
            "event_type": kind,
            "event_count": len(group),
            "actor_count": _distinct(event.actor for event in group),
            "repo_count": _distinct(event.repo for event in group),
        }
        for (hour, kind), group in _grouped(
            history.events,
            lambda event: (event.at.replace(minute=0, second=0), event.type),
        )
    ]


def event_trends(history: History) -> list[Row]:
    """Return the hours that have a count; every other hour of the range has none."""
    loaded = history.loaded_hours()
    known = {(row["event_hour"], row["event_type"]): row for row in event_hours(history)}
    kinds = {kind for _, kind in known}
    inside = {hour for hour, _ in known if min(loaded) <= hour <= max(loaded)} | set(loaded)
    nothing = {"event_count": 0, "actor_count": 0, "repo_count": 0}
    return [
        {
            "event_date": hour.date(),
            "event_hour": hour,
            "event_type": kind,
            **nothing,
            **known.get((hour, kind), {}),
            "is_hour_loaded": hour in loaded,
        }
        for hour in sorted({hour for hour, _ in known} | inside)
        for kind in kinds
        if hour in loaded or (hour, kind) in known
    ]


def coverage(history: History) -> list[Row]:
    """Return the days with a loaded hour."""
    return [
        {
            "event_date": day,
            "hours_loaded": len(hours),
            "hours_missing": 24 - len(hours),
            "hours_gap": 0,
            "hours_suspicious": 0,
            "hours_republished": 0,
            "is_complete": len(hours) == 24,
            "lines_read": sum(lines for _, lines in hours),
            "rows_kept": sum(lines for _, lines in hours),
        }
        for day, hours in _grouped(history.loaded_hours().items(), lambda hour: hour[0].date())
    ]


WINDOWS = {"day": 1, "7 days": 7, "28 days": 28}
RANKED_BY = {
    "events": "event_count",
    "stars": "star_count",
    "contributions": "contribution_count",
}
ENTITIES = ("repository", "actor")
Totals = dict[str, Row]


def _totals(events: Iterable[Event], entity: str) -> Totals:
    """Return the counts of each key, and its name of the last day."""
    totals: Totals = {}
    named: dict[str, tuple[date, str]] = {}
    for event in events:
        key, number, name = NAMED[entity](event)
        if key is None:
            continue
        row = totals.setdefault(
            key,
            {"entity_id": number, "event_count": 0, "star_count": 0, "contribution_count": 0},
        )
        named[key] = max(named.get(key, (date.min, "")), (event.date, name or ""))
        row["entity_name"] = named[key][1]
        row["event_count"] += 1
        row["star_count"] += event.type == "WatchEvent"
        row["contribution_count"] += event.is_contribution
    return totals


def _ranks(totals: Totals, count: str) -> dict[str, int]:
    ordered = sorted(
        (key for key, row in totals.items() if row[count]),
        key=lambda key: (-totals[key][count], key),
    )
    return {key: rank for rank, key in enumerate(ordered, 1)}


def _ranking(now: Totals, before: Totals, labels: Row) -> Iterator[Row]:
    for ranked_by, count in RANKED_BY.items():
        previous = _ranks(before, count)
        for key, rank in list(_ranks(now, count).items())[:RANKS]:
            yield {
                **labels,
                "ranked_by": ranked_by,
                "entity_rank": rank,
                "previous_rank": previous.get(key),
                "entity_key": key,
                **now[key],
            }


def rankings(history: History) -> list[Row]:
    days = dict(_grouped(history.events, lambda event: event.date))

    def between(last: date, length: int) -> list[Event]:
        dates = [last - timedelta(days=back) for back in range(length)]
        return [event for day in dates for event in days.get(day, [])]

    return [
        row
        for end in days
        for window, length in WINDOWS.items()
        for entity in ENTITIES
        for row in _ranking(
            _totals(between(end, length), entity),
            _totals(between(end - timedelta(days=length), length), entity),
            {"window_end": end, "window_name": window, "entity": entity},
        )
    ]


def all_time_rankings(history: History) -> list[Row]:
    """Return the rankings of all time, and as they were when the newest month began."""
    end = max(event.date for event in history.events)
    before = [event for event in history.events if event.date < _month(end)]
    rows: list[Row] = []
    for entity in ENTITIES:
        now = _totals(history.events, entity)
        for current in _current_names(history, entity):
            now[current["key"]]["entity_name"] = current["name"]
        labels = {"window_end": end, "window_name": "all", "entity": entity}
        rows += _ranking(now, _totals(before, entity), labels)
    return rows


def _top(history: History, entity: str, prefix: str, rank: str) -> list[Row]:
    """Return the rankings of an entity, of all windows and of all time."""
    both = [*rankings(history), *all_time_rankings(history)]
    rows = [row for row in both if row["entity"] == entity]
    return [
        {
            **_chosen(row, "window_end", "window_name", "ranked_by", "previous_rank"),
            **_chosen(row, "event_count", "star_count", "contribution_count"),
            rank: row["entity_rank"],
            "rank_change": row["previous_rank"] and row["previous_rank"] - row["entity_rank"],
            f"{prefix}_key": row["entity_key"],
            f"{prefix}_id": row["entity_id"],
            "repo_name" if prefix == "repo" else "actor_login": row["entity_name"],
            "is_last_day_complete": False,
        }
        for row in rows
    ]


def top_repositories(history: History) -> list[Row]:
    return _top(history, "repository", "repo", "repo_rank")


def top_users(history: History) -> list[Row]:
    return _top(history, "actor", "actor", "actor_rank")


def trending_repositories(history: History) -> list[Row]:
    """Return the scores; without a baseline there is nothing to expect."""
    people: dict[date, Counter[str]] = defaultdict(Counter)
    seen = {
        (e.date, e.repo, e.actor) for e in history.events if not e.is_bot and e.repo and e.actor
    }
    for day, repo, _ in seen:
        people[day][repo] += 1

    def between(last: date, length: int) -> Counter[str]:
        return sum(
            (people.get(last - timedelta(days=back), Counter()) for back in range(length)),
            Counter(),
        )

    rows = []
    for end in {event.date for event in history.events}:
        recent, baseline = between(end, 7), between(end - timedelta(days=7), 28)
        scored = []
        for repo, count in recent.items() if baseline else ():
            expected = baseline[repo] * recent.total() / baseline.total()
            score = round((count - expected) / math.sqrt(expected + 1), 6)
            if count >= TRENDING_VISITS and score > 0:
                scored.append((-score, repo, count, expected))
        for rank, (score, repo, count, expected) in enumerate(sorted(scored)[:RANKS], 1):
            rows.append(
                {
                    "window_end": end,
                    "trend_rank": rank,
                    "repo_key": repo,
                    "recent_count": count,
                    "baseline_count": baseline[repo],
                    "expected_count": round(expected, 6),
                    "trend_score": -score,
                }
            )
    return rows


def _by_issue_or_pull(history: History) -> list[tuple[tuple[str, int], list[Event]]]:
    return list(
        _grouped(
            (event for event in history.events if event.number and event.repo),
            lambda event: (event.repo, event.number),
        )
    )


def _is_comment(event: Event) -> bool:
    return event.type in ("IssueCommentEvent", "PullRequestReviewCommentEvent")


def _is_review(event: Event) -> bool:
    return event.type == "PullRequestReviewEvent"


def _seconds(start: datetime | None, end: datetime | None) -> int | None:
    return int((end - start).total_seconds()) if start and end else None


def issues_and_pull_requests(history: History) -> list[Row]:
    rows = []
    for (repo, number), group in _by_issue_or_pull(history):
        author = _first(event.opener[0] for event in group)
        opened = _first(event.opened_at for event in group)
        merged = _first(event.merged_at for event in group)
        responses = [
            event.at
            for event in group
            if (_is_comment(event) or _is_review(event))
            and not event.is_bot
            and event.actor
            and author
            and event.actor != author
        ]
        response = _first(responses)
        changes = [e for e in group if e.type in ("IssuesEvent", "PullRequestEvent")]
        closes = [e.at for e in changes if e.action in ("closed", "merged")]
        reopens = [e.at for e in changes if e.action == "reopened"]
        is_closed = closes and (not reopens or max(closes) >= max(reopens))
        rows.append(
            {
                "repo_key": repo,
                "number": number,
                "author_key": author,
                "state": "merged" if merged else "closed" if is_closed else "open",
                "comment_count": sum(map(_is_comment, group)),
                "review_count": sum(map(_is_review, group)),
                "participant_count": _distinct(event.actor for event in group),
                "seconds_to_first_response": _seconds(opened, response),
                "seconds_to_merge": _seconds(opened, merged),
                "seconds_to_close": _seconds(opened, _first(closes)),
                "is_pull_request": any(event.is_of_pull_request for event in group),
                "is_author_bot": any(_bot_reason(event.opener[1]) is not None for event in group),
                "opened_at": opened,
                "first_response_at": response,
                "merged_at": merged,
                "closed_at": _first(closes),
                "last_event_at": max(event.at for event in group),
            }
        )
    return rows


def _lifecycle(is_pull_request: bool, prefix: str, dropped: set[str]) -> Callable[..., list[Row]]:
    names = {"number": f"{prefix}_number", "state": f"{prefix}_state"}

    def lifecycle(history: History) -> list[Row]:
        return [
            {names.get(name, name): value for name, value in row.items() if name not in dropped}
            for row in issues_and_pull_requests(history)
            if row["is_pull_request"] is is_pull_request
        ]

    return lifecycle


def _median(values: Iterable[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None


def response_times(history: History) -> list[Row]:
    opened = [
        row
        for row in issues_and_pull_requests(history)
        if row["opened_at"] and not row["is_author_bot"]
    ]
    return [
        {
            "opened_month": month,
            "is_pull_request": is_pull_request,
            "opened_count": len(group),
            "merged_count": sum(row["state"] == "merged" for row in group),
            "closed_count": sum(row["state"] == "closed" for row in group),
            "answered_count": sum(row["first_response_at"] is not None for row in group),
            "median_seconds_to_first_response": _median(
                row["seconds_to_first_response"] for row in group
            ),
            "median_seconds_to_merge": _median(row["seconds_to_merge"] for row in group),
            "median_seconds_to_close": _median(row["seconds_to_close"] for row in group),
        }
        for (month, is_pull_request), group in _grouped(
            opened, lambda row: (_month(row["opened_at"].date()), row["is_pull_request"])
        )
    ]


def _month(day: date) -> date:
    return day.replace(day=1)


def _year(day: date) -> date:
    return day.replace(month=1, day=1)


def _day(day: date) -> date:
    return day


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _people(history: History) -> list[Event]:
    """Return the contributions of people."""
    return [e for e in history.events if e.is_contribution and e.actor and e.repo and not e.is_bot]


def contributor_months(history: History) -> list[Row]:
    rows = []
    for repo, group in _grouped(_people(history), lambda event: event.repo):
        months: dict[date, set[str | None]] = defaultdict(set)
        for event in group:
            months[_month(event.date)].add(event.actor)
        for month, actors in months.items():
            earlier = set().union(*(who for then, who in months.items() if then < month))
            just_before = months.get(_month(month - timedelta(days=1)), set())
            rows.append(
                {
                    "contribution_month": month,
                    "repo_key": repo,
                    "contributor_count": len(actors),
                    "new_count": len(actors - earlier),
                    "retained_count": len(actors & just_before),
                    "returning_count": len((actors & earlier) - just_before),
                }
            )
    return rows


def contributor_retention(history: History) -> list[Row]:
    active = defaultdict(set)
    for event in _people(history):
        active[event.actor].add(_month(event.date))
    pairs = Counter((min(months), month) for months in active.values() for month in months)
    return [
        {
            "cohort_month": cohort,
            "contribution_month": month,
            "months_since": _months_between(cohort, month),
            "contributor_count": count,
        }
        for (cohort, month), count in pairs.items()
    ]


def language_trends(history: History) -> list[Row]:
    languages = {row["repo_key"]: row["primary_language"] for row in repository_profiles(history)}
    return [
        {
            "event_date": day,
            "primary_language": language,
            "repo_count": _distinct(event.repo for event in group),
            **_chosen(
                _counts(group), "event_count", "star_count", "push_count", "pull_request_count"
            ),
        }
        for (day, language), group in _grouped(
            (event for event in history.events if event.repo),
            lambda event: (event.date, languages[event.repo] or "unknown"),
        )
    ]


NAMED: dict[str, Callable[[Event], tuple[str | None, int | None, str | None]]] = {
    "actor": lambda event: (event.actor, event.actor_id, event.login),
    "repository": lambda event: (event.repo, event.repo_id, event.repo_name),
    "organisation": lambda event: (event.org, event.org_id, event.org_login),
}


def _names(
    history: History, period: str, start: Callable[[date], date], entity: str
) -> Iterator[Row]:
    uses = ((*NAMED[entity](event), event.at) for event in history.events)
    for (begin, key, number, name), group in _grouped(
        (use for use in uses if use[0]),
        lambda use: (start(use[3].date()), *use[:3]),
    ):
        times = [at for *_, at in group]
        yield {
            period: begin,
            "entity": entity,
            "entity_key": key,
            "entity_id": number,
            "name": name,
            "event_count": len(times),
            "first_used_at": min(times),
            "last_used_at": max(times),
        }


def _name_periods(period: str, start: Callable[[date], date]) -> Callable[[History], list[Row]]:
    return lambda history: [
        row for entity in NAMED for row in _names(history, period, start, entity)
    ]


def _current_names(history: History, entity: str) -> list[Row]:
    """Return the newest name of each key, and which id a key without one most likely is."""
    always = date(1, 1, 1)
    uses = list(_names(history, "ever", lambda day: always, entity))
    first_with_name: dict[str, int] = {}
    for use in sorted(uses, key=lambda use: use["first_used_at"]):
        if use["entity_id"] is not None:
            first_with_name.setdefault(use["name"].lower(), use["entity_id"])
    rows = []
    for key, group in _grouped(uses, lambda use: use["entity_key"]):
        newest = max(group, key=lambda use: (use["last_used_at"], use["name"]))
        number = newest["entity_id"]
        resolved = number if number is not None else first_with_name.get(newest["name"].lower())
        source = "event" if number is not None else "later_name" if resolved else "unknown"
        rows.append(
            {
                "key": key,
                "id": number,
                "resolved_id": resolved,
                "id_source": source,
                "name": newest["name"],
                "name_count": len(group),
                "event_count": sum(use["event_count"] for use in group),
                "first_seen_at": min(use["first_used_at"] for use in group),
                "last_seen_at": max(use["last_used_at"] for use in group),
            }
        )
    return rows


def _dimension(entity: str, prefix: str, name: str) -> Callable[[History], list[Row]]:
    renamed = {
        "key": f"{prefix}_key",
        "id": f"{prefix}_id",
        "resolved_id": f"resolved_{prefix}_id",
        "name": name,
    }

    def dimension(history: History) -> list[Row]:
        rows = []
        for current in _current_names(history, entity):
            row = {renamed.get(column, column): value for column, value in current.items()}
            if entity == "actor":
                row["bot_reason"] = _bot_reason(current["name"])
            if entity == "repository":
                row["owner_login"] = current["name"].split("/")[0]
            rows.append(row)
        return rows

    return dimension


def name_history(history: History) -> list[Row]:
    rows: list[Row] = []
    for entity in NAMED:
        days = _names(history, "event_date", _day, entity)
        periods = []
        for key, group in _grouped(days, lambda row: row["entity_key"]):
            ordered = sorted(group, key=lambda row: (row["first_used_at"], row["name"]))
            for name, run in groupby(ordered, key=lambda row: row["name"]):
                used = list(run)
                periods.append(
                    {
                        "entity": entity,
                        "entity_key": key,
                        "entity_id": used[0]["entity_id"],
                        "name": name,
                        "valid_from": used[0]["first_used_at"],
                        "last_used_at": max(row["last_used_at"] for row in used),
                        "valid_until": FOREVER,
                    }
                )
        by_key = _grouped(periods, lambda row: row["entity_key"])
        by_name = _grouped(periods, lambda row: row["name"].lower())
        for _, group in [*by_key, *by_name]:
            for row, successor in pairwise(sorted(group, key=lambda row: row["valid_from"])):
                if row["entity_key"] != successor["entity_key"] or row["name"] != successor["name"]:
                    row["valid_until"] = min(row["valid_until"], successor["valid_from"])
        rows += periods
    return rows


def _payload_field(*path: str) -> Callable[[Event], Any]:
    """Return a reader of a payload field."""

    def read(event: Event) -> Any:
        value: Any = event.payload
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    return read


def _action(event: Event) -> str | None:
    return event.action


def _number(event: Event) -> int | None:
    return event.number


def _author(event: Event) -> str | None:
    return event.author[0]


def _opened_at(event: Event) -> datetime | None:
    told = event.issue_or_pull.get("created_at")
    return _utc(told) if told else None


def _text_id(event: Event) -> str:
    """Return an id that became a text later."""
    return str(event.payload["id"])


def _first_page(field: str) -> Callable[[Event], Any]:
    return lambda event: event.payload["pages"][0][field]


def _comment_id(event: Event) -> int | None:
    number: int | None = _payload_field("comment", "id")(event) or _payload_field("comment_id")(
        event
    )
    return number


Columns = dict[str, Callable[[Event], Any]]
ENTITY_VIEWS: dict[str, tuple[str, Columns]] = {
    "pushes": (
        "PushEvent",
        {
            "push_id": _payload_field("push_id"),
            "ref": _payload_field("ref"),
            "head_sha": _payload_field("head"),
            "before_sha": _payload_field("before"),
            "push_size": _payload_field("size"),
            "distinct_size": _payload_field("distinct_size"),
        },
    ),
    "pull_requests": (
        "PullRequestEvent",
        {
            # A merge is told as one in every era
            "activity": lambda event: "merged" if event.is_merged else event.action,
            "opened_at": _opened_at,
            "pull_request_id": _payload_field("pull_request", "id"),
            "pull_request_number": _number,
            "author_key": _author,
            "title": _payload_field("pull_request", "title"),
            "base_ref": _payload_field("pull_request", "base", "ref"),
            "head_ref": _payload_field("pull_request", "head", "ref"),
            "commit_count": _payload_field("pull_request", "commits"),
            "added_lines": _payload_field("pull_request", "additions"),
            "deleted_lines": _payload_field("pull_request", "deletions"),
            "changed_files": _payload_field("pull_request", "changed_files"),
            "is_draft": _payload_field("pull_request", "draft"),
            "is_merged": lambda event: event.is_merged,
            "merged_at": lambda event: event.merged_at,
        },
    ),
    "issues": (
        "IssuesEvent",
        {
            "activity": _action,
            "opened_at": _opened_at,
            "issue_id": lambda event: event.issue_or_pull.get("id"),
            "issue_number": _number,
            "author_key": _author,
            "title": lambda event: event.issue_or_pull.get("title"),
        },
    ),
    "issue_comments": (
        "IssueCommentEvent",
        {
            "activity": _action,
            "comment_id": _comment_id,
            "issue_number": _number,
            "issue_author_key": _author,
            "title": lambda event: event.issue_or_pull.get("title"),
        },
    ),
    "reviews": (
        "PullRequestReviewEvent",
        {
            "activity": _action,
            "review_id": _payload_field("review", "id"),
            "review_state": lambda event: event.payload["review"]["state"].lower(),
            "pull_request_id": _payload_field("pull_request", "id"),
            "pull_request_number": _number,
        },
    ),
    "review_comments": (
        "PullRequestReviewCommentEvent",
        {
            "activity": _action,
            "comment_id": _comment_id,
            "comment_path": _payload_field("comment", "path"),
            "comment_commit_sha": _payload_field("comment", "commit_id"),
            "pull_request_id": _payload_field("pull_request", "id"),
            "pull_request_number": _number,
        },
    ),
    "commit_comments": (
        "CommitCommentEvent",
        {
            "comment_id": _comment_id,
            "comment_path": _payload_field("comment", "path"),
            "comment_commit_sha": lambda event: (
                _payload_field("comment", "commit_id")(event) or _payload_field("commit")(event)
            ),
        },
    ),
    "stars": ("WatchEvent", {}),
    "forks": (
        "ForkEvent",
        {
            "fork_repo_id": _payload_field("forkee", "id"),
            "fork_repo_name": _payload_field("forkee", "full_name"),
        },
    ),
    "releases": (
        "ReleaseEvent",
        {
            "activity": _action,
            "release_id": _payload_field("release", "id"),
            "release_tag": _payload_field("release", "tag_name"),
            "release_name": _payload_field("release", "name"),
            "is_prerelease": _payload_field("release", "prerelease"),
        },
    ),
    "memberships": (
        "MemberEvent",
        {
            "activity": _action,
            "member_id": _payload_field("member", "id"),
            "member_login": _payload_field("member", "login"),
        },
    ),
    "wiki_edits": (
        "GollumEvent",
        {"page_name": _first_page("page_name"), "activity": _first_page("action")},
    ),
    "publications": ("PublicEvent", {}),
    "gists": ("GistEvent", {"activity": _action, "gist_id": _text_id}),
    "downloads": ("DownloadEvent", {"download_id": _text_id}),
    "follows": (
        "FollowEvent",
        {
            "followed_id": _payload_field("target", "id"),
            "followed_login": _payload_field("target", "login"),
        },
    ),
}


def _entity(kind: str, columns: Columns) -> Callable[[History], list[Row]]:
    def entity(history: History) -> list[Row]:
        return [
            {
                "era": event.era,
                "created_at": event.at,
                "event_date": event.date,
                "actor_key": event.actor,
                "actor_login": event.login,
                "is_bot": event.is_bot,
                **({} if kind in WITHOUT_REPOSITORY else {"repo_key": event.repo}),
                **{column: read(event) for column, read in columns.items()},
            }
            for event in history.events
            if event.type == kind
        ]

    return entity


WITHOUT_REPOSITORY = {"GistEvent", "FollowEvent"}


def ref_changes(history: History) -> list[Row]:
    return [
        {
            "era": event.era,
            "created_at": event.at,
            "actor_key": event.actor,
            "repo_key": event.repo,
            "activity": "created" if event.type == "CreateEvent" else "deleted",
            "ref_type": event.payload["ref_type"],
            "ref": event.payload["ref"],
            "default_branch": event.payload.get("master_branch"),
        }
        for event in history.events
        if event.type in ("CreateEvent", "DeleteEvent")
    ]


FIGURES: dict[str, Callable[[History], list[Row]]] = {
    "silver.events": events,
    **{f"silver.{view}": _entity(*of) for view, of in ENTITY_VIEWS.items()},
    "silver.ref_changes": ref_changes,
    "silver.daily_names": _name_periods("event_date", _day),
    "silver.monthly_names": _name_periods("event_month", _month),
    "silver.yearly_names": _by_period(_name_periods),
    "silver.actors": _dimension("actor", "actor", "actor_login"),
    "silver.repositories": _dimension("repository", "repo", "repo_name"),
    "silver.organisations": _dimension("organisation", "org", "org_login"),
    "silver.name_history": name_history,
    "gold.daily_activity": _activity("event_date", _day),
    "gold.monthly_activity": _activity("event_month", _month),
    "gold.yearly_activity": _by_period(_activity),
    "gold.EventsMetrics": events_metrics,
    "gold.repository_days": repository_days,
    "gold.actor_days": actor_days,
    "gold.repository_profiles": repository_profiles,
    "gold.actor_profiles": actor_profiles,
    "gold.event_hours": event_hours,
    "gold.event_trends": event_trends,
    "gold.coverage": coverage,
    "gold.rankings": rankings,
    "gold.all_time_rankings": all_time_rankings,
    "gold.top_repositories": top_repositories,
    "gold.top_users": top_users,
    "gold.trending_repositories": trending_repositories,
    "gold.issues_and_pull_requests": issues_and_pull_requests,
    "gold.issue_lifecycle": _lifecycle(
        False, "issue", {"is_pull_request", "review_count", "merged_at", "seconds_to_merge"}
    ),
    "gold.pull_request_lifecycle": _lifecycle(True, "pull_request", {"is_pull_request"}),
    "gold.response_times": response_times,
    "gold.contributor_months": contributor_months,
    "gold.contributor_retention": contributor_retention,
    "gold.language_trends": language_trends,
}
"""What each table should hold; some leave out columns or rows that say nothing of events."""
