"""The account: what every login shares, kept in files so that it survives the server's end.

FILE holds the account's first database, FILE.NAME any further one, and FILE.account what belongs to
no database: stages, file formats, comments, account objects, roles, users, grants. They name each
other without their folder, so a stopped account can be moved or copied.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import fakesnow.macros
from fakesnow import info_schema
from fakesnow.instance import GLOBAL_DATABASE_NAME
from fakesnow.transforms import show

from snowflake_stand_in.engine import information_schema
from snowflake_stand_in.engine.locks import TableLocks
from snowflake_stand_in.sql import json_functions, macros, time_macros
from snowflake_stand_in.sql.descriptions import Descriptions
from snowflake_stand_in.sql.errors import compilation
from snowflake_stand_in.sql.names import TableName

# What fakesnow's own schema lacks. `access` holds a stage's SAS token and is shown by nothing.
_TABLES = """
create table if not exists _fs_global.main.databases (name varchar primary key, file varchar);
create table if not exists _fs_global.main.stage_access (
    database_name varchar, schema_name varchar, name varchar, sas_token varchar, format varchar,
    primary key (database_name, schema_name, name)
);
create table if not exists _fs_global.main.account_objects (
    kind varchar, name varchar, created_on timestamptz, definition varchar,
    primary key (kind, name)
);
create table if not exists _fs_global.main.parameters (name varchar primary key, value varchar);
create table if not exists _fs_global.main.retention (
    kind varchar, name varchar, days varchar, primary key (kind, name)
);
create table if not exists _fs_global.main.column_types as
select ext_table_catalog as database_name, ext_table_schema as schema_name,
    ext_table_name as table_name, ext_column_name as column_name,
    'VARCHAR(' || ext_character_maximum_length || ')' as type, 0 as "precision", 0 as scale,
    ext_character_maximum_length as length
from _fs_global._fs_information_schema._fs_columns_ext;
delete from _fs_global.main.column_types where database_name = 'temp';
"""

# The mean bytes of texts from which they are compressed by zstd. DuckDB's usual 4096 are more than
# events have; so these, of which some are too long for its other ways, weren't compressed at all
_COMPRESSED_FROM = 512
_HISTORY = "".join(
    'alter table "{0}"._fs_information_schema._fs_load_history '
    f"add column if not exists {column};"
    for column in (
        "etag varchar",
        "pipe_id varchar",
        "pipe_catalog_name varchar",
        "pipe_schema_name varchar",
        "pipe_name varchar",
        "pipe_received_time timestamptz",
    )
)


def _with_zones(sql: str) -> str:
    """Tell TIMESTAMP_LTZ and TIMESTAMP_TZ apart in fakesnow's lists of columns."""
    return sql.replace(
        "then 'TIMESTAMP_TZ'",
        "then 'TIMESTAMP_LTZ' when starts_with(columns.data_type, 'STRUCT(utc TIMESTAMP')"
        " then 'TIMESTAMP_TZ'",
    ).replace("('TIMESTAMP_NTZ',", "('TIMESTAMP_NTZ','TIMESTAMP_LTZ',")


class LastResults(OrderedDict[str, tuple[Any, ...]]):
    """The newest results, for RESULT_SCAN: fakesnow's cache keeps every one."""

    def __setitem__(self, key: str, value: tuple[Any, ...]) -> None:
        """Keep a result unless it is large, and drop the oldest."""
        if value[0] is not None and value[0].nbytes > 16_000_000:
            return
        super().__setitem__(key, value)
        while len(self) > 16:
            self.popitem(last=False)


class Service:
    """A part of the account that a room above adds; each has to do with some of these events."""

    def attached(self, database: str) -> None:
        """Make what a database needs: it is new, or the server has started."""

    def source_of(self, name: TableName) -> tuple[str, TableName] | None:
        """Return an object's kind and the table that it reads, if it is one of this service's."""
        return None

    def check_transfer(self, kind: str, name: str) -> None:
        """Raise if an object of this service's can't be given to another owner now."""

    def drop_inside(self, container: str) -> None:
        """Drop what was in a database or schema that is gone."""

    def close(self) -> None:
        """Stop what runs: the files will be closed."""


S = TypeVar("S", bound=Service)


