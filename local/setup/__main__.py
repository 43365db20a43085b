"""Install what a laptop run needs into the project folder: `python3 -m local.setup [STEP ...]`.

This file alone must be readable by any Python 3, to say that a newer one is needed.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    oldest, found, newest = (
        f"{major}.{minor}" for major, minor in (OLDEST, sys.version_info[:2], NEWEST)
    )
    sys.exit(
        f"set-up failed: {sys.executable} is Python {found}, and the packages are locked for"
        f" {oldest} to {newest}.\n"
        "  Install one of these and run make again; if it is not called python3,"
        " name it: make SYSTEM_PYTHON=python3.12"
    )

from local.setup.install import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
