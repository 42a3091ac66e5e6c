"""The outages as every list of the desk shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import AlertState
from broadcaster.store.alerting import areas
from broadcaster.store.desk.people import User
from broadcaster.store.outage import outages as kept
from broadcaster.store.outage.outages import Outage
from broadcaster.web import watch
from broadcaster.web.house import house
from broadcaster.web.outages import hanging
from broadcaster.web.watch import Watched


@dataclass(frozen=True, slots=True)
class Listed:
    """An outage as a list shows it: where, since when it is known to fail, who is in charge, and its alerts."""

    row: Outage
    place: str
    since: datetime
    officer: str
    alerts: list[Watched]

    @property
    def goes_on(self) -> bool:
        """Whether somebody is at an alert of it: it is on air, or not released yet."""
        return any(one.state in (AlertState.DRAFT, AlertState.OPEN) for one in self.alerts)


def open_records(store: Session) -> list[Listed]:
    """The open outages as they are listed, the newest known first."""
    return [listed(store, one) for one in kept.open_ones(store)]


def listed(store: Session, outage: Outage) -> Listed:
    """One of them, open or not."""
    officer = store.get(User, outage.officer_id) if outage.officer_id else None
    return Listed(
        row=outage,
        place=areas.place(store, outage.area),
        since=hanging.known_since(outage),
        officer=officer.name if officer else "",
        alerts=watch.of_outage(store, outage.id, house().clock()),
    )
