"""External stages on Azure Blob Storage: definition, listing, reading.

A stage's SAS token is stored in the account's file and shown by no statement.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa  # type: ignore[import-untyped]
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient
from fakesnow.transforms.file_format import lookup_file_format
from fakesnow.transforms.stage import parts_from_var
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from local.snowflake import names
from local.snowflake.errors import compilation, error, unsupported
from local.snowflake.locks import TableName

if TYPE_CHECKING:
    from local.snowflake.cursor import Cursor

_STAGES = "_fs_global._fs_information_schema._fs_stages"
_ACCESS = "_fs_global.main.stage_access"
_WHERE = "where database_name = ? and schema_name = ? and name = ?"


@dataclass(frozen=True)
class Stage:
    """A stage and the path in it that a statement names."""

    url: str
    path: str
    sas_token: str = field(repr=False)
    format: dict[str, Any]

    @property
    def container(self) -> ContainerClient:
        """A client of the container: path style on IP addresses and localhost, as Azurite."""
        address = urlsplit(self.url)
        account, _, rest = address.path.lstrip("/").partition("/")
        if _is_local(address.hostname or ""):
            endpoint, container = f"http://{address.netloc}/{account}", rest.split("/")[0]
        else:
            endpoint, container = f"https://{address.netloc}", account
        return ContainerClient(
            endpoint, container, credential=self.sas_token or None, retry_total=3
        )

    @property
    def prefix(self) -> str:
        """Where the stage starts inside its container: empty, or a path that ends with a slash."""
        address = urlsplit(self.url)
        parts = address.path.lstrip("/").split("/")[2 if _is_local(address.hostname or "") else 1 :]
        prefix = "/".join(p for p in parts if p)
        return f"{prefix}/" if prefix else ""

    def files(self, pattern: str | None = None) -> list[BlobProperties]:
        """Return the blobs under the path whose URL matches `pattern`, in the order of names."""
        with storage_faults(), self.container as container:
            blobs = list(container.list_blobs(name_starts_with=self.prefix + self.path))
        return [b for b in blobs if pattern is None or re.fullmatch(pattern, b.name)]

    def url_of(self, blob_name: str) -> str:
        """Return a blob's URL in Snowflake's form."""
        root = self.url.rstrip("/")
        return f"{root}/{blob_name.removeprefix(self.prefix)}"


@contextmanager
def storage_faults() -> Iterator[None]:
    """Raise Snowflake's errors for those of the storage."""
    try:
        yield
    except AzureError as fault:
        raise storage_error(fault) from None


def storage_error(fault: AzureError, url: str = "") -> ProgrammingError:
    """Translate an error of the storage; the message holds no token."""
    code = str(getattr(fault, "error_code", None) or type(fault).__name__)
    code = code.removeprefix("StorageErrorCode.")
    status = fault.status_code if isinstance(fault, HttpResponseError) else None
    if isinstance(fault, ResourceNotFoundError) and "Container" not in code:
        return missing_file(url)
    reason = re.sub(r"\s+", " ", str(fault.message)).split("RequestId")[0].split("sig=")[0].strip()
    return error(
        91003,
        f"Failure using stage area. Cause: [{reason} (Status Code: {status}; Error Code: {code})]",
        "55000",
    )


def missing_file(url: str) -> ProgrammingError:
    """Make the error for a file that isn't there."""
    return error(
        91016,
        f"Remote file '{url}' was not found. There are several potential causes. The file might "
        "not exist. The required credentials may be missing or invalid. If you are running a copy "
        "command, please make sure files are not deleted when they are being loaded or files are "
        "not being loaded into two different tables concurrently with auto purge option.",
    )


def resolve(cursor: Cursor, reference: str) -> Stage:
    """Find the stage that `@db.schema.stage/path` names."""
    name, _, path = reference.strip("'").removeprefix("@").partition("/")
    session = cursor._conn
    parts = parts_from_var(name, session.database, session.schema)
    found = cursor.rows(
        f"select s.url, a.sas_token, a.format from {_STAGES} s join {_ACCESS} a "
        f"using (database_name, schema_name, name) {_WHERE}",
        parts,
    )
    if not found:
        raise _missing(TableName(*parts))
    ((url, token, options),) = found
    if not url.startswith("azure://"):
        raise unsupported("stages other than external ones on azure://")
    return Stage(url, path, token, json.loads(options))


