"""Where a local stack keeps what its runs leave behind; what set-up installed is elsewhere."""

import os
from dataclasses import dataclass
from pathlib import Path

from local.setup.paths import DATA


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
    def database(self) -> Path:
        """The Snowflake stand-in's database."""
        return self.data / "snowflake.duckdb"

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.data / "logs"


def default_layout() -> Layout:
    """Return the project's own layout, or the one that GHARCHIVE_LOCAL_DATA names."""
    return Layout(Path(os.environ.get("GHARCHIVE_LOCAL_DATA", DATA / "data")).resolve())
