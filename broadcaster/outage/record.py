"""The record of an outage: begun with the first word, written on, handed over, closed, and reopened when it is back.

Every step is a line of the record's log and an event of the ledger, in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert.alert import Area, FailureKind
from broadcaster.alert.lifecycle import AlertState
from broadcaster.directory import Directory, UnknownCommunity
from broadcaster.said import Counted, Said, joined
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.desk import roster
from broadcaster.store.desk.people import User
from broadcaster.store.desk.roster import Handover
from broadcaster.store.outage import missed_figures, outages
from broadcaster.store.outage.outages import Entry, Outage, OutageLog, OutageState
from broadcaster.store.timeline import ledger

RELAPSE = timedelta(hours=24)
"""How long after its end an outage that comes back is the same one (outage-domain.md 1.2, row 16)."""

NOWHERE = Area()
NAMES = {"known_at": "known since", "known_from": "known from", "kind": "what fails", "psaps": "answering points"}
NOTHING: Mapping[str, object] = {}


class RecordRefused(ValueError):
    """A step that a record does not allow; the message is a sentence for the officer."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, inside one transaction: `actor` as the ledger names them, `name` as people do; `user_id` of somebody
    of the desk."""

    session: Session
    actor: str
    name: str
    now: datetime
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an outage: since when and from whom, what fails, where, and whose."""

    known_at: datetime
    known_from: str
    kind: FailureKind = FailureKind.ALL_CALLS
    area: Area = NOWHERE
    carriers: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


def begin(writer: Writer, facts: Facts, words: str = "") -> Outage:
    """Open a record. Whoever of the desk opens it is in charge of it; else the officer in charge of the office is."""
    charge = roster.in_charge(writer.session)
    officer = writer.user_id or (charge.officer_id if charge else None)
    made = Outage(officer_id=officer, **_columns(facts))
    writer.session.add(made)
    writer.session.flush()
    _write(writer, made, Entry.OPENED, words or f"Known from {facts.known_from}.", plain(facts))
    return made


def facts_of(outage: Outage) -> Facts:
    """What a record holds by now."""
    whose = tuple(outage.carriers), tuple(outage.services)
    return Facts(outage.known_at, outage.known_from, FailureKind(outage.kind), outage.area, *whose)


def change(writer: Writer, outage: Outage, facts: Facts) -> bool:
    """Put what is known now in the place of what was; whether anything is different."""
    outages.lock(writer.session, outage)
    before, now = plain(facts_of(outage)), plain(facts)
    different = [name for name in now if now[name] != before[name]]
    if not different:
        return False
    for name, value in _columns(facts).items():
        setattr(outage, name, value)
    names = ", ".join(NAMES.get(name, name) for name in different)
    changed = {"before": {name: before[name] for name in different}, "now": {name: now[name] for name in different}}
    _write(writer, outage, Entry.CHANGED, f"Changed: {names}.", changed)
    return True


def note(writer: Writer, outage: Outage, words: str, at: datetime | None = None, what: Entry = Entry.NOTE) -> OutageLog:
    """Write a line into the log; `at` is when it happened, if not now. RecordRefused without words."""
    if not words.strip():
        raise RecordRefused(Said("Write what happened: who called, what was tried, what was promised."))
    if at is not None and at > writer.now:
        raise RecordRefused(Said("That is in the future: say when it happened."))
    if at is None:
        return _write(writer, outage, what, words.strip())
    line = _write(writer, outage, what, words.strip(), {"at": at.astimezone(UTC).isoformat()})
    line.at = at
    return line


def offer(writer: Writer, outage: Outage, to: User, words: str) -> None:
    """Offer an outage to the next officer, with a note; it is theirs when they say so."""
    outages.lock(writer.session, outage)
    _check_open(outage)
    if not words.strip():
        raise RecordRefused(
            Said("Write what the next officer must know: what is open, who was called, what is promised.")
        )
    if to.id == outage.officer_id:
        raise RecordRefused(Said("%(name)s is in charge of this outage already.", name=to.name))
    given = Handover(from_user=outage.officer_id, to_user=to.id, note=words.strip(), made_at=writer.now)
    given.outage_id = outage.id
    writer.session.add(given)
    _write(writer, outage, Entry.OFFERED, f"Offered to {to.name}: {words.strip()}", {"to": to.email})


def receive(writer: Writer, outage: Outage, handover: int) -> None:
    """The receipt: the next officer has read the note and is in charge. RecordRefused when it was not for them."""
    outages.lock(writer.session, outage)
    offered = roster.offered(writer.session, outage.id)
    if offered is None or offered.id != handover or writer.user_id is None:
        raise RecordRefused(Said("This hand-over is over: look at who is in charge now."))
    if not roster.receive(writer.session, handover, writer.user_id, writer.now):
        raise RecordRefused(Said("This hand-over is for %(name)s.", name=offered.officer))
    outage.officer_id = writer.user_id
    _write(writer, outage, Entry.RECEIVED, f"{writer.name} has read the note and is in charge.")


def take_over(writer: Writer, outage: Outage) -> None:
    """Be in charge without a hand-over: whoever was is not there. What was offered to somebody is over."""
    outages.lock(writer.session, outage)
    _check_open(outage)
    if writer.user_id is None or writer.user_id == outage.officer_id:
        raise RecordRefused(Said("You are in charge of this outage already."))
    taken = Handover(from_user=outage.officer_id, to_user=writer.user_id, note="Taken over.", made_at=writer.now)
    taken.outage_id, taken.received_at = outage.id, writer.now
    writer.session.add(taken)
    outage.officer_id = writer.user_id
    _write(writer, outage, Entry.RECEIVED, f"{writer.name} has taken over without a hand-over.")


