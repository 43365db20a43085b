"""INSERT, UPDATE, DELETE and MERGE: what they change, and what they answer."""

from conformance.behaviour import fails, rows

_S = "sql-reference/sql/"
_T = "create table t as select column1 as n, column2 as s from values (1, 'a'), (2, 'b')"

BEHAVIOURS = [
    rows(
        "insert-count",
        "INSERT answers the number of rows.",
        _S + "insert",
        ["create table t (n number)", "insert into t values (1), (2)"],
        (2,),
    ),
    rows(
        "insert-select-count",
        "INSERT … SELECT answers the number of rows.",
        _S + "insert",
        [_T, "insert into t select * from t"],
        (2,),
    ),
    rows(
        "insert-columns",
        "Columns not named become NULL.",
        _S + "insert",
        [
            "create table t (a number, b number)",
            "insert into t (b) values (1)",
            "select a, b from t",
        ],
        (None, 1),
    ),
    rows(
        "insert-with",
        "A WITH may stand between INSERT and SELECT.",
        _S + "insert",
        [
            "create table t (n number)",
            "insert into t (n) with c as (select 5 as n) select n from c",
            "select n from t",
        ],
        (5,),
    ),
    rows(
        "insert-where-false",
        "INSERT of no rows answers 0.",
        _S + "insert",
        [_T, "insert into t select 1, 'x' where false"],
        (0,),
    ),
    rows(
        "insert-overwrite",
        "INSERT OVERWRITE replaces all rows.",
        _S + "insert",
        [_T, "insert overwrite into t select 9, 'z'", "select n from t"],
        (9,),
    ),
    rows(
        "insert-converts",
        "INSERT converts text to the column's type.",
        _S + "insert",
        [
            "create table t (d date)",
            "insert into t values ('2015-01-01')",
            "select d::varchar from t",
        ],
        ("2015-01-01",),
    ),
    fails(
        "insert-too-many",
        "More values than columns is an error.",
        _S + "insert",
        ["create table t (n number)", "insert into t values (1, 2)"],
        2020,
    ),
    fails(
        "insert-unknown-column",
        "A column that isn't there is an error.",
        _S + "insert",
        ["create table t (n number)", "insert into t (nope) values (1)"],
        904,
    ),
    fails(
        "insert-unknown-table",
        "A table that isn't there is an error.",
        _S + "insert",
        ["insert into nope values (1)"],
        2003,
    ),
    rows(
        "update-count",
        "UPDATE answers updated rows, and those joined more than once.",
        _S + "update",
        [_T, "update t set s = 'x' where n = 1"],
        (1, 0),
    ),
    rows(
        "update-from",
        "UPDATE … FROM joins.",
        _S + "update",
        [
            _T,
            "update t set s = u.s from (select 1 as n, 'new' as s) as u where t.n = u.n",
            "select s from t order by n",
        ],
        ("new",),
        ("b",),
    ),
    rows(
        "update-own-value",
        "UPDATE reads the old value.",
        _S + "update",
        [_T, "update t set n = n + 1", "select n from t order by n"],
        (2,),
        (3,),
    ),
    rows(
        "update-variant",
        "UPDATE sets a VARIANT from PARSE_JSON.",
        _S + "update",
        [
            "create table t (v variant)",
            "insert into t select null",
            "update t set v = parse_json('{\"a\": 1}')",
            "select v:a::number from t",
        ],
        (1,),
    ),
    rows(
        "delete-count",
        "DELETE answers the number of rows.",
        _S + "delete",
        [_T, "delete from t where n < 9"],
        (2,),
    ),
    rows(
        "delete-none",
        "DELETE without a match answers 0.",
        _S + "delete",
        [_T, "delete from t where n = 9"],
        (0,),
    ),
    rows(
        "delete-in-subquery",
        "DELETE by a list in JSON.",
        _S + "delete",
        [
            _T,
            "delete from t where s in (select value::varchar from table(flatten(input =>"
            ' parse_json(\'["a", "z"]\'))))',
            "select s from t",
        ],
        ("b",),
    ),
    rows(
        "delete-using",
        "DELETE … USING joins.",
        _S + "delete",
        [_T, "delete from t using (select 2 as n) as u where t.n = u.n", "select n from t"],
        (1,),
    ),
    rows(
        "merge-counts",
        "MERGE answers inserted and updated rows.",
        _S + "merge",
        [
            _T,
            "merge into t using (select column1 as n from values (2), (3)) as u on t.n = u.n"
            " when matched then update set s = 'u' when not matched then insert (n, s)"
            " values (u.n, 'i')",
        ],
        (1, 1),
    ),
    rows(
        "merge-result",
        "MERGE inserts and updates.",
        _S + "merge",
        [
            _T,
            "merge into t using (select column1 as n from values (2), (3)) as u on t.n = u.n"
            " when matched then update set t.s = 'u' when not matched then insert (n, s)"
            " values (u.n, 'i')",
            "select n, s from t order by n",
        ],
        (1, "a"),
        (2, "u"),
        (3, "i"),
    ),
    rows(
        "merge-delete",
        "MERGE deletes.",
        _S + "merge",
        [
            _T,
            "merge into t using (select 1 as n) as u on t.n = u.n when matched then delete",
            "select n from t",
        ],
        (2,),
    ),
    rows(
        "merge-condition",
        "WHEN MATCHED takes a condition.",
        _S + "merge",
        [
            _T,
            "merge into t using (select column1 as n from values (1), (2)) as u on t.n = u.n"
            " when matched and t.s = 'a' then update set s = 'x'",
            "select s from t order by n",
        ],
        ("x",),
        ("b",),
    ),
    fails(
        "merge-duplicates",
        "Two source rows for one target row is an error.",
        _S + "merge",
        [
            _T,
            "merge into t using (select 1 as n union all select 1) as u on t.n = u.n"
            " when matched then update set s = u.n::varchar",
        ],
        100090,
    ),
    rows(
        "write-atomic",
        "A statement that fails changes nothing.",
        "sql-reference/transactions",
        [
            "create table t (n number)",
            "!insert into t select 1 / column1 from values (1), (0)",
            "select count(*) from t",
        ],
        (0,),
    ),
    rows(
        "result-scan",
        "RESULT_SCAN reads the last result.",
        "sql-reference/functions/result_scan",
        ["select 7 as n", "select n from table(result_scan(last_query_id()))"],
        (7,),
    ),
]
