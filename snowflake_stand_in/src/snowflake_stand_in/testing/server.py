"""Start a server on a port that it chooses itself.

A port that is looked for before the server binds it may be another process's by then.
"""

import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# As uvicorn and Azurite say it, once they accept connections
_LISTENS = re.compile(rb"(?:running|listens) on https?://[\w.]+:(\d+)")
_SECONDS = 60


def start_server(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command that listens on port 0, wait until it does; return it and its port.

    Its output goes to the end of `log`. RuntimeError, with that output, if it ends or says in
    60 seconds nothing of where it listens.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        start = output.tell()
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    deadline = time.monotonic() + _SECONDS
    try:
        while True:
            # Asked first: what it has written before its end is read below
            ended = process.poll() is not None
            said = log.read_bytes()[start:]
            if found := _LISTENS.search(said):
                return process, int(found[1])
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"{command} does not listen:\n{said.decode(errors='replace')}")
            time.sleep(0.02)
    except BaseException:
        process.kill()
        process.wait()
        raise
