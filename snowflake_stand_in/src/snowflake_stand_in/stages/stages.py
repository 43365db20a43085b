"""Stages, on Azure Blob Storage or internal: definition, listing, reading.

A stage's SAS token is stored in the account's file and shown by no statement.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa  # type: ignore[import-untyped]
import sqlglot
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient
from fakesnow.transforms.stage import parts_from_var
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql import names
from snowflake_stand_in.sql.errors import compilation, error, unsupported
from snowflake_stand_in.sql.names import TableName
from snowflake_stand_in.stages import stage_access
from snowflake_stand_in.stages.file_formats import (
    BY_NAME,
    PROPERTY,
    format_options,
    properties_table,
)
from snowflake_stand_in.stages.internal import Folder

_STAGES = "_fs_global._fs_information_schema._fs_stages"
_ACCESS = "_fs_global.main.stage_access"


@dataclass(frozen=True)
class Stage:
    """A stage and the path in it that a statement names."""

    url: str
    path: str
    sas_token: str = field(repr=False)
    format: dict[str, Any]
    key: str | None = field(default=None, repr=False)
    folder: Folder | None = None
    """Where an internal stage keeps its files; its URL is its name."""

    @property
    def container(self) -> ContainerClient | Folder:
        """A client of the container: path style on IP addresses and localhost, as Azurite."""
        if self.folder is not None:
            return self.folder
        address = urlsplit(self.url)
        account, _, rest = address.path.lstrip("/").partition("/")
        if _is_local(address.hostname or ""):
            endpoint, container = f"http://{address.netloc}/{account}", rest.split("/")[0]
        else:
            endpoint, container = f"https://{address.netloc}", account
        credential = self.key or self.sas_token or None
        return ContainerClient(endpoint, container, credential=credential, retry_total=3)

    @property
    def prefix(self) -> str:
        """Where the stage starts inside its container: empty, or a path that ends with a slash."""
        address = urlsplit(self.url)
        parts = address.path.lstrip("/").split("/")[2 if _is_local(address.hostname or "") else 1 :]
        prefix = "/".join(p for p in parts if p)
        return f"{prefix}/" if prefix else ""

    def files(self, pattern: str | None = None) -> list[BlobProperties]:
        """Return the blobs under the path whose URL matches `pattern`, in the order of names."""
        with storage_faults(self), self.container as container:
            blobs = list(container.list_blobs(name_starts_with=self.prefix + self.path))
        return [b for b in blobs if pattern is None or re.fullmatch(pattern, b.name)]

    def url_of(self, blob_name: str) -> str:
        """Return a blob's URL in Snowflake's form."""
        root = self.url.rstrip("/")
        return f"{root}/{blob_name.removeprefix(self.prefix)}"


@contextmanager
def storage_faults(stage: Stage | None = None) -> Iterator[None]:
    """Raise Snowflake's errors for those of the storage."""
    try:
        yield
    except AzureError as fault:
        raise storage_error(fault, stage=stage) from None


