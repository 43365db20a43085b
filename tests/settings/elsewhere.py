"""A deployment in which nothing has its usual name: another value for every setting.

The account's own parameters are unlike the laptop's too.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.storage.blob import (
    AccountSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from local.launcher.environment import ACCOUNT, POWERBI_CLIENT_ID, blob_url
from local.launcher.stack import Stack
from local.powerbi import DATASET_ID, GROUP_ID
from tests import hostile

DATABASE = "ELSEWHERE"
KEPT = ["CreateEvent", "ForkEvent", "IssuesEvent", "PullRequestEvent", "PushEvent", "WatchEvent"]
ALS = {"rank": 4, "reg_param": 0.25, "max_iter": 3, "alpha": 7.5}
TENANT = "99999999-9999-9999-9999-999999999999"
CONTAINERS = {
    "events": "other-hours",
    "outcomes": "other-accounts",
    "quarantine": "other-bad-lines",
    "models": "other-models",
}
# By job: user, role, warehouse, all of them other than usual
JOBS = {
    "loader": ("HAULIER", "HAULING", "HAULAGE"),
    "transformer": ("MASON", "BUILDING", "BUILDERS"),
    "trainer": ("COACH", "COACHING", "GYM"),
    "reader": ("ANALYST", "ANALYSTS", "DESK"),
}
SNOWFLAKE = {
    "GHARCHIVE_DATABASE": DATABASE,
    **{f"GHARCHIVE_{job}_USERS".upper(): user for job, (user, _, _) in JOBS.items()},
    **{f"GHARCHIVE_{job}_ROLE".upper(): role for job, (_, role, _) in JOBS.items()},
    "GHARCHIVE_PIPE_ROLE": "PLUMBING",
    "GHARCHIVE_DEPLOYER_ROLE": "ARCHITECTURE",
    "GHARCHIVE_DEPLOYER_USERS": "MASON",
    "GHARCHIVE_LOAD_WAREHOUSE": "HAULAGE",
    "GHARCHIVE_TRANSFORM_WAREHOUSE": "BUILDERS",
    "GHARCHIVE_TRAIN_WAREHOUSE": "GYM",
    "GHARCHIVE_READ_WAREHOUSE": "DESK",
    "GHARCHIVE_LOAD_WAREHOUSE_SIZE": "SMALL",
    "GHARCHIVE_TRANSFORM_WAREHOUSE_SIZE": "XLARGE",
    "GHARCHIVE_TRAIN_WAREHOUSE_SIZE": "LARGE",
    "GHARCHIVE_READ_WAREHOUSE_SIZE": "MEDIUM",
    "GHARCHIVE_AUTO_SUSPEND": "77",
    "GHARCHIVE_STATEMENT_TIMEOUT": "4321",
    "GHARCHIVE_BATCH_ROWS": "54321",
    "GHARCHIVE_CREDIT_QUOTA": "23",
    "GHARCHIVE_SERVERLESS_CREDITS": "17",
    "GHARCHIVE_BUDGET_EMAIL": "someone@example.com",
    "GHARCHIVE_RETENTION_DAYS": "3",
    "GHARCHIVE_EVENTS_CONTAINER": CONTAINERS["events"],
    "GHARCHIVE_OUTCOMES_CONTAINER": CONTAINERS["outcomes"],
    "GHARCHIVE_MODELS_CONTAINER": CONTAINERS["models"],
    "GHARCHIVE_RESOURCE_MONITOR": "GUARD",
}
# In the place of SAS tokens
INTEGRATIONS = {
    "GHARCHIVE_STORAGE_URL": "azure://elsewhere.blob.core.windows.net",
    "GHARCHIVE_AZURE_TENANT_ID": "another-tenant",
    "GHARCHIVE_QUEUE_URL": "https://elsewhere.queue.core.windows.net/blobs",
    "GHARCHIVE_STORAGE_INTEGRATION": "BLOBS",
    "GHARCHIVE_NOTIFICATION_INTEGRATION": "BLOB_EVENTS",
}
Settings = dict[str, str]
Connections = dict[str, dict[str, Any]]


class Elsewhere(Stack):
    """The stand-ins, with containers and users of other names, and nothing deployed."""

    def create_stores(self) -> None:
        """Create what an administrator of Azure and Snowflake does by hand."""
        with self.connect_blob() as blob:
            for name in CONTAINERS.values():
                blob.create_container(name)
        self.key = rsa.generate_private_key(65537, 2048)
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        with self.connect_snowflake() as connection, connection.cursor() as cursor:
            for statement in hostile.statements():
                cursor.execute(statement)
            for user, _, _ in JOBS.values():
                cursor.execute(
                    f"create user {user} type = service default_secondary_roles = () "
                    f"email = '{SNOWFLAKE['GHARCHIVE_BUDGET_EMAIL']}' "
                    f"rsa_public_key = '{base64.b64encode(der).decode()}'"
                )

    @property
    def account_key(self) -> str:
        """The storage account's key."""
        return self.secrets.blob_account_key


