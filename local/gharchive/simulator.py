"""An hour of a small GitHub: the same hour gives the same bytes on every machine.

`simulate` is a pure function. Each event has a generator of its own, seeded by hour and position,
so an hour can repeat an event of the hour before without making that hour.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random

from local.gharchive import payloads, timeline
from local.gharchive.draws import Weighted, below, mix
from local.gharchive.objects import EPOCH, Activity, Json
from local.gharchive.world import Account, Repository, World, world

SEED = 2011
EVENTS_PER_HOUR = 2000
EVENTS_FROM = datetime(2015, 1, 1)
TRIMMED_FROM = datetime(2025, 10, 7)

# Events of a weekday's UTC hours, as hundredths of the mean
_words = str.split
_DAY = [
    int(share)
    for share in _words(
        "84 78 76 76 74 76 82 92 102 108 108 106 112 122 130 132 130 126 120 114 108 102 98 90"
    )
]

_MIX_2012 = {
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
}
_MIX_2015 = {
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
}
# Releases of 2014 are in no file at hand: gists, follows and downloads had ended, releases left out
_MIX_2014 = {name: share for name, share in _MIX_2015.items() if name != "ReleaseEvent"}
_MIX_2020 = {
    "PushEvent": 5600,
    "CreateEvent": 1150,
    "PullRequestEvent": 900,
    "WatchEvent": 600,
    "IssueCommentEvent": 500,
    "DeleteEvent": 300,
    "PullRequestReviewEvent": 250,
    "IssuesEvent": 250,
    "ForkEvent": 220,
    "PullRequestReviewCommentEvent": 120,
    "ReleaseEvent": 50,
    "MemberEvent": 30,
    "CommitCommentEvent": 20,
    "GollumEvent": 20,
    "PublicEvent": 20,
}
_MIX_TRIMMED = _MIX_2020 | {"DiscussionEvent": 10}
# Stars have nearly gone from the archive's files by September 2026; when they went is our guess
_MIX_STARLESS = _MIX_TRIMMED | {"WatchEvent": 30}
_MIXES = (
    (datetime(2026, 7, 1), _MIX_STARLESS),
    (TRIMMED_FROM, _MIX_TRIMMED),
    (datetime(2020, 8, 24), _MIX_2020),
    (EVENTS_FROM, _MIX_2015),
    (datetime(2014, 1, 1), _MIX_2014),
    (datetime.min, _MIX_2012),
)
_HOME_TYPES = _words(
    "PushEvent CreateEvent DeleteEvent ReleaseEvent MemberEvent PublicEvent GollumEvent "
    "DownloadEvent"
)
_VISITOR_TYPES = _words("WatchEvent ForkEvent FollowEvent")
_BOT_TYPES = _words("PushEvent CreateEvent DeleteEvent PullRequestEvent IssueCommentEvent")


def simulate(
    hour: datetime, seed: int = SEED, events_per_hour: int = EVENTS_PER_HOUR
) -> Iterator[bytes]:
    """Yield the lines of a file hour, each with its line feed.

    `hour` is the naive hour of the file's name: Pacific time before 2015, else UTC; ValueError
    for an hour the Pacific clock skipped. `events_per_hour` (1 to 7,000) is the mean of a
    weekday.
    """
    if not 1 <= events_per_hour <= 7000:
        raise ValueError(f"events_per_hour is 1 to 7,000, not {events_per_hour}")
    this = _Hour(hour, seed, events_per_hour)
    for position in range(this.size):
        line = _line(this.event(position))
        yield line
        luck = mix(seed, this.number, position, 7) % 1000
        if luck == 999:
            yield line  # the same event twice in a file
        elif luck < 4 and (before := this.before()):
            yield _line(before.event(position * before.size // this.size))  # and in two files


def _line(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class _Hour:
    """What is fixed for all events of a file."""

    def __init__(self, hour: datetime, seed: int, events_per_hour: int) -> None:
        self.name = hour
        self.is_timeline = hour < EVENTS_FROM
        self.trimmed = hour >= TRIMMED_FROM
        self.start = timeline.utc(hour) if self.is_timeline else hour
        self.number = (self.start - EPOCH) // timedelta(hours=1)
        self._seed = seed
        self._events_per_hour = events_per_hour
        self._world: World = world(seed)
        weekend = 75 if self.start.weekday() >= 5 else 100
        self.size = max(1, events_per_hour * _DAY[self.start.hour] * weekend // 10_000)
        mixture = next(found for first, found in _MIXES if hour >= first)
        self._types = tuple(mixture)
        self._weights = _weighted(tuple(mixture.values()))

    def before(self) -> "_Hour | None":
        """Give the hour before, unless another era or no hour lies there."""
        name = self.name - timedelta(hours=1)
        if name.date() < date(2011, 2, 12) or name < TRIMMED_FROM <= self.name:
            return None
        if name < EVENTS_FROM <= self.name:
            return None
        try:
            return _Hour(name, self._seed, self._events_per_hour)
        except ValueError:
            return None

    def event(self, position: int) -> Json:
        """Make the event at a position of the file."""
        rng = Random(f"{self._seed}/{self.name.isoformat()}/{position}")
        kind = self._types[self._weights.draw(rng)]
        actor = self._actor(kind, rng)
        sequence = self.number * 10_000 + position
        repo = self._repository(kind, actor, sequence, rng)
        at, late = self._time(position, rng)
        activity = Activity(kind, actor, repo, at, sequence, self.trimmed, rng, self._world)
        if self.is_timeline:
            return timeline.event(activity)
        return payloads.event(activity, self._id(position, late, rng))

    def _actor(self, kind: str, rng: Random) -> Account:
        if kind in _VISITOR_TYPES:
            return self._world.visitor(rng)
        if kind in _BOT_TYPES and rng.random() < 0.15:
            return self._world.bot(rng)
        return self._world.human(rng)

    def _repository(self, kind: str, actor: Account, fresh: int, rng: Random) -> Repository:
        if kind == "WatchEvent":
            return self._world.starred(actor, self.number // 24, rng)
        if kind == "CreateEvent" and rng.random() < 0.4:
            return self._world.fresh(actor, 60_000_000 + fresh)
        if kind in _HOME_TYPES or (kind != "ForkEvent" and rng.random() < 0.45):
            return self._world.home(actor, rng)
        return self._world.liked(actor, rng)

    def _time(self, position: int, rng: Random) -> tuple[datetime, bool]:
        """Place an event in its hour, in about the file's order; some in a neighbouring one."""
        if position % 640 == 69:
            return self.start - timedelta(seconds=1 + below(rng, 6 * 3600)), True
        if position % 64 == 5:
            return self.start - timedelta(seconds=1 + below(rng, 900)), True
        if self.is_timeline and position % 40 == 7:
            return self.start + timedelta(seconds=3600 + below(rng, 90)), False
        second = position * 3600 // self.size + below(rng, 20) - 10
        return self.start + timedelta(seconds=min(max(second, 0), 3599)), False

    def _id(self, position: int, late: bool, rng: Random) -> int:
        """Give an event its id: growing, with neighbours swapped here and there.

        Each hour has a block of ids, whose second half is for its latecomers in the next file.
        The sequence began again in October 2025 and runs through ids of earlier years.
        """
        if self.trimmed:
            block, first, origin = 2_000_000, 2_500_000_000, TRIMMED_FROM
        else:
            block, first, origin = 560_000, 2_489_000_000, EVENTS_FROM
        step = block // 2 // (self.size + 1)
        slot = position ^ 1 if position % 32 in (6, 7) else position
        hours = (self.name - origin) // timedelta(hours=1)
        base = first + hours * block + (block // 2 - block if late else 0)
        return base + slot * step + below(rng, step)


@lru_cache
def _weighted(weights: tuple[int, ...]) -> Weighted:
    return Weighted(weights)
