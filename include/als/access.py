"""What the Spark job may reach, as variables of the driver's environment."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Self

# Spark fetches it at submission (`spark-submit --packages`)
JDBC_PACKAGE = "net.snowflake:snowflake-jdbc:3.24.2"


class MissingSettingError(Exception):
    """A variable that the job needs is not in its environment."""


@dataclass(frozen=True)
class Access:
    """Where and as whom. Field `blob_url` is the variable `GHARCHIVE_BLOB_URL`, and so on.

    The private key is the base64 of an unencrypted PEM; the role may be empty (the user's own).
    """

    snowflake_host: str
    snowflake_port: str
    snowflake_account: str
    snowflake_user: str
    snowflake_private_key: str = field(repr=False)
    snowflake_database: str
    snowflake_warehouse: str
    snowflake_role: str
    blob_url: str
    blob_sas: str = field(repr=False)
    models_container: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read every field; raises MissingSettingError with the names that aren't there."""
        names = {f.name: _variable(f.name) for f in fields(cls)}
        missing = sorted(set(names.values()) - environment.keys())
        if missing:
            raise MissingSettingError(
                f"Not set: {', '.join(missing)}. AlsTrainOperator sets them from the Airflow "
                "connections; by hand, export them before spark-submit."
            )
        return cls(**{name: environment[variable] for name, variable in names.items()})

    def to_environment(self) -> dict[str, str]:
        """Return what `from_environment` reads, secrets included: for a process, never a log."""
        return {_variable(name): value for name, value in asdict(self).items()}


def _variable(name: str) -> str:
    return f"GHARCHIVE_{name.upper()}"
