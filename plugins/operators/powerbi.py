"""Refresh a Power BI semantic model and wait for it, without holding a worker.

The provider's operator and trigger do the work; this module mends what they get wrong.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NoReturn

import httpx
from airflow.providers.microsoft.azure.hooks.powerbi import (
    PowerBIDatasetRefreshException,
    PowerBIHook,
)
from airflow.providers.microsoft.azure.operators import powerbi
from airflow.providers.microsoft.azure.triggers.powerbi import PowerBITrigger
from airflow.triggers.base import TriggerEvent

HTTP_TIMEOUT_SECONDS = 60


class PowerBIDatasetRefreshOperator(powerbi.PowerBIDatasetRefreshOperator):
    """Start a refresh and succeed when it has completed; fail with the service's own words.

    A running refresh, the daily quota and throttling beyond three minutes fail the task as well:
    they pass with time, so give the task retries with a delay of minutes.

    Args:
        conn_id: A connection of type `powerbi`.
        dataset_id: The semantic model; by default `dataset_id` in the connection's extra.
        group_id: Its workspace; by default `group_id` in the connection's extra.
        timeout: Seconds to wait for the refresh to end.
        check_interval: Seconds between two looks at its status.
        **kwargs: What the provider's operator takes as well.

    """

    def __init__(
        self,
        *,
        conn_id: str = PowerBIHook.default_conn_name,
        dataset_id: str = "",
        group_id: str = "",
        timeout: float = 60 * 60,
        check_interval: int = 10,
        **kwargs: Any,
    ) -> None:
        """Take the settings; nothing is asked of the connection before the task runs."""
        extra = f"conn.{conn_id}.extra_dejson"
        super().__init__(
            conn_id=conn_id,
            dataset_id=dataset_id or f"{{{{ {extra}.dataset_id }}}}",
            group_id=group_id or f"{{{{ {extra}.group_id }}}}",
            timeout=timeout,
            check_interval=check_interval,
            deferrable=True,
            **kwargs,
        )

    def defer(self, *, trigger: Any, **kwargs: Any) -> NoReturn:
        """Wait with this module's trigger in place of the provider's."""
        _, arguments = trigger.serialize()
        super().defer(trigger=RefreshTrigger(**arguments), **kwargs)


class RefreshTrigger(PowerBITrigger):
    """The provider's trigger, with a client of its own and an event for every outcome."""

    @cached_property
    def hook(self) -> PowerBIHook:
        """The hook; the provider gives each HTTP request as long as the whole refresh."""
        return _Hook(
            conn_id=self.conn_id,
            timeout=HTTP_TIMEOUT_SECONDS,
            proxies=self.proxies,
            api_version=self.api_version,
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event; an error while starting is one too, or the task wouldn't show it."""
        try:
            [event] = [event async for event in super().run()]
        except Exception as error:
            event = TriggerEvent(  # type: ignore[no-untyped-call]
                {
                    "status": "error",
                    "dataset_refresh_id": self.dataset_refresh_id,
                    "dataset_refresh_status": None,
                    "message": f"Power BI connection {self.conn_id!r}: {error}",
                }
            )
        finally:
            await self.hook.close()
        yield event


class _Hook(PowerBIHook):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # The provider keeps one client per connection for the life of the process. A client works
        # only in the event loop that opened it, and `dags test` runs every trigger in a new one
        # ("Event loop is closed"); a triggerer would go on using a secret that was replaced.
        self.cached_request_adapters = {}

    async def trigger_dataset_refresh(self, **kwargs: Any) -> str:
        with _answer_shown():
            return await super().trigger_dataset_refresh(**kwargs)

    async def get_refresh_history(self, dataset_id: str, group_id: str) -> list[dict[str, str]]:
        with _answer_shown():
            return await super().get_refresh_history(dataset_id, group_id)

    async def cancel_dataset_refresh(
        self, dataset_id: str, group_id: str, dataset_refresh_id: str
    ) -> None:
        # Only enhanced refreshes can be cancelled: the provider would report that refusal
        # instead of the error for which it cancels, and a failing poll needn't end the refresh.
        pass


@contextmanager
def _answer_shown() -> Iterator[None]:
    """Add the service's answer to the provider's error; have lost connections retried as well."""
    try:
        yield
    except (PowerBIDatasetRefreshException, httpx.TransportError) as error:
        raise PowerBIDatasetRefreshException(f"{error} {error.__context__ or ''}") from error
