"""VARIANT: paths, casts, JSON null, construction, FLATTEN."""

from datetime import datetime
from decimal import Decimal

from conformance.behaviour import Json, fails, rows, value

_F = "sql-reference/functions/"
_QUERY = "user-guide/querying-semistructured"
_CONSIDER = "user-guide/semistructured-considerations"
_EVENT = (
    """parse_json('{"id": "1", "actor": {"id": 7, "login": "ada"}, "n": null, "f": 1.5,"""
    """ "t": true, "at": "2015-01-01T12:00:00Z", "commits": [{"sha": "a"}, {"sha": "b"}],"""
    """ "big": 9007199254740993, "Mixed Key": 1}')"""
)

BEHAVIOURS = [
    value(
        "variant-path",
        "A path reads a nested value.",
        _QUERY,
        f"{_EVENT}:actor:login::varchar",
        "ada",
        "TEXT",
    ),
    value(
        "variant-path-dots",
        "After the first key, dots go deeper.",
        _QUERY,
        f"{_EVENT}:actor.id::number(38, 0)",
        7,
        "FIXED",
    ),
    value(
        "variant-path-index",
        "An index reads an array's element, from 0.",
        _QUERY,
        f"{_EVENT}:commits[1]:sha::varchar",
        "b",
    ),
    value(
        "variant-path-brackets",
        "A bracket takes any key.",
        _QUERY,
        f"{_EVENT}['Mixed Key']::number(38, 0)",
        1,
    ),
    value("variant-path-case", "Keys of a path mind case.", _QUERY, f"{_EVENT}:ACTOR", None),
    value(
        "variant-path-missing",
        "A path that isn't there is NULL.",
        _QUERY,
        f"{_EVENT}:nope:deeper::varchar",
        None,
    ),
    value(
        "variant-path-into-scalar",
        "A path below a scalar is NULL.",
        _QUERY,
        f"{_EVENT}:id:deeper::varchar",
        None,
    ),
    value(
        "variant-index-beyond",
        "An index beyond the end is NULL.",
        _QUERY,
        f"{_EVENT}:commits[9]:sha::varchar",
        None,
    ),
    value(
        "variant-json-null-is-not-null",
        "JSON null is not SQL NULL.",
        _CONSIDER,
        f"{_EVENT}:n is null",
        False,
    ),
    value(
        "variant-json-null-cast",
        "JSON null cast to VARCHAR is NULL.",
        _CONSIDER,
        f"{_EVENT}:n::varchar",
        None,
    ),
    value(
        "variant-json-null-number",
        "JSON null cast to NUMBER is NULL.",
        _CONSIDER,
        f"{_EVENT}:n::number(38, 0)",
        None,
    ),
    value(
        "variant-is-null-value",
        "IS_NULL_VALUE knows JSON null.",
        _F + "is_null_value",
        f"is_null_value({_EVENT}:n)",
        True,
    ),
    value(
        "variant-strip-null-value",
        "STRIP_NULL_VALUE makes JSON null NULL.",
        _F + "strip_null_value",
        f"strip_null_value({_EVENT}:n) is null",
        True,
    ),
    value(
        "variant-text-has-no-quotes",
        "A string cast to VARCHAR has no quotes.",
        _QUERY,
        f"{_EVENT}:id::varchar",
        "1",
    ),
    value(
        "variant-number-of-text",
        "A string that is a number converts to NUMBER.",
        "sql-reference/data-type-conversion",
        f"{_EVENT}:id::number(38, 0)",
        1,
    ),
    value(
        "variant-number-to-text",
        "A number converts to its text.",
        "sql-reference/data-type-conversion",
        f"{_EVENT}:actor:id::varchar",
        "7",
    ),
    value(
        "variant-fraction-to-text",
        "A fraction converts to its text.",
        "sql-reference/data-type-conversion",
        f"{_EVENT}:f::varchar",
        "1.5",
    ),
    value(
        "variant-big-number",
        "Whole numbers beyond 2^53 stay exact.",
        "sql-reference/data-types-semistructured",
        f"{_EVENT}:big::number(38, 0)",
        9007199254740993,
    ),
    value(
        "variant-cast-rounds",
        "A fraction cast to NUMBER(38, 0) is rounded.",
        "sql-reference/data-type-conversion",
        f"{_EVENT}:f::number(38, 0)",
        2,
    ),
    value(
        "variant-boolean", "A boolean converts.", _QUERY, f"{_EVENT}:t::boolean", True, "BOOLEAN"
    ),
    value(
        "variant-boolean-to-text",
        "A boolean converts to text.",
        _QUERY,
        f"{_EVENT}:t::varchar",
        "true",
    ),
    value(
        "variant-timestamp",
        "Text converts to TIMESTAMP_NTZ.",
        _QUERY,
        f"{_EVENT}:at::timestamp_ntz",
        datetime(2015, 1, 1, 12),
        "TIMESTAMP_NTZ",
    ),
    value(
        "variant-float", "A number converts to FLOAT.", _QUERY, f"{_EVENT}:f::float", 1.5, "REAL"
    ),
    value(
        "variant-object-to-text",
        "An object cast to VARCHAR is compact JSON.",
        _F + "to_char",
        f"{_EVENT}:commits[0]::varchar",
        '{"sha":"a"}',
    ),
    fails(
        "variant-bad-cast",
        "A string that is no number doesn't convert.",
        "sql-reference/data-type-conversion",
        [f"select {_EVENT}:actor:login::number(38, 0) as x"],
    ),
    value(
        "variant-try-cast-text",
        "TRY_CAST of a VARIANT's bad text is NULL.",
        _F + "try_cast",
        f"try_cast({_EVENT}:actor:login::varchar as number(38, 0))",
        None,
    ),
    value(
        "variant-arrives-as-json",
        "A VARIANT arrives as JSON text.",
        _QUERY,
        f"{_EVENT}:actor",
        Json({"id": 7, "login": "ada"}),
        "VARIANT",
    ),
    value(
        "variant-get-path",
        "GET_PATH is the function of a path.",
        _F + "get_path",
        f"get_path({_EVENT}, 'commits[0].sha')::varchar",
        "a",
    ),
    value(
        "variant-get",
        "GET takes an index or a key.",
        _F + "get",
        f"get({_EVENT}:commits, 0):sha::varchar",
        "a",
    ),
    value(
        "variant-typeof",
        "TYPEOF names JSON's types.",
        _F + "typeof",
        f"typeof({_EVENT}:actor) || typeof({_EVENT}:actor:id) || typeof({_EVENT}:n)",
        "OBJECTINTEGERNULL_VALUE",
    ),
    value(
        "variant-typeof-decimal",
        "TYPEOF of a fraction is DECIMAL.",
        _F + "typeof",
        f"typeof({_EVENT}:f)",
        "DECIMAL",
    ),
    value(
        "variant-array-size",
        "ARRAY_SIZE counts elements.",
        _F + "array_size",
        f"array_size({_EVENT}:commits)",
        2,
    ),
    value(
        "variant-array-size-of-scalar",
        "ARRAY_SIZE of what is no array is NULL.",
        _F + "array_size",
        f"array_size({_EVENT}:id)",
        None,
    ),
    value(
        "variant-object-keys",
        "OBJECT_KEYS lists the keys.",
        _F + "object_keys",
        f"object_keys({_EVENT}:actor)",
        Json(["id", "login"]),
        "ARRAY",
    ),
    value(
        "variant-object-construct",
        "OBJECT_CONSTRUCT leaves out NULLs.",
        _F + "object_construct",
        "object_construct('a', 1, 'b', null)",
        Json({"a": 1}),
        "OBJECT",
    ),
    value(
        "variant-object-keep-null",
        "OBJECT_CONSTRUCT_KEEP_NULL keeps NULLs.",
        _F + "object_construct_keep_null",
        "object_construct_keep_null('a', null)",
        Json({"a": None}),
    ),
    value(
        "variant-array-construct",
        "ARRAY_CONSTRUCT takes mixed types.",
        _F + "array_construct",
        "array_construct(1, 'x', true)",
        Json([1, "x", True]),
        "ARRAY",
    ),
    value(
        "variant-array-agg",
        "ARRAY_AGG orders within the group and leaves out NULLs.",
        _F + "array_agg",
        "(select array_agg(column1) within group (order by column1 desc)"
        " from values (1), (null), (2))",
        Json([2, 1]),
    ),
    value(
        "variant-array-agg-of-none",
        "ARRAY_AGG over no rows is an empty array.",
        _F + "array_agg",
        "(select array_agg(column1) from values (1) where column1 > 1)",
        Json([]),
    ),
    value(
        "variant-compares-with-number",
        "A VARIANT compares with a number by value.",
        "sql-reference/data-type-conversion",
        "parse_json('{\"n\": 10}'):n > 9",
        True,
    ),
    value(
        "variant-array-contains-path",
        "ARRAY_CONTAINS takes a path.",
        _F + "array_contains",
        f"array_contains({_EVENT}:actor:login, array_construct('ada'))",
        True,
    ),
    value(
        "variant-array-contains",
        "ARRAY_CONTAINS looks for a VARIANT.",
        _F + "array_contains",
        "array_contains('a'::variant, array_construct('a', 'b'))",
        True,
    ),
    value(
        "variant-to-json",
        "TO_JSON gives compact text.",
        _F + "to_json",
        "to_json(object_construct('a', 1))",
        '{"a":1}',
    ),
    fails(
        "variant-bad-json",
        "PARSE_JSON of bad JSON is an error.",
        _F + "parse_json",
        ["select parse_json('{bad') as x"],
        100069,
    ),
    value(
        "variant-try-parse-json",
        "TRY_PARSE_JSON of bad JSON is NULL.",
        _F + "try_parse_json",
        "try_parse_json('{bad')",
        None,
    ),
    value(
        "variant-parse-json-empty",
        "PARSE_JSON of the empty text is NULL.",
        _F + "parse_json",
        "parse_json('') is null",
        True,
    ),
    value(
        "variant-parse-json-numbers",
        "PARSE_JSON keeps a decimal's digits.",
        _F + "parse_json",
        "parse_json('12.50'):: number(5, 2)",
        Decimal("12.5"),
    ),
    value(
        "variant-compares-by-value",
        "Equal JSON of different white space is equal.",
        "sql-reference/data-types-semistructured",
        """parse_json('{"a":1}') = parse_json('{ "a": 1 }')""",
        True,
    ),
    value(
        "variant-of-text",
        "TO_VARIANT of text is a string, not parsed.",
        _F + "to_variant",
        "typeof(to_variant('{}'))",
        "VARCHAR",
    ),
    value(
        "variant-is-object",
        "IS_OBJECT and IS_ARRAY tell the kinds.",
        _F + "is_object",
        f"is_object({_EVENT}:actor) and is_array({_EVENT}:commits)",
        True,
    ),
    rows(
        "flatten-array",
        "FLATTEN of an array gives index and value.",
        _F + "flatten",
        [
            'select index, value::varchar from table(flatten(input => parse_json(\'["a", "b"]\')))'
            " order by index"
        ],
        (0, "a"),
        (1, "b"),
    ),
    rows(
        "flatten-object",
        "FLATTEN of an object gives key and value.",
        _F + "flatten",
        [
            "select key, value::number(38, 0) from table(flatten(input => parse_json("
            '\'{"PushEvent": 3, "ForkEvent": 1}\'))) order by key'
        ],
        ("ForkEvent", 1),
        ("PushEvent", 3),
    ),
    rows(
        "flatten-empty",
        "FLATTEN of nothing gives no row.",
        _F + "flatten",
        ["select value from table(flatten(input => parse_json('[]')))"],
    ),
    rows(
        "flatten-null",
        "FLATTEN of NULL gives no row.",
        _F + "flatten",
        ["select value from table(flatten(input => parse_json(null)))"],
    ),
    rows(
        "flatten-lateral",
        "LATERAL FLATTEN drops rows that have nothing.",
        _F + "flatten",
        [
            "create table t (id number, v variant)",
            "insert into t select 1, parse_json('{\"xs\": [5, 6]}')"
            " union all select 2, parse_json('{}')",
            "select t.id, f.value::number(38, 0) from t, lateral flatten(input => t.v:xs) as f"
            " order by 2",
        ],
        (1, 5),
        (1, 6),
    ),
    rows(
        "flatten-outer",
        "FLATTEN OUTER keeps rows that have nothing, with NULLs.",
        _F + "flatten",
        [
            "create table t (id number, v variant)",
            "insert into t select 1, parse_json('[5]') union all select 2, parse_json('[]')",
            "select t.id, f.value::number(38, 0) from t, lateral flatten(input => t.v,"
            " outer => true) as f order by 1",
        ],
        (1, 5),
        (2, None),
    ),
    rows(
        "flatten-recursive",
        "FLATTEN RECURSIVE descends.",
        _F + "flatten",
        [
            'select path from table(flatten(input => parse_json(\'{"a": {"b": 1}}\'),'
            " recursive => true)) order by path"
        ],
        ("a",),
        ("a.b",),
    ),
    rows(
        "flatten-nested",
        "Two FLATTENs go two levels deep.",
        _F + "flatten",
        [
            "select o.index, i.value::number(38, 0) from table(flatten(input =>"
            ' parse_json(\'[{"d": [1, 2]}, {"d": [3]}]\'))) as o,'
            " lateral flatten(input => o.value:d) as i order by 2"
        ],
        (0, 1),
        (0, 2),
        (1, 3),
    ),
    rows(
        "flatten-join",
        "A flattened list joins a table.",
        _F + "flatten",
        [
            "create table t as select column1 as name from values ('a'), ('b')",
            "select t.name, o.value:n::number(38, 0) from table(flatten(input => parse_json("
            '\'[{"name": "b", "n": 2}]\'))) as o inner join t on t.name = o.value:name::varchar',
        ],
        ("b", 2),
    ),
    rows(
        "variant-null-stored",
        "A stored JSON null stays one, and COUNT takes it for NULL.",
        "sql-reference/functions/count",
        [
            "create table t (v variant)",
            "insert into t select parse_json('null')",
            "insert into t select null",
            "select count(*), count(v), count_if(v is null) from t",
        ],
        (2, 0, 1),
    ),
    rows(
        "variant-key-order",
        "An object's keys come back sorted.",
        "sql-reference/data-types-semistructured",
        [
            "create table t (v variant)",
            'insert into t select parse_json(\'{"b": 1, "a": 2}\')',
            "select v::varchar from t",
        ],
        ('{"a":2,"b":1}',),
    ),
    value(
        "variant-path-exponent",
        "A FLOAT below a path casts to its short text (from memory).",
        "sql-reference/data-type-conversion",
        "parse_json('{\"a\": 1e2}'):a::varchar",
        "100",
    ),
    fails(
        "variant-values-need-select",
        "VALUES takes no PARSE_JSON: insert by SELECT.",
        "sql-reference/sql/insert",
        ["create table t (v variant)", "insert into t values (parse_json('{}'))"],
        2014,
    ),
    value(
        "variant-as-real",
        "AS_REAL takes any number.",
        "sql-reference/functions/as",
        "as_real(parse_json('-17'))",
        -17.0,
        "REAL",
    ),
]
