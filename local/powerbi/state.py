"""What the service remembers, in one small JSON file."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

DAY = 24 * 60 * 60
TOKEN_SECONDS = 3599
HISTORY_ENTRIES = 60
FAILURE = '{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}'


class Control(BaseModel):
    """How the service is to behave from now on; `PUT /_control` changes any of these."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["Completed", "Failed", "Disabled"] = "Completed"
    seconds: float = Field(default=3, ge=0, description="how long a refresh takes")
    throttle: int = Field(default=0, ge=0, description="how many of the next API calls answer 429")
    retry_after: int = Field(default=1, ge=0, description="seconds those calls ask to wait")
    token: Literal["accept", "refuse"] = "accept"
    daily_limit: int = Field(
        default=48, ge=0, description="refreshes in 24 hours; shared capacity has only 8"
    )


class Refresh(BaseModel):
    """One refresh. Its status follows from the clock, so nothing has to run meanwhile."""

    request_id: str = Field(default_factory=lambda: str(uuid4()))
    started: float = Field(default_factory=time.time)
    seconds: float
    outcome: str

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return time.time() < self.started + self.seconds

    def entry(self, number: int) -> dict[str, Any]:
        """Return it as the refresh history shows it; `number` counts refreshes from 1."""
        entry: dict[str, Any] = {
            "requestId": self.request_id,
            "id": number,
            "refreshType": "ViaApi",
            "startTime": _iso(self.started),
            "status": "Unknown",
        }
        if not self.running:
            entry |= {"endTime": _iso(self.started + self.seconds), "status": self.outcome}
            if self.outcome == "Failed":
                entry["serviceExceptionJson"] = FAILURE
        return entry


class State(BaseModel):
    """The whole of it; call `save` after a change."""

    control: Control = Control()
    tokens: dict[str, float] = {}
    refreshes: list[Refresh] = []

    @classmethod
    def load(cls, path: Path) -> "State":
        """Read the file, or start with nothing where there is none."""
        return cls.model_validate_json(path.read_bytes()) if path.exists() else cls()

    def save(self, path: Path) -> None:
        """Write the file so that a kill leaves the old one or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(self.model_dump_json(indent=1))
        partial.replace(path)

    def issue_token(self) -> str:
        """Return a new access token, valid for `TOKEN_SECONDS`."""
        now = time.time()
        self.tokens = {token: until for token, until in self.tokens.items() if until > now}
        token = uuid4().hex
        self.tokens[token] = now + TOKEN_SECONDS
        return token

    def accepts(self, token: str) -> bool:
        """Whether a token was issued here and is still good."""
        return self.control.token == "accept" and self.tokens.get(token, 0) > time.time()

    def history(self) -> list[dict[str, Any]]:
        """Return the refresh history, newest first."""
        entries = [refresh.entry(number) for number, refresh in enumerate(self.refreshes, 1)]
        return entries[::-1][:HISTORY_ENTRIES]

    def started_today(self) -> int:
        """Count the refreshes started in the last 24 hours."""
        return sum(refresh.started > time.time() - DAY for refresh in self.refreshes)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
