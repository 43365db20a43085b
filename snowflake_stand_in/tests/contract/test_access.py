"""Who may do what: roles, grants and users, as Snowflake enforces them."""

import base64
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError
from snowflake_stand_in.testing import Certificates

from contract.conftest import Run
from contract.stand_in import StandIn, fetch, key_pair

Connect = Callable[..., SnowflakeConnection]
As = Callable[[str], Run]

INSUFFICIENT = 3001
MISSING = 2003
UNUSABLE = 2043


def refused(run: Run, sql: str) -> int:
    """Run what must be refused; return the error's number."""
    with pytest.raises(ProgrammingError) as caught:
        run(sql)
    assert caught.value.errno is not None
    return caught.value.errno


def reads(run: Run, sql: str) -> bool:
    """Whether a query is allowed."""
    try:
        run(sql)
    except ProgrammingError as error:
        if error.errno in (MISSING, INSUFFICIENT):
            return False
        raise
    return True


@pytest.fixture
def role(run: Run, schema: str) -> Iterator[str]:
    """Make a role that may look into the test's schema, and no more."""
    name = f"READER_{schema}"
    run(f"create role {name}")
    run(f"grant usage on database gharchive to role {name}")
    run(f"grant usage on schema {schema} to role {name}")
    yield name
    run(f"drop role if exists {name}")


@pytest.fixture
def other(run: Run, schema: str) -> Iterator[str]:
    """Make another schema."""
    name = f"{schema}_OTHER"
    run(f"create schema {name}")
    run(f"use schema {schema}")
    yield name
    run(f"drop schema {name}")


@pytest.fixture
def as_role(connect: Connect) -> As:
    """Log in with a role."""

    def as_role(role: str) -> Run:
        cursor = connect(role=role).cursor()
        return lambda sql, *binds: fetch(cursor, sql, *binds)

    return as_role


@pytest.fixture
def reader(role: str, as_role: As) -> Run:
    return as_role(role)


def test_reader_selects_from_gold_and_is_refused_bronze(
    run: Run, reader: Run, role: str, other: str
) -> None:
    run("create table gold as select 1 as a")
    run(f"create table {other}.bronze as select 2 as a")
    run(f"grant select on table gold to role {role}")
    assert reader("select a from gold") == [(1,)]
    assert refused(reader, f"select a from {other}.bronze") == MISSING
    assert refused(reader, f"create temporary table t as select a from {other}.bronze") == MISSING
    assert refused(reader, f"set a = (select max(a) from {other}.bronze)") == MISSING
    hidden = f"with bronze as (select * from {other}.bronze) select * from bronze"
    assert refused(reader, hidden) == MISSING
    assert refused(reader, f"select * from identifier('{other}.bronze')") == MISSING
    assert refused(reader, f"select (select max(a) from {other}.bronze) from gold") == MISSING


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t values (2)",
        "update t set a = 3",
        "delete from t",
        "truncate table t",
        "insert overwrite into t select 1",
        "merge into t using (select 1 as a) s on t.a = s.a when matched then delete",
        "drop table t",
        "alter table t add column b number",
        "alter table t rename to u",
        "create or replace table t (a number)",
        "comment on table t is 'mine'",
        "grant select on table t to role public",
    ],
)
def test_select_alone_allows_no_change(run: Run, reader: Run, role: str, sql: str) -> None:
    run("create table t as select 1 as a")
    run(f"grant select on table t to role {role}")
    assert refused(reader, sql) == INSUFFICIENT
    assert run("select a from t") == [(1,)]


@pytest.mark.parametrize(
    ("privileges", "sql"),
    [
        ("insert", "insert into t values (2)"),
        ("insert, delete", "insert overwrite into t select 2"),
        ("select, update", "update t set a = 2 where a = 1"),
        ("select, delete", "delete from t where a = 1"),
        ("truncate", "truncate table t"),
        (
            "select, update, insert",
            "merge into t using (select 1 as a) s on t.a = s.a"
            " when matched then update set a = 2 when not matched then insert (a) values (s.a)",
        ),
        ("all privileges", "insert into t select a from t"),
    ],
)
def test_privilege_allows_its_statement(
    run: Run, reader: Run, role: str, privileges: str, sql: str
) -> None:
    run("create table t as select 1 as a")
    assert refused(reader, sql) == MISSING
    run(f"grant {privileges} on table t to role {role}")
    reader(sql)
    run(f"revoke {privileges} on table t from role {role}")
    assert refused(reader, sql) == MISSING


