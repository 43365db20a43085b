"""Notices when a client's TCP connection ends, which Snowflake's protocol itself never says."""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.h11_impl import H11Protocol


def watched(lost: Callable[[tuple[str, int]], None]) -> type[asyncio.Protocol]:
    """Return a protocol for uvicorn that calls `lost` with the address of a client that is gone."""

    class Watched(H11Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client is not None:
                lost(self.client)

    return Watched
