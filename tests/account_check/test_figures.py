"""What an account tells of its costs, judged: the stand-in tells none."""

from decimal import Decimal

from account_check import cost
from account_check.findings import DIFFERS, HOLDS, NOT_TRIED
from account_check.steps.figures import of_credits, of_statements


def figure(
    statements: int, scanned: int | None, read: int | None, of: int | None
) -> dict[str, object]:
    return {"statements": statements, "bytes scanned": scanned, "partitions": read, "of": of}


def test_statements_and_partitions() -> None:
    told = [figure(10, 2_000, 3, 9), figure(5, 0, None, None)]
    assert [(f.name, f.verdict, f.found) for f in of_statements(told)] == [
        ("statements-told", HOLDS, "15 statements, 2,000 bytes"),
        ("partitions-told", HOLDS, "3 of 9 partitions"),
    ]


def test_a_user_of_whom_nothing_is_told_differs() -> None:
    told = [figure(10, 2_000, 3, 9), figure(0, None, None, None)]
    assert [f.verdict for f in of_statements(told)] == [DIFFERS, HOLDS]


def test_nothing_told_is_not_tried() -> None:
    assert [f.verdict for f in of_statements([figure(10, None, None, None)])] == [NOT_TRIED] * 2
    assert of_credits(None).verdict == NOT_TRIED


def test_credits_beyond_the_estimate_differ() -> None:
    estimated = Decimal(cost.estimated_credits())
    assert of_credits(estimated / 2).verdict == HOLDS
    assert of_credits(estimated * 2).verdict == DIFFERS