def join(writer: Writer, outage: Outage, alert: Alert) -> None:
    """Hang an alert on an outage; where nobody is in charge of it, whoever began the alert is."""
    outage.officer_id = outage.officer_id or writer.user_id
    alert.outage_id = outage.id
    _write(writer, outage, Entry.ALERT, f"Alert {alert.public_id} was begun.", {"alert": alert.public_id})


def living(session: Session, now: datetime) -> list[Outage]:
    """The outages that a new word may be about: the open ones that were spoken of within a day or have an alert without
    an end, then those that ended within a day."""
    heard = [
        one
        for one in outages.open_ones(session)
        if now - outages.last_word(session, one.id) <= RELAPSE or alerts.unfinished(session, one.id)
    ]
    return [*heard, *outages.lately_closed(session, now, RELAPSE)]


def fitting(found: list[Outage], area: Area, directory: Directory) -> Outage | None:
    """The first of these outages that shares a community with an area; one of which nobody knows where fits none."""
    meant = set(communities(area, directory))
    return next((one for one in found if not meant.isdisjoint(communities(one.area, directory))), None)


def close(writer: Writer, outage: Outage, words: str) -> None:
    """It works again. RecordRefused while one of its alerts has no end, or a caller whom 911 did not connect no
    outcome, and says which or how many."""
    outages.lock(writer.session, outage)
    if not outage.is_open:
        raise RecordRefused(Said("This outage is closed already."))
    standing = alerts.unfinished(writer.session, outage.id)
    if standing:
        raise RecordRefused(joined(" ", (_standing(alert) for alert in standing)))
    if left := missed_figures.without_outcome(writer.session, outage.id):
        raise RecordRefused(_nobody_knows(left))
    outage.state, outage.closed_at = OutageState.CLOSED.value, writer.now
    _write(writer, outage, Entry.CLOSED, words.strip() or "It works again.")


def may_reopen(outage: Outage, now: datetime) -> bool:
    """Whether an outage that is back is still the same one."""
    return outage.joined_into is None and outage.closed_at is not None and now - outage.closed_at <= RELAPSE


def reopen(writer: Writer, outage: Outage, words: str = "") -> None:
    """It fails again, within a day of its end. RecordRefused later than that, or while it is open."""
    outages.lock(writer.session, outage)
    if outage.is_open:
        raise RecordRefused(Said("This outage is open: begin an alert on it."))
    if outage.joined_into is not None:
        raise RecordRefused(Said("This record was joined to another one: go on there."))
    if not may_reopen(outage, writer.now):
        raise RecordRefused(Said("This outage was over more than a day ago: open a new record."))
    outage.state, outage.closed_at, outage.reopened_at = OutageState.OPEN.value, None, writer.now
    if writer.user_id is not None:
        outage.officer_id = writer.user_id
    _write(writer, outage, Entry.REOPENED, words.strip() or "It fails again.")


def log(writer: Writer, outage: Outage, what: Entry, words: str, said: Mapping[str, object] = NOTHING) -> OutageLog:
    """A line of the log and its event of the ledger, for a step that another module takes with the record."""
    return _write(writer, outage, what, words, said)


def _write(writer: Writer, outage: Outage, what: Entry, words: str, said: Mapping[str, object] = NOTHING) -> OutageLog:
    line = OutageLog(outage_id=outage.id, at=writer.now, by=writer.name, what=what.value, text=words)
    writer.session.add(line)
    told = {"text": words, **said}
    ledger.append(writer.session, writer.actor, f"outage_{what}", f"outage:{outage.public_id}", told)
    return line


def plain(facts: Facts) -> dict[str, object]:
    """The facts as the ledger and the store hold them: plain JSON."""
    return {**_columns(facts), "known_at": facts.known_at.astimezone(UTC).isoformat()}


def from_plain(said: Mapping[str, Any]) -> Facts:
    """The facts that `plain` wrote."""
    area = Area(said["statewide"], *(tuple(said[name]) for name in ("counties", "communities", "psaps")))
    whose = tuple(said["carriers"]), tuple(said["services"])
    return Facts(datetime.fromisoformat(said["known_at"]), said["known_from"], FailureKind(said["kind"]), area, *whose)


def _columns(facts: Facts) -> dict[str, object]:
    area = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(facts.area).items()}
    whose = {"carriers": list(facts.carriers), "services": list(facts.services)}
    return {"known_at": facts.known_at, "known_from": facts.known_from, "kind": facts.kind.value, **area, **whose}


def _check_open(outage: Outage) -> None:
    if not outage.is_open:
        raise RecordRefused(Said("This outage is closed: there is nothing to hand over."))


def _standing(alert: Alert) -> str:
    if alert.state == AlertState.OPEN:
        return Said("Alert %(alert)s is still open: send its all-clear, then close the outage.", alert=alert.public_id)
    return Said(
        "Alert %(alert)s waits for a second person: have it decided, then close the outage.", alert=alert.public_id
    )


def _nobody_knows(left: int) -> str:
    return Counted(
        "%(num)s caller is without an outcome: call them back, or write down what became of them,"
        " then close the outage.",
        "%(num)s callers are without an outcome: call them back, or write down what became of them,"
        " then close the outage.",
        left,
    )


def communities(area: Area, directory: Directory) -> tuple[str, ...]:
    """The codes of the communities of an area; none where the directory no longer has one of its places."""
    try:
        return audience.affected(area, directory)
    except UnknownCommunity:
        return ()
