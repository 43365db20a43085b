"""`make function-package`: build the folder that `func azure functionapp publish` takes."""

import shutil
from pathlib import Path

from local.setup.paths import DATA, ROOT
from local.setup.step import replacing

PACKAGE = DATA / "function"
FUNCTIONS = ROOT / "functions"
# What the Functions host and its tools look for at the root
AT_THE_ROOT = ("function_app.py", "host.json", "requirements.txt", ".funcignore")


def contents() -> dict[str, Path]:
    """Return the package's files: where each goes, and what it is a copy of."""
    modules = [*FUNCTIONS.glob("*.py"), ROOT / "include" / "__init__.py"]
    modules += (ROOT / "include" / "ingest").glob("*.py")
    modules.remove(FUNCTIONS / "function_app.py")
    files = {name: FUNCTIONS / name for name in AT_THE_ROOT}
    return files | {module.relative_to(ROOT).as_posix(): module for module in sorted(modules)}


def build(folder: Path) -> None:
    """Make the package in `folder`, in place of what is there."""
    with replacing(folder) as partial:
        for name, source in contents().items():
            target = partial / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


if __name__ == "__main__":
    build(PACKAGE)
    print(f"{PACKAGE.relative_to(ROOT)} is ready: run func azure functionapp publish NAME in there")