def storage_error(fault: AzureError, url: str = "", stage: Stage | None = None) -> ProgrammingError:
    """Translate an error of the storage; the message holds no token."""
    code = str(getattr(fault, "error_code", None) or type(fault).__name__)
    code = code.removeprefix("StorageErrorCode.")
    status = fault.status_code if isinstance(fault, HttpResponseError) else None
    if isinstance(fault, ResourceNotFoundError) and "Container" not in code:
        return missing_file(url)
    reason = re.sub(r"\s+", " ", str(fault.message)).split("RequestId")[0].split("sig=")[0].strip()
    cause = stage_access.cause(stage.sas_token, status, code) if stage is not None else ""
    return error(
        91003,
        f"Failure using stage area. Cause: [{reason} (Status Code: {status}; Error Code: {code})]"
        f"{cause and chr(10)}{cause}",
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


def find(cursor: Cursor, reference: str) -> Stage:
    """Find the stage that `@db.schema.stage/path` names."""
    name, _, path = reference.strip("'").removeprefix("@").partition("/")
    if name[:1] in ("~", "%"):
        raise unsupported("stages of users and tables: create one")
    session = cursor.session
    parts = parts_from_var(name, session.database, session.schema)
    found = cursor.rows(
        f"select s.url, a.sas_token, a.format, s.storage_integration from {_STAGES} s "
        f"join {_ACCESS} a using (database_name, schema_name, name) {BY_NAME}",
        parts,
    )
    if not found:
        raise _missing(TableName(*parts))
    ((url, token, options, integration),) = found
    if not url:
        folder = Folder.of(session.account, TableName(*parts))
        return Stage(parts[-1].lower(), path, "", json.loads(options), folder=folder)
    if not url.startswith("azure://"):
        raise unsupported("external stages other than on azure://")
    key = stage_access.granted(cursor, integration, url) if integration else None
    return Stage(url, path, token, json.loads(options), key)


def run_definition(cursor: Cursor, statement: exp.Expr) -> None:
    """Run CREATE STAGE and DROP STAGE."""
    session = cursor.session
    name = names.target(statement, session.database, session.schema)
    if isinstance(statement, exp.Drop):
        deleted = cursor.rows(f"delete from {_STAGES} {BY_NAME}", name)
        Folder.of(session.account, name).empty()
        cursor.rows(f"delete from {_ACCESS} {BY_NAME}", name)
        if deleted == [(0,)] and not statement.args.get("exists"):
            raise _missing(name)
        cursor.succeed(f"{name.name} successfully dropped.")
        return
    assert isinstance(statement, exp.Create)
    settings = _Settings.taken(statement)
    if settings.integration:
        stage_access.allow(cursor, settings.integration, settings.url or "")
    existed = _exists(cursor, name)
    cursor.run_translated(statement)
    if existed and not statement.args.get("replace"):
        return
    # One of a database that is gone may have left files
    Folder.of(session.account, name).empty()
    cursor.rows(f"insert or replace into {_ACCESS} values (?, ?, ?, '', '{{}}')", name)
    settings.store(cursor, name)
    cursor.succeed(f"Stage area {name.name} successfully created.")


def run_alter(cursor: Cursor, statement: exp.Command) -> None:
    """Run ALTER STAGE."""
    text = str(statement.expression)
    match = re.match(r"\s*stage\s+(if\s+exists\s+)?(\S+)\s+(.*)", text, re.I | re.S)
    if match is None:
        raise unsupported("statements of ALTER")
    session = cursor.session
    session.commit()
    name = names.full(exp.to_table(match[2], dialect="snowflake"), session.database, session.schema)
    if not _exists(cursor, name):
        if not match[1]:
            raise _missing(name)
        cursor.succeed()
        return
    verb, rest = match[3].split(None, 1) if " " in match[3] else (match[3], "")
    if verb.upper() == "SET":
        created = sqlglot.parse_one(f"create stage s {rest}", read="snowflake")
        settings = _Settings.taken(created)
        if settings.integration:
            ((url,),) = cursor.rows(f"select url from {_STAGES} {BY_NAME}", name)
            stage_access.allow(cursor, settings.integration, settings.url or url)
        settings.store(cursor, name)
    elif (target := re.match(r"to\s+(\S+)$", rest, re.I)) and verb.upper() == "RENAME":
        new = names.full(exp.to_table(target[1], dialect="snowflake"), *name[:2])
        if _exists(cursor, new):
            raise compilation(2002, f"Object '{new}' already exists.", "42710")
        for table in (_STAGES, _ACCESS):
            cursor.rows(
                f"update {table} set database_name = ?, schema_name = ?, name = ? {BY_NAME}",
                [*new, *name],
            )
        Folder.of(session.account, name).rename(Folder.of(session.account, new))
    else:
        raise unsupported(f"ALTER STAGE … {verb.upper()}")
    cursor.succeed()


@dataclass
class _Settings:
    """What CREATE STAGE and ALTER STAGE set; None is what they leave."""

    url: str | None = None
    token: str | None = None
    integration: str | None = None
    format: dict[str, Any] | None = None
    comment: str | None = None

    @classmethod
    def taken(cls, statement: exp.Expr) -> _Settings:
        """Take the properties out of a CREATE STAGE, but for its URL."""
        found = cls()
        for prop in list(statement.find_all(exp.Property)):
            if prop.find_ancestor(exp.Property) is not None:
                continue
            name = str(getattr(prop.this, "name", "")).upper()
            match prop:
                case exp.CredentialsProperty():
                    found.token = _option(prop.expressions, "AZURE_SAS_TOKEN").removeprefix("?")
                case exp.FileFormatProperty():
                    found.format = format_options(prop.expressions)
                case exp.SchemaCommentProperty():
                    found.comment = prop.this.name
                case _ if name == "STORAGE_INTEGRATION":
                    found.integration = prop.args["value"].name.upper()
                case _ if name == "COMMENT":
                    found.comment = prop.args["value"].name
                case _ if name == "URL":
                    found.url = prop.args["value"].name
                    continue
                case exp.TemporaryProperty():
                    continue
                case _ if name == "DIRECTORY" and "true" in prop.sql().lower():
                    raise unsupported("directory tables")
                case _ if name not in ("DIRECTORY", "ENCRYPTION"):
                    raise unsupported(f"stage option {name or prop.key.upper()}")
            prop.pop()
        return found

    def store(self, cursor: Cursor, name: TableName) -> None:
        """Change what is kept of the stage."""
        if self.token is not None or self.integration is not None:
            cursor.rows(
                f"update {_STAGES} set cloud = 'AZURE', has_credentials = ?, "
                f"storage_integration = ? {BY_NAME}",
                ["Y" if self.token else "N", self.integration, *name],
            )
            cursor.rows(f"update {_ACCESS} set sas_token = ? {BY_NAME}", [self.token or "", *name])
        if self.format is not None:
            cursor.rows(
                f"update {_ACCESS} set format = ? {BY_NAME}", [json.dumps(self.format), *name]
            )
        for column, value in (("url", self.url), ("comment", self.comment)):
            if value is not None:
                cursor.rows(f"update {_STAGES} set {column} = ? {BY_NAME}", [value, *name])


def comment_on(cursor: Cursor, name: TableName, text: str) -> None:
    """Run COMMENT ON STAGE."""
    if not _exists(cursor, name):
        raise _missing(name)
    _Settings(comment=text).store(cursor, name)


def run_describe(cursor: Cursor, name: TableName) -> None:
    """Run DESCRIBE STAGE; credentials are left out."""
    found = cursor.rows(
        f"select url, format, storage_integration from {_STAGES} "
        f"join {_ACCESS} using (database_name, schema_name, name) {BY_NAME}",
        name,
    )
    if not found:
        raise _missing(name)
    ((url, options, integration),) = found
    rows = [
        ("STAGE_FILE_FORMAT", key, "String", str(value), "")
        for key, value in json.loads(options).items()
    ]
    rows.append(("STAGE_LOCATION", "URL", "String", f'["{url}"]', ""))
    if integration:
        rows.append(("STAGE_INTEGRATION", "STORAGE_INTEGRATION", "String", integration, ""))
    cursor.answer_table(properties_table(("parent_property", *PROPERTY), rows))


def run_remove(cursor: Cursor, statement: exp.Command) -> None:
    """Run REMOVE @stage[/path] [PATTERN = '…']."""
    text = statement.expression.name if isinstance(statement.expression, exp.Expr) else ""
    match = re.match(r"\s*'?(@[^\s']+)'?(?:\s+pattern\s*=\s*'(.*)')?\s*$", text, re.I | re.S)
    if match is None:
        raise compilation(1003, "syntax error: REMOVE @stage[/path] [PATTERN = '…'].")
    stage = find(cursor, match[1])
    blobs = stage.files(match[2])
    with storage_faults(stage), stage.container as container:
        for blob in blobs:
            container.delete_blob(blob.name)
    cursor.answer_table(
        pa.table(
            {
                "name": pa.array([stage.url_of(b.name) for b in blobs], pa.string()),
                "result": pa.array(["removed"] * len(blobs), pa.string()),
            }
        )
    )


def run_list(cursor: Cursor, statement: exp.ListStage) -> None:
    """Run LIST @stage[/path]."""
    pattern = statement.args.get("pattern")
    stage = find(cursor, statement.this.name)
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


def _option(properties: list[exp.Expr], name: str) -> str:
    for prop in properties:
        if prop.this.name.upper() == name:
            return str(prop.args["value"].name)
    raise unsupported("stage credentials other than AZURE_SAS_TOKEN")


def _exists(cursor: Cursor, name: TableName) -> bool:
    return bool(cursor.rows(f"select 1 from {_STAGES} {BY_NAME}", name))


def _missing(name: TableName) -> ProgrammingError:
    return compilation(2003, f"Stage '{name}' does not exist or not authorized.", "02000")


def _is_local(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True
