"""Rows that are not over: leases that ran out, attempts to ask after, evidence, proved absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.deliveries import NEWS_TO

ASK_AGAIN_S = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""After so many seconds the listing is asked again (reliability.md 2.2 step 6c), scaled by SETTLE / 60."""
ABSENCE_GAP_S = 5.0
"""Two listings at least 5 s apart must both miss a message before it is proved absent, scaled likewise."""
USUAL_SETTLE_S = 60.0

_LEASES = """WITH lost AS (SELECT id, fanout_id, started_at FROM wave
   WHERE closed_at IS NULL AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT 50 FOR UPDATE SKIP LOCKED),
 moved AS (UPDATE delivery d SET state = 'unknown', reason = 'lease_lost' FROM lost
   WHERE d.fanout_id = lost.fanout_id AND d.wave_id = lost.id AND d.state = 'sending'
   RETURNING d.fanout_id, d.address_id, d.n, lost.started_at),
 asked AS (INSERT INTO followup (fanout_id, address_id, kind, n, due, started_at, settle_at)
   SELECT fanout_id, address_id, 'ask', n, clock_timestamp(), started_at, started_at + make_interval(secs => :settle)
   FROM moved ON CONFLICT (fanout_id, address_id) DO UPDATE SET kind = 'ask', n = excluded.n, due = excluded.due,
   settle_at = excluded.settle_at, absences = 0, absent_at = NULL),
 closed AS (UPDATE wave w SET closed_at = clock_timestamp() FROM lost WHERE w.id = lost.id)
 SELECT (SELECT count(*) FROM lost) AS waves, (SELECT count(*) FROM moved) AS rows"""


@dataclass(frozen=True, slots=True)
class DueAsk:
    """One attempt whose outcome nobody knows, and what is needed to recognise it in the carrier's listing.

    `asked_at` is the database's clock before the question: what a listing lacks, it lacked at that moment.
    """

    fanout_id: int
    address_id: int
    n: int
    carrier: str
    value_enc: bytes
    value_index: bytes
    text: str
    started_at: datetime
    asked_at: datetime


def lose_leases(session: Session, settle: float) -> int:
    """Waves past their lease: their open rows become unknown and are asked after. Returns the rows."""
    return int(session.execute(text(_LEASES), {"settle": settle}).mappings().one()["rows"])


def due_asks(session: Session, settle: float, most: int = 2000) -> list[DueAsk]:
    """The attempts to ask after now; the next question is put off by SETTLE / 4 first, so that nobody asks twice."""
    rows = session.execute(
        text(
            "WITH due AS (SELECT fanout_id, address_id FROM followup WHERE kind = 'ask' AND due <= clock_timestamp()"
            "   ORDER BY due LIMIT :most FOR UPDATE SKIP LOCKED),"
            " put_off AS (UPDATE followup u SET due = clock_timestamp() + make_interval(secs => :later)"
            "   FROM due"
            "   WHERE u.fanout_id = due.fanout_id AND u.address_id = due.address_id RETURNING u.*)"
            " SELECT p.fanout_id, p.address_id, p.n, s.carrier, a.value_enc, a.value_index, b.text, p.started_at,"
            " clock_timestamp() AS asked_at"
            " FROM put_off p JOIN address a ON a.id = p.address_id"
            " JOIN delivery d ON d.fanout_id = p.fanout_id AND d.address_id = p.address_id"
            " JOIN wave w ON w.id = d.wave_id JOIN sender s ON s.id = w.sender_id"
            " JOIN body b ON b.id = d.body_id"
        ),
        {"most": most, "later": settle / 4},
    ).mappings()
    return [
        DueAsk(**{**row, "value_enc": bytes(row["value_enc"]), "value_index": bytes(row["value_index"])})
        for row in rows
    ]


