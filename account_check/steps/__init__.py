"""What is tried, a file each, in the order of `STEPS`."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from account_check.findings import Finding
from account_check.run import Run
from account_check.steps import (
    automation,
    conformance,
    deployment,
    figures,
    load,
    models,
    recommendations,
    reconcile,
    redeployment,
)


class Step(NamedTuple):
    """A step yields its findings; `needs` are the steps that must have come to their end."""

    name: str
    check: Callable[[Run], Iterator[Finding]]
    needs: tuple[str, ...] = ("deployment",)


STEPS = (
    Step("deployment", deployment.check, ()),
    Step("load", load.check),
    Step("models", models.check, ("load",)),
    Step("reconcile", reconcile.check, ("load",)),
    Step("models-again", models.check_again, ("models", "reconcile")),
    Step("recommendations", recommendations.check, ("models",)),
    Step("redeployment", redeployment.check),
    Step("automation", automation.check, ("models",)),
    Step("conformance", conformance.check),
    Step("figures", figures.check),
)
