"""Queries: names, joins, grouping, windows, sets, generated rows."""

from conformance.behaviour import fails, rows, value

_C = "sql-reference/constructs/"
_F = "sql-reference/functions/"
_PEOPLE = (
    "create table t as select column1 as k, column2 as n from values ('a', 1), ('a', 3), ('b', 4)"
)

BEHAVIOURS = [
    rows(
        "query-qualify",
        "QUALIFY filters by a window function.",
        _C + "qualify",
        [
            _PEOPLE,
            "select k, n from t qualify row_number() over"
            " (partition by k order by n desc) = 1 order by k",
        ],
        ("a", 3),
        ("b", 4),
    ),
    rows(
        "query-qualify-after-group",
        "QUALIFY follows GROUP BY.",
        _C + "qualify",
        [
            _PEOPLE,
            "select k, sum(n) as total from t group by k"
            " qualify row_number() over (order by total) = 1",
        ],
        ("a", 4),
    ),
    rows(
        "query-window-sum",
        "A window's sum spans its partition.",
        _F + "sum",
        [
            _PEOPLE,
            "select n, cast(sum(n) over (partition by k) as number(38, 0)) from t order by n",
        ],
        (1, 4),
        (3, 4),
        (4, 4),
    ),
    rows(
        "query-window-of-aggregate",
        "A window function takes an aggregate.",
        "sql-reference/functions-analytic",
        [
            _PEOPLE,
            "select k, row_number() over (order by count(*) desc) from t group by k order by k",
        ],
        ("a", 1),
        ("b", 2),
    ),
    rows(
        "query-window-running",
        "With ORDER BY a window's sum runs.",
        "sql-reference/functions-analytic",
        [_PEOPLE, "select n, sum(n) over (order by n) from t order by n"],
        (1, 1),
        (3, 4),
        (4, 8),
    ),
    rows(
        "query-lag",
        "LAG reads the row before.",
        _F + "lag",
        [_PEOPLE, "select n, lag(n) over (order by n) from t order by n"],
        (1, None),
        (3, 1),
        (4, 3),
    ),
    rows(
        "query-lead-default",
        "LEAD takes a default.",
        _F + "lead",
        [_PEOPLE, "select n, lead(n, 1, 0) over (order by n) from t order by n"],
        (1, 3),
        (3, 4),
        (4, 0),
    ),
    rows(
        "query-rank",
        "RANK leaves gaps after ties, DENSE_RANK doesn't.",
        _F + "rank",
        [
            "select column1, rank() over (order by column1), dense_rank() over (order by column1)"
            " from values (1), (1), (2) order by 1, 2"
        ],
        (1, 1, 1),
        (1, 1, 1),
        (2, 3, 2),
    ),
    rows(
        "query-first-value",
        "FIRST_VALUE of a window.",
        _F + "first_value",
        [
            _PEOPLE,
            "select distinct k, first_value(n) over (partition by k order by n) from t order by k",
        ],
        ("a", 1),
        ("b", 4),
    ),
    rows(
        "query-ratio-to-report",
        "RATIO_TO_REPORT is the share of the sum.",
        _F + "ratio_to_report",
        [_PEOPLE, "select n, ratio_to_report(n) over () from t order by n"],
        (1, 0.125),
        (3, 0.375),
        (4, 0.5),
    ),
    value(
        "query-max-by",
        "MAX_BY gives the value beside the largest.",
        _F + "max_by",
        "(select max_by(column1, column2) from values ('a', 1), ('b', 2))",
        "b",
    ),
    value(
        "query-any-of-none",
        "MAX over no rows is NULL.",
        _F + "max",
        "(select max(column1) from values (1) where column1 > 1)",
        None,
    ),
    value(
        "query-boolor-agg",
        "BOOLOR_AGG is true if any is.",
        _F + "boolor_agg",
        "(select boolor_agg(column1) from values (false), (true))",
        True,
    ),
    rows(
        "query-group-by-null",
        "GROUP BY takes NULLs as one group.",
        _C + "group-by",
        ["select column1, count(*) from values (null), (null), (1) group by column1 order by 1"],
        (1, 1),
        (None, 2),
    ),
    rows(
        "query-group-by-position",
        "GROUP BY takes a position.",
        _C + "group-by",
        [_PEOPLE, "select k, count(*) from t group by 1 order by 1"],
        ("a", 2),
        ("b", 1),
    ),
    rows(
        "query-group-by-all",
        "GROUP BY ALL groups by what isn't aggregated.",
        _C + "group-by",
        [_PEOPLE, "select k, count(*) from t group by all order by k"],
        ("a", 2),
        ("b", 1),
    ),
    fails(
        "query-not-grouped",
        "A column neither grouped nor aggregated is an error.",
        _C + "group-by",
        [_PEOPLE, "select k, n, count(*) from t group by k"],
        979,
    ),
    rows(
        "query-having",
        "HAVING filters groups.",
        _C + "having",
        [_PEOPLE, "select k from t group by k having count(*) > 1"],
        ("a",),
    ),
    rows(
        "query-alias-in-where",
        "An alias of the select list works in WHERE.",
        "sql-reference/sql/select",
        [_PEOPLE, "select n * 2 as twice from t where twice > 5 order by twice"],
        (6,),
        (8,),
    ),
    rows(
        "query-lateral-alias",
        "An alias works further right in the select list.",
        "sql-reference/sql/select",
        [_PEOPLE, "select n + 1 as m, m * 2 from t where n = 1"],
        (2, 4),
    ),
    rows(
        "query-union-all",
        "UNION ALL keeps duplicates.",
        "sql-reference/operators-query",
        ["select 1 as n union all select 1 as n"],
        (1,),
        (1,),
    ),
    rows(
        "query-union",
        "UNION drops duplicates.",
        "sql-reference/operators-query",
        ["select 1 as n union select 1 as n"],
        (1,),
    ),
    rows(
        "query-except",
        "EXCEPT takes away, and NULL equals NULL.",
        "sql-reference/operators-query",
        ["select column1 from values (1), (null) except select null"],
        (1,),
    ),
    fails(
        "query-union-columns",
        "The sides of UNION ALL need as many columns.",
        "sql-reference/operators-query",
        ["select 1 as n union all select 1, 2"],
        1789,
    ),
    rows(
        "query-left-join",
        "LEFT JOIN keeps rows without a match.",
        _C + "join",
        [
            _PEOPLE,
            "select t.n, u.column1 from t left join (select * from values (3)) as u"
            " on t.n = u.column1 order by 1",
        ],
        (1, None),
        (3, 3),
        (4, None),
    ),
    rows(
        "query-full-join",
        "FULL JOIN keeps both sides.",
        _C + "join",
        [
            "select a.column1, b.column1 from (select * from values (1), (2)) as a full join"
            " (select * from values (2), (3)) as b on a.column1 = b.column1 order by 1, 2"
        ],
        (1, None),
        (2, 2),
        (None, 3),
    ),
    rows(
        "query-join-null-keys",
        "NULL keys don't join.",
        _C + "join",
        [
            "select count(*) from (select * from values (null)) as a inner join"
            " (select * from values (null)) as b on a.column1 = b.column1"
        ],
        (0,),
    ),
    rows(
        "query-join-using",
        "JOIN … USING gives the column once.",
        _C + "join",
        [_PEOPLE, "select * from (select 'a' as k) as u inner join t using (k) order by n"],
        ("a", 1),
        ("a", 3),
    ),
    rows(
        "query-not-in-null",
        "NOT IN with NULL in the list finds nothing.",
        _F + "in",
        ["select column1 from values (1) where column1 not in (select null)"],
    ),
    rows(
        "query-not-exists",
        "NOT EXISTS of an empty table holds.",
        "sql-reference/operators-subquery",
        ["create table t (n number)", "select 0 where not exists (select 1 from t)"],
        (0,),
    ),
    rows(
        "query-cte-chain",
        "A CTE reads those before it.",
        _C + "with",
        ["with a as (select 1 as n), b as (select n + 1 as n from a) select n from b"],
        (2,),
    ),
    rows(
        "query-recursive-cte",
        "A CTE may be recursive.",
        _C + "with",
        [
            "with recursive s as (select 1 as n union all select n + 1 from s where n < 3)"
            " select n from s order by n"
        ],
        (1,),
        (2,),
        (3,),
    ),
    rows(
        "query-cte-shadows-table",
        "A CTE's name goes before a table's.",
        _C + "with",
        [_PEOPLE, "with t as (select 0 as n) select n from t"],
        (0,),
    ),
    rows(
        "query-values-names",
        "VALUES names its columns COLUMN1 and so on.",
        _C + "values",
        ["select column2 from values (1, 'x')"],
        ("x",),
    ),
    rows(
        "query-generator",
        "GENERATOR makes rows.",
        _F + "generator",
        ["select count(*) from table(generator(rowcount => 24))"],
        (24,),
    ),
    rows(
        "query-generator-series",
        "SEQ4 orders a generated series without gaps.",
        _F + "seq1",
        [
            "select min(n), max(n), count(distinct n) from (select row_number() over"
            " (order by seq4()) - 1 as n from table(generator(rowcount => 100)))"
        ],
        (0, 99, 100),
    ),
    rows(
        "query-qualify-count",
        "QUALIFY takes COUNT(DISTINCT …) OVER.",
        _C + "qualify",
        [
            _PEOPLE,
            "select k, n from t qualify count(distinct n) over (partition by k) > 1 order by n",
        ],
        ("a", 1),
        ("a", 3),
    ),
    rows(
        "query-limit-offset",
        "LIMIT and OFFSET.",
        _C + "limit",
        [_PEOPLE, "select n from t order by n limit 1 offset 1"],
        (3,),
    ),
    rows(
        "query-select-exclude",
        "* EXCLUDE leaves a column out.",
        "sql-reference/sql/select",
        [_PEOPLE, "select * exclude k from t order by n limit 1"],
        (1,),
    ),
    rows(
        "query-case-without-else",
        "CASE without ELSE is NULL.",
        _F + "case",
        ["select case when false then 1 end as x"],
        (None,),
    ),
    rows(
        "query-distinct-null",
        "DISTINCT takes NULLs as equal.",
        "sql-reference/sql/select",
        ["select distinct column1 from values (null), (null)"],
        (None,),
    ),
    rows(
        "query-between-subquery",
        "A scalar subquery gives one value.",
        "sql-reference/operators-subquery",
        [_PEOPLE, "select n from t where n = (select max(n) from t)"],
        (4,),
    ),
    fails(
        "query-scalar-of-many",
        "A scalar subquery of two rows is an error.",
        "sql-reference/operators-subquery",
        [_PEOPLE, "select (select n from t where k = 'a') as x"],
        90150,
    ),
    rows(
        "query-correlated",
        "A correlated EXISTS.",
        "sql-reference/operators-subquery",
        [
            _PEOPLE,
            "select distinct k from t as o where exists (select 1 from t where t.k = o.k"
            " and t.n > 3)",
        ],
        ("b",),
    ),
    rows(
        "query-grouping-sets",
        "ROLLUP adds the total, with NULL keys.",
        _C + "group-by-rollup",
        [_PEOPLE, "select k, count(*) from t group by rollup (k) order by k"],
        ("a", 2),
        ("b", 1),
        (None, 3),
    ),
]