class Account:
    """One account in files beside `file`; `composition.py` adds its services.

    `new_cursor` makes the cursor of a session and its connection.
    """

    # Events are large: DuckDB's usual 122,880 rows of them are half of the memory it may use
    row_group = 30_720

    def __init__(self, file: Path, new_cursor: Callable[..., Any]) -> None:
        self.file = file
        self.new_cursor = new_cursor
        self.locks = TableLocks()
        self.results_cache = LastResults()
        self.descriptions = Descriptions()
        self._services: dict[type[Service], Service] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        # sqlglot writes DuckDB's former arrow lambdas
        self.duck_conn = duckdb.connect(":memory:", config={"lambda_syntax": "ENABLE_SINGLE_ARROW"})
        self.duck_conn.execute("set global TimeZone = 'UTC'")
        json_functions.register(self.duck_conn)
        self.duck_conn.execute(macros.creation_sql("memory.main."))
        self.duck_conn.execute(time_macros.creation_sql("memory.main."))
        # A laptop runs Airflow and Spark beside us: beyond this DuckDB uses the disk
        self.duck_conn.execute("set global memory_limit = '1GB'")
        self.duck_conn.execute(f"set global temp_directory = '{file}.tmp'")
        self.duck_conn.execute(f"set global zstd_min_string_length = {_COMPRESSED_FROM}")
        account_file = Path(f"{file}.account")
        self.duck_conn.execute(f"attach '{account_file}' as {GLOBAL_DATABASE_NAME}")
        account_file.chmod(0o600)
        self.duck_conn.execute(_with_zones(info_schema.fs_global_creation_sql()))
        self.duck_conn.execute(_with_zones(show.fs_global_creation_sql()))
        self.duck_conn.execute(_TABLES)
        self.duck_conn.execute(information_schema.columns_sql())
        self.parameters: dict[str, str] = dict(
            self.duck_conn.execute("from _fs_global.main.parameters").fetchall()
        )
        for name, database_file in self._databases().items():
            self._attach(name, database_file)

    def set_parameter(self, name: str, value: str | None) -> None:
        """Set a parameter for the account, or forget that."""
        cursor = self.duck_conn.cursor()
        if value is None:
            self.parameters.pop(name, None)
            cursor.execute("delete from _fs_global.main.parameters where name = ?", [name])
        else:
            self.parameters[name] = value
            cursor.execute(
                "insert or replace into _fs_global.main.parameters values (?, ?)", [name, value]
            )

    def add(self, service: Service) -> None:
        """Add a service: one of each class."""
        self._services[type(service)] = service
        for database in self._databases():
            service.attached(database)

    def service(self, kind: type[S]) -> S:
        """Return the service of a class."""
        found = self._services[kind]
        assert isinstance(found, kind)
        return found

    def source_of(self, name: TableName) -> tuple[str, TableName] | None:
        """Return an object's kind and the table that it reads, if it is a service's."""
        found = (service.source_of(name) for service in self._services.values())
        return next((source for source in found if source is not None), None)

    def check_transfer(self, kind: str, name: str) -> None:
        """Raise if an object can't be given to another owner now."""
        for service in self._services.values():
            service.check_transfer(kind, name)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own for a session."""
        return self.duck_conn.cursor()

    def create_database(self, name: str, *, exists_ok: bool) -> bool:
        """Create a database with its PUBLIC schema; return whether it is new."""
        known = self._databases()
        if name in known:
            if exists_ok:
                return False
            raise compilation(2002, f"Object '{name}' already exists.", "42710")
        first = self.file.name
        has_first = any(Path(file).name == first for file in known.values())
        file = f"{first}.{name}" if has_first else first
        self.duck_conn.cursor().execute(
            "insert into _fs_global.main.databases values (?, ?)", [name, file]
        )
        self._attach(name, file)
        for service in self._services.values():
            service.attached(name)
        return True

    def drop_database(self, name: str, *, exists_ok: bool) -> None:
        """Drop a database and its file."""
        file = self._databases().get(name)
        if file is None:
            if exists_ok:
                return
            raise compilation(2003, f"Database '{name}' does not exist or not authorized.", "02000")
        self.drop_contents(name)
        cursor = self.duck_conn.cursor()
        cursor.execute(f'detach "{name}"')
        cursor.execute("delete from _fs_global.main.databases where name = ?", [name])
        for gone in (file, f"{file}.wal"):
            (self.file.parent / gone).unlink(missing_ok=True)

    def drop_contents(self, container: str) -> None:
        """Drop what services keep in a database or schema that is gone."""
        for service in self._services.values():
            service.drop_inside(container)

    def close(self) -> None:
        """Stop what runs and close the files."""
        for service in self._services.values():
            service.close()
        self.duck_conn.interrupt()
        self.duck_conn.close()

    def _databases(self) -> dict[str, str]:
        rows = self.duck_conn.cursor().execute("from _fs_global.main.databases").fetchall()
        return dict(rows)

    def _attach(self, name: str, file: str) -> None:
        cursor = self.duck_conn.cursor()
        path = self.file.parent / file
        cursor.execute(f"attach '{path}' as \"{name}\" (row_group_size {self.row_group})")
        cursor.execute(info_schema.per_db_creation_sql(name))
        cursor.execute(information_schema.creation_sql(name))
        cursor.execute(fakesnow.macros.creation_sql(name))
        cursor.execute(macros.creation_sql(f'"{name}".main.'))
        cursor.execute(time_macros.creation_sql(f'"{name}".main.'))
        cursor.execute(_HISTORY.format(name))
        cursor.execute(f'create schema if not exists "{name}".PUBLIC')
