"""What a run may cost, before it begins."""

CREDITS_A_MONTH = 2
"""The run's own resource monitor stops its warehouses here."""

# Minutes that a warehouse of size XSMALL is awake, which is a credit an hour
MINUTES = {
    "load, twice": 3,
    "dbt build, twice": 10,
    "a small model": 1,
    "the conformance suite": 30,
}
SERVERLESS = 0.02


def estimated_credits() -> float:
    """Return the credits of warehouses that a whole run is expected to take."""
    return sum(MINUTES.values()) / 60


def estimate(price: float = 3.0) -> str:
    """Say what a whole run may cost; `price` is dollars a credit."""
    total = estimated_credits() + SERVERLESS
    lines = [f"  {minutes / 60:.2f} credits  {what}" for what, minutes in MINUTES.items()]
    return "\n".join(
        [
            "What it may cost (an estimate: nothing of it was measured on an account):",
            *lines,
            f"  {SERVERLESS:.2f} credits  the serverless task",
            f"  {total:.2f} credits in all, some ${total * price:.2f} at ${price:.0f} a credit.",
            f"Its resource monitor stops its warehouses at {CREDITS_A_MONTH} credits.",
        ]
    )
