"""The ports of the local stack: the usual ones if they are free, else any free ones."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from local.launcher import processes
from local.launcher.secrets import write_private

USUAL = {"airflow": 8080, "blob": 10000, "snowflake": 10100, "gharchive": 10200, "powerbi": 10300}


def parse_port(text: str) -> int:
    """Read a port that the user names; OSError if it is none."""
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise OSError(f"PORT={text} is no port: give a number from 1 to 65535")
    return int(text)


def choose_ports(path: Path, airflow_port: int | None) -> dict[str, int]:
    """Choose a port for every service and remember the choice in `path`.

    Raises OSError when `airflow_port`, the one that users name, can't be had.
    """
    ports: dict[str, int] = {}
    if airflow_port:
        if why := _why_not(airflow_port):
            raise OSError(
                f"PORT={airflow_port} can't be used ({why}): stop the program that uses it, or "
                "name another port"
            )
        ports["airflow"] = airflow_port
    for name, port in USUAL.items():
        if name not in ports:
            is_free = port not in ports.values() and not _why_not(port)
            ports[name] = port if is_free else _any_free(ports)
    write_private(path, json.dumps(ports))
    return ports


def lost_ports(ports: Mapping[str, int], marker: str) -> list[str]:
    """Return the chosen ports on which another program than the marked ones listens by now."""
    ours = processes.running(marker)
    return [
        f"port {port} ({name})"
        for name, port in ports.items()
        if _why_not(port) and not any(processes.listens(process, port) for process in ours)
    ]


def _why_not(port: int) -> str | None:
    """Return why a port can't be listened on, None if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None


def _any_free(taken: Mapping[str, int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in {*taken.values(), *USUAL.values()}:
            return port
