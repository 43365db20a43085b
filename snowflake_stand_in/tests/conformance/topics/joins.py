"""Joins, and queries of no table."""

from conformance.behaviour import rows

_WHERE = "sql-reference/constructs/where"
_TABLES = [
    "create table t1 (c1 int)",
    "create table t2 (c2 int)",
    "insert into t1 values (1), (2), (3)",
    "insert into t2 values (2), (3), (4)",
]

BEHAVIOURS = [
    rows(
        "join-mark",
        "A column with (+) is of the inner table of an outer join.",
        _WHERE,
        [*_TABLES, "select t1.c1, t2.c2 from t1, t2 where t1.c1 = t2.c2 (+) order by 1"],
        (1, None),
        (2, 2),
        (3, 3),
    ),
    rows(
        "join-mark-left",
        "So is one on the left side, and what else is marked limits that table only.",
        _WHERE,
        [
            *_TABLES,
            "select t1.c1, t2.c2 from t1, t2 "
            "where t1.c1 (+) = t2.c2 and t1.c1 (+) > 2 and t2.c2 < 4 order by 2",
        ],
        (None, 2),
        (3, 3),
    ),
    rows(
        "query-dual",
        "DUAL is a table of one row.",
        "sql-reference/functions/rpad",
        ["select 1 as x from dual"],
        (1,),
    ),
]
