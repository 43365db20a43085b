"""`python -m conformance` in this folder's parent: try every behaviour, write CONFORMANCE.md."""

import sys
from pathlib import Path

import pytest

from conformance.report import Report
from conformance.target import is_named

PAGE = Path(__file__).parents[2] / "CONFORMANCE.md"


def main() -> int:
    """Run the room; return pytest's exit status."""
    report = Report()
    status = pytest.main(["-q", "--tb=short", str(Path(__file__).parent)], plugins=[report])
    print(report.summary())
    # The page is about the stand-in; a named account's results are for the terminal
    if not is_named():
        report.write(PAGE)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