def test_error_says_what_snowflake_says(run: Run, reader: Run, role: str) -> None:
    run("create table t as select 1 as a")
    with pytest.raises(ProgrammingError, match=r"Object 'T' does not exist or not authorized\."):
        reader("select * from t")
    run(f"grant insert on table t to role {role}")
    with pytest.raises(ProgrammingError) as caught:
        reader("select * from t")
    assert (caught.value.errno, caught.value.sqlstate) == (3001, "42501")
    assert "SQL access control error:\nInsufficient privileges to operate on table 'T'" in str(
        caught.value
    )


def test_names_that_are_no_tables_need_no_privilege(run: Run, reader: Run, role: str) -> None:
    run("create table t as select parse_json('[1, 2]') as a")
    run(f"grant select on table t to role {role}")
    for sql in (
        "select f.value from t, lateral flatten(input => t.a) f",
        "select value from table(flatten(input => parse_json('[1]')))",
        "with c as (select 1 as x), d as (select * from c) select * from d join c using (x)",
        "select * from table(result_scan(last_query_id()))",
        "select count(*) from table(generator(rowcount => 2))",
        "select * from (values (1)) v",
        "create temporary table own as select 1 as a",
        "insert into own select 2",
        "select * from own",
        "drop table own",
    ):
        reader(sql)


def test_future_grants_reach_tables_made_later(run: Run, reader: Run, role: str) -> None:
    """However they are made: dbt replaces its tables by CTAS at every run."""
    run(f"grant select on future tables in schema public to role {role}")
    run(f"revoke select on future tables in schema public from role {role}")
    schema = run("select current_schema()")[0][0]
    run(f"grant select on future tables in schema {schema} to role {role}")
    run(f"grant select on future views in schema {schema} to role {role}")
    run("create table t (a number)")
    assert reads(reader, "select * from t")
    run("create or replace table t as select 1 as a")
    assert reads(reader, "select * from t")
    run("create view v as select a from t")
    run("create or replace view v as select a from t")
    assert reads(reader, "select * from v")
    future = run(f"show future grants in schema {schema}")
    assert [row[1:6] for row in future] == [
        ("SELECT", "TABLE", f"GHARCHIVE.{schema}.<TABLE>", "ROLE", role),
        ("SELECT", "VIEW", f"GHARCHIVE.{schema}.<VIEW>", "ROLE", role),
    ]


def test_grants_on_all_reach_what_is_there(run: Run, reader: Run, role: str, schema: str) -> None:
    run("create table t as select 1 as a")
    run("create view v as select a from t")
    run(f"grant select on all tables in schema {schema} to role {role}")
    run("create table later as select 1 as a")
    assert reads(reader, "select * from t")
    assert not reads(reader, "select * from v")
    assert not reads(reader, "select * from later")


def test_replaced_table_loses_its_grants_unless_they_are_copied(
    run: Run, reader: Run, role: str
) -> None:
    run("create table t as select 1 as a")
    run(f"grant select on table t to role {role}")
    run("create or replace table t copy grants as select 2 as a")
    assert reads(reader, "select * from t")
    run("create or replace table t as select 3 as a")
    assert not reads(reader, "select * from t")


def test_dropped_tables_grants_are_gone(run: Run, reader: Run, role: str) -> None:
    run("create table t as select 1 as a")
    run(f"grant select on table t to role {role}")
    run("drop table t")
    run("create table t as select 1 as a")
    assert not reads(reader, "select * from t")


def test_renamed_and_swapped_tables_keep_their_grants(run: Run, reader: Run, role: str) -> None:
    run("create table t as select 1 as a")
    run("create table u as select 2 as a")
    run(f"grant select on table t to role {role}")
    run("alter table t rename to renamed")
    assert reader("select a from renamed") == [(1,)]
    run("alter table renamed swap with u")
    assert reader("select a from u") == [(1,)]
    assert not reads(reader, "select a from renamed")


