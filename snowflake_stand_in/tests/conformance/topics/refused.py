"""What Snowflake refuses, and DuckDB alone would take."""

from conformance.behaviour import fails, rows, value

_F = "sql-reference/functions/"
_RESERVED = "sql-reference/reserved-keywords"
_TABLE = "create table t (a int, b varchar, v variant)"

BEHAVIOURS = [
    fails(
        "refused-try-cast-variant",
        "TRY_CAST takes only texts.",
        _F + "try_cast",
        ["select try_cast(parse_json('1') as number) as x"],
        1065,
    ),
    fails(
        "refused-try-cast-path",
        "TRY_CAST takes no path without a cast.",
        _F + "try_cast",
        [_TABLE, "select try_cast(v:x as number) as x from t"],
        1065,
    ),
    fails(
        "refused-try-cast-number",
        "TRY_CAST takes no number.",
        _F + "try_cast",
        [_TABLE, "select try_cast(a as varchar) as x from t"],
        1065,
    ),
    fails(
        "refused-path-of-text",
        "A path leads into VARIANTs, not into texts.",
        "user-guide/querying-semistructured",
        [_TABLE, "select b:x from t"],
    ),
    fails("refused-alias-order", "ORDER is no alias.", _RESERVED, ["select 1 as order"], 1003),
    value("reserved-quoted", "A quoted word is a name.", _RESERVED, '(select 1 as "ORDER")', 1),
    value("reserved-left", "LEFT is reserved only in FROM.", _RESERVED, "(select 1 as left)", 1),
    fails(
        "refused-table-alias-left",
        "LEFT is no table's alias.",
        _RESERVED,
        [_TABLE, "select a from t as left"],
        1003,
    ),
    fails(
        "refused-column-group",
        "GROUP is no column.",
        _RESERVED,
        ["create table g (group int)"],
        1003,
    ),
    fails(
        "refused-column-current-date",
        "CURRENT_DATE is no column.",
        _RESERVED,
        ["create table g (current_date int)"],
        1003,
    ),
    fails(
        "refused-rank-without-order",
        "RANK wants an order (from memory: the code).",
        _F + "rank",
        [_TABLE, "select rank() over (partition by b) from t"],
    ),
    fails(
        "refused-listagg-with-order",
        "LISTAGG as a window function takes no order.",
        _F + "listagg",
        [_TABLE, "select listagg(b) over (partition by a order by b) from t"],
    ),
    fails(
        "refused-median-with-order",
        "MEDIAN as a window function takes no order.",
        _F + "median",
        [_TABLE, "select median(a) over (order by a) from t"],
    ),
    fails(
        "refused-count-of-two-with-order",
        "COUNT(DISTINCT a, b) takes no order.",
        _F + "count",
        [_TABLE, "select count(distinct a, b) over (order by a) from t"],
    ),
    rows(
        "count-distinct-with-order",
        "COUNT(DISTINCT …) of one column takes an order.",
        _F + "count",
        [
            "select column1, count(distinct column2) over (order by column1)"
            " from values (1, 'a'), (2, 'b'), (3, 'a') order by 1"
        ],
        (1, 1),
        (2, 2),
        (3, 2),
    ),
    fails(
        "refused-unknown-function",
        "A function that Snowflake lacks is unknown.",
        "sql-reference/functions-all",
        ["select list_contains([1], 1)"],
        2140,
    ),
    fails(
        "refused-large-variable",
        "A variable holds 16 KB.",
        "sql-reference/sql/set",
        ["set refused_large_variable = repeat('x', 20000)"],
    ),
    fails(
        "refused-long-statement",
        "A statement is at most 1 MB long.",
        "user-guide/query-size-limits",
        [f"select '{'x' * 1_048_576}' as x"],
    ),
    fails(
        "refused-cluster-by-unknown",
        "CLUSTER BY wants columns that are there.",
        "sql-reference/sql/create-table",
        ["create table c (a int) cluster by (b)"],
        904,
    ),
    fails(
        "refused-transient-retention",
        "A transient table is kept for a day at most.",
        "user-guide/data-time-travel",
        ["create transient table c (a int) data_retention_time_in_days = 2"],
    ),
    fails(
        "refused-negative-auto-suspend",
        "AUTO_SUSPEND isn't negative.",
        "sql-reference/sql/create-warehouse",
        ["create warehouse refused_negative_auto_suspend auto_suspend = -1"],
    ),
    fails(
        "refused-task-of-two-computes",
        "A task has a warehouse or a managed one's size.",
        "sql-reference/sql/create-task",
        [
            "create task k warehouse = w user_task_managed_initial_warehouse_size = 'XSMALL'"
            " schedule = '60 minutes' as select 1"
        ],
    ),
    fails(
        "refused-task-timeout",
        "A task's timeout is seven days at most.",
        "sql-reference/sql/create-task",
        ["create task k user_task_timeout_ms = 604800001 schedule = '60 minutes' as select 1"],
    ),
    fails(
        "refused-task-after-other-schema",
        "A task's predecessors are of its schema.",
        "user-guide/tasks-graphs",
        [
            "create task k schedule = '60 minutes' as select 1",
            "create or replace schema refused_other",
            "create task refused_other.l after k as select 1",
        ],
    ),
    fails(
        "refused-number-of-hexadecimal",
        "Text in hexadecimal is no number.",
        "sql-reference/data-types-numeric",
        ["select '0x1f'::number as x"],
        100038,
    ),
    value(
        "try-cast-of-hexadecimal",
        "TRY_CAST of hexadecimal text is NULL.",
        _F + "try_cast",
        "try_cast('0x1f' as number)",
        None,
    ),
    fails("refused-sqrt", "SQRT of a negative is an error.", _F + "sqrt", ["select sqrt(-1) as x"]),
    fails("refused-ln", "LN of 0 is an error.", _F + "ln", ["select ln(0) as x"]),
    value(
        "system-typeof",
        "SYSTEM$TYPEOF tells a constant's type and bytes.",
        _F + "system_typeof",
        "[system$typeof(1), system$typeof(10000), system$typeof('something')][1]::varchar",
        "NUMBER(5,0)[SB2]",
    ),
    fails(
        "refused-copy-subquery",
        "COPY's query has no subquery in its select list.",
        "user-guide/data-load-transform",
        [
            "create or replace stage s file_format = (type = json)",
            "create table c (a int)",
            "copy into c from (select (select 1) from @s)",
        ],
    ),
    rows(
        "statement-time-in-transaction",
        "SYSDATE and CURRENT_TIMESTAMP tell the statement's time, not the transaction's.",
        "sql-reference/functions/sysdate",
        [
            "create table c (a timestamp_ntz, b timestamp_ltz)",
            "begin",
            "insert into c select sysdate(), current_timestamp()",
            "insert into c select sysdate(), current_timestamp()",
            "commit",
            "select count(distinct a), count(distinct b) from c",
        ],
        (2, 2),
    ),
    fails(
        "refused-distinct-order",
        "SELECT DISTINCT is ordered by what it selects (from memory).",
        "sql-reference/constructs/order-by",
        [_TABLE, "select distinct a from t order by b"],
    ),
    fails(
        "refused-filter",
        "Aggregates take no FILTER (from memory).",
        "sql-reference/functions-aggregation",
        [_TABLE, "select count(*) filter (where a > 1) from t"],
    ),
    fails(
        "refused-sum-of-booleans",
        "SUM takes no BOOLEAN (from memory).",
        "sql-reference/functions/sum",
        ["select sum(column1) from values (true)"],
    ),
    value(
        "try-binary-of-odd-digits",
        "TRY_TO_BINARY of half a byte is NULL.",
        "sql-reference/functions/try_to_binary",
        "try_to_binary('abc')",
        None,
    ),
]
