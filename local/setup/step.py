"""A set-up step: skipped while its inputs are unchanged, run again whole if it did not finish."""

import contextlib
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.setup.paths import BIN, DATA, LOG, ROOT, STAMPS

DISK_FULL = "Free some space on this disk (set-up needs about 4 GB), then run make again."
NO_NETWORK = (
    "Check the network and the proxy settings, then run make again. Mirrors are given by the"
    " tools' own variables: PIP_INDEX_URL for Python, npm_config_registry for Node."
)
# What tools print when the cause is the machine and not the step
CAUSES = (
    (re.compile(r"no space left on device|ENOSPC|disk quota exceeded", re.I), DISK_FULL),
    (
        re.compile(
            r"could not resolve|name resolution|name or service not known|ENOTFOUND|EAI_AGAIN"
            r"|connection (refused|reset|timed out)|ECONNREFUSED|ECONNRESET|ETIMEDOUT"
            r"|network is unreachable|no route to host|dns error|error sending request"
            r"|failed to establish a new connection|connecttimeout|read timed out"
            r"|unknownhostexception|tunnel connection failed",
            re.I,
        ),
        NO_NETWORK,
    ),
)


class SetupError(Exception):
    """A step failed: what happened, and what to do about it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


@dataclass(frozen=True)
class Step:
    """One thing to install or make."""

    name: str
    does: str
    make: Callable[[], None]
    outputs: tuple[Path, ...]
    inputs: Callable[[], Iterable[str | Path]]
    stamps: Path = STAMPS

    def ensure(self) -> None:
        """Make the outputs unless they are there, made from the same inputs."""
        stamp = self.stamps / self.name
        wanted = digest(self.inputs())
        if all(path.exists() for path in self.outputs) and read(stamp) == wanted:
            return
        print(f"set-up: {self.does} … ", end="", flush=True)
        started = time.monotonic()
        self.make()
        stamp.parent.mkdir(parents=True, exist_ok=True)
        write(stamp, wanted)
        print(f"{time.monotonic() - started:.0f} s", flush=True)


def digest(inputs: Iterable[str | Path]) -> str:
    """Hash texts and files' contents; the folder counts too, since outputs hold absolute paths."""
    sha = hashlib.sha256(str(ROOT).encode())
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) else item.encode()
        sha.update(b"%d:%b" % (len(content), content))
    return sha.hexdigest()


def read(path: Path) -> str | None:
    """Return a file's text, or None if there is no such file."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def write(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which then takes the place of `folder`."""
    partial = folder.with_name(folder.name + ".partial")
    for old in (partial, folder):
        shutil.rmtree(old, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    partial.rename(folder)


def run(
    command: Iterable[str | Path],
    *,
    fix: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a tool, its output going to the log.

    Raises SetupError with the tool's last words; `fix` is the advice unless the output shows a
    full disk or a missing network.
    """
    words = [str(word) for word in command]
    DATA.mkdir(exist_ok=True)
    with LOG.open("a+b") as log:
        log.write(f"\n$ {' '.join(words)}\n".encode())
        log.flush()
        start = log.tell()
        # A session of its own, so that stopping set-up stops everything the tool started too.
        # close_fds=False hands on the set-up lock: if set-up is killed, the next one waits for
        # a tool that is still at work.
        with _stops_held_back() as let_through:
            child = subprocess.Popen(
                words,
                cwd=cwd,
                env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=False,
                preexec_fn=let_through,
            )
            try:
                let_through()
                status = child.wait()
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise
        if status == 0:
            return
        log.seek(start)
        output = log.read().decode(errors="replace").strip()
    last_words = "\n".join(f"    {line}" for line in output.splitlines()[-6:])
    raise SetupError(
        f"{Path(words[0]).name} ended with status {status}:\n{last_words}\n  (all of it: {LOG})",
        cause_of(output) or fix,
    )


@contextlib.contextmanager
def _stops_held_back() -> Iterator[Callable[[], object]]:
    """Hold back Ctrl-C and SIGTERM until the given function is called, or the block ends.

    One that came while a process is being started would leave it running with no one to stop it.
    """
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    let_through = functools.partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, stops)
    try:
        yield let_through
    finally:
        let_through()


def cause_of(output: str) -> str | None:
    """Return the advice for a full disk or a missing network, if the output shows one."""
    return next((advice for pattern, advice in CAUSES if pattern.search(output)), None)
