"""From a finding to a proposal: said once, of the widest place, with its evidence as numbers that a chart can draw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.outage.detector import judge, learning
from broadcaster.outage.detector.judge import Judge
from broadcaster.outage.detector.pools import Unit
from broadcaster.outage.detector.watch import Finding
from broadcaster.store.outage import call_counts, proposals
from broadcaster.store.outage.proposals import Proposal, ProposalState
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
MOST_POINTS = 90
BEFORE = timedelta(hours=2)
"""What is shown of the time before it began, at least."""
LONGEST = timedelta(hours=48)
SAME = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
Found = Sequence[tuple[datetime, Finding]]


def propose(session: Session, judging: Judge, found: Found, zone: ZoneInfo, now: datetime) -> int:
    """Propose what is new, minute after minute; returns how many."""
    made = 0
    for minute in sorted({minute for minute, _ in found}):
        told = proposals.since(session, now - SAME)
        here = [one for at, one in found if at == minute and not _is_told(one, judging, told, _decided(minute, now))]
        for one in judge.widest(here, judging.units):
            _made(session, judging, one, zone, _decided(minute, now))
            made += 1
    return made


def _decided(minute: datetime, now: datetime) -> datetime:
    return min(minute + MINUTE, now)


def _is_told(one: Finding, judging: Judge, told: Sequence[Proposal], decided: datetime) -> bool:
    """Whether a wider or the same place is waiting for somebody, or was proposed since this began: then it is the same
    thing, whatever was made of it."""
    psaps, began = set(unit_of(judging, one).psaps), began_at(one, decided)
    return any(
        psaps <= set(row.psaps) and (row.state == ProposalState.OPEN or row.decided_at >= began) for row in told
    )  # fmt: skip


def unit_of(judging: Judge, one: Finding) -> Unit:
    """The unit of a finding."""
    return next(unit for unit in judging.units if unit.key == one.unit)


def began_at(one: Finding, decided: datetime) -> datetime:
    """When it began: with the last call, or where the counts left the usual level."""
    return decided - timedelta(minutes=one.verdict.minutes)


def _made(session: Session, judging: Judge, one: Finding, zone: ZoneInfo, decided: datetime) -> None:
    unit, verdict, began = unit_of(judging, one), one.verdict, began_at(one, decided)
    row = Proposal(
        unit=unit.key,
        kind=unit.kind.value,
        sign=verdict.sign.value,
        psaps=list(unit.psaps),
        began=began,
        decided_at=decided,
        nats=round(verdict.nats, 2),
        threshold=round(verdict.threshold, 2),
        evidence={
            "calls": verdict.calls,
            "expected": round(verdict.expected, 1),
            "yearly": round(unit.yearly, 3),
            "beside": {name: round(nats, 1) for name, nats in one.beside.items()},
            "series": series(session, judging, unit, zone, (began, decided)),
        },
    )
    session.add(row)
    session.flush()
    said = {"unit": unit.key, "sign": verdict.sign.value, "began": began.isoformat(), "nats": str(row.nats)}
    ledger.append(session, "machine:sweep", "proposed", f"proposal:{row.public_id}", said)
    log.warning("outage_proposed", proposal=row.public_id, unit=unit.key, sign=verdict.sign.value)


def series(
    session: Session, judging: Judge, unit: Unit, zone: ZoneInfo, span: tuple[datetime, datetime]
) -> dict[str, object]:
    """Counts and expectations of a unit from well before it began until it was decided, in steps of whole minutes: of
    each PSAP as far as it was heard, and None where none was, as before a feed began. The expectation is at the level
    of the hours before."""
    began, decided = span
    whole = decided.replace(second=0, microsecond=0)
    until = whole if whole == decided else whole + MINUTE
    length = min(max(BEFORE, 2 * (decided - began)) + (decided - began), LONGEST)
    step = max(1, -(-int(length / MINUTE) // MOST_POINTS))
    points = -(-int(length / MINUTE) // step)
    start = until - points * step * MINUTE
    calls, due = [0] * points, [0.0] * points
    level = judging.watches[unit.key].level()
    members = set(unit.psaps)
    for row in call_counts.since(session, start, until):
        if row.code in members and row.code in judging.profiles:
            no = int((row.minute - start) / MINUTE) // step
            at = learning.minute_of_week(row.minute, zone) + 0.5
            calls[no] += row.calls
            due[no] += judging.profiles[row.code].at(at) * level * row.through_s / 60.0
    known = [round(one, 2) if one else None for one in due]
    return {"start": start.isoformat(), "step": step, "calls": calls, "expected": known}
