"""`python -m snowflake_stand_in --port P --database FILE.duckdb [--certificate CERT --key KEY]`."""

import argparse
import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import anyio.to_thread
import uvicorn

from snowflake_stand_in.composition import open_account
from snowflake_stand_in.engine.account import Account
from snowflake_stand_in.server.app import Service
from snowflake_stand_in.server.connections import watched

# Statements that wait for a lock hold a thread each
_THREADS = 200


class _Server(uvicorn.Server):
    """Ends statements on the first signal: they run in threads that nothing else would stop."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._service.interrupt()


async def _serve(server: uvicorn.Server) -> None:
    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    await server.serve()


def main(opened: Callable[[Path], Account] = open_account) -> None:
    """Serve one account on 127.0.0.1 until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m snowflake_stand_in", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0: a free one, which is logged")
    parser.add_argument("--database", type=Path, required=True, help="file of the first database")
    parser.add_argument("--certificate", help="PEM certificate chain; without it, plain HTTP")
    parser.add_argument("--key", help="PEM private key of the certificate")
    options = parser.parse_args()
    # The account's file, its WAL and what DuckDB sets down meanwhile hold stages' tokens
    os.umask(0o077)
    account = opened(options.database)
    service = Service(account)
    config = uvicorn.Config(
        service.app(),
        http=watched(service.lost),
        host="127.0.0.1",
        port=options.port,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.key,
        access_log=False,
        timeout_keep_alive=3600,
        timeout_graceful_shutdown=1,
    )
    try:
        asyncio.run(_serve(_Server(config, service)))
    finally:
        account.close()


if __name__ == "__main__":
    main()
