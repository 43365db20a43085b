"""The order of a run: each step that can be tried; then everything is dropped, in any case."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from account_check.account import Account
from account_check.findings import Findings, NotTriedError, judged
from account_check.run import Run
from account_check.scratch import drop_all
from account_check.steps import STEPS
from account_check.storage import Storage

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Say = Callable[[str], None]


def check(run: Run, findings: Findings, say: Say) -> None:
    """Try what can be tried, and drop what that made, before a KeyboardInterrupt goes on."""
    try:
        _try_all(run, findings, say)
    finally:
        with _undisturbed():
            say(f"dropping all of {run.prefix}")
            left = clean(run.account, run.prefix, run.storage)
            found = judged("nothing-left", not left, "; ".join(left) or "nothing is left")
            say(f"  {findings.add(found)}")


def clean(account: Account, prefix: str, storage: Storage) -> list[str]:
    """Drop all of a run; return what could not be dropped."""

    def of_account() -> list[str]:
        with account.administrator() as connection, connection.cursor() as cursor:
            return drop_all(cursor, prefix)

    left = []
    for drop in (of_account, storage.drop):
        try:
            left += drop() or []
        except Exception as error:  # whatever it is, the other part has to go too
            left.append(f"{type(error).__name__}: {error}")
    return left and [*left, f"try again: make account-check DROP={prefix}"]


def _try_all(run: Run, findings: Findings, say: Say) -> None:
    ended = set()
    for step in STEPS:
        if lacking := [name for name in step.needs if name not in ended]:
            why, failed = f"needs {', '.join(lacking)}", False
        else:
            say(step.name)
            why, failed = "", False
            try:
                for finding in step.check(run):
                    say(f"  {findings.add(finding)}")
                ended.add(step.name)
            except NotTriedError as reason:
                why = str(reason)
            except Exception as error:  # an account may refuse anything; the other steps go on
                why, failed = f"{type(error).__name__}: {error}", True
        for line in findings.close(step.name, why, failed):
            say(f"  {line}")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hear no second Ctrl-C, SIGTERM or SIGHUP: what isn't dropped costs money."""
    before = [signal.signal(number, signal.SIG_IGN) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
