"""The accounts and repositories that every simulated hour shares, and who likes what.

Twelve communities of taste; humans whose activity, and repositories whose popularity, fall off
as 1 / rank; bots that have no taste. Ids never change; a few names do, every few months.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random

from local.gharchive.draws import below, mix, pick, zipf

HUMANS = 5400
BOTS = 60
ORGANISATIONS = 120
SHARED_REPOSITORIES = 3600

COMMUNITIES: Sequence[tuple[str, str]] = (
    ("JavaScript", "react canvas widget router grid form chart dom bundle sprite"),
    ("Python", "tensor notebook scraper pandas plot crawler vision corpus stats learn"),
    ("Java", "spring android queue broker mapper servlet ledger batch gateway cache"),
    ("Ruby", "rails gem sinatra capybara sidekiq liquid rake puppet vagrant chef"),
    ("PHP", "laravel symfony blog theme cart composer twig forum wiki mailer"),
    ("C++", "engine shader robot physics codec raster mesh kinect voxel opencv"),
    ("C", "kernel firmware driver bootloader socket malloc sensor arduino usb modem"),
    ("Go", "docker proxy etcd mesh-net consul tunnel metrics scheduler registry raft"),
    ("C#", "unity xamarin mvc nuget wpf entity azure signal dungeon sprite-kit"),
    ("Haskell", "monad lens compiler proof lambda grammar lattice agda functor algebra"),
    ("Swift", "ios uikit layout watch keychain gesture photo health beacon pasteboard"),
    ("Shell", "dotfile prompt zsh backup vim tmux homebrew ansible nagios cron"),
)
_words = str.split
_NOUNS = _words(
    "kit core lab box hub tools app server client demo guide bench starter plugin toolkit engine "
    "store forge works studio base flow deck stack bridge garden pilot pad nest press"
)
_PERSONAL = ("dotfiles", "blog", "notes", "website", "playground", "homework", "config", "test")
_SYLLABLES = _words(
    "ka mi ro ta ne lu so vi da re po zu ha ji mo fe bo ly ga we xi no pa du se qui ru al en or "
    "is um"
)
_BOT_NAMES = ("dependabot", "renovate", "travis", "greenkeeper", "codecov", "stale", "release")


@dataclass(frozen=True, slots=True)
class Account:
    """A person, a bot or an organisation; `index` is unique among all of them."""

    index: int
    id: int
    name: str
    kind: str = "User"
    tastes: tuple[int, int] = (0, 0)
    renamed_every: int = 0

    def login(self, at: datetime) -> str:
        """Give the login that this account has at that time."""
        return self.name + _generation(self.index, self.renamed_every, at)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository; its full name follows its owner's login."""

    index: int
    id: int
    owner: Account
    base_name: str
    community: int
    rank: int
    renamed_every: int = 0

    @property
    def language(self) -> str:
        """The language of its community."""
        return COMMUNITIES[self.community][0]

    def name(self, at: datetime) -> str:
        """Give the short name that this repository has at that time."""
        return self.base_name + _generation(self.index, self.renamed_every, at)

    def full_name(self, at: datetime) -> str:
        """Give owner/name at that time."""
        return f"{self.owner.login(at)}/{self.name(at)}"


def _generation(index: int, months: int, at: datetime) -> str:
    if not months:
        return ""
    number = (at.year * 12 + at.month + index) // months
    return f"-{number % 100}"


