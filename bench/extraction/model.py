"""What Silver's model of events extracts, as it stands in the model."""

from __future__ import annotations

import re
from typing import NamedTuple

from local.setup.paths import ROOT

_MODEL = ROOT / "include" / "dbt" / "models" / "silver" / "events" / "event_rows.sql"
_VIEW = "gharchive.bronze.events_current"


class Column(NamedTuple):
    """A column, its path in the event (`actor:id`), and its type in Snowflake."""

    path: str
    kind: str
    name: str


def extraction() -> str:
    """Return the model's query of Bronze, as a full refresh sends it."""
    found = re.search(r"^extracted as \(\n(.*?)^\),", _MODEL.read_text(), re.M | re.S)
    assert found
    query = found[1].replace("{{ source('bronze', 'events_current') }}", _VIEW)
    return query.replace("{{ rows_of_this_run('file_name') }}", "file_name is not null")


def columns() -> list[Column]:
    """Return what the query takes from the event."""
    query = extraction()
    found = re.findall(r"cast\(event:(\S+) as ([^()]+(?:\(38, 0\))?)\)\s+as (\w+)", query)
    assert len(found) == query.count("event:")
    return [Column(*each) for each in found]
