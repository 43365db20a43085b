"""Alerts: into the log, and to a webhook if there is one."""

import logging

import requests
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

CONNECTION = "gharchive_alerts"

log = logging.getLogger(__name__)


def send_alert(text: str) -> None:
    """Log a warning, and post it to the webhook whose URL is the connection's password, if any.

    The body is `{"text": …}`, which Slack, Teams, Mattermost and others take. Raises
    AirflowException if it isn't taken; the URL, which is a secret, is in no message.
    """
    log.warning(text)
    try:
        url = Connection.get(CONNECTION).password
    except AirflowNotFoundException:
        log.info("There is no connection %s, so nobody else is told.", CONNECTION)
        return
    try:
        answer = requests.post(url or "", json={"text": text}, timeout=30)
    except requests.RequestException as error:
        raise AirflowException(
            f"The webhook of connection {CONNECTION} can't be reached ({type(error).__name__})"
        ) from None
    if not answer.ok:
        raise AirflowException(
            f"The webhook of connection {CONNECTION} answered {answer.status_code}: {answer.reason}"
        )
