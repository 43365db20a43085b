"""What a deployment is called, where its blobs are and what it may cost: docs/settings.md."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, ValidationError, model_validator
from pydantic.functional_validators import BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from include.ingest.settings import CONTAINER_NAMES

PREFIX = "GHARCHIVE_"

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$")]
StageRoot = Annotated[str, StringConstraints(pattern=r"^azure://[\w.:-]+(/[\w-]+)?/?$")]
QueueUrl = Annotated[str, StringConstraints(pattern=r"^https?://[\w.:/-]+$")]
Container = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9])+$")]
Email = Annotated[str, StringConstraints(pattern=r"^[\w.+-]+@[\w.-]+$")]
Tenant = Annotated[str, StringConstraints(pattern=r"^[\w.-]+$")]
Size = Literal["XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE"]


def _split(text: Any) -> Any:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []


Names = Annotated[list[Identifier], NoDecode, BeforeValidator(_split)]


class SettingsError(Exception):
    """Variables are missing or wrong; the message names each and never quotes a value."""


class Deployment(BaseSettings):
    """The settings; field `load_warehouse_size` is the variable GHARCHIVE_LOAD_WAREHOUSE_SIZE.

    Names of roles, warehouses, monitor and integrations begin with the database's if left out.
    Times are in seconds, spending is in credits a month, retention in days.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, hide_input_in_errors=True
    )

    database: Identifier = "GHARCHIVE"
    storage_url: StageRoot
    events_container: Container = CONTAINER_NAMES["events"]
    outcomes_container: Container = CONTAINER_NAMES["outcomes"]
    models_container: Container = CONTAINER_NAMES["models"]
    events_sas_token: SecretStr = SecretStr("")
    outcomes_sas_token: SecretStr = SecretStr("")
    models_sas_token: SecretStr = SecretStr("")
    azure_tenant_id: Tenant | None = None
    queue_url: QueueUrl | None = None

    deployer_role: Identifier | None = None
    loader_role: Identifier | None = None
    transformer_role: Identifier | None = None
    trainer_role: Identifier | None = None
    reader_role: Identifier | None = None
    pipe_role: Identifier | None = None
    deployer_users: Names = []
    loader_users: Names = []
    transformer_users: Names = []
    trainer_users: Names = []
    reader_users: Names = []

    load_warehouse: Identifier | None = None
    transform_warehouse: Identifier | None = None
    train_warehouse: Identifier | None = None
    read_warehouse: Identifier | None = None
    load_warehouse_size: Size = "XSMALL"
    transform_warehouse_size: Size = "XSMALL"
    train_warehouse_size: Size = "XSMALL"
    read_warehouse_size: Size = "XSMALL"
    auto_suspend: Annotated[int, Field(ge=30)] = 60
    statement_timeout: Annotated[int, Field(ge=60, le=604800)] = 3600
    batch_rows: Annotated[int, Field(ge=1)] = 10_000_000

    resource_monitor: Identifier | None = None
    storage_integration: Identifier | None = None
    notification_integration: Identifier | None = None
    credit_quota: Annotated[int, Field(ge=1)] = 100
    serverless_credits: Annotated[int, Field(ge=1)] = 10
    budget_email: Email | None = None
    retention_days: Annotated[int, Field(ge=0, le=90)] = 1

    @model_validator(mode="after")
    def _name_the_rest(self) -> Self:
        names = {
            **{f"{role}_role": role for role in ("deployer", *ROLES)},
            **{f"{warehouse}_warehouse": warehouse for warehouse in WAREHOUSES},
            "resource_monitor": "monitor",
            "storage_integration": "storage",
            "notification_integration": "notifications",
        }
        for field, suffix in names.items():
            if getattr(self, field) is None:
                setattr(self, field, f"{self.database}_{suffix}".upper())
        return self

    @model_validator(mode="after")
    def _check_access(self) -> Self:
        tokens = [name for name in STAGES if not getattr(self, f"{name}_sas_token")]
        if self.azure_tenant_id is None and tokens:
            variables = ", ".join(f"{PREFIX}{name}_SAS_TOKEN".upper() for name in tokens)
            raise ValueError(f"set {variables}, or {PREFIX}AZURE_TENANT_ID for an integration")
        if self.queue_url is not None and self.azure_tenant_id is None:
            raise ValueError(f"{PREFIX}QUEUE_URL needs {PREFIX}AZURE_TENANT_ID")
        return self

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment; raises SettingsError."""
        try:
            return cls()  # type: ignore[call-arg]  # from the environment
        except ValidationError as error:
            lines = [
                f"{PREFIX}{fault['loc'][0]}".upper() + f": {fault['msg']}"
                if fault["loc"]
                else fault["msg"].removeprefix("Value error, ")
                for fault in error.errors()
            ]
            raise SettingsError("\n".join(lines) + "\nSee docs/settings.md.") from None

    def variables(self) -> dict[str, Any]:
        """Return what the scripts of `migrations/` read of it, secrets under `secrets`."""
        root = self.storage_url.rstrip("/")
        tokens = {f"{stage}_sas_token" for stage in STAGES}
        return {
            # schemachange makes text of all: None would be true
            **{name: value or "" for name, value in self.model_dump(exclude=tokens).items()},
            **{role: getattr(self, f"{role}_role") for role in ("deployer", *ROLES)},
            "roles": [getattr(self, f"{role}_role") for role in ROLES],
            "users": {
                getattr(self, f"{role}_role"): getattr(self, f"{role}_users") for role in ROLES[:4]
            },
            "warehouses": {
                getattr(self, f"{name}_warehouse"): getattr(self, f"{name}_warehouse_size")
                for name in WAREHOUSES
            },
            "urls": {name: f"{root}/{getattr(self, f'{name}_container')}/" for name in STAGES},
            "secrets": self.secrets(),
        }

    def secrets(self) -> dict[str, str]:
        """Return the SAS token of each stage; empty where an integration is used."""
        tokens = {name: getattr(self, f"{name}_sas_token") for name in STAGES}
        return {name: token.get_secret_value().removeprefix("?") for name, token in tokens.items()}


STAGES = ("events", "outcomes", "models")
ROLES = ("loader", "transformer", "trainer", "reader", "pipe")
WAREHOUSES = ("load", "transform", "train", "read")