def owned(session: Session, refs: Sequence[str], fanout: int, address: int) -> set[str]:
    """Which of the references belong to an attempt already: at this delivery, or at this address by another alert."""
    rows = session.execute(
        text(
            "SELECT d.carrier_ref AS ref FROM fanout f CROSS JOIN LATERAL (SELECT carrier_ref FROM delivery"
            "   WHERE fanout_id = f.id AND address_id = :a AND carrier_ref = ANY(:r)) d"
            " UNION SELECT ref FROM past_attempt WHERE fanout_id = :f AND address_id = :a AND ref = ANY(:r)"
            " UNION SELECT ref FROM sighting WHERE ref = ANY(:r)"
        ),
        {"f": fanout, "a": address, "r": list(refs)},
    )
    return set(rows.scalars())


def adopt(session: Session, ask: DueAsk, ref: str) -> bool:
    """The carrier has it: the row becomes accepted, if this attempt is still the open one. True when it moved."""
    moved = session.execute(
        text(
            "UPDATE delivery SET state = 'accepted', reason = 'found_at_carrier', carrier_ref = :ref"
            f" WHERE fanout_id = :f AND address_id = :a AND n = :n AND state IN {NEWS_TO} RETURNING 1"
        ),
        {"ref": ref, "f": ask.fanout_id, "a": ask.address_id, "n": ask.n},
    ).first()
    session.execute(
        text("DELETE FROM followup WHERE fanout_id = :f AND address_id = :a AND n = :n"),
        {"f": ask.fanout_id, "a": ask.address_id, "n": ask.n},
    )
    return moved is not None


