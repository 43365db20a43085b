"""Reads all the paths that a query takes from a VARIANT at once.

DuckDB parses the text of a VARIANT again for each path, but only once for a struct or for a list of
paths, and computes once what a SELECT's expressions share. So what is read as text becomes a part
of one struct; the rest, and what no struct can hold, an element of one list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from sqlglot import exp

_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.JSONExtract: "JSON_EXTRACT",
    exp.JSONExtractScalar: "JSON_EXTRACT_STRING",
}
# What their conditions have in common, DuckDB computes again in each
_APART = ("where", "from_", "joins", "laterals")

_Steps: TypeAlias = tuple[str | int, ...]
"""A path: keys of objects and positions in arrays, from 0."""


class _NoStructError(Exception):
    """These paths can't be parts of one struct."""


def share(statement: exp.Expr) -> exp.Expr:
    """Make the paths that a SELECT takes from a column parts of one value, in place."""
    for select in statement.find_all(exp.Select):
        found: dict[tuple[str, str], list[exp.Expr]] = {}
        for node in _computed(select):
            function = _FUNCTIONS.get(type(node))
            if function and isinstance(node.this, exp.Column) and _leads_to_one(_path(node)):
                found.setdefault((function, node.this.sql("duckdb")), []).append(node)
        for (function, _), nodes in found.items():
            if len(set(map(_path, nodes))) == 1:
                continue
            try:
                _take_from_struct(function, nodes)
            except _NoStructError:
                _take_from_list(function, nodes)
    return statement


def _take_from_struct(function: str, nodes: list[exp.Expr]) -> None:
    """Read texts from a struct; of a path and those that lead on from it, it has the first."""
    # What is no text differs: a struct has no null of JSON's
    if function != "JSON_EXTRACT_STRING":
        raise _NoStructError
    taken = {_steps(node) for node in nodes}
    leads_on = {steps[:length] for steps in taken for length in range(1, len(steps))} & taken
    fields = {
        steps: "JSON" if steps in leads_on else "VARCHAR"
        for steps in taken
        if not any(steps[:length] in leads_on for length in range(1, len(steps)))
    }
    structure = exp.Literal.string(json.dumps(_structure(fields)))
    for node in nodes:
        steps = _steps(node)
        length = next(n for n in range(1, len(steps) + 1) if steps[:n] in fields)
        value: exp.Expr = _call("JSON_TRANSFORM", node.this.copy(), structure.copy())
        for step in steps[:length]:
            if isinstance(step, int):
                value = _call("LIST_EXTRACT", value, exp.Literal.number(step + 1))
            else:
                value = _call("STRUCT_EXTRACT", value, exp.Literal.string(step))
        if steps[:length] in leads_on:
            rest = [exp.JSONPathRoot(), *node.expression.expressions[length + 1 :]]
            value = exp.JSONExtractScalar(this=value, expression=exp.JSONPath(expressions=rest))
        node.replace(value)


def _steps(node: exp.Expr) -> _Steps:
    """Return a path without its root, the column."""
    steps = tuple(part.this for part in node.expression.expressions[1:])
    if not steps or not all(isinstance(step, str | int) for step in steps):
        raise _NoStructError
    return steps


def _structure(fields: Mapping[_Steps, str]) -> object:
    """Return what json_transform is to make of a value; all elements of an array are alike."""
    if () in fields:
        return fields[()]
    parts: dict[str | int, dict[_Steps, str]] = {}
    for (first, *rest), kind in fields.items():
        parts.setdefault(first, {})[tuple(rest)] = kind
    if list(parts) == [0]:
        return [_structure(parts[0])]
    names = {str(part).lower() for part in parts if isinstance(part, str)}
    # A struct's names differ by more than case
    if len(names) != len(parts):
        raise _NoStructError
    return {part: _structure(fields) for part, fields in parts.items()}


def _take_from_list(function: str, nodes: list[exp.Expr]) -> None:
    paths = list(dict.fromkeys(map(_path, nodes)))
    positions = {path: position for position, path in enumerate(paths, 1)}
    # As text: one for each path and place would be thousands of nodes
    listed = f"[{', '.join(paths)}]"
    for node in nodes:
        values = _call(function, node.this.copy(), exp.var(listed))
        position = exp.Literal.number(positions[_path(node)])
        node.replace(_call("LIST_EXTRACT", values, position))


def _call(function: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=list(arguments))


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
