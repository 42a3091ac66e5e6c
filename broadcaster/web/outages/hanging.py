"""Alerts hang on outages: one that was begun from a record on that record, every other on the record of its place.

Where there is none it is opened; nobody is asked anything for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area, FailureKind, content_from_json
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.directory import Directory
from broadcaster.outage import record
from broadcaster.outage.record import Facts, Writer
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.web.form import typed as form_typed
from broadcaster.web.form.typed import Typed
from broadcaster.web.house import house
from broadcaster.web.signin.guard import person


def writer(store: Session) -> Writer:
    """Who is signed in, writing in this transaction."""
    who = person()
    return Writer(store, f"user:{who.id}", who.name, house().clock(), who.id)


def hang(store: Session, revision: Revision, directory: Directory, given: str = "") -> None:
    """Hang a new alert on the outage that its form named, or on the one of its place; one that was over is reopened."""
    alert, hand = revision.alert, writer(store)
    if alert.kind != AlertKind.OUTAGE:
        return
    content = content_from_json(revision.content)
    named = outages.by_public_id(store, given) if given else None
    outage = _usable(outages.remaining(store, named), hand.now) if named else None
    outage = outage or record.fitting(record.living(store, hand.now), content.area, directory)
    if outage is None:
        carriers = (content.provider,) if content.provider else ()
        known = Facts(alert.known_since, f"the desk ({hand.name})", content.failure, content.area, carriers)
        outage = record.begin(hand, known)
    elif not outage.is_open:
        record.reopen(hand, outage)
    elif outage.area.is_empty:
        record.change(hand, outage, replace(record.facts_of(outage), area=content.area))
    record.join(hand, outage, alert)


def _usable(outage: Outage, now: datetime) -> Outage | None:
    return outage if outage.is_open or record.may_reopen(outage, now) else None


def known_since(outage: Outage) -> datetime:
    """Since when it is known that it fails now: it may have come back."""
    return outage.reopened_at or outage.known_at


def prefilled(store: Session, outage: Outage, blank: Typed, zone: ZoneInfo) -> Typed:
    """The form of a new alert, filled in from the record; its last alert knows the area best."""
    area = _last_area(store, outage) or outage.area
    return replace(
        blank,
        failure=outage.kind,
        provider=", ".join(outage.carriers) if outage.kind == FailureKind.ONE_CARRIER else "",
        statewide=area.statewide,
        counties=area.counties,
        communities=area.communities,
        psaps=area.psaps,
        began=form_typed.local(known_since(outage), zone),
    )


def _last_area(store: Session, outage: Outage) -> Area | None:
    earlier = alerts.on_outage(store, outage.id)
    return content_from_json(earlier[-1].revisions[-1].content).area if earlier else None
