"""The types of columns that queries make, as DESCRIBE tells them.

The reference has rules for arithmetic and casts. It gives no widths of functions' results: those
are from memory, and an account decides.
"""

from conformance.behaviour import Behaviour, rows

_ARITHMETIC = "sql-reference/operators-arithmetic"
_TABLE = (
    "create or replace table t (n number, d number(10, 2), s number(4, 0), f float, w varchar, "
    "c varchar(10), t timestamp_ntz, day date, b boolean, v variant)"
)


def _type(name: str, expression: str, expected: str, page: str = "") -> Behaviour:
    known = bool(page)
    return rows(
        f"type-{name}",
        f"`{expression}` is {expected}{'' if known else ' (from memory)'}.",
        page or "sql-reference/intro-summary-data-types",
        [
            _TABLE,
            f"create or replace view u as select {expression} as x from t",
            "describe view u",
            'select "type" from table(result_scan(last_query_id()))',
        ],
        (expected,),
    )


BEHAVIOURS = [
    rows(
        "type-of-no-table",
        "ALTER TABLE IF EXISTS of a table that doesn't exist leaves nothing behind.",
        "sql-reference/sql/alter-table",
        [
            "alter table if exists new add column if not exists n varchar(7)",
            "create table old (n number(5, 0))",
            "alter table old rename to new",
            "describe table new",
            'select "name", "type" from table(result_scan(last_query_id()))',
        ],
        ("N", "NUMBER(5,0)"),
    ),
    _type("column", "n", "NUMBER(38,0)", "sql-reference/data-types-numeric"),
    _type("cast", "n::number(10, 2)", "NUMBER(10,2)", "sql-reference/data-types-numeric"),
    _type("integer", "c::int", "NUMBER(38,0)", "sql-reference/data-types-numeric"),
    _type("varchar", "n::varchar", "VARCHAR(16777216)", "sql-reference/data-types-text"),
    _type("varchar-of-length", "w::varchar(7)", "VARCHAR(7)", "sql-reference/data-types-text"),
    _type("char", "w::char", "VARCHAR(1)", "sql-reference/data-types-text"),
    _type("timestamp", "t", "TIMESTAMP_NTZ(9)", "sql-reference/data-types-datetime"),
    _type("variant", "v:a.b", "VARIANT", "sql-reference/data-types-semistructured"),
    _type("addition", "d + s", "NUMBER(11,2)", _ARITHMETIC),
    _type("subtraction", "s - s", "NUMBER(5,0)", _ARITHMETIC),
    _type("multiplication", "d * d", "NUMBER(20,4)", _ARITHMETIC),
    _type("division", "s / s", "NUMBER(10,6)", _ARITHMETIC),
    _type("division-of-decimals", "d / d", "NUMBER(18,8)", _ARITHMETIC),
    _type("widest", "n + n", "NUMBER(38,0)", _ARITHMETIC),
    _type("float", "f * n", "FLOAT", _ARITHMETIC),
    _type("days-between", "day - day", "NUMBER(9,0)"),
    _type("remainder", "mod(d, s)", "NUMBER(10,2)"),
    _type("literal", "1", "NUMBER(1,0)"),
    _type("literal-decimal", "12.50", "NUMBER(4,2)"),
    _type("literal-text", "'abc'", "VARCHAR(3)"),
    _type("count", "count(*)", "NUMBER(18,0)"),
    _type("count-distinct", "count(distinct n)", "NUMBER(18,0)"),
    _type("sum", "sum(n)", "NUMBER(38,0)"),
    _type("sum-of-few-digits", "sum(d)", "NUMBER(22,2)"),
    _type("avg", "avg(n)", "NUMBER(38,6)"),
    _type("max", "max(d)", "NUMBER(10,2)"),
    _type("max-of-text", "max(c)", "VARCHAR(10)"),
    _type("median", "median(s)", "NUMBER(7,3)"),
    _type("stddev", "stddev(d)", "FLOAT"),
    _type("row-number", "row_number() over (order by n)", "NUMBER(18,0)"),
    _type("rank", "rank() over (order by n)", "NUMBER(18,0)"),
    _type("count-over", "count(*) over (partition by n)", "NUMBER(18,0)"),
    _type("lag", "lag(s) over (order by n)", "NUMBER(4,0)"),
    _type("length", "length(c)", "NUMBER(18,0)"),
    _type("array-size", "array_size(v)", "NUMBER(9,0)"),
    _type("date-difference", "datediff('day', day, day)", "NUMBER(9,0)"),
    _type("hours-between", "datediff('hour', t, t)", "NUMBER(9,0)"),
    _type("year", "year(t)", "NUMBER(4,0)"),
    _type("day-of-week", "dayofweek(day)", "NUMBER(2,0)"),
    _type("date-plus-days", "dateadd('day', 1, day)", "DATE", "sql-reference/functions/dateadd"),
    _type(
        "date-plus-hours",
        "dateadd('hour', 1, day)",
        "TIMESTAMP_NTZ(9)",
        "sql-reference/functions/dateadd",
    ),
    _type(
        "trunc-of-date", "date_trunc('month', day)", "DATE", "sql-reference/functions/date_trunc"
    ),
    _type("round", "round(d)", "NUMBER(11,0)"),
    _type("round-to-scale", "round(d, 1)", "NUMBER(11,1)"),
    _type("coalesce", "coalesce(s, d)", "NUMBER(10,2)"),
    _type("coalesce-null", "coalesce(null, s)", "NUMBER(4,0)"),
    _type("iff", "iff(b, 1, 100)", "NUMBER(3,0)"),
    _type("case", "case when b then 0 end", "NUMBER(1,0)"),
    _type("case-of-texts", "case when b then 'a' else 'abc' end", "VARCHAR(3)"),
    _type("concatenated", "c || 'ab'", "VARCHAR(12)"),
    _type("md5", "md5(w)", "VARCHAR(32)"),
    _type("comparison", "n > 1 and c like 'a%'", "BOOLEAN"),
    _type("array", "array_agg(n)", "ARRAY"),
    _type("object", "object_construct('a', n)", "OBJECT"),
    rows(
        "type-union",
        "UNION gives the type that holds both sides (from memory).",
        "sql-reference/operators-query",
        [
            "create or replace view u as select 1 as x union all select 10.5",
            "describe view u",
            'select "type" from table(result_scan(last_query_id()))',
        ],
        ("NUMBER(3,1)",),
    ),
    rows(
        "type-through-queries",
        "A type passes through subqueries, common table expressions and stars (from memory).",
        "sql-reference/constructs/with",
        [
            _TABLE,
            "create or replace view u as with a as (select s, count(*) as k from t group by s), "
            "b as (select * from a) select b.*, (select max(d) from t) as m from b "
            "left join (select c from t) as e on true",
            "describe view u",
            'select "name", "type" from table(result_scan(last_query_id()))',
        ],
        ("S", "NUMBER(4,0)"),
        ("K", "NUMBER(18,0)"),
        ("M", "NUMBER(10,2)"),
    ),
    rows(
        "type-of-table-as-select",
        "CREATE TABLE AS takes the query's types (from memory).",
        "sql-reference/sql/create-table",
        [
            _TABLE,
            "create or replace table k as select count(*) as a, 'ab' as b from t",
            "describe table k",
            'select "type" from table(result_scan(last_query_id()))',
        ],
        ("NUMBER(18,0)",),
        ("VARCHAR(2)",),
    ),
    rows(
        "type-in-information-schema",
        "INFORMATION_SCHEMA.COLUMNS tells precision, scale and length.",
        "sql-reference/info-schema/columns",
        [
            _TABLE,
            "select numeric_precision, numeric_scale, character_maximum_length "
            "from information_schema.columns where table_schema = current_schema() "
            "and table_name = 'T' and column_name in ('D', 'C') order by ordinal_position",
        ],
        (10, 2, None),
        (None, None, 10),
    ),
]
