"""Run the set-up steps in order."""

import errno
import fcntl
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from local.setup import azurite, certificates, java, lint, manifest, packages, schemachange, spark
from local.setup.paths import DATA, LOG
from local.setup.step import DISK_FULL, SetupError

STEPS = {
    step.name: step
    for step in (
        packages.STEP,
        schemachange.STEP,
        *certificates.STEPS,
        azurite.STEP,
        java.STEP,
        spark.SETTINGS,
        spark.JARS,
        manifest.STEP,
    )
}


# What `make lint` needs and nothing else does
BY_NAME = {lint.STEP.name: lint.STEP}


def main(names: Sequence[str]) -> int:
    """Run the named steps, or all of STEPS; return the exit status."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        DATA.mkdir(exist_ok=True)
        with (DATA / "setup.lock").open("w") as lock:
            _wait_for(lock.fileno())
            LOG.unlink(missing_ok=True)
            for name in names or STEPS:
                {**STEPS, **BY_NAME}[name].ensure()
    except SetupError as error:
        return _failed(error.what, error.fix)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return _failed(str(error), DISK_FULL if full else "Fix that, then run make again.")
    except KeyboardInterrupt:
        print("\nset-up stopped; make goes on where it was.", file=sys.stderr)
        return 130
    return 0


def _wait_for(lock: int) -> None:
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("set-up: waiting for another set-up of this folder to end", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _failed(what: str, fix: str) -> int:
    print(f"\nset-up failed: {what}\n  {fix}", file=sys.stderr, flush=True)
    return 1


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
