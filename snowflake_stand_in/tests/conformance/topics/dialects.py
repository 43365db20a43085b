"""What other dialects have and Snowflake lacks: the pages of what there is don't list it."""

from conformance.behaviour import Behaviour, fails

_SELECT = "sql-reference/sql/select"
_FUNCTIONS = "sql-reference/functions-all"


def _lacking(name: str, says: str, page: str, query: str) -> Behaviour:
    return fails(f"dialect-{name}", says, page, [query])


BEHAVIOURS = [
    fails(
        "refused-distinct-on",
        "DISTINCT ON is PostgreSQL's.",
        "sql-reference/sql/select",
        ["select distinct on (a) a from (select 1 as a)"],
    ),
    fails(
        "refused-operator",
        "& and its like are no operators: BITAND is a function.",
        "sql-reference/operators",
        ["select 5 & 3 as x"],
        1003,
    ),
    _lacking("from-first", "A query begins with SELECT.", _SELECT, "from (select 1 as x)"),
    _lacking(
        "except-all",
        "EXCEPT has no ALL.",
        "sql-reference/operators-query",
        "select 1 except all select 1",
    ),
    _lacking(
        "semi-join",
        "There is no SEMI JOIN.",
        "sql-reference/constructs/join",
        "select 1 from (select 1 as x) a semi join (select 1 as x) b on a.x = b.x",
    ),
    _lacking(
        "with-ties",
        "FETCH has no WITH TIES.",
        "sql-reference/constructs/limit",
        "select 1 as x order by x fetch first 1 rows with ties",
    ),
    _lacking(
        "select-into",
        "SELECT INTO makes no table.",
        "developer-guide/snowflake-scripting/variables",
        "select 1 as x into dialect_select_into",
    ),
    _lacking(
        "frame-exclude",
        "A window's frame excludes nothing.",
        "sql-reference/functions-window-syntax",
        "select count(*) over (order by column1 rows between 1 preceding and 1 following "
        "exclude current row) from values (1)",
    ),
    _lacking(
        "similar-to",
        "There is no SIMILAR TO.",
        "sql-reference/functions-regexp",
        "select 'abc' similar to 'a.*'",
    ),
    _lacking(
        "isnull", "ISNULL is no operator.", "sql-reference/functions/is-null", "select 1 isnull"
    ),
    _lacking("two-texts", "Two texts beside each other are none.", _SELECT, "select 'a' 'b'"),
    _lacking("log10", "There is no LOG10: it is LOG(10, …).", _FUNCTIONS, "select log10(100)"),
    _lacking("starts-with", "It is STARTSWITH.", _FUNCTIONS, "select starts_with('ab', 'a')"),
    _lacking("date-add", "It is DATEADD.", _FUNCTIONS, "select date_add(current_date, 1)"),
    _lacking("rand", "It is RANDOM.", _FUNCTIONS, "select rand()"),
    _lacking("hugeint", "There is no HUGEINT.", "sql-reference/data-types", "select 1::hugeint"),
]
