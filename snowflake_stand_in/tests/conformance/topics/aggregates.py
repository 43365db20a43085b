"""Aggregates: COUNT of several values, LISTAGG, ARRAY_AGG; comparisons of rows."""

from conformance.behaviour import Json, rows, value

_F = "sql-reference/functions/"
_EXAMPLE = [
    "create table basic_example (i_col integer, j_col integer)",
    "insert into basic_example values (11, 101), (11, 102), (11, null), (12, 101), (null, 101),"
    " (null, 102)",
]

BEHAVIOURS = [
    rows(
        "count-of-columns",
        "COUNT of a table's columns counts rows without a NULL.",
        _F + "count",
        [*_EXAMPLE, "select count(n.*) from basic_example as n"],
        (3,),
    ),
    rows(
        "count-of-some-columns",
        "COUNT takes ILIKE and EXCLUDE.",
        _F + "count",
        [*_EXAMPLE, "select count(* ilike 'i_c%'), count(* exclude i_col) from basic_example"],
        (4, 5),
    ),
    rows(
        "count-of-several",
        "COUNT of several values counts rows in which none is NULL.",
        _F + "count",
        [
            *_EXAMPLE,
            "select count(i_col, j_col), count(distinct i_col, j_col), count(*) from basic_example",
        ],
        (3, 3, 6),
    ),
    rows(
        "count-json-null",
        "COUNT takes JSON's null as NULL.",
        _F + "count",
        [
            "create table t (v variant)",
            "insert into t select parse_json('{\"a\": null}') union all"
            " select parse_json('{\"a\": 1}') union all select null",
            "select count(v:a), count(distinct v:a), count(v) from t",
        ],
        (1, 1, 2),
    ),
    value(
        "row-in-null",
        "A row with a NULL is in no list of rows, and perhaps in it.",
        _F + "in",
        "(4, 5, null) in ((4, 5, null), (7, 8, 9))",
        None,
    ),
    value(
        "row-not-in",
        "A row that differs in a known value isn't in the list.",
        _F + "in",
        "(1, null) in ((2, null))",
        False,
    ),
    rows(
        "row-in-query",
        "A row is in a query's rows.",
        _F + "in",
        [
            "create table in_function_demo (col_1 integer, col_2 integer, col_3 integer)",
            "insert into in_function_demo values (1, 1, 1), (1, 2, 3), (4, 5, null)",
            "select (1, 2, 3) in (select * from in_function_demo),"
            " (4, 5, 6) in (select * from in_function_demo),"
            " (7, 7, 7) in (select * from in_function_demo)",
        ],
        (True, None, False),
    ),
    value(
        "listagg-without-delimiter",
        "LISTAGG without a delimiter puts nothing between.",
        _F + "listagg",
        "(select listagg(column1) within group (order by column1) from values ('b'), ('a'))",
        "ab",
    ),
    value(
        "array-agg-of-floats",
        "ARRAY_AGG keeps FLOATs.",
        _F + "array_agg",
        "(select array_agg(column1::float) from values (1.5))",
        "[\n  1.500000000000000e+00\n]",
    ),
    value(
        "max-by-several",
        "MAX_BY of several is an array.",
        _F + "max_by",
        "(select max_by(column1, column2, 2) from values ('a', 1), ('b', 2), ('c', 3))",
        Json(["c", "b"]),
    ),
    value(
        "object-agg-order",
        "OBJECT_AGG's keys are in order.",
        _F + "object_agg",
        "(select object_agg(column1, column2) from values ('name', 'Joe'), ('age', 'x'))",
        '{\n  "age": "x",\n  "name": "Joe"\n}',
    ),
    value(
        "listagg-of-variants",
        "LISTAGG takes a VARIANT's text.",
        "sql-reference/data-type-conversion",
        "(select listagg(parse_json(column1):a, '-') within group (order by column1)"
        ' from values (\'{"a": "x"}\'), (\'{"a": "y"}\'))',
        "x-y",
    ),
    rows(
        "aggregate-sum-of-texts",
        "SUM of texts is that of their numbers.",
        "sql-reference/functions/sum",
        ["select sum(column1) from values ('1.1'), ('10'), ('2.2'), ('9.9'), (null)"],
        (23.2,),
    ),
]
