"""Refresh a Power BI semantic model and wait for it, without holding a worker.

The provider's operator and trigger do the work; this module mends what they get wrong.
"""

import asyncio
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
from airflow.sdk import Context
from airflow.triggers.base import TriggerEvent

HTTP_TIMEOUT_SECONDS = 60


class PowerBIDatasetRefreshOperator(powerbi.PowerBIDatasetRefreshOperator):
    """Start a refresh and succeed when it has completed; fail with the service's own words.

    A refresh that already runs, the daily quota and throttling beyond three minutes fail the task
    as well: they pass with time, so give the task retries with a delay of minutes.

    Args:
        conn_id: A connection of type `powerbi`.
        dataset_id: The semantic model; by default `dataset_id` in the connection's extra.
        group_id: Its workspace; by default `group_id` in the connection's extra.
        timeout: Seconds to wait for the refresh to end.
        check_interval: Seconds before each look at its status; below 10 the first look may come
            too early for Airflow's scheduler (see `RefreshTrigger`).
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

    def execute(self, context: Context) -> None:
        """Start the refresh here, and only wait in the triggerer.

        The provider starts it in a trigger too, which ends so soon that Airflow may take the
        worker's exit for the death of the task that has resumed (apache/airflow#72716).
        """
        event = {"status": "success", "dataset_refresh_id": asyncio.run(self._start())}
        self.handle_refresh(context, event)

    async def _start(self) -> str:
        hook = _Hook(conn_id=self.conn_id, proxies=self.proxies, api_version=self.api_version)
        try:
            return await hook.trigger_dataset_refresh(
                dataset_id=self.dataset_id, group_id=self.group_id, request_body=self.request_body
            )
        finally:
            await hook.close()

    def defer(self, *, trigger: Any, **kwargs: Any) -> NoReturn:
        """Wait with this module's trigger in place of the provider's."""
        _, arguments = trigger.serialize()
        super().defer(trigger=RefreshTrigger(**arguments), **kwargs)


class RefreshTrigger(PowerBITrigger):
    """The provider's trigger, with a client of its own."""

    @cached_property
    def hook(self) -> PowerBIHook:
        """The hook that it asks."""
        return _Hook(conn_id=self.conn_id, proxies=self.proxies, api_version=self.api_version)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event that tells how the refresh ended.

        The first look waits as well: the scheduler hears of a deferred task's worker up to five
        seconds after it left, and fails the task if that has resumed by then.
        """
        await asyncio.sleep(self.check_interval)
        try:
            [event] = [event async for event in super().run()]
        finally:
            await self.hook.close()
        yield event


class _Hook(PowerBIHook):
    def __init__(self, **kwargs: Any) -> None:
        # The provider would give each HTTP request as long as the whole refresh
        super().__init__(timeout=HTTP_TIMEOUT_SECONDS, **kwargs)
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