def test_view_shows_what_its_reader_may_not_read(
    run: Run, reader: Run, role: str, other: str
) -> None:
    run(f"create table {other}.t as select 1 as a")
    run(f"create view v as select a from {other}.t")
    run(f"grant select on view v to role {role}")
    assert reader("select a from v") == [(1,)]
    assert not reads(reader, f"select a from {other}.t")


def test_view_needs_its_owners_right_to_read(
    run: Run, role: str, reader: Run, schema: str, other: str
) -> None:
    run(f"create table {other}.t as select 1 as a")
    run(f"grant create view on schema {schema} to role {role}")
    assert refused(reader, f"create view v as select a from {other}.t") == MISSING
    run(f"grant usage on schema {other} to role {role}")
    run(f"grant select on table {other}.t to role {role}")
    reader(f"create view v as select a from {other}.t")
    assert run("select a from v") == [(1,)]
    run(f"revoke select on table {other}.t from role {role}")
    assert refused(run, "select a from v") == 2037


def test_creator_owns_and_others_do_not(
    run: Run, reader: Run, role: str, schema: str, as_role: As
) -> None:
    assert refused(reader, "create table mine (a number)") == INSUFFICIENT
    run(f"grant create table on schema {schema} to role {role}")
    reader("create table mine (a number)")
    reader("alter table mine add column b number")
    reader("comment on table mine is 'mine'")
    assert [row[9] for row in run("show tables like 'mine'")] == [role]
    other = f"{role}_2"
    run(f"create role {other}")
    run(f"grant usage on database gharchive to role {other}")
    run(f"grant usage, create table on schema {schema} to role {other}")
    second = as_role(other)
    assert refused(second, "create or replace table mine (c number)") == INSUFFICIENT
    assert refused(second, "drop table mine") == MISSING
    reader("create or replace table mine as select 1 as a")
    owned = run("show grants on table mine")
    assert [row[1:8] for row in owned] == [
        ("OWNERSHIP", "TABLE", f"GHARCHIVE.{schema}.MINE", "ROLE", role, "true", role)
    ]
    run(f"grant select on table mine to role {other}")
    assert refused(run, f"grant ownership on table mine to role {other}") == 3004
    run(f"grant ownership on table mine to role {other} copy current grants")
    assert refused(reader, "drop table mine") == MISSING
    second("drop table mine")
    run(f"drop role {other}")


def test_roles_inherit(run: Run, role: str, schema: str, as_role: As) -> None:
    above, query = f"{role}_ABOVE", f"select a from gharchive.{schema}.t"
    run("create table t as select 1 as a")
    run(f"create role {above}")
    run(f"grant select on table t to role {role}")
    run(f"grant role {role} to role {above}")
    assert as_role(above)(query) == [(1,)]
    assert not reads(as_role("SYSADMIN"), query)
    run(f"grant role {above} to role sysadmin")
    assert as_role("SYSADMIN")(query) == [(1,)]
    with pytest.raises(ProgrammingError, match="cycle"):
        run(f"grant role {above} to role {role}")
    run(f"drop role {above}")


def test_grant_option_lets_its_holder_grant(run: Run, reader: Run, role: str, as_role: As) -> None:
    run("create table t as select 1 as a")
    run(f"grant select on table t to role {role}")
    assert refused(reader, "grant select on table t to role public") == INSUFFICIENT
    run(f"grant select on table t to role {role} with grant option")
    reader("grant select on table t to role public")
    assert run("show grants on table t")[-1][5:8] == (role, "true", "ACCOUNTADMIN")


@pytest.mark.parametrize(
    "sql",
    [
        "grant select on table t to role nosuch",
        "grant select on table nosuch to role public",
        "grant usage on schema nosuch to role public",
        "grant usage on warehouse nosuch to role public",
        "grant usage on integration nosuch to role public",
        "grant fly on table t to role public",
        "grant usage on table t to role public",
        "grant select on table v to role public",
        "grant select on all things in schema public to role public",
        "grant role nosuch to role public",
        "grant role public to user nosuch",
        "revoke select on table nosuch from role public",
        "drop role nosuch",
        "alter user nosuch set comment = 'x'",
        "show grants to role nosuch",
        "show grants on table nosuch",
    ],
)
def test_unknown_names_and_privileges_are_errors(run: Run, sql: str) -> None:
    run("create table t (a number)")
    run("create view v as select a from t")
    assert refused(run, sql) in (MISSING, 1003)