def define(cursor: Cursor, statement: exp.Expr) -> None:
    """Run CREATE STAGE and DROP STAGE."""
    session = cursor._conn
    name = names.target(statement, session.database, session.schema)
    if isinstance(statement, exp.Drop):
        deleted = cursor.rows(f"delete from {_STAGES} {_WHERE}", name)
        cursor.rows(f"delete from {_ACCESS} {_WHERE}", name)
        if deleted == [(0,)] and not statement.args.get("exists"):
            raise _missing(name)
        cursor.succeed(f"{name.name} successfully dropped.")
        return
    if not isinstance(statement, exp.Create):
        raise unsupported("ALTER STAGE: use CREATE OR REPLACE STAGE")
    token, options = "", {}
    for prop in list(statement.find_all(exp.Property)):
        match prop:
            case exp.CredentialsProperty():
                token = _option(prop.expressions, "AZURE_SAS_TOKEN")
                prop.pop()
            case exp.FileFormatProperty():
                options = format_options(prop.expressions)
                prop.pop()
    existed = _exists(cursor, name)
    cursor._statements(statement, None)
    if existed and not statement.args.get("replace"):
        return
    cursor.rows(
        f"insert or replace into {_ACCESS} values (?, ?, ?, ?, ?)",
        [*name, token.removeprefix("?"), json.dumps(options)],
    )
    cursor.rows(
        f"update {_STAGES} set cloud = 'AZURE', has_credentials = ? {_WHERE}",
        ["Y" if token else "N", *name],
    )
    cursor.succeed(f"Stage area {name.name} successfully created.")


def drop_format(cursor: Cursor, statement: exp.Drop) -> None:
    """Run DROP FILE FORMAT."""
    name = names.target(statement, cursor._conn.database, cursor._conn.schema)
    deleted = cursor.rows(
        f"delete from _fs_global._fs_information_schema._fs_file_formats {_WHERE}", name
    )
    if deleted == [(0,)] and not statement.args.get("exists"):
        raise compilation(2003, f"File format '{name}' does not exist or not authorized.", "02000")
    cursor.succeed(f"{name.name} successfully dropped.")


def describe(cursor: Cursor, statement: exp.Describe) -> None:
    """Run DESCRIBE STAGE; credentials are left out."""
    table = statement.this
    name = names.full(table, cursor._conn.database, cursor._conn.schema)
    stage = resolve(cursor, f"@{name}")
    rows = [("STAGE_LOCATION", "URL", "String", f'["{stage.url}"]', "")]
    rows += [
        ("STAGE_FILE_FORMAT", key, "String", str(value), "") for key, value in stage.format.items()
    ]
    columns = (
        "parent_property",
        "property",
        "property_type",
        "property_value",
        "property_default",
    )
    cursor.answer_table(pa.table(dict(zip(columns, zip(*rows, strict=True), strict=True))))


def list_files(cursor: Cursor, statement: exp.ListStage) -> None:
    """Run LIST @stage[/path]."""
    pattern = statement.args.get("pattern")
    stage = resolve(cursor, statement.this.name)
    blobs = stage.files(pattern.name if pattern is not None else None)
    cursor.answer_table(
        pa.table(
            {
                "name": pa.array([stage.url_of(b.name) for b in blobs], pa.string()),
                "size": pa.array([b.size for b in blobs], pa.int64()),
                "md5": pa.array([b.etag.strip('"') for b in blobs], pa.string()),
                "last_modified": pa.array(
                    [b.last_modified.strftime("%a, %d %b %Y %H:%M:%S GMT") for b in blobs],
                    pa.string(),
                ),
            }
        )
    )


def format_options(properties: list[exp.Expr]) -> dict[str, Any]:
    """Return the options of a FILE_FORMAT = (…) clause by upper-case name."""
    options: dict[str, Any] = {}
    for prop in properties:
        value = prop.args["value"]
        options[prop.this.name.upper()] = (
            value.this if isinstance(value, exp.Boolean | exp.Literal) else value.name.upper()
        )
    return options


def file_format(cursor: Cursor, *choices: dict[str, Any]) -> dict[str, Any]:
    """Return the first given format's options, a named format's looked up."""
    options = next((c for c in choices if c), {"TYPE": "CSV"})
    if name := options.get("FORMAT_NAME"):
        options = lookup_file_format(
            cursor._duck_conn.cursor(), name, cursor._conn.database, cursor._conn.schema
        )
    return {
        "TYPE": "CSV",
        **{k: v.upper() if isinstance(v, str) else v for k, v in options.items()},
    }


def _option(properties: list[exp.Expr], name: str) -> str:
    for prop in properties:
        if prop.this.name.upper() == name:
            return str(prop.args["value"].name)
    raise unsupported("stage credentials other than AZURE_SAS_TOKEN")


def _exists(cursor: Cursor, name: TableName) -> bool:
    return bool(cursor.rows(f"select 1 from {_STAGES} {_WHERE}", name))


def _missing(name: TableName) -> ProgrammingError:
    return compilation(2003, f"Stage '{name}' does not exist or not authorized.", "02000")


def _is_local(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True
