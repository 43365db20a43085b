"""Texts of titles, bodies, commit messages and profiles, in several scripts."""

from random import Random

from local.gharchive.draws import below, pick

_VERBS = ("Fix", "Add", "Remove", "Refactor", "Document", "Speed up", "Bump", "Revert", "Test")
_THINGS = (
    "the parser",
    "retry on timeout",
    "a memory leak",
    "CI build",
    "README",
    "config loader",
    "dark theme",
    "the Windows installer",
    'null check in "handler"',
    "path C:\\temp\\new",
)
# What breaks naive readers: several scripts, a joined emoji, right-to-left text, and U+2028,
# which str.splitlines() takes for the end of a line
_UNICODE = (
    "修复登录页面的错误",
    "ログイン画面を直す",
    "исправить сборку",
    "corrige l'accès à la page d'accueil ☕",
    "Größe der Straße prüfen",
    "إصلاح الواجهة",
    "로그인 버그 수정",
    "ship it 🚀 👩‍👩‍👧",
    "first\u2028second",
)
_PLACES = ("Berlin", "São Paulo", "上海", "San Francisco, CA", "Zürich", "Kraków", "東京", "London")
_COMPANIES = ("Initech", "Hooli", "Globex", "Müller & Söhne", "Umbrella", "株式会社サンプル")


def title(rng: Random) -> str:
    """Write one line, a tenth of them outside ASCII."""
    if rng.random() < 0.1:
        return pick(rng, _UNICODE)
    return f"{pick(rng, _VERBS)} {pick(rng, _THINGS)}"


def body(rng: Random) -> str:
    """Write a few lines with the line ends of web forms."""
    return "\r\n".join(title(rng) for _ in range(1 + below(rng, 5)))


def message(rng: Random) -> str:
    """Write a commit message; a fifth have a body."""
    return title(rng) if rng.random() < 0.8 else f"{title(rng)}\n\n{body(rng)}"


def profile(rng: Random, login: str) -> dict[str, str]:
    """Write the optional part of a profile of the Timeline era."""
    found = {}
    if rng.random() < 0.7:
        found["name"] = login.title()
    if rng.random() < 0.35:
        found["company"] = pick(rng, _COMPANIES)
    if rng.random() < 0.45:
        found["blog"] = f"http://{login}.example.com"
    if rng.random() < 0.5:
        found["location"] = pick(rng, _PLACES)
    return found
