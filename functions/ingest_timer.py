"""The timer: each tick catches up on the hours of a window."""

import logging
import os
from datetime import UTC, datetime

import azure.functions as func

from functions.app_settings import catch_up_hours, ingest_settings, open_containers
from functions.catch_up import catch_up

logger = logging.getLogger(__name__)

DAILY = "0 30 2 * * *"
"""02:30 UTC: yesterday's last hour appears soon after midnight."""

# The host resolves %…% itself, and refuses a function whose setting is missing or empty
SCHEDULE = "%INGEST_SCHEDULE%" if os.environ.get("INGEST_SCHEDULE") else DAILY

blueprint = func.Blueprint()


@blueprint.function_name("ingest")
@blueprint.timer_trigger(arg_name="timer", schedule=SCHEDULE)
def ingest(timer: func.TimerRequest) -> None:
    """Bring the latest published hours, and those missed before them, into Blob storage."""
    if timer.past_due:
        logger.info("This tick is late; it catches up like any other.")
    now = datetime.now(UTC)
    hours, settings = catch_up_hours(os.environ), ingest_settings(os.environ)
    with open_containers(os.environ) as containers:
        catch_up(now, hours, settings, containers)
