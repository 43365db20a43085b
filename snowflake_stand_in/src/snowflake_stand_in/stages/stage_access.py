"""Access to a stage's storage: why a SAS token is refused, and storage integrations.

In Snowflake an Azure administrator consents to an integration's access. Here the server's own
environment variable AZURE_STORAGE_KEY, the storage account's key, is that consent.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import compilation, error

_LISTS = {"c": "containers", "o": "objects", "s": "services"}


def cause(token: str, status: int | None, code: str) -> str:
    """Say in words why the storage refuses a SAS token; its signature is left out."""
    if status not in (401, 403) or not token:
        return ""
    given = {name: values[0] for name, values in parse_qs(token).items() if name != "sig"}
    now = datetime.now(UTC)
    if (ends := _time(given.get("se"))) and ends <= now:
        return f"The stage's SAS token expired at {given['se']} (se)."
    if (starts := _time(given.get("st"))) and starts > now:
        return f"The stage's SAS token is not valid before {given['st']} (st)."
    granted = given.get("sp", "")
    if code == "AuthorizationPermissionMismatch":
        return (
            f"The stage's SAS token grants the permissions '{granted}' (sp): listing needs l, "
            "reading r, removing d."
        )
    if code == "AuthorizationResourceTypeMismatch" or (given.get("sr") == "b"):
        kinds = ", ".join(_LISTS.get(letter, letter) for letter in given.get("srt", "o"))
        return f"The stage's SAS token is for {kinds} only (srt, sr): listing needs containers (c)."
    if not code.startswith("AuthorizationPerm"):
        scope = {"c": "one container", "d": "one directory"}.get(given.get("sr", ""), "its account")
        return (
            f"The stage's SAS token is for {scope} (sr): it was signed for another one than the "
            "stage's URL names, or with a key that has been replaced."
        )
    return ""


def allow(cursor: Cursor, integration: str, url: str) -> None:
    """Raise unless a storage integration exists and allows a stage's URL."""
    found = cursor.rows(
        "select definition from _fs_global.main.account_objects "
        "where kind in ('STORAGE INTEGRATION', 'INTEGRATION') and name = ?",
        [integration],
    )
    if not found:
        raise compilation(
            2003, f"Integration '{integration}' does not exist or not authorized.", "02000"
        )
    definition = str(found[0][0])
    allowed, blocked = (_locations(definition, kind) for kind in ("allowed", "blocked"))
    inside = "*" in allowed or any(_inside(url, location) for location in allowed)
    if not inside or any(_inside(url, location) for location in blocked):
        raise error(
            91003,
            f"Failure using stage area. Cause: [Location '{url}' is not allowed by integration "
            f"'{integration}'. Please use DESC INTEGRATION to find out the allowed locations.]",
            "55000",
        )
    enabled = re.findall(r"(?i)enabled\s*=\s*(\w+)", definition)
    if enabled and enabled[-1].upper() != "TRUE":
        raise error(
            91003,
            f"Failure using stage area. Cause: [Integration '{integration}' is not enabled.]",
            "55000",
        )


def granted(cursor: Cursor, integration: str, url: str) -> str:
    """Return the key that the consent to an integration gives, or raise."""
    allow(cursor, integration, url)
    key = os.environ.get("AZURE_STORAGE_KEY")
    if not key:
        raise error(
            91003,
            "Failure using stage area. Cause: [Azure has not granted integration "
            f"'{integration}' access to '{url}': an administrator consents to it at the "
            "AZURE_CONSENT_URL of DESC INTEGRATION, here by AZURE_STORAGE_KEY in the server's "
            "environment (Status Code: 403; Error Code: AuthorizationFailure)]",
            "55000",
        )
    return key


def _locations(definition: str, kind: str) -> list[str]:
    lists = re.findall(rf"(?is)storage_{kind}_locations\s*=\s*\(([^)]*)\)", definition)
    return re.findall(r"'([^']*)'", lists[-1]) if lists else []


def _inside(url: str, location: str) -> bool:
    return f"{url.rstrip('/')}/".startswith(f"{location.rstrip('/')}/")


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
