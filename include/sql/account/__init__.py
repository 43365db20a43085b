"""What a deployment needs of the account, from its administrator.

`python -m include.sql.account [--plan]`; the statements are the files beside this one. They can be
run again without harm. What an earlier deployment made as ACCOUNTADMIN becomes the deployer's.
"""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from snowflake.connector import DictCursor, SnowflakeConnection

from include.sql.settings import Deployment

ADMINISTRATOR = "ACCOUNTADMIN"
FOLDER = Path(__file__).parent

_IN_DATABASE = ("schema", "table", "view", "stage", "file format", "stream")


def scripts() -> list[str]:
    """Return the names of the files in the order in which they run."""
    return sorted(path.name for path in FOLDER.glob("*.sql"))


def render(script: str, deployment: Deployment) -> str:
    """Return a file's statements."""
    environment = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined)
    return environment.get_template(script).render(deployment.variables())


def prepare(connection: SnowflakeConnection, deployment: Deployment) -> list[str]:
    """Run the statements as an administrator; return what was handed over to the deployer."""
    for script in scripts():
        connection.execute_string(render(script, deployment), remove_comments=True)
    handed_over = list(_hand_over(connection, deployment))
    for statement in handed_over:
        connection.cursor().execute(statement)
    return handed_over


def _hand_over(connection: SnowflakeConnection, deployment: Deployment) -> Iterator[str]:
    """Yield what makes the deployer the owner of what deployments made as ACCOUNTADMIN."""
    to_deployer = f"to role {deployment.deployer_role} copy current grants"
    cursor = connection.cursor(DictCursor)
    for role in deployment.variables()["roles"]:
        for _ in _owned(cursor, f"roles like '{role}'"):
            yield f"grant ownership on role {role} {to_deployer}"
            # What dbt made is the transformer's: migrations may change it
            yield f"grant role {role} to role {deployment.deployer_role}"
    for _ in _owned(cursor, f"databases like '{deployment.database}'"):
        yield f"grant ownership on database {deployment.database} {to_deployer}"
        for kind in _IN_DATABASE:
            for row in _owned(cursor, f"{kind}s in database {deployment.database}"):
                names = [deployment.database]
                names += [row["schema_name"]] if kind != "schema" else []
                if row["name"] != "INFORMATION_SCHEMA":
                    name = ".".join([*names, row["name"]])
                    yield f"grant ownership on {kind} {name} {to_deployer}"
        yield (
            f"grant snowflake.core.budget role {deployment.database}.ledger.spending!admin "
            f"to role {deployment.deployer_role}"
        )


def _owned(cursor: DictCursor, what: str) -> list[dict[str, str]]:
    cursor.execute(f"show {what}")
    return [row for row in cursor.fetchall() if row["owner"] == ADMINISTRATOR]
