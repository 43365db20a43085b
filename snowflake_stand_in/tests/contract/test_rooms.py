"""The README's table of rooms is the code's."""

import re
from pathlib import Path

import snowflake_stand_in

_PACKAGE = Path(snowflake_stand_in.__file__).parent
_README = Path(__file__).parents[2] / "README.md"


def test_the_table_names_every_module_and_no_other() -> None:
    rows: dict[str, set[str]] = {}
    room = ""
    for line in _README.read_text().splitlines():
        if line.startswith("| `") or line.startswith("| | "):
            first, _, where = (cell.strip() for cell in line.strip("|").split("|"))
            room = first or room
            for name in re.findall(r"`(\w+)`", room):
                rows.setdefault(name, set()).update(re.findall(r"`([a-z_]+)`", where))
    modules: dict[str, set[str]] = {}
    for path in _PACKAGE.rglob("*.py"):
        inside = path.relative_to(_PACKAGE)
        if path.stem == "__init__":
            continue
        name = inside.parts[0].removesuffix(".py")
        modules.setdefault(name, set()).update([path.stem] if len(inside.parts) > 1 else [])
    assert rows == modules
