"""Deploy again: with nothing new, then with a new setting."""

from collections.abc import Iterator

from account_check.account import shown
from account_check.findings import Finding, judged
from account_check.run import Run
from include.sql import deploy


def check(run: Run) -> Iterator[Finding]:
    """Deploy twice, and look whether the tasks are as they were."""
    before = _states(run)
    old = run.deployment
    new = old.model_copy(update={"statement_timeout": old.statement_timeout + 1})
    code = deploy.from_code(old)
    first = deploy.deploy(old, code)
    wanted = [
        script
        for script in deploy.scripts()
        if script.startswith("R")
        and deploy.render(script, old, code) != deploy.render(script, new, code)
    ]
    second = deploy.deploy(new, code)
    after = _states(run)
    yield judged(
        "redeployed",
        not first and second == wanted and after == before,
        f"nothing new: {', '.join(first) or 'no script'}; "
        f"a new setting: {', '.join(second) or 'no script'}; "
        + ("tasks as before" if after == before else f"tasks {before} → {after}"),
    )


def _states(run: Run) -> dict[str, str]:
    with run.administrator() as cursor:
        found = shown(cursor, f"tasks in database {run.prefix}")
    return {task["name"]: task["state"] for task in found}
