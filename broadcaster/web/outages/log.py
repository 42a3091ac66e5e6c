"""The log of an outage as it is read: its own lines and the steps of its alerts, in the order of what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.said import Said, pattern
from broadcaster.store.alerting import alerts
from broadcaster.store.desk.people import User
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web import moments
from broadcaster.web.house import house

STEPS = {
    "submitted": pattern("Revision %(no)s was submitted for approval."),
    "released_to_agencies": pattern("Agencies were told of revision %(no)s."),
    "approved": pattern("The public was told of revision %(no)s."),
    "broke_glass": pattern("Revision %(no)s was released by one person."),
    "withdrawn_as_own_error": pattern("Our own false alarm was taken back."),
    "returned": pattern("The public text of revision %(no)s was returned: %(reason)s"),
    "rejected": pattern("The public text of revision %(no)s was rejected: %(reason)s"),
    "held": pattern("The public’s messages of revision %(no)s were put on hold."),
    "resumed": pattern("The public’s messages of revision %(no)s go on."),
}
"""What the ledger says of an alert that belongs into the story of its outage."""
TO_AGENCIES = {
    "held": pattern("The agencies’ mails of revision %(no)s were put on hold."),
    "resumed": pattern("The agencies’ mails of revision %(no)s go on."),
}
"""The same of the other tier, where a step is of one of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, who, what it is about, and its words; `alert` is the alert that it is a step of."""

    at: datetime
    by: str
    what: str
    text: str
    alert: str = ""


def lines(store: Session, outage: Outage) -> list[Line]:
    """Everything that happened, oldest first."""
    own = [Line(row.at, row.by, row.what, row.text) for row in outages.log_of(store, outage.id)]
    return sorted([*own, *_steps(store, outage)], key=lambda line: line.at)


def _steps(store: Session, outage: Outage) -> list[Line]:
    objects = [f"alert:{alert.public_id}" for alert in alerts.on_outage(store, outage.id)]
    query = select(AuditEvent).where(AuditEvent.object.in_(objects), AuditEvent.action.in_(list(STEPS)))
    events = list(store.scalars(query.order_by(AuditEvent.seq)))
    names = _names(store, {event.actor for event in events})
    return [
        Line(event.at, names.get(event.actor, event.actor), "alert", _words(event), event.object.partition(":")[2])
        for event in events
    ]


def _words(event: AuditEvent) -> str:
    said = json.loads(event.canonical)["data"]
    steps = TO_AGENCIES if said.get("tier") == "agency" and event.action in TO_AGENCIES else STEPS
    return Said(steps[event.action], no=said.get("no", ""), reason=said.get("reason", ""))


def _names(store: Session, actors: set[str]) -> dict[str, str]:
    """The names of those who did something, by what the ledger calls them (``user:7``)."""
    ids = {int(actor.removeprefix("user:")) for actor in actors if actor.startswith("user:")}
    query = select(User.id, User.name).where(User.id.in_(ids))
    return {f"user:{key}": name for key, name in store.execute(query)}


def moment(text: str, problems: dict[str, str]) -> datetime | None:
    """The moment that was typed for a line; None for now, or with a problem beside ``at``."""
    if not text.strip():
        return None
    try:
        return moments.typed(text, house().zone, house().clock())
    except ValueError:
        problems["at"] = Said("Fill in date and time, like 2026-06-18T19:00, or leave it empty for now.")
        return None
