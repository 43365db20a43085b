"""A report can be attached to a bug report."""

import pytest

from account_check.account import Account
from account_check.redaction import Redaction, secrets_of

SETTINGS = {
    "account": "MYORG-MYACCOUNT",
    "user": "JANE",
    "role": "ACCOUNTADMIN",
    "authenticator": "SNOWFLAKE_JWT",
    "private_key_file": "/home/jane/deployer.p8",
    "password": "correct horse",
}
BLOBS = "https://janesblobs.blob.core.windows.net"
SECRET = [
    "250001: Could not connect to MYORG-MYACCOUNT.snowflakecomputing.com:443",
    "Object of account MYACCOUNT in organization myorg",
    "user 'JANE' with role ACCOUNTADMIN",
    "can't read /home/jane/deployer.p8",
    "password correct horse is wrong",
    "url = 'azure://janesblobs.blob.core.windows.net/c/'",
    "https://other.queue.core.windows.net/q",
    "?sv=2026-01-01&sp=rl&sig=aB%2Fc%3D",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "Authorization: eyJhbGciOi.eyJpc3Mi.c2ln",
    "mail jane@example.org",
    "locator AB12345 here",
]
HIDDEN = (
    *("myorg", "myaccount", "jane", "correct horse", "/home/", "other.queue", "ab%2f"),
    *("miiev", "eyj", "example.org", "ab12345"),
)


@pytest.mark.parametrize("text", SECRET)
def test_what_is_secret_is_left_out(text: str) -> None:
    redaction = Redaction([*secrets_of(Account(SETTINGS), BLOBS), "AB12345"])
    left = redaction.apply(text)
    assert left != text
    assert not [word for word in HIDDEN if word in left.lower()]


def test_the_rest_stays() -> None:
    redaction = Redaction(secrets_of(Account(SETTINGS), BLOBS))
    text = "002003 (02000): Table 'ACCOUNT_CHECK_0A1B2C3D.GOLD.X' does not exist for ACCOUNTADMIN"
    assert redaction.apply(text) == text
