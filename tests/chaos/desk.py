"""People at the desk's own API, over HTTP, while something is broken: drafts made beforehand, approvals measured."""

from __future__ import annotations

import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broadcaster.local.demo.desk import Desk
from broadcaster.store.desk.people import User
from broadcaster.web.api import tokens
from broadcaster.web.signin import accounts
from tests.chaos.stage import Stage
from tests.factories import SEALER

EMPTY_TOWN = "town-8"
"""Nobody lives there: an alert to it costs the desk what any alert costs, and texts nobody."""
PASSWORD = "a-password-of-the-tests"


@dataclass
class Approver:
    """A second person with an alert of the officer's that waits for them."""

    desk: Desk
    officer: Desk
    alert: str
    hash: str

    def approve(self) -> float:
        """Approve; the seconds it took."""
        began = time.monotonic()
        self.desk.approve(self.alert, self.hash)
        return time.monotonic() - began

    def hold(self) -> float:
        """The officer holds it; the seconds it took."""
        began = time.monotonic()
        self.officer.post(f"/alerts/{self.alert}/hold", {})
        return time.monotonic() - began


def approvers(stage: Stage, many: int) -> list[Approver]:
    """Start the desk, and submit an alert for each of so many second people."""
    stage.start("web")
    base = stage.env["PUBLIC_BASE_URL"]
    officer = person(stage, base, "officer@state.example", "issuer")
    stage.until(lambda: answers(base), 40, "the desk answers")
    return [waiting(stage, base, officer, number) for number in range(many)]


def answers(base: str) -> bool:
    """Whether the desk serves."""
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=2.0) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def person(stage: Stage, base: str, email: str, *roles: str) -> Desk:
    """An account with a token and a second factor."""
    with stage.sessions.begin() as session:
        secret = accounts.add_user(session, SEALER, email, email.partition("@")[0], PASSWORD, roles)
        user = session.query(User).filter_by(email=email).one()
        return Desk(base, tokens.make(session, user), secret)


def waiting(stage: Stage, base: str, officer: Desk, number: int) -> Approver:
    """An alert that the officer writes and submits, and somebody of its own who may approve it."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = officer.post(
        "/alerts",
        {
            "failure": "all_calls",
            "certainty": "confirmed",
            "area": {"communities": [EMPTY_TOWN]},
            "began": (now - timedelta(minutes=10)).isoformat(),
            "expires": (now + timedelta(hours=2)).isoformat(),
            "channels": ["sms"],
        },
    )
    shown = officer.post(f"/alerts/{made['id']}/submit", {})
    second = person(stage, base, f"approver-{number}@state.example", "approver")
    return Approver(second, officer, made["id"], shown["hash"])
