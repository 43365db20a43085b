"""What is untried on an account is what the check tries."""

import re

from account_check.expectations import EXPECTATIONS
from account_check.findings import DIFFERS, HOLDS, NOT_TRIED, Findings, judged
from account_check.redaction import Redaction
from account_check.steps import STEPS
from local.setup import paths


def test_the_page_lists_each_expectation() -> None:
    page = (paths.ROOT / "docs" / "untried.md").read_text()
    section = page.partition("## Snowflake account\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^- `([a-z-]+)`: (.+?)(?=\n- |\n\n|\Z)", section, re.M | re.S)
    assert [(name, " ".join(says.split()).rstrip(";.")) for name, says in listed] == [
        (expectation.name, expectation.says) for expectation in EXPECTATIONS
    ]


def test_every_step_tries_something() -> None:
    steps = {step.name for step in STEPS} | {"cleaning"}
    assert {expectation.step for expectation in EXPECTATIONS} == steps
    assert len({expectation.name for expectation in EXPECTATIONS}) == len(EXPECTATIONS)


def test_a_step_that_fails_differs_once() -> None:
    """The first that it could not tell differs; nothing is known of the others."""
    findings = Findings(Redaction(), (e for e in EXPECTATIONS if e.step == "load"))
    findings.add(judged("hour-loaded", True, "8 of 8 rows"))
    list(findings.close("load", "OperationalError: gone", failed=True))
    verdicts = {expectation.name: finding.verdict for expectation, finding in findings.rows()}
    assert verdicts == {"hour-loaded": HOLDS, "auto-time": DIFFERS, "last-modified": NOT_TRIED}
    assert not findings.all_hold()
