"""Where a local stack keeps what its runs leave behind; what set-up installed is elsewhere."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.setup.paths import DATA

FULL_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Layout:
    """The files below `data`, the folder that is a stack's state and its identity."""

    data: Path

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.data / "airflow"

    @property
    def airflow_passwords(self) -> Path:
        """The passwords of Airflow's simple auth manager."""
        return self.data / "airflow-passwords.json"

    @property
    def environment_file(self) -> Path:
        """The environment that Airflow runs in, for a user's own shell."""
        return self.data / "airflow.env"

    @property
    def snowflake_home(self) -> Path:
        """SNOWFLAKE_HOME: the folder of connections.toml, for Snowflake's own tools."""
        return self.data / "snowflake"

    @property
    def secrets(self) -> Path:
        """Every credential of the stack."""
        return self.data / "secrets.json"

    @property
    def ports(self) -> Path:
        """The ports chosen when the stack was last started."""
        return self.data / "ports.json"

    @property
    def source(self) -> Path:
        """Where the hours come from since the stack was last started."""
        return self.data / "source.json"

    @property
    def services(self) -> Path:
        """The process of each service that was started."""
        return self.data / "services.json"

    @property
    def kept(self) -> Path:
        """Is there while a stack shall outlive the command that started it."""
        return self.data / "kept"

    @property
    def database(self) -> Path:
        """The Snowflake stand-in's database."""
        return self.data / "snowflake.duckdb"

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.data / "logs"

    def check_disk(self, needed: int = FULL_BYTES) -> None:
        """Raise OSError if fewer than `needed` bytes are left where `data` is."""
        self.data.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.data).free
        if free < needed:
            raise OSError(
                f"the disk of {self.data} is full: {free / 2**20:.0f} MB are left, and "
                f"{needed / 2**20:.0f} MB are needed. Free some space there and try again"
            )

    @contextmanager
    def only_one_command(self) -> Iterator[None]:
        """Hold the folder for one command; OSError if another one has it."""
        with (self.data / "lock").open("a+") as lock:
            try:
                # The system lets go of it when the process ends, however that happens
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise OSError(
                    f"another run, backfill or up is at work in {self.data} "
                    f"(process {lock.read()}): let it end, or stop it with `make down`"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


def default_layout() -> Layout:
    """Return the project's own layout, or the one that GHARCHIVE_LOCAL_DATA names."""
    return Layout(Path(os.environ.get("GHARCHIVE_LOCAL_DATA", DATA / "data")).resolve())
