"""Roles, users, grants, and the objects on which privileges are granted."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import NamedTuple

ADMIN = "ACCOUNTADMIN"
RELATIONS = ("TABLE", "VIEW")


class Securable(NamedTuple):
    """An object that privileges are granted on; the account's name is empty."""

    kind: str
    name: str

    @property
    def short(self) -> str:
        """Its own name, without its containers'."""
        return self.name.rpartition(".")[2]

    @property
    def containers(self) -> list[Securable]:
        """Its database and schema, as far as it has them."""
        database, _, rest = self.name.partition(".")
        if self.kind == "SCHEMA":
            return [Securable("DATABASE", database)]
        if rest.count(".") != 1:
            return []
        schema = rest.partition(".")[0]
        return [Securable("DATABASE", database), Securable("SCHEMA", f"{database}.{schema}")]


ACCOUNT = Securable("ACCOUNT", "")


class Grant(NamedTuple):
    """One privilege on one object for one role or user."""

    privilege: str
    on: Securable
    to_kind: str
    grantee: str
    option: bool
    granted_by: str
    created_on: datetime.datetime

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the object's other grants."""
        return (self.privilege, self.to_kind, self.grantee)


@dataclass(frozen=True)
class Role:
    """A role; who owns it and has it are grants."""

    created_on: datetime.datetime
    comment: str = ""


@dataclass(frozen=True)
class User:
    """A user made by CREATE USER, with its properties by upper-case name."""

    created_on: datetime.datetime
    properties: dict[str, str] = field(default_factory=dict)