def archive(stack: Elsewhere) -> str:
    """Return the base URL of the hours."""
    return f"http://127.0.0.1:{stack.ports['gharchive']}/folder"


def write_sas(stack: Elsewhere) -> str:
    """Return the SAS of those who write blobs."""
    return generate_account_sas(
        ACCOUNT,
        stack.account_key,
        ResourceTypes(object=True),
        AccountSasPermissions(read=True, create=True, write=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )


def tokens(stack: Elsewhere) -> Settings:
    """Return where the stages are, and a SAS for each."""
    return {
        "GHARCHIVE_STORAGE_URL": blob_url(stack.ports).replace("http://", "azure://"),
        **{
            f"GHARCHIVE_{stage}_SAS_TOKEN".upper(): generate_container_sas(
                ACCOUNT,
                CONTAINERS[stage],
                stack.account_key,
                permission=ContainerSasPermissions(read=True, list=True),
                expiry=datetime.now(UTC) + timedelta(hours=1),
            )
            for stage in ("events", "outcomes", "models")
        },
    }


def connections(stack: Elsewhere, webhook: str) -> Connections:
    """Return every connection; `webhook` is the URL that alerts go to."""
    pem = stack.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    powerbi = f"https://localhost:{stack.ports['powerbi']}"
    return {
        "gharchive_source": {"conn_type": "http", "host": archive(stack)},
        "gharchive_blob": {
            "conn_type": "wasb",
            "host": blob_url(stack.ports),
            "extra": {"sas_token": f"?{write_sas(stack)}", **CONTAINERS},
        },
        **{
            f"gharchive_{job}": {
                "conn_type": "snowflake",
                "login": user,
                "schema": "LEDGER",
                "extra": {
                    "account": "elsewhere",
                    "database": DATABASE,
                    "warehouse": warehouse,
                    "role": role,
                    "host": "localhost",
                    "port": stack.ports["snowflake"],
                    "private_key_content": base64.b64encode(pem).decode(),
                },
            }
            for job, (user, role, warehouse) in JOBS.items()
            if job != "reader"
        },
        "gharchive_spark": {
            "conn_type": "spark",
            "host": "local[1]",
            "extra": {"deploy-mode": "client"},
        },
        "gharchive_powerbi": {
            "conn_type": "powerbi",
            "login": POWERBI_CLIENT_ID,
            "password": stack.secrets.powerbi_client_secret,
            "extra": {
                "tenant_id": TENANT,
                "group_id": GROUP_ID,
                "dataset_id": DATASET_ID,
                "base_url": f"{powerbi}/v1.0",
                "authority": powerbi,
                "disable_instance_discovery": True,
                "allowed_hosts": "localhost",
                "trust_env": True,
            },
        },
        "gharchive_alerts": {"conn_type": "http", "password": webhook},
    }


def app_settings(stack: Elsewhere) -> Settings:
    """Return what the Function's app is set to."""
    storage = f"BlobEndpoint={blob_url(stack.ports)};SharedAccessSignature={write_sas(stack)}"
    return {
        "BLOB_CONNECTION_STRING": storage,
        "GHARCHIVE_CATCH_UP_HOURS": "1",
        "GHARCHIVE_EVENT_TYPES": ",".join(KEPT),
        "GHARCHIVE_BASE_URL": archive(stack),
        **{
            f"GHARCHIVE_{role}_CONTAINER".upper(): CONTAINERS[role]
            for role in ("events", "outcomes", "quarantine")
        },
    }
