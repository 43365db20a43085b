"""What must not be in a report that strangers read: names of the account, and keys to it."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from account_check.account import Account

# Of a connection: what tells nothing about whose it is
_HARMLESS = {"authenticator", "port", "protocol", "role", "warehouse", "database", "schema"}
_FORMS = (
    (r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|$)", "[key]"),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]*", "[token]"),
    (r"\b(sig|se|st|skoid|sktid|sv|sp|srt|ss)=[^&\s'\"]+", r"\1=[hidden]"),
    (r"[\w.-]+\.snowflakecomputing\.com", "[account].snowflakecomputing.com"),
    (r"[\w-]+(\.(?:blob|queue)\.core\.windows\.net)", r"[storage]\1"),
    (r"[\w.+-]+@[\w-]+\.[\w.]+", "[address]"),
)


class Redaction:
    """Takes secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = {secret for secret in secrets if len(secret) > 2}

    def apply(self, text: str) -> str:
        """Return a text without what is secret."""
        for form, instead in _FORMS:
            text = re.sub(form, instead, text, flags=re.DOTALL)
        for secret in sorted(self._secrets, key=len, reverse=True):
            word = rf"(?<![A-Za-z0-9_]){re.escape(secret)}(?![A-Za-z0-9_])"
            text = re.sub(word, "[hidden]", text, flags=re.IGNORECASE)
        return text


def secrets_of(account: Account, blob_url: str, *others: str | None) -> list[str]:
    """Return what a run is given that nobody else should read."""
    given = [str(v) for name, v in account.settings.items() if name not in _HARMLESS]
    name = str(account.settings.get("account", ""))
    place = urlsplit(blob_url)
    return [
        *given,
        *re.split(r"[-.]", name),
        place.netloc,
        *place.netloc.split(".")[:1],
        place.path.strip("/"),
        str(Path.home()),
        *(other for other in others if other),
    ]
