"""Collects what the cases did, and writes it as CONFORMANCE.md."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.behaviour import DOCUMENTATION
from conformance.differences import DIFFERENCES

_CLIENTS = {"test_dbt": "dbt", "test_jdbc": "JDBC"}


@dataclass(frozen=True)
class Case:
    """A behaviour as its test states it, and the client that tried it."""

    name: str
    says: str
    page: str
    client: str


@dataclass
class Report:
    """A plugin of pytest."""

    cases: dict[str, Case] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note every behaviour that will be tried."""
        for item in items:
            if marker := item.get_closest_marker("behaviour"):
                client = _CLIENTS.get(item.path.stem, "Python connector")
                self.cases[item.nodeid] = Case(**marker.kwargs, client=client)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of it."""
        case = self.cases.get(report.nodeid)
        if case is None:
            return
        expected = report.when == "call" and (report.passed or hasattr(report, "wasxfail"))
        if expected:
            self.outcomes[report.nodeid] = (
                "listed difference" if case.name in DIFFERENCES else "pass"
            )
        elif report.failed:
            self.outcomes[report.nodeid] = "FAIL"
        elif report.skipped:
            self.outcomes[report.nodeid] = "skipped"

    def summary(self) -> str:
        """Say in one line how many there are, and what became of them."""
        counts = Counter(self.outcomes.values())
        kinds = ", ".join(
            f"{counts[kind]} {_plural(kind, counts[kind])}" for kind in sorted(counts)
        )
        clients = Counter(case.client for case in self.cases.values())
        through = ", ".join(f"{count} through {client}" for client, count in clients.most_common())
        return f"{len(self.cases)} behaviours ({through}): {kinds}."

    def markdown(self) -> str:
        """Write all of it."""
        lines = [
            "# Conformance with Snowflake",
            "",
            "Written by `tests/conformance`, whose README says how; do not edit. Each line is a",
            "behaviour of Snowflake, with its page in Snowflake's documentation, tried on the",
            "stand-in; the same cases can be tried on a real account.",
            "",
            self.summary(),
            "",
            "## Listed differences",
            "",
            "Without a rule the stand-in fails, or the difference shows between sessions only.",
            "What answers otherwise has a rule: a name by which a linter can keep it out of SQL.",
            "",
            "| behaviour | Snowflake | the stand-in | rule |",
            "|---|---|---|---|",
        ]
        cases = {case.name: case for case in self.cases.values()}
        for name, difference in DIFFERENCES.items():
            if name in cases:
                rule = f"`{difference.rule}`" if difference.rule else ""
                lines.append(f"| {name} | {cases[name].says} | {difference.reason} | {rule} |")
        lines += ["", "## Behaviours"]
        for client in dict.fromkeys(case.client for case in self.cases.values()):
            lines += ["", f"### Through {client}", "", "| behaviour | | result |", "|---|---|---|"]
            lines += [
                f"| [{case.name}]({DOCUMENTATION}{case.page}) | {_escaped(case.says)} "
                f"| {self.outcomes.get(node, 'not run')} |"
                for node, case in self.cases.items()
                if case.client == client
            ]
        return "\n".join(lines) + "\n"

    def write(self, file: Path) -> None:
        """Write it to a file."""
        file.write_text(self.markdown())


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _plural(kind: str, count: int) -> str:
    return (
        {"pass": "passes", "listed difference": "listed differences"}.get(kind, kind)
        if (count != 1)
        else kind
    )
