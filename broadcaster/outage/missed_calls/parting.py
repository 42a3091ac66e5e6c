"""Of two records that were one for a while each gets the missed callers of its own logs again.

Somebody whom both logs name is a caller of both afterwards, with whatever was done about them: nobody is called twice
for it, and nobody disappears.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.missed_caller import Standing
from broadcaster.outage.missed_calls.callers import Caller
from broadcaster.outage.missed_calls.intake import written
from broadcaster.outage.missed_calls.moving import DONE, again, reconciled, resealed
from broadcaster.store.outage import missed_callers, missed_logs
from broadcaster.store.outage.missed_callers import MissedCaller, MissedStep, WelfareCheck
from broadcaster.store.outage.missed_logs import MissedCall
from broadcaster.store.sealed import Sealer

TAKEN_ON = ("claimed_by", "claimed_link", "claimed_at")


def part(session: Session, sealer: Sealer, gone: int, way: list[int], logs: list[int]) -> int:
    """Give the callers of these logs back to the record `gone`, of what the last one of `way` holds; returns how many.
    The logs hang on it already; the ledger is not locked before."""
    whole = way[-1]
    known = missed_callers.all_locked(session, whole)
    _lines_back(session, sealer, gone, way, logs)
    staying = {one.whose for one in reconciled(session, sealer, whole)}
    theirs = reconciled(session, sealer, gone)
    for caller in theirs:
        row = known.get(sealer.index(f"missed:{whole}:{caller.whose}"))
        whose = sealer.index(f"missed:{gone}:{caller.whose}")
        if row is not None and caller.whose not in staying:
            resealed(session, sealer, row, whose, gone, {})
        else:
            _twin(session, sealer, caller, row, MissedCaller(outage_id=gone, whose=whose))
    session.flush()
    for outage in (gone, whole) if logs else ():
        again(session, sealer, outage)
    return len(theirs)


def lock(session: Session, outages: set[int]) -> None:
    """No log is imported for these records meanwhile."""
    for outage in sorted(outages):
        missed_logs.one_after_the_other(session, outage)


def _lines_back(session: Session, sealer: Sealer, gone: int, way: list[int], logs: list[int]) -> None:
    """The lines of its logs; of those that stood in both it has its own still."""
    own = session.scalars(select(MissedCall).where(MissedCall.outage_id == gone).order_by(MissedCall.id))
    seen = Counter(sealer.open(bytes(call.call_enc), bytes(call.fingerprint)) for call in own)
    query = select(MissedCall).where(MissedCall.outage_id.in_(way), MissedCall.log_id.in_(logs))
    for call in session.scalars(query.order_by(MissedCall.id)):
        words = sealer.open(bytes(call.call_enc), bytes(call.fingerprint))
        seen[words] += 1
        call.outage_id, call.fingerprint = gone, sealer.index(f"missed-call:{gone}:{seen[words]}:{words}")
        call.call_enc = sealer.seal(words, call.fingerprint)
    session.flush()


def _twin(session: Session, sealer: Sealer, caller: Caller, row: MissedCaller | None, made: MissedCaller) -> None:
    """The same person on the other list, with what was done about them; whoever has them has them on one list only."""
    made.standing = Standing.WAITING.value
    if row is not None and row.standing != Standing.CLAIMED:
        for name in DONE:
            setattr(made, name, getattr(row, name))
    elif row is not None:
        for name in set(DONE) - {"standing", *TAKEN_ON}:
            setattr(made, name, getattr(row, name))
    session.add(made)
    written(made, caller, sealer)
    if made.standing == Standing.THROUGH and made.through_at is None:
        made.standing = Standing.WAITING.value
    session.flush()
    if row is not None:
        _history(session, sealer, row, made)


def _history(session: Session, sealer: Sealer, row: MissedCaller, made: MissedCaller) -> None:
    """What was done about them, step by step, sealed beside the twin."""
    for step in missed_callers.steps(session, row):
        words = missed_callers.opened(step.words_enc, row, sealer)
        enc = sealer.seal(words, made.whose) if words else None
        twin = MissedStep(caller_id=made.id, at=step.at, by=step.by, what=step.what, outcome=step.outcome)
        twin.words_enc = enc
        session.add(twin)
    for check in missed_callers.checks(session, row):
        to = sealer.seal(missed_callers.opened(check.to_enc, row, sealer), made.whose)
        sent = WelfareCheck(caller_id=made.id, sent_at=check.sent_at, sent_by=check.sent_by, to_enc=to)
        sent.found, sent.found_at = check.found, check.found_at
        session.add(sent)
    session.flush()
