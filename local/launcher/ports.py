"""The ports of the local stack: the usual ones if they are free, else any free ones."""

import json
import socket
from pathlib import Path

USUAL = {"airflow": 8080, "blob": 10000, "snowflake": 10100, "gharchive": 10200, "powerbi": 10300}


def choose_ports(path: Path, airflow_port: int | None) -> dict[str, int]:
    """Choose a port for every service and remember the choice in `path`.

    Raises OSError when `airflow_port`, the one that users name, is taken.
    """
    wanted = dict(USUAL)
    if airflow_port:
        if not _is_free(airflow_port):
            raise OSError(
                f"port {airflow_port} is in use by another program: stop that program or name "
                "another port with PORT=…"
            )
        wanted["airflow"] = airflow_port
    ports = {name: port if _is_free(port) else _any_free() for name, port in wanted.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(ports))
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
