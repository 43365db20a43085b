"""SHOW of warehouses, resource monitors and integrations, in Snowflake's columns.

Their properties are read from the statements that made and changed them. Nothing here ever runs on
a warehouse: it is suspended, and a monitor has counted no credits.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

_SETTING = re.compile(r"(\w+)\s*=\s*('[^']*'|\([^)]*\)|[^\s,;]+)")
_TRIGGER = re.compile(r"on\s+(\d+)\s+percent\s+do\s+(notify|suspend_immediate|suspend)", re.I)
_SIZES = {
    "XSMALL": "X-Small",
    "SMALL": "Small",
    "MEDIUM": "Medium",
    "LARGE": "Large",
    "XLARGE": "X-Large",
    "XXLARGE": "2X-Large",
    "XXXLARGE": "3X-Large",
    "X4LARGE": "4X-Large",
    "X5LARGE": "5X-Large",
    "X6LARGE": "6X-Large",
}


class AccountObject(NamedTuple):
    """An object as it is recorded: `definition` holds its CREATE and every ALTER."""

    kind: str
    name: str
    created_on: datetime
    definition: str
    owner: str


def properties(definition: str) -> dict[str, str]:
    """Return the value of each property by upper-case name; the last statement counts."""
    return {name.upper(): value.strip("'") for name, value in _SETTING.findall(definition)}


def warehouse(found: AccountObject, current: str | None) -> dict[str, Any]:
    """Return a row of SHOW WAREHOUSES."""
    has = properties(found.definition)
    size = has.get("WAREHOUSE_SIZE", "XSMALL").upper().replace("-", "")
    return {
        "name": found.name,
        "state": "SUSPENDED",
        "type": has.get("WAREHOUSE_TYPE", "STANDARD").upper(),
        "size": _SIZES.get(size, size),
        "running": 0,
        "queued": 0,
        "is_default": "N",
        "is_current": "Y" if found.name == current else "N",
        "auto_suspend": int(has.get("AUTO_SUSPEND", "600").upper().replace("NULL", "0")),
        "auto_resume": has.get("AUTO_RESUME", "true").lower(),
        "created_on": found.created_on,
        "owner": found.owner,
        "comment": has.get("COMMENT", ""),
        "resource_monitor": has.get("RESOURCE_MONITOR", "null").upper().replace("NULL", "null"),
        "scaling_policy": has.get("SCALING_POLICY", "STANDARD").upper(),
        "owner_role_type": "ROLE",
    }


def resource_monitor(found: AccountObject) -> dict[str, Any]:
    """Return a row of SHOW RESOURCE MONITORS."""
    has = properties(found.definition)
    quota = f"{float(has['CREDIT_QUOTA']):.2f}" if "CREDIT_QUOTA" in has else None
    # ALTER … TRIGGERS replaces them all
    last = re.split(r"\btriggers\b", found.definition, flags=re.I)[-1]
    triggers: dict[str, list[str]] = {}
    for percent, action in _TRIGGER.findall(last):
        triggers.setdefault(action.lower(), []).append(f"{percent}%")
    return {
        "name": found.name,
        "credit_quota": quota,
        "used_credits": "0.00",
        "remaining_credits": quota,
        "level": None,
        "frequency": has.get("FREQUENCY", "MONTHLY").upper(),
        "start_time": found.created_on,
        "end_time": None,
        "notify_at": ",".join(triggers.get("notify", [])),
        "suspend_at": ",".join(triggers.get("suspend", [])),
        "suspend_immediately_at": ",".join(triggers.get("suspend_immediate", [])),
        "created_on": found.created_on,
        "owner": found.owner,
        "comment": has.get("COMMENT", ""),
        "notify_users": "",
    }


def integration(found: AccountObject) -> dict[str, Any]:
    """Return a row of SHOW INTEGRATIONS."""
    has = properties(found.definition)
    kind = has.get("TYPE", "").upper()
    if provider := has.get("NOTIFICATION_PROVIDER"):
        kind = f"{kind} - {provider.upper()}"
    return {
        "name": found.name,
        "type": kind,
        "category": found.kind.removesuffix(" INTEGRATION"),
        "enabled": has.get("ENABLED", "false").lower(),
        "comment": has.get("COMMENT", ""),
        "created_on": found.created_on,
    }
