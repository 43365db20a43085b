"""What Silver's model of events extracts, as it stands in the model."""

from __future__ import annotations

import re
from typing import NamedTuple

import jinja2

from local.setup.paths import ROOT

_PROJECT = ROOT / "include" / "dbt"
_MODEL = _PROJECT / "models" / "silver" / "events" / "event_rows.sql"
_MACROS = _PROJECT / "macros" / "typed_event.sql"
_VIEW = "gharchive.bronze.events_current"


class Column(NamedTuple):
    """A column, its path in the event (`actor:id`), and its type in Snowflake."""

    path: str
    kind: str
    name: str


def extraction() -> str:
    """Return the model's query of Bronze, of all files."""
    head, _, rest = _MODEL.read_text().partition("\nwith\n")
    found = re.search(r"^extracted as \(\n(.*?)^\),", rest, re.M | re.S)
    assert found
    template = jinja2.Template(_MACROS.read_text() + head + found[1])
    return template.render(
        config=lambda **_: "",
        source=lambda *_: _VIEW,
        rows_of_this_run=lambda _: "file_name is not null",
    )


def columns() -> list[Column]:
    """Return what the query takes from the event."""
    query = extraction()
    found = re.findall(r"cast\(event:(\S+) as ([^()]+(?:\(38, 0\))?)\)\s+as (\w+)", query)
    assert len(found) == query.count("event:")
    return [Column(*each) for each in found]
