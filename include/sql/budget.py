"""Set up the budget that R__8 creates, and believe its answers.

A method of a budget tells of most failures in its result, not by an error (the reference's pages of
the class BUDGET).
"""

from snowflake.connector import SnowflakeConnection

from include.sql.settings import Deployment

# What the reference says that the methods return
_DONE = (
    "The spending limit has been updated to ",
    "Successfully added resource",
    "The email integration is updated",
)


class BudgetError(Exception):
    """A method of the budget has refused; the message says which, and what it says."""


def calls(deployment: Deployment) -> list[str]:
    """Return what gives the budget its limit, the database to watch, and whom to warn."""
    budget, database = f"{deployment.database}.ledger.spending", deployment.database
    reference = f"system$reference('database', '{database}', 'session', 'applybudget')"
    found = [
        f"{budget}!set_spending_limit({deployment.serverless_credits})",
        f"{budget}!add_resource({reference})",
    ]
    if deployment.budget_email:
        found.append(f"{budget}!set_email_notifications('{deployment.budget_email}')")
    return found


def set_up_budget(connection: SnowflakeConnection, deployment: Deployment) -> None:
    """Make these calls; again without harm. Raises BudgetError."""
    watched = _watched(connection, f"{deployment.database}.ledger.spending")
    for method in calls(deployment):
        if "!add_resource(" in method and deployment.database.upper() in watched:
            continue
        cursor = connection.cursor()
        cursor.execute(f"call {method}")
        said = " ".join(str(value) for row in cursor.fetchall() for value in row)
        if not said.startswith(_DONE):
            raise BudgetError(
                f"`call {method}` answered: {said}\n"
                "The budget doesn't do what the settings ask for; the rest is deployed. Put right "
                "what it names (GHARCHIVE_BUDGET_EMAIL has to be an address that Snowflake has "
                "verified), and deploy again."
            )


def _watched(connection: SnowflakeConnection, budget: str) -> set[str]:
    """Return the names of what a budget watches."""
    cursor = connection.cursor()
    cursor.execute(f"call {budget}!get_linked_resources()")
    column = [description.name for description in cursor.description].index("NAME")
    return {row[column] for row in cursor.fetchall()}
