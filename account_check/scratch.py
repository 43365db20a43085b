"""All that a run makes in the account has its prefix: what to call it, and how to drop it."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

from account_check.account import shown
from include.sql.settings import Deployment

FORM = re.compile(r"ACCOUNT_CHECK_[0-9A-F]{8}")
USERS = ("loader", "transformer", "trainer", "reader")
# In this order nothing is dropped that another one still needs
KINDS = ("database", "warehouse", "user", "role", "resource monitor", "integration")


class ScratchDeployment(Deployment):
    """A deployment that reads no environment, where another one's names may be."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the caller says alone."""
        return (init_settings,)


def new_prefix() -> str:
    """Return a prefix that nothing has yet."""
    return f"ACCOUNT_CHECK_{secrets.token_hex(4)}".upper()


def user_of(prefix: str, role: str) -> str:
    """Return the name of a role's user."""
    return f"{prefix}_{role}_user".upper()


def make_users(cursor: SnowflakeCursor, prefix: str, key: Path) -> None:
    """Write a new private key for its owner's eyes, and make a user for each role with it."""
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.touch(mode=0o600)
    key.write_bytes(pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = "".join(public.decode().splitlines()[1:-1])
    for role in USERS:
        # As docs/deploy.md says
        cursor.execute(
            f"create user {user_of(prefix, role)} type = service default_secondary_roles = ()"
            f" rsa_public_key = '{body}'"
        )


def made(cursor: SnowflakeCursor, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield kind and name of what there is with a prefix, in the order to drop it."""
    for kind in KINDS:
        for found in shown(cursor, f"{kind}s like '{prefix}%'"):
            # In LIKE an underscore is any character
            if (name := str(found["name"])) == prefix or name.startswith(f"{prefix}_"):
                yield kind, name


def drop_all(cursor: SnowflakeCursor, prefix: str) -> list[str]:
    """Drop what has a run's prefix; return what could not be dropped, each with the reason."""
    failures = {}
    for kind, name in list(made(cursor, prefix)):
        try:
            cursor.execute(f"drop {kind} if exists {name}")
        except DatabaseError as error:
            failures[name] = f"{kind} {name}: {error}"
    left = [f"{kind} {name}" for kind, name in made(cursor, prefix)]
    return [failures.get(each.rpartition(" ")[2], f"{each} is still there") for each in left]


def left_behind(cursor: SnowflakeCursor) -> list[str]:
    """Return the prefixes of checks that were killed before they could drop what they had made."""
    names = [
        str(found["name"]) for kind in KINDS for found in shown(cursor, f"{kind}s like 'ACCOUNT_%'")
    ]
    return sorted({match[0] for name in names if (match := FORM.match(name))})
