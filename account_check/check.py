"""The order of a run: each step that can be tried; then everything is dropped, in any case."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from account_check.findings import Findings, NotTriedError, judged
from account_check.run import Run
from account_check.scratch import drop_all
from account_check.steps import STEPS

Say = Callable[[str], None]


def check(run: Run, findings: Findings, say: Say) -> None:
    """Try what can be tried, and drop what that made, before a KeyboardInterrupt goes on."""
    try:
        _try_all(run, findings, say)
    finally:
        with _undisturbed():
            say(f"dropping all of {run.prefix}")
            left = clean(run)
            found = judged("nothing-left", not left, "; ".join(left) or "nothing is left")
            say(f"  {findings.add(found)}")


def clean(run: Run) -> list[str]:
    """Drop all of a run; return what could not be dropped."""
    left = run.storage.drop()
    try:
        with run.account.administrator() as connection, connection.cursor() as cursor:
            left += drop_all(cursor, run.prefix)
    except Exception as error:  # whatever it is, the user has to know what is still there
        left.append(f"{type(error).__name__}: {error}; try again with DROP={run.prefix}")
    return left


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
    """Hear no second Ctrl-C or SIGTERM: what isn't dropped costs money."""
    ignored = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in ignored]
    try:
        yield
    finally:
        for number, handler in zip(ignored, before, strict=True):
            signal.signal(number, handler)
