"""The linters, in an environment of their own: they need nothing of what they look at."""

import shutil
import sys

from local.setup.packages import LOCKS, make_environment, uv_environment
from local.setup.paths import LINT, ROOT
from local.setup.step import NO_NETWORK, Step, run

TOOLS = ROOT / "requirements-lint.in"


def make() -> None:
    """Install the tools, in the versions that the lock names."""
    shutil.rmtree(LINT, ignore_errors=True)
    make_environment(LINT)
    pip = (
        LINT / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
    )
    run(
        [*pip, "--constraint", LOCKS[1], "--requirement", TOOLS],
        fix=NO_NETWORK,
        env=uv_environment(),
    )


STEP = Step(
    name="lint",
    does="linters into .local/lint (about 100 MB)",
    make=make,
    outputs=(LINT / "bin" / "ruff",),
    inputs=lambda: [sys.version, LOCKS[1], TOOLS],
)