class World:
    """Everyone and everything there is, for a seed."""

    def __init__(self, seed: int) -> None:
        """Build the population."""
        self._seed = seed
        self._activity = zipf(HUMANS, 20)
        self._curiosity = zipf(HUMANS, 400)
        self._bot_activity = zipf(BOTS, 3)
        self._popularity = zipf(SHARED_REPOSITORIES // len(COMMUNITIES), 3)
        self._community_sizes = zipf(len(COMMUNITIES), 8)
        self.humans = [self._human(index) for index in range(HUMANS)]
        self.bots = [_bot(index) for index in range(BOTS)]
        self.organisations = [
            Account(HUMANS + BOTS + i, 12_000_000 + i * 911, f"{_spell(i)}-org", "Organization")
            for i in range(ORGANISATIONS)
        ]
        self.repositories = [self._shared(index) for index in range(SHARED_REPOSITORIES)]
        self.repositories += [self._personal(human) for human in self.humans]

    def human(self, rng: Random) -> Account:
        """Draw a person by activity."""
        return self.humans[self._activity.draw(rng)]

    def visitor(self, rng: Random) -> Account:
        """Draw a person by curiosity, which is spread more evenly than activity."""
        return self.humans[self._curiosity.draw(rng)]

    def bot(self, rng: Random) -> Account:
        """Draw a bot by activity."""
        return self.bots[self._bot_activity.draw(rng)]

    def liked(self, who: Account, rng: Random) -> Repository:
        """Draw a repository by taste, then by popularity: seven in ten from the first taste."""
        chance = rng.random()
        if who.kind == "Bot" or chance >= 0.92:
            community = self._community_sizes.draw(rng)
        else:
            community = who.tastes[chance >= 0.72]
        return self._ranked(community, self._popularity.draw(rng))

    def starred(self, who: Account, day: int, rng: Random) -> Repository:
        """Draw a repository to star.

        A star is given once and an hour knows no other hour, so each pair of person and
        repository has its day in sixteen: a later day's stars are mostly new ones.
        """
        for _ in range(64):
            found = self.liked(who, rng)
            if mix(self._seed, who.index, found.index, 1) % 16 == day % 16:
                break
        return found

    def home(self, who: Account, rng: Random) -> Repository:
        """Draw one of the few repositories this account works in."""
        if who.kind == "Bot":
            return self.liked(who, rng) if rng.random() < 0.5 else pick(rng, self.repositories)
        if rng.random() < 0.45:
            return self.repositories[SHARED_REPOSITORIES + who.index]
        number = mix(self._seed, who.index, below(rng, 3), 2)
        return self._ranked(who.tastes[number % 4 == 0], self._popularity.of(number >> 8))

    def fresh(self, who: Account, id: int) -> Repository:
        """Make a repository that only its own creation mentions."""
        name = f"{pick(Random(id), _NOUNS)}-{id % 9973}"
        return Repository(len(self.repositories), id, who, name, who.tastes[0], 300)

    def person(self, number: int) -> Account:
        """Give the person that belongs to a hash, by activity."""
        return self.humans[self._activity.of(number)]

    def _ranked(self, community: int, rank: int) -> Repository:
        return self.repositories[rank * len(COMMUNITIES) + community]

    def _human(self, index: int) -> Account:
        position = index * 3571 % HUMANS  # ids and names say nothing about activity
        tastes = (
            self._community_sizes.of(mix(self._seed, index, 3)),
            self._community_sizes.of(mix(self._seed, index, 4)),
        )
        renamed = 8 if index % 89 == 5 else 0
        return Account(index, 1000 + position * 1789, _spell(position), "User", tastes, renamed)

    def _shared(self, index: int) -> Repository:
        rank, community = divmod(index, len(COMMUNITIES))
        words = COMMUNITIES[community][1].split()
        name = f"{words[rank % len(words)]}-{_NOUNS[rank // len(words)]}"
        number = mix(self._seed, index, 5)
        owner = (
            self.organisations[(number >> 8) % 10 * len(COMMUNITIES) + community]
            if number % 5 < 2
            else self.humans[(number >> 8) % HUMANS]
        )
        renamed = 9 if index % 83 == 11 else 0
        return Repository(index, _repository_id(index), owner, name, community, rank, renamed)

    def _personal(self, owner: Account) -> Repository:
        index = SHARED_REPOSITORIES + owner.index
        name = _PERSONAL[mix(self._seed, owner.index, 6) % len(_PERSONAL)]
        return Repository(index, _repository_id(index), owner, name, owner.tastes[0], 300)


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """Build, once, the world of a seed."""
    return World(seed)


def _spell(number: int) -> str:
    syllables = []
    for _ in range(3):
        number, last = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[last])
    return "".join(reversed(syllables))


def _bot(index: int) -> Account:
    name = f"{_BOT_NAMES[index % len(_BOT_NAMES)]}-{_spell(index)}"
    # One bot in six hides behind a plain account, as in the archive
    plain = index % 6 == 5
    return Account(
        HUMANS + index,
        27_000_000 + index * 353,
        f"{name}-ci" if plain else f"{name}[bot]",
        "Bot",
    )


def _repository_id(index: int) -> int:
    return 1000 + index * 4211 % (HUMANS + SHARED_REPOSITORIES) * 2953
