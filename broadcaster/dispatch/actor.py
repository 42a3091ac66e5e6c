"""Who acts on an alert, and what they are told when a draft cannot go as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Problem
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.release import Releasing
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger


class AlertRefused(ValueError):
    """A draft that cannot go as it is; `problems` name the field and say what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, inside one transaction of the desk."""

    session: Session
    office: Office
    sealer: Sealer
    user_id: int
    now: datetime

    def log(self, action: str, alert: Alert, **data: object) -> None:
        """Write the step into the ledger, and with it everything before it into the transaction."""
        if not alert.is_canary or action == "approved":  # of 288 canaries a day the release alone
            ledger.append(self.session, f"user:{self.user_id}", action, alert.subject, data)

    def releasing(self, revision: Revision) -> Releasing:
        """What a release of this revision works with."""
        return Releasing(self.session, self.office, self.sealer, revision, self.now)
