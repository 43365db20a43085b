"""The local Snowflake's end and new beginning."""

import signal

import requests

from local.launcher import processes
from local.launcher.stack import Stack
from local.setup import paths


def restart_snowflake(stack: Stack) -> None:
    """Kill the server without warning, and start it again on the same files and port."""
    (server,) = (
        process
        for process in processes.running(stack.marker)
        if "snowflake_stand_in" in process.cmdline()
    )
    command, environment = server.cmdline(), server.environ()
    server.send_signal(signal.SIGKILL)
    server.wait()
    log = stack.layout.logs / "snowflake.log"
    started = processes.start(command, environment, marker=stack.marker, log=log)
    processes.wait_until("snowflake", lambda: _answers(stack), started, log, seconds=60)


def _answers(stack: Stack) -> bool:
    try:
        url = f"https://127.0.0.1:{stack.ports['snowflake']}/health"
        return requests.get(url, timeout=2, verify=str(paths.CA_BUNDLE)).ok
    except requests.RequestException:
        return False
