"""What was found of each expectation."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import snowflake.connector

from account_check.expectations import EXPECTATIONS, Expectation
from account_check.redaction import Redaction

HOLDS, DIFFERS, NOT_TRIED = "holds", "differs", "not tried"


class NotTriedError(Exception):
    """The rest of a step can't be tried here; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What was found of the expectation of this name: a verdict, what was seen, in few words."""

    name: str
    verdict: str
    found: str
    details: Sequence[str] = ()


def judged(name: str, holds: bool, found: object, details: Sequence[str] = ()) -> Finding:
    """Return the finding of something tried."""
    return Finding(name, HOLDS if holds else DIFFERS, str(found), details)


def tried(name: str, attempt: Callable[[], tuple[bool, object]]) -> Finding:
    """Return the finding of an attempt, which may be the account's error."""
    try:
        return judged(name, *attempt())
    except snowflake.connector.Error as error:
        return judged(name, False, error)


def not_tried(name: str, why: str) -> Finding:
    """Return the finding of something that wasn't tried."""
    return Finding(name, NOT_TRIED, why)


class Findings:
    """The findings of a run, in the order of EXPECTATIONS; what they say holds no secrets."""

    def __init__(
        self, redaction: Redaction, expectations: Iterable[Expectation] = EXPECTATIONS
    ) -> None:
        self._redaction = redaction
        self._expectations = tuple(expectations)
        self._found: dict[str, Finding] = {}

    def add(self, finding: Finding) -> str:
        """Take a finding; return it as a line."""
        hide = self._redaction.apply
        details = [hide(detail) for detail in finding.details]
        kept = replace(finding, found=hide(finding.found), details=details)
        self._found[finding.name] = kept
        return f"{kept.name}: {kept.verdict}, {kept.found}"

    def close(self, step: str, why: str, failed: bool) -> Iterator[str]:
        """Say why a step's other expectations have no finding; if it failed, the first differs."""
        for expectation in self._expectations:
            if expectation.step == step and expectation.name not in self._found:
                verdict = DIFFERS if failed else NOT_TRIED
                yield self.add(Finding(expectation.name, verdict, why))
                if failed:
                    failed, why = False, "the step had failed before"

    def rows(self) -> list[tuple[Expectation, Finding]]:
        """Return every expectation with what was found."""
        return [
            (e, self._found.get(e.name, not_tried(e.name, "the check ended before")))
            for e in self._expectations
        ]

    def all_hold(self) -> bool:
        """Whether nothing differs of what was tried."""
        return not any(finding.verdict == DIFFERS for _, finding in self.rows())
