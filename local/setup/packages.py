"""The virtual environment, with exactly the packages that the lock names."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from local.setup.paths import BIN, CACHE, PYTHON, ROOT, VENV
from local.setup.step import NO_NETWORK, SetupError, Step, digest, read, run, write

LOCKS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
# Our own package; its dependencies are in the locks
STAND_IN = ROOT / "snowflake_stand_in"
# Kept inside the environment, so that each is gone with the other
BUILT_FOR = VENV / "built-for"


def make() -> None:
    """Bring the environment to the lock; start over if the last attempt did not finish."""
    built_for = digest([sys.version])
    if read(BUILT_FOR) != built_for:
        shutil.rmtree(VENV, ignore_errors=True)
        make_environment(VENV)
    BUILT_FOR.unlink(missing_ok=True)
    env = uv_environment()
    fix = f"Run make again; if it fails in the same way, delete {VENV} first."
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    # One package of one version: it fails where the registry can't be reached
    run([*pip, "--constraint", LOCKS[1], "uv"], fix=NO_NETWORK, env=env)
    # Compiled now: where PYTHONDONTWRITEBYTECODE is set, each process would compile Airflow again
    sync = (BIN / "uv", "pip", "sync", "--quiet", "--compile-bytecode", "--python", PYTHON)
    run([*sync, *LOCKS], fix=fix, env=env)
    own = (BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--python", PYTHON)
    run([*own, "--editable", STAND_IN], fix=fix, env=env)
    write(BUILT_FOR, built_for)
    # It takes as much room again, and only serves an installation that was cut short
    shutil.rmtree(CACHE / "uv", ignore_errors=True)


def uv_environment() -> dict[str, str]:
    """Return what uv needs in its environment: pip's mirror, and a cache in this folder."""
    env = {"UV_CACHE_DIR": str(CACHE / "uv"), "PIP_NO_CACHE_DIR": "1"}
    if mirror := os.environ.get("PIP_INDEX_URL"):
        env["UV_DEFAULT_INDEX"] = mirror
    return env


def make_environment(folder: Path) -> None:
    """Make a virtual environment of the Python that runs this."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments (it has no ensurepip)",
            "On Debian and Ubuntu: apt-get install python3-venv. Then run make again.",
        )
    run(
        [sys.executable, "-m", "venv", folder],
        fix=f"See that {sys.executable} -m venv works, then run make again.",
    )


STEP = Step(
    name="packages",
    does="Python packages into .venv (about 1.9 GB)",
    make=make,
    outputs=(PYTHON, BUILT_FOR),
    inputs=lambda: [sys.version, *LOCKS, STAND_IN / "pyproject.toml"],
    stamps=VENV,
)