def test_stage_and_file_format_need_usage(run: Run, reader: Run, role: str, stage: str) -> None:
    run("create file format f type = json")
    run("create table t (a variant)")
    run(f"grant insert on table t to role {role}")
    copy = f"copy into t from (select $1 from @{stage}) file_format = (format_name = 'f')"
    assert refused(reader, f"list @{stage}") == MISSING
    assert refused(reader, f"select $1 from @{stage}") == MISSING
    assert refused(reader, copy) == MISSING
    run(f"grant usage on stage {stage} to role {role}")
    assert reader(f"list @{stage}") == []
    assert refused(reader, copy) == MISSING
    run(f"grant usage on file format f to role {role}")
    reader(copy)
    run(f"revoke insert on table t from role {role}")
    assert refused(reader, copy) == MISSING


def test_account_privileges(run: Run, reader: Run, role: str) -> None:
    for sql in (
        "create database mine",
        "create warehouse mine",
        "create role mine",
        "create user mine",
        "create resource monitor mine with credit_quota = 1",
        "create storage integration mine type = external_stage storage_provider = azure"
        " enabled = true azure_tenant_id = 't' storage_allowed_locations = ('azure://a/')",
    ):
        assert refused(reader, sql) == INSUFFICIENT
    run(f"grant create warehouse on account to role {role}")
    reader(f"create warehouse {role}_wh")
    reader(f"use warehouse {role}_wh")
    reader(f"drop warehouse {role}_wh")


def test_warehouse_needs_usage(run: Run, reader: Run, role: str) -> None:
    run(f"create warehouse {role}_wh")
    assert refused(reader, f"use warehouse {role}_wh") == UNUSABLE
    run(f"grant usage on warehouse {role}_wh to role {role}")
    reader(f"use warehouse identifier('{role}_wh')")
    assert reader("select current_warehouse()") == [(f"{role}_WH",)]
    assert refused(reader, f"alter warehouse {role}_wh suspend") == INSUFFICIENT
    run(f"drop warehouse {role}_wh")


def test_show_and_information_schema_list_what_the_role_sees(
    run: Run, reader: Run, role: str, schema: str, other: str
) -> None:
    run("create table t (a number)")
    run("create table hidden (a number)")
    run(f"grant select on table t to role {role}")
    shown = reader(f"show objects in gharchive.{schema} limit 100")
    assert [(row[1], row[4]) for row in shown] == [("T", "TABLE")]
    schemas = [row[1] for row in reader("show terse schemas in database gharchive limit 100")]
    assert schema in schemas
    assert other not in schemas
    listed = f"from information_schema.{{}} where table_schema = '{schema}'"
    assert reader(f"select table_name {listed.format('tables')}") == [("T",)]
    assert reader(f"select c.table_name {listed.format('columns c')}") == [("T",)]
    assert sorted(run(f"select table_name {listed.format('tables')}")) == [("HIDDEN",), ("T",)]
    assert reader("describe table t")[0][0] == "A"
    assert refused(reader, "describe table hidden") == MISSING


def test_identifiers_take_names_as_text(run: Run, role: str, schema: str) -> None:
    run(f"use role identifier('{role}')")
    run("use role identifier('accountadmin')")
    run("use database identifier('gharchive')")
    run(f"use schema identifier('gharchive.{schema}')")
    assert run("select current_role(), current_schema()") == [("ACCOUNTADMIN", schema)]
    assert refused(run, "use role nosuch") == UNUSABLE
    assert refused(run, "use schema nosuch") == UNUSABLE


def test_login_with_an_unknown_role_fails_at_once(server: StandIn) -> None:
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="Role 'NOSUCH' specified in the connect string"):
        server.connect(role="nosuch")
    assert time.monotonic() - started < 2


def test_created_user_has_its_roles_and_no_others(
    run: Run, role: str, server: StandIn, schema: str
) -> None:
    user = f"SERVICE_{schema}"
    run(f"create role {role}_2")
    run(f"create user {user} type = service default_role = {role}")
    run(f"grant role {role} to user {user}")
    with server.connect(user=user) as connection:
        cursor = connection.cursor()
        assert fetch(cursor, "select current_role()") == [(role,)]
        with pytest.raises(ProgrammingError) as caught:
            cursor.execute(f"use role {role}_2")
        assert caught.value.errno == 3013
        with pytest.raises(ProgrammingError):
            cursor.execute("use role accountadmin")
        cursor.execute("use role public")
        assert [row[1:4] for row in fetch(cursor, "show grants")] == [(role, "USER", user)]
    with pytest.raises(DatabaseError, match="does not exist or not authorized"):
        server.connect(user=user, role=f"{role}_2")
    run(f"drop user {user}")
    run(f"drop role {role}_2")