_OTHERS = text(
    "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    " SELECT :carrier, r.ref, d.fanout_id, d.address_id, d.n FROM unnest(CAST(:refs AS text[])) AS r(ref)"
    " JOIN delivery d ON d.fanout_id = :f AND d.address_id = :a AND d.n = :n"
    " WHERE d.carrier_ref IS DISTINCT FROM r.ref AND NOT EXISTS (SELECT 1 FROM fanout f CROSS JOIN LATERAL"
    "   (SELECT o.body_id, o.state FROM delivery o WHERE o.fanout_id = f.id AND o.address_id = :a) o"
    f"  WHERE f.id <> :f AND o.body_id = d.body_id AND o.state IN {NEWS_TO})"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
"""While the row stands at the attempt that was asked after, no text of a later one can be in the listing; and the
same words of another fan-out may be what that one is still looking for."""


def note_others(session: Session, ask: DueAsk, refs: Sequence[str], carrier: str) -> int:
    """What a listing showed besides the adopted text is a confirmed double, each reference once; returns how many."""
    values = {"carrier": carrier, "refs": list(refs), "f": ask.fanout_id, "a": ask.address_id, "n": ask.n}
    return len(session.execute(_OTHERS, values).all())


def drop(session: Session, ask: DueAsk) -> None:
    """Nothing is left to ask about this attempt."""
    session.execute(
        text("DELETE FROM followup WHERE fanout_id = :f AND address_id = :a AND n = :n AND kind = 'ask'"),
        {"f": ask.fanout_id, "a": ask.address_id, "n": ask.n},
    )


_ABSENT = text(
    "UPDATE followup SET asked = asked + 1,"
    " due = clock_timestamp() + make_interval(secs => :scale * (CAST(:steps AS float8[]))[least(asked + 1, :last)]),"
    " absences = CASE WHEN :at < settle_at THEN absences"
    "   WHEN absent_at IS NULL OR :at >= absent_at + make_interval(secs => :gap) THEN absences + 1"
    "   ELSE absences END,"
    " absent_at = CASE WHEN :at < settle_at THEN absent_at"
    "   WHEN absent_at IS NULL OR :at >= absent_at + make_interval(secs => :gap) THEN :at"
    "   ELSE absent_at END"
    " WHERE fanout_id = :f AND address_id = :a AND n = :n AND kind = 'ask' RETURNING absences, settle_at, due"
)


def absent(session: Session, ask: DueAsk, settle: float) -> bool:
    """A listing did not hold the attempt; after the second one past `settle_at` it is queued again: proved absent."""
    scale = settle / USUAL_SETTLE_S
    row = session.execute(
        _ABSENT,
        {
            "f": ask.fanout_id,
            "a": ask.address_id,
            "n": ask.n,
            "at": ask.asked_at,
            "scale": scale,
            "steps": list(ASK_AGAIN_S),
            "last": len(ASK_AGAIN_S),
            "gap": ABSENCE_GAP_S * scale,
        },
    ).first()
    if row is None or row.absences < 2:
        _ask_soon_after_settling(session, ask, scale)
        return False
    return _queue_again(session, ask, "absent")


def _ask_soon_after_settling(session: Session, ask: DueAsk, scale: float) -> None:
    """The next question never comes later than one gap past the moment that makes absence a proof."""
    session.execute(
        text(
            "UPDATE followup SET due = least(due,"
            "   greatest(clock_timestamp(), settle_at, coalesce(absent_at, settle_at))"
            "   + make_interval(secs => :gap)) WHERE fanout_id = :f AND address_id = :a AND n = :n AND kind = 'ask'"
        ),
        {"f": ask.fanout_id, "a": ask.address_id, "n": ask.n, "gap": ABSENCE_GAP_S * scale},
    )


def blind(session: Session, ask: DueAsk, after: float) -> bool:
    """The listing itself is down: past `after` seconds a running initial alert is sent again and counted."""
    late = session.execute(
        text(
            "SELECT 1 FROM fanout f JOIN revision r ON r.id = f.revision_id JOIN alert a ON a.id = r.alert_id"
            " WHERE f.id = :f AND f.state = 'running' AND f.expires_at > clock_timestamp() AND a.kind = 'outage'"
            " AND r.kind NOT IN ('all_clear', 'false_alarm')"
            " AND clock_timestamp() > CAST(:started AS timestamptz) + make_interval(secs => :after)"
        ),
        {"f": ask.fanout_id, "started": ask.started_at, "after": after},
    ).first()
    return late is not None and _queue_again(session, ask, "blind")


def end_asking(session: Session, ask: DueAsk, after: float) -> bool:
    """Nobody can be asked: past `after` seconds it goes again and is counted, or ends with a fan-out that is over."""
    row = session.execute(
        text(
            "SELECT state, clock_timestamp() > CAST(:started AS timestamptz) + make_interval(secs => :after) AS late"
            " FROM fanout WHERE id = :f"
        ),
        {"f": ask.fanout_id, "started": ask.started_at, "after": after},
    ).one()
    if not row.late:
        return False
    return _queue_again(session, ask, "blind" if row.state in ("running", "held") else "unresolved")


def send_again_unchanged(session: Session, ask: DueAsk) -> bool:
    """A channel on which the same message twice is the same as once: just send it again."""
    return _queue_again(session, ask, "idempotent")


def _queue_again(session: Session, ask: DueAsk, why: str) -> bool:
    moved = session.execute(
        text(
            "UPDATE delivery SET state = 'queued', reason = :why"
            " WHERE fanout_id = :f AND address_id = :a AND n = :n AND state = 'unknown' RETURNING wave_id"
        ),
        {"why": why, "f": ask.fanout_id, "a": ask.address_id, "n": ask.n},
    ).first()
    if moved is None:
        drop(session, ask)
        return False
    session.execute(
        text(
            "INSERT INTO past_attempt (fanout_id, address_id, n, wave_id, outcome) VALUES (:f, :a, :n, :w, :why)"
            " ON CONFLICT DO NOTHING"
        ),
        {"f": ask.fanout_id, "a": ask.address_id, "n": ask.n, "w": moved.wave_id, "why": why},
    )
    session.execute(
        text(
            "UPDATE followup SET kind = 'retry', due = clock_timestamp(), tries = tries + 1"
            " WHERE fanout_id = :f AND address_id = :a"
        ),
        {"f": ask.fanout_id, "a": ask.address_id},
    )
    return True
