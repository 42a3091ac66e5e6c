"""The missed callers of one record go to another: their logs, their calls, and what was done about each of them.

Calls and callers are known again by an index of their record, under which they are sealed; so each is opened and sealed
anew. Somebody who stands in both is one caller afterwards, with whatever was done about them in either.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.missed_caller import Standing
from broadcaster.outage.missed_calls.callers import Caller, reconcile
from broadcaster.outage.missed_calls.intake import opened, written
from broadcaster.store.outage import joined_records, missed_callers, missed_logs
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.outage.missed_logs import MissedCall
from broadcaster.store.sealed import Sealer

DONE: tuple[str, ...] = ("standing", "vain", "due_at", "claimed_by", "claimed_link", "claimed_at", "texted_at")
DONE += ("outcome", "outcome_at", "outcome_by")
"""What people have done about a caller."""
UNTOUCHED = (Standing.WAITING, Standing.THROUGH)


def move(session: Session, sealer: Sealer, gone: int, into: int) -> int:
    """Move every caller of a record to another one; returns how many. The ledger is not locked before."""
    for outage in sorted({gone, into}):
        missed_logs.one_after_the_other(session, outage)
    theirs = missed_callers.all_locked(session, gone)
    names = _names(session, sealer, gone)
    _calls(session, sealer, gone, into)
    joined_records.bring(session, "missed_log", gone, into)
    ours = missed_callers.all_locked(session, into)
    for whose, row in theirs.items():
        resealed(session, sealer, row, sealer.index(f"missed:{into}:{names[whose]}"), into, ours)
    session.flush()
    if theirs:
        again(session, sealer, into)
    return len(theirs)


def _names(session: Session, sealer: Sealer, outage: int) -> dict[bytes, str]:
    """By what each caller of a record is known, by its index."""
    return {sealer.index(f"missed:{outage}:{one.whose}"): one.whose for one in reconciled(session, sealer, outage)}


def reconciled(session: Session, sealer: Sealer, outage: int) -> list[Caller]:
    """Everybody who was not connected, by all the logs of a record."""
    return reconcile(map(opened, missed_logs.calls(session, sealer, outage)))


def _calls(session: Session, sealer: Sealer, gone: int, into: int) -> None:
    """The lines of the logs; one that stands in both stays with the record that goes, and counts no more."""
    known = set(session.scalars(select(MissedCall.fingerprint).where(MissedCall.outage_id == into)))
    seen = Counter[str]()
    for call in session.scalars(select(MissedCall).where(MissedCall.outage_id == gone).order_by(MissedCall.id)):
        words = sealer.open(call.call_enc, call.fingerprint)
        seen[words] += 1
        fingerprint = sealer.index(f"missed-call:{into}:{seen[words]}:{words}")
        if fingerprint not in known:
            call.outage_id, call.fingerprint = into, fingerprint
            call.call_enc = sealer.seal(words, fingerprint)
    session.flush()


def resealed(
    session: Session, sealer: Sealer, row: MissedCaller, whose: bytes, into: int, ours: dict[bytes, MissedCaller]
) -> None:  # fmt: skip
    """One caller: sealed anew, or joined to the same person of the other record."""
    same = ours.get(whose)
    steps, checks = missed_callers.steps(session, row), missed_callers.checks(session, row)
    for step in steps:
        words = missed_callers.opened(step.words_enc, row, sealer)
        step.words_enc, step.caller_id = sealer.seal(words, whose) if words else None, same.id if same else row.id
    for check in checks:
        check.to_enc = sealer.seal(missed_callers.opened(check.to_enc, row, sealer), whose)
        check.caller_id = same.id if same else row.id
    if same is None:
        phone, place = missed_callers.phone(row, sealer), missed_callers.place(row, sealer)
        row.phone_enc = sealer.seal(phone, whose) if phone else None
        row.place_enc = sealer.seal(place, whose) if place else None
        row.outage_id, row.whose = into, whose
        return
    if same.standing in UNTOUCHED and row.standing not in UNTOUCHED:
        for name in DONE:
            setattr(same, name, getattr(row, name))
    session.flush()
    session.delete(row)


def again(session: Session, sealer: Sealer, outage: int) -> None:
    """What all the logs together say by now of each caller."""
    known = missed_callers.all_locked(session, outage)
    for caller in reconciled(session, sealer, outage):
        row = known[sealer.index(f"missed:{outage}:{caller.whose}")]
        written(row, caller, sealer)
        if row.standing in UNTOUCHED:
            row.standing = (Standing.THROUGH if row.through_at else Standing.WAITING).value
    session.flush()
