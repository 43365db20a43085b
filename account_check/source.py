"""Where the hour comes from: the archive, or a folder that this process serves for ingest."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from local.gharchive.host import create_app
from local.gharchive.hours import SimulatedHours
from local.launcher.source import Source

START_SECONDS = 20


@contextmanager
def served(source: Source, cache: Path) -> Iterator[str]:
    """Give the base URL of a source; `cache` keeps simulated hours."""
    if source.url:
        yield source.url
        return
    folder = Path(source.folder) if source.folder else None
    config = uvicorn.Config(create_app(SimulatedHours(cache), folder), log_level="error")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Without run(), which would take the signals
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            if time.monotonic() > deadline:
                raise OSError("the folder's host has not started")
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/{source.route}"
        finally:
            server.should_exit = True
            thread.join()
