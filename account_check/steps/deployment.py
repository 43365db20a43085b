"""Deploy into an account that has nothing of ours, for users of our own."""

from collections.abc import Iterator

from account_check.account import rows
from account_check.findings import Finding, judged, not_tried, tried
from account_check.run import Run
from account_check.scratch import USERS, make_users
from account_check.storage import InternalStages
from include.sql import account, deploy


def check(run: Run) -> Iterator[Finding]:
    """Make the users, deploy, and log in as each."""
    deployment = run.deployment
    with run.account.administrator() as connection, connection.cursor() as cursor:
        make_users(cursor, run.prefix, run.key)
        account.prepare(connection, deployment)
        # The deployment logs in as the check does
        ((user,),) = rows(cursor, "select current_user()")
        cursor.execute(f'grant role {deployment.deployer_role} to user "{user}"')
    ran = deploy.deploy(deployment, deploy.from_code(deployment))
    yield judged(
        "empty-account",
        ran == deploy.scripts(),
        f"{len(ran)} of {len(deploy.scripts())} scripts have run",
    )
    if isinstance(run.storage, InternalStages):
        yield judged("unreached-stage", True, "the stages were made, then replaced")
    else:
        yield not_tried("unreached-stage", "the stages are those of the Blob storage")

    roles = {
        "events": deployment.loader_role,
        "outcomes": deployment.loader_role,
        "models": deployment.trainer_role,
    }
    with run.administrator() as cursor:
        run.storage.prepare(cursor, {stage: str(role) for stage, role in roles.items()})
    yield tried("budget", lambda: _spending_limit(run))

    current = {}
    for role in USERS:
        with run.login(role) as connection, connection.cursor() as cursor:
            ((current[role],),) = rows(cursor, "select current_role()")
    yield judged(
        "service-users",
        all(current[role] == getattr(deployment, f"{role}_role") for role in USERS),
        f"logged in as {', '.join(current.values())}",
    )


def _spending_limit(run: Run) -> tuple[bool, str]:
    with run.administrator() as cursor:
        ((limit,),) = rows(cursor, "call ledger.spending!get_spending_limit()")
    wanted = run.deployment.serverless_credits
    return int(limit) == wanted, f"{limit}, of {wanted} set"
