"""Reads all the paths that a query takes from a VARIANT at once.

DuckDB parses the text of a VARIANT anew for each path, but only once for a list of paths, and
computes once what a SELECT's expressions share. So each path becomes an element of one list.
"""

from sqlglot import exp

_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.JSONExtract: "JSON_EXTRACT",
    exp.JSONExtractScalar: "JSON_EXTRACT_STRING",
}
# What their conditions have in common, DuckDB computes again in each
_APART = ("where", "from_", "joins", "laterals")


def share(statement: exp.Expr) -> exp.Expr:
    """Make the paths that a SELECT takes from a column elements of one list, in place."""
    for select in statement.find_all(exp.Select):
        found: dict[tuple[str, str], list[exp.Expr]] = {}
        for node in _computed(select):
            function = _FUNCTIONS.get(type(node))
            if function and isinstance(node.this, exp.Column) and _leads_to_one(_path(node)):
                found.setdefault((function, node.this.sql("duckdb")), []).append(node)
        for (function, _), nodes in found.items():
            paths = list(dict.fromkeys(map(_path, nodes)))
            if len(paths) > 1:
                _take(function, nodes, paths)
    return statement


def _take(function: str, nodes: list[exp.Expr], paths: list[str]) -> None:
    positions = {path: position for position, path in enumerate(paths, 1)}
    # As text: one for each path and place would be thousands of nodes
    listed = f"[{', '.join(paths)}]"
    for node in nodes:
        values = exp.Anonymous(this=function, expressions=[node.this.copy(), exp.var(listed)])
        position = exp.Literal.number(positions[_path(node)])
        node.replace(exp.Anonymous(this="LIST_EXTRACT", expressions=[values, position]))


def _computed(select: exp.Select) -> list[exp.Expr]:
    """Return the nodes of what a SELECT computes from its rows, without those of its subqueries."""
    parts = [
        part
        for key, value in select.args.items()
        if key not in _APART
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, exp.Expr)
    ]
    return [node for part in parts for node in part.walk(prune=lambda n: isinstance(n, exp.Query))]


def _path(node: exp.Expr) -> str:
    return str(node.expression.sql("duckdb"))


def _leads_to_one(path: str) -> bool:
    """Whether a path is a constant that leads to one value: to several, DuckDB makes a list."""
    return path.startswith("'$") and "*" not in path
