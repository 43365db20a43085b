"""PUT: the client writes its files itself, and is told where."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor
from snowflake_stand_in.sql.errors import compilation, unsupported
from snowflake_stand_in.stages import stages

_OPTIONS: dict[str, Any] = {
    "PARALLEL": 4,
    "AUTO_COMPRESS": True,
    "SOURCE_COMPRESSION": "AUTO_DETECT",
    "OVERWRITE": False,
}


def run(cursor: Cursor, statement: exp.Put) -> None:
    """Run PUT 'file://…' @stage[/path] [options]: clients must be on this machine."""
    stage = stages.find(cursor, statement.args["target"].name)
    if stage.folder is None:
        raise unsupported("PUT into an external stage")
    options = _OPTIONS | _given(statement)
    place = stage.folder.place(stage.path)
    if place is None:
        raise compilation(1003, f"syntax error: '{stage.path}' is no path in a stage.")
    source = unquote(statement.this.name.removeprefix("file://"))
    if not options["OVERWRITE"] and any(_is_there(place, file) for file in glob(source)):
        raise unsupported("PUT of a file that is there: say OVERWRITE = TRUE")
    cursor.succeed()
    cursor.upload = {
        "command": "UPLOAD",
        "src_locations": [source],
        "stageInfo": {"locationType": "LOCAL_FS", "location": str(place), "creds": {}},
        "parallel": int(options["PARALLEL"]),
        "autoCompress": options["AUTO_COMPRESS"],
        "sourceCompression": str(options["SOURCE_COMPRESSION"]).lower(),
        "overwrite": options["OVERWRITE"],
    }


def _is_there(place: Path, file: str) -> bool:
    """Whether a stage has the file, compressed or not; the client would write over it."""
    name = Path(file).name
    return (place / name).exists() or (place / f"{name}.gz").exists()


def _given(statement: exp.Put) -> dict[str, Any]:
    found: dict[str, Any] = {}
    properties = statement.args.get("properties")
    for option in properties.expressions if properties is not None else ():
        name, value = option.this.name.upper(), option.args["value"]
        if name not in _OPTIONS:
            raise unsupported(f"PUT option {name}")
        found[name] = value.this if isinstance(value, exp.Boolean) else value.name
    return found
