"""schemachange, which deploys include/sql/migrations, in an environment of its own."""

import shutil
import sys

from local.setup import packages
from local.setup.paths import BIN, CACHE, ROOT, SCHEMACHANGE
from local.setup.step import Step, replacing, run

LOCK = ROOT / "include" / "sql" / "requirements.txt"
FIX = "Run make again."


def make() -> None:
    """Make the environment, with exactly what its lock names."""
    with replacing(SCHEMACHANGE) as folder:
        run([BIN / "uv", "venv", "--quiet", "--relocatable", "--clear", folder], fix=FIX)
        sync = (BIN / "uv", "pip", "sync", "--quiet", "--compile-bytecode", "--python", folder)
        run([*sync, LOCK], fix=FIX, env=packages.uv_environment())
    shutil.rmtree(CACHE / "uv", ignore_errors=True)


STEP = Step(
    name="schemachange",
    does="schemachange (deploys to Snowflake) into .local/schemachange",
    make=make,
    outputs=(SCHEMACHANGE / "bin" / "schemachange",),
    inputs=lambda: [sys.version, LOCK],
)
