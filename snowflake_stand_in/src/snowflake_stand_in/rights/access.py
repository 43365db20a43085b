"""Who may do what: roles, users and grants, kept in the account's file and, for speed, in memory.

As in SHOW GRANTS all is a grant: OWNERSHIP of an object, USAGE of a role by a role or a user, and
what future objects of a container will bring along, under the name CONTAINER.<KIND>.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from snowflake_stand_in.engine.account import Account, Service
from snowflake_stand_in.rights.model import ACCOUNT, ADMIN, RELATIONS, Grant, Role, Securable, User

_IN = "_fs_global.main"
_TABLES = f"""
create table if not exists {_IN}.roles (
    name varchar primary key, created_on timestamptz, comment varchar
);
create table if not exists {_IN}.users (
    name varchar primary key, created_on timestamptz, properties varchar
);
create table if not exists {_IN}.grants (
    privilege varchar, kind varchar, name varchar, to_kind varchar, grantee varchar,
    grant_option boolean, granted_by varchar, created_on timestamptz,
    primary key (privilege, kind, name, to_kind, grantee)
);
create table if not exists {_IN}.view_sources (
    view_name varchar, source varchar, primary key (view_name, source)
);
"""

BUILT_IN = ("ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC")
_INHERITED = (
    ("SYSADMIN", "ACCOUNTADMIN"),
    ("SECURITYADMIN", "ACCOUNTADMIN"),
    ("USERADMIN", "SECURITYADMIN"),
)
_ACCOUNT_PRIVILEGES = (
    ("CREATE DATABASE", "SYSADMIN"),
    ("CREATE WAREHOUSE", "SYSADMIN"),
    ("CREATE ROLE", "USERADMIN"),
    ("CREATE USER", "USERADMIN"),
    ("MANAGE GRANTS", "SECURITYADMIN"),
)


class Access(Service):
    """The account's roles, users and grants. Changes are in the file when a method returns."""

    def __init__(self, account: Account) -> None:
        self._connection = account.duck_conn.cursor()
        self._lock = threading.RLock()
        self._writing = False
        self._connection.execute(_TABLES)
        self._load()
        if not self.roles:
            self._create_built_in()

    # Roles and users

    def create_role(self, name: str, owner: str, comment: str = "") -> None:
        """Create a role that `owner` owns."""
        with self._lock, self._transaction():
            now = _now()
            self._write(f"insert into {_IN}.roles values (?, ?, ?)", [(name, now, comment)])
            self.roles[name] = Role(now, comment)
            self.grant([self.new("OWNERSHIP", Securable("ROLE", name), owner, owner)])

    def change_role(self, name: str, comment: str) -> None:
        """Set a role's comment."""
        with self._lock:
            self._write(f"update {_IN}.roles set comment = ? where name = ?", [(comment, name)])
            self.roles[name] = Role(self.roles[name].created_on, comment)

    def drop_role(self, name: str, heir: str) -> None:
        """Drop a role; what it owned becomes `heir`'s."""
        with self._lock, self._transaction():
            had = [g for g in self._all() if (g.to_kind, g.grantee) == ("ROLE", name)]
            self._remove(had)
            self.grant([g._replace(grantee=heir) for g in had if g.privilege == "OWNERSHIP"])
            self.dropped("ROLE", name)
            self._write(f"delete from {_IN}.roles where name = ?", [(name,)])
            del self.roles[name]

    def set_user(self, name: str, properties: dict[str, str]) -> None:
        """Create a user, or replace its properties."""
        with self._lock:
            known = self.users.get(name)
            user = User(known.created_on if known else _now(), properties)
            row = (name, user.created_on, json.dumps(properties))
            self._write(f"insert or replace into {_IN}.users values (?, ?, ?)", [row])
            self.users[name] = user

    def drop_user(self, name: str) -> None:
        """Drop a user."""
        with self._lock, self._transaction():
            self._remove([g for g in self._all() if (g.to_kind, g.grantee) == ("USER", name)])
            self.dropped("USER", name)
            self._write(f"delete from {_IN}.users where name = ?", [(name,)])
            del self.users[name]

    def inherited(self, role: str) -> frozenset[str]:
        """Return a role and all roles whose privileges it has, PUBLIC included."""
        found = self._inherited.get(role)
        if found is None:
            with self._lock:
                reached, ahead = {"PUBLIC"}, [role]
                while ahead:
                    current = ahead.pop()
                    if current not in reached or current == role:
                        reached.add(current)
                        ahead += [r for r in self.roles_of("ROLE", current) if r not in reached]
                found = self._inherited[role] = frozenset(reached)
        return found

    def roles_of(self, to_kind: str, grantee: str) -> list[str]:
        """Return the roles granted to a role or user itself."""
        found = self._granted.get((to_kind, grantee))
        if found is None:
            with self._lock:
                given = [g for g in self.to(to_kind, grantee) if g.on.kind == "ROLE"]
                found = [g.on.name for g in given if g.privilege == "USAGE"]
                self._granted[to_kind, grantee] = found
        return found

    def may_take(self, user: str, role: str) -> bool:
        """Whether a user may make a role current. Who was never created may take any role."""
        if role not in self.roles:
            return False
        if user not in self.users or role == "PUBLIC":
            return True
        return any(role in self.inherited(r) for r in self.roles_of("USER", user))

    def active(self, user: str, role: str, secondary: tuple[str, ...] | None) -> frozenset[str]:
        """Return all roles in force; None as secondary roles stands for all the user has."""
        if secondary is None:
            secondary = tuple(self.roles_of("USER", user))
        return self.inherited(role).union(*(self.inherited(r) for r in secondary))

    def default_role(self, user: str) -> str:
        """Return the role that a login takes which names none."""
        if user not in self.users:
            return ADMIN
        role = self.users[user].properties.get("DEFAULT_ROLE", "PUBLIC")
        return role if self.may_take(user, role) else "PUBLIC"

    # Grants

    def new(
        self, privilege: str, on: Securable, role: str, granted_by: str, *, option: bool = False
    ) -> Grant:
        """Make a grant to a role, to be given to `grant`; an owner may always grant."""
        option = option or privilege == "OWNERSHIP"
        return Grant(privilege, on, "ROLE", role, option, granted_by, _now())

    def grant(self, grants: Iterable[Grant]) -> None:
        """Add grants; one that is there already is replaced."""
        with self._lock:
            grants = list(grants)
            self._write(
                f"insert or replace into {_IN}.grants values (?, ?, ?, ?, ?, ?, ?, ?)",
                [(g.privilege, *g.on, *g[2:]) for g in grants],
            )
            for g in grants:
                self._grants.setdefault(g.on, {})[g.key] = g
            self._forget()

    def revoke(self, grants: Iterable[Grant]) -> None:
        """Take grants back."""
        self._remove(list(grants))

    def give(self, on: Securable, role: str, *, revoked: Iterable[Grant]) -> None:
        """Make a role the owner of an object, and take other grants on it back."""
        with self._lock, self._transaction():
            owned = [g for g in self.on(*on) if g.privilege == "OWNERSHIP"]
            self._remove([*owned, *revoked])
            self.grant([self.new("OWNERSHIP", on, role, role)])

    def manage(self, schema: Securable, *, managed: bool) -> None:
        """Give a schema managed access, or end it; kept as a grant to the schema itself."""
        grant = Grant("MANAGED ACCESS", schema, "SCHEMA", schema.name, False, "", _now())
        if managed:
            self.grant([grant])
        else:
            self._remove([grant])

    def is_managed(self, schema: Securable) -> bool:
        """Whether a schema's owner alone grants privileges on what is in it."""
        return any(g.to_kind == "SCHEMA" for g in self.on(*schema))

    def on(self, kind: str, name: str) -> list[Grant]:
        """Return the grants on an object, its ownership first."""
        with self._lock:
            found = list(self._grants.get(Securable(kind, name), {}).values())
        return sorted(found, key=lambda g: (g.privilege != "OWNERSHIP", g.privilege, g.grantee))

    def to(self, to_kind: str, grantee: str) -> list[Grant]:
        """Return the grants to a role or user itself."""
        found = [g for g in self._all() if (g.to_kind, g.grantee) == (to_kind, grantee)]
        return sorted(found, key=lambda g: (g.on.kind, g.on.name, g.privilege))

    def owner(self, kind: str, name: str) -> str:
        """Return the role that owns an object; older ones than the grants are ACCOUNTADMIN's."""
        for g in self.on(kind, name):
            if g.privilege == "OWNERSHIP":
                return g.grantee
        return ADMIN

    def held(self, roles: frozenset[str], kind: str, name: str) -> set[str]:
        """Return what `roles` may do with an object; tables and views share their names."""
        kinds = RELATIONS if kind in RELATIONS else (kind,)
        with self._lock:
            return {
                privilege
                for k in kinds
                for privilege, to_kind, grantee in self._grants.get(Securable(k, name), ())
                if grantee in roles and to_kind == "ROLE"
            }

    def visible(self, roles: frozenset[str], *kinds: str) -> list[str]:
        """Return the names of the objects on which `roles` hold any privilege."""
        return sorted(
            {
                g.on.name
                for g in self._all()
                if g.on.kind in kinds and g.to_kind == "ROLE" and g.grantee in roles
            }
        )

    def owned(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind that have an owner."""
        return sorted(
            g.on.name for g in self._all() if g.on.kind == kind and g.privilege == "OWNERSHIP"
        )

    # Objects come and go

    def created(
        self,
        kind: str,
        name: str,
        role: str,
        *,
        copy_grants: bool = False,
        sources: Iterable[str] = (),
    ) -> None:
        """Note a new object: `role` owns it, and future grants reach it.

        A replaced object's grants end, unless they are copied. `sources` are what a view reads.
        """
        on = Securable(kind, name)
        with self._lock, self._transaction():
            old = [g for k in _namesakes(kind) for g in self.on(k, name)]
            self.dropped(kind, name)
            owner = self.new("OWNERSHIP", on, role, role)
            added = {g.key: g for g in self._from_future(on)}
            if not any(g.privilege == "OWNERSHIP" for g in added.values()):
                added[owner.key] = owner
            if copy_grants:
                kept = [g._replace(on=on) for g in old if g.privilege != "OWNERSHIP"]
                added.update({g.key: g for g in kept})
            self.grant(added.values())
            if rows := [(name, source) for source in sources]:
                self._write(f"insert or replace into {_IN}.view_sources values (?, ?)", rows)
                self.view_sources[name] = [source for _, source in rows]

    def dropped(self, kind: str, name: str) -> None:
        """Forget an object's grants, and those on all that it contains."""
        inside = f"{name}."
        contains = kind in ("DATABASE", "SCHEMA")
        with self._lock:
            self._remove(
                [
                    g
                    for g in self._all()
                    if (g.on.name == name and g.on.kind in _namesakes(kind))
                    or (contains and g.on.name.startswith(inside))
                ]
            )
            gone = [
                view
                for view in self.view_sources
                if (view == name and kind in RELATIONS) or (contains and view.startswith(inside))
            ]
            self._write(f"delete from {_IN}.view_sources where view_name = ?", [(v,) for v in gone])
            for view in gone:
                del self.view_sources[view]

    def renamed(self, kind: str, name: str, new: str) -> None:
        """Keep an object's grants under its new name."""
        with self._lock, self._transaction():
            moved = [g for k in _namesakes(kind) for g in self.on(k, name)]
            sources = self.view_sources.get(name, [])
            self.dropped(kind, name)
            self.grant([g._replace(on=g.on._replace(name=new)) for g in moved])
            if sources:
                rows = [(new, source) for source in sources]
                self._write(f"insert or replace into {_IN}.view_sources values (?, ?)", rows)
                self.view_sources[new] = sources

    def swapped(self, kind: str, name: str, other: str) -> None:
        """Exchange two objects' grants: each keeps its own under its new name."""
        with self._lock, self._transaction():
            self.renamed(kind, name, f"{name}.")
            self.renamed(kind, other, name)
            self.renamed(kind, f"{name}.", other)

    # Inside

    def _from_future(self, on: Securable) -> list[Grant]:
        """Return what future grants bring to an object; a schema's count before a database's."""
        for container in reversed(on.containers):
            found = self.on(on.kind, f"{container.name}.<{on.kind}>")
            if found:
                return [g._replace(on=on, created_on=_now()) for g in found]
        return []

    def _forget(self) -> None:
        """Drop what was derived from the grants, which have changed."""
        self._inherited: dict[str, frozenset[str]] = {}
        self._granted: dict[tuple[str, str], list[str]] = {}

    def _all(self) -> Iterator[Grant]:
        with self._lock:
            found = [g for grants in self._grants.values() for g in grants.values()]
        return iter(found)

    def _remove(self, grants: list[Grant]) -> None:
        with self._lock:
            self._write(
                f"delete from {_IN}.grants where privilege = ? and kind = ? and name = ?"
                " and to_kind = ? and grantee = ?",
                [(g.privilege, *g.on, g.to_kind, g.grantee) for g in grants],
            )
            for g in grants:
                self._grants.get(g.on, {}).pop(g.key, None)
                if not self._grants.get(g.on, True):
                    del self._grants[g.on]
            self._forget()

    def _write(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """Run one statement for all rows, whole or not at all."""
        if rows:
            with self._lock, self._transaction():
                self._connection.executemany(sql, rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Put all that is written inside into one transaction, the outermost's."""
        if self._writing:
            yield
            return
        self._writing = True
        try:
            self._connection.begin()
            yield
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            self._load()
            raise
        finally:
            self._writing = False

    def _load(self) -> None:
        def rows(table: str) -> list[tuple[Any, ...]]:
            return self._connection.execute(f"from {_IN}.{table}").fetchall()

        self.roles = {name: Role(made, comment or "") for name, made, comment in rows("roles")}
        self.users = {name: User(made, json.loads(text)) for name, made, text in rows("users")}
        self._grants: dict[Securable, dict[tuple[str, str, str], Grant]] = {}
        self._forget()
        for privilege, kind, name, *rest in rows("grants"):
            g = Grant(privilege, Securable(kind, name), *rest)
            self._grants.setdefault(g.on, {})[g.key] = g
        self.view_sources: dict[str, list[str]] = {}
        for view, source in rows("view_sources"):
            self.view_sources.setdefault(view, []).append(source)

    def _create_built_in(self) -> None:
        now = _now()
        self._write(
            f"insert into {_IN}.roles values (?, ?, '')", [(role, now) for role in BUILT_IN]
        )
        self.roles = {role: Role(now) for role in BUILT_IN}
        self.grant(
            [
                *(self.new("USAGE", Securable("ROLE", r), to, "") for r, to in _INHERITED),
                *(self.new(privilege, ACCOUNT, to, "") for privilege, to in _ACCOUNT_PRIVILEGES),
            ]
        )


def _namesakes(kind: str) -> tuple[str, ...]:
    return RELATIONS if kind in RELATIONS else (kind,)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
