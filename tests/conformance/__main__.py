"""`python -m tests.conformance`: try every behaviour and write docs/conformance.md."""

import sys
from pathlib import Path

import pytest

from tests.conformance.report import Report
from tests.conformance.target import on_stand_in

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run the room; return pytest's exit status."""
    report = Report()
    status = pytest.main(["-q", "--tb=short", str(Path(__file__).parent)], plugins=[report])
    print(report.summary())
    # The page is about the stand-in; a real account's results are for the terminal
    if on_stand_in():
        report.write(ROOT / "docs" / "conformance.md")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