def test_secondary_roles_add_to_the_primary_one(
    run: Run, role: str, server: StandIn, schema: str
) -> None:
    """As since 2024 by default; creating is the primary role's alone."""
    user, second = f"SERVICE_{schema}", f"{role}_2"
    run("create table t as select 1 as a")
    run(f"create role {second}")
    run(f"create user {user} default_role = {role} default_namespace = 'gharchive.{schema}'")
    for name in (role, second):
        run(f"grant role {name} to user {user}")
    run(f"grant select on table t to role {second}")
    run(f"grant create table on schema {schema} to role {second}")
    with server.connect(user=user, database="", schema="") as connection:
        cursor = connection.cursor()
        current = "select current_secondary_roles()"
        both = f'{{"roles":"{role},{second}","value":"ALL"}}'
        assert fetch(cursor, current) == [(both,)]
        assert fetch(cursor, "select a from t") == [(1,)]
        with pytest.raises(ProgrammingError):
            cursor.execute("create table mine (a number)")
        cursor.execute(f"use secondary roles {second}")
        assert fetch(cursor, current) == [(f'{{"roles":"{second}","value":"{second}"}}',)]
        cursor.execute("use secondary roles none")
        assert fetch(cursor, current) == [('{"roles":"","value":""}',)]
        with pytest.raises(ProgrammingError):
            cursor.execute("select a from t")
    run(f"drop user {user}")
    run(f"drop role {second}")


def test_users_key_is_the_only_one_that_lets_it_in(run: Run, server: StandIn, schema: str) -> None:
    user = f"KEYED_{schema}"
    public = serialization.load_der_private_key(server.private_key, None).public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = base64.encodebytes(der).decode()
    run(f"create user {user} type = service rsa_public_key = '{text}'")
    server.connect(user=user).close()
    with pytest.raises(DatabaseError, match="JWT token is invalid"):
        server.connect(user=user, private_key=key_pair())
    with pytest.raises(DatabaseError, match="Incorrect username or password"):
        server.connect(user=user, authenticator="snowflake", password="guess", private_key=None)
    shown = run(f"show users like '{user}'")
    assert [row[0] for row in shown] == [user]
    assert "MII" not in str(shown)
    run(f"drop user {user}")


def test_grants_survive_the_servers_end(tmp_path: Path, certificates: Certificates) -> None:
    server = StandIn(tmp_path / "gharchive.duckdb", certificates)
    server.start()
    with server.connect(database=None) as connection:
        for sql in (
            "create database gharchive",
            "create table gharchive.public.t as select 1 as a",
            "create table gharchive.public.hidden as select 2 as a",
            "create view gharchive.public.v as select a from gharchive.public.hidden",
            "create role reader comment = 'Reads'",
            "grant usage on database gharchive to role reader",
            "grant usage on schema gharchive.public to role reader",
            "grant select on table gharchive.public.t to role reader",
            "grant select on future tables in schema gharchive.public to role reader",
            "create user someone default_role = reader",
            "grant role reader to user someone",
        ):
            connection.cursor().execute(sql)
        server.stop(signal.SIGKILL)
        server.start()
        with server.connect(database=None) as again:
            again.cursor().execute("create table gharchive.public.later as select 3 as a")
        with server.connect(user="someone", schema="public") as reader:
            cursor = reader.cursor()
            assert fetch(cursor, "select current_role()") == [("READER",)]
            assert fetch(cursor, "select t.a, later.a from t, later") == [(1, 3)]
            for table in ("hidden", "v"):
                with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
                    cursor.execute(f"select * from {table}")
            roles = {row[1]: row for row in fetch(cursor, "show roles")}
            assert roles["READER"][3:10] == ("Y", "N", 1, 0, 0, "ACCOUNTADMIN", "Reads")
            assert roles["SYSADMIN"][6] == 1
        server.stop()
