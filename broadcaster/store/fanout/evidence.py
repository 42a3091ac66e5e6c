"""What a carrier's listing makes of the attempts that were asked after: adopted, counted, proved absent, sent again.

Everything comes in lots: an outage at the carrier leaves thousands of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout.deliveries import NEWS_TO
from broadcaster.store.fanout.followups import DueAsk

ASK_AGAIN_S = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""After so many seconds the listing is asked again (reliability.md 2.2 step 6c), scaled by SETTLE / 60."""
ABSENCE_GAP_S = 5.0
"""Two listings at least 5 s apart must both miss a message before it is proved absent, scaled likewise."""
USUAL_SETTLE_S = 60.0

ASK_AGAIN_OF_BLIND = 1 / 40
"""A listing that is down is asked again after a fortieth of BLIND (3 s of 120), so that blind means at BLIND."""

Sight = tuple[DueAsk, str]
"""An attempt, and a reference that the listing holds for it."""

ASKED = (
    "WITH o AS (SELECT * FROM unnest(CAST(:f AS bigint[]), CAST(:a AS bigint[]), CAST(:n AS bigint[]),"
    "   CAST(:at AS timestamptz[]), CAST(:started AS timestamptz[])) AS o(f, a, n, at, started))"
)
SEEN = (
    "WITH o AS (SELECT * FROM unnest(CAST(:f AS bigint[]), CAST(:a AS bigint[]), CAST(:n AS bigint[]),"
    "   CAST(:ref AS text[])) AS o(f, a, n, ref))"
)


def of(asks: Sequence[DueAsk]) -> Mapping[str, Any]:
    """The values of `ASKED`."""
    ordered = sorted(asks, key=lambda ask: (ask.fanout_id, ask.address_id))  # equal orders do not deadlock
    return {
        "f": [ask.fanout_id for ask in ordered],
        "a": [ask.address_id for ask in ordered],
        "n": [ask.n for ask in ordered],
        "at": [ask.asked_at for ask in ordered],
        "started": [ask.started_at for ask in ordered],
    }


def of_seen(seen: Sequence[Sight]) -> Mapping[str, Any]:
    """The values of `SEEN`."""
    ordered = sorted(seen, key=lambda one: (one[0].fanout_id, one[0].address_id))
    return {
        "f": [ask.fanout_id for ask, _ in ordered],
        "a": [ask.address_id for ask, _ in ordered],
        "n": [ask.n for ask, _ in ordered],
        "ref": [ref for _, ref in ordered],
    }


_OWNED = text(
    f"{SEEN} SELECT o.ref FROM o WHERE EXISTS (SELECT 1 FROM fanout x JOIN delivery d ON d.fanout_id = x.id"
    "     AND d.address_id = o.a AND d.carrier_ref = o.ref)"
    "   OR EXISTS (SELECT 1 FROM past_attempt p WHERE p.fanout_id = o.f AND p.address_id = o.a AND p.ref = o.ref)"
    "   OR EXISTS (SELECT 1 FROM sighting s WHERE s.ref = o.ref)"
)


def owned(session: Session, seen: Sequence[Sight]) -> set[str]:
    """Which of the references belong to an attempt already: at this delivery, or at this address by another alert."""
    return set(session.execute(_OWNED, of_seen(seen)).scalars()) if seen else set()


_ADOPT = text(
    f"{SEEN}, moved AS (UPDATE delivery d SET state = 'accepted', reason = 'found_at_carrier', carrier_ref = o.ref"
    f"   FROM o WHERE d.fanout_id = o.f AND d.address_id = o.a AND d.n = o.n AND d.state IN {NEWS_TO} RETURNING 1),"
    " gone AS (DELETE FROM followup u USING o WHERE u.fanout_id = o.f AND u.address_id = o.a AND u.n = o.n)"
    " SELECT count(*) FROM moved"
)


def adopt(session: Session, found: Sequence[Sight]) -> int:
    """The carrier has them: each row becomes accepted, if its attempt is still the open one. Returns how many did.

    One reference for each attempt, and no reference twice.
    """
    return int(session.execute(_ADOPT, of_seen(found)).scalar_one())


_OTHERS = text(
    f"{SEEN} INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    " SELECT :carrier, o.ref, d.fanout_id, d.address_id, d.n FROM o"
    " JOIN delivery d ON d.fanout_id = o.f AND d.address_id = o.a AND d.n = o.n"
    " WHERE d.carrier_ref IS DISTINCT FROM o.ref AND NOT EXISTS (SELECT 1 FROM fanout f CROSS JOIN LATERAL"
    "   (SELECT d2.body_id, d2.state FROM delivery d2 WHERE d2.fanout_id = f.id AND d2.address_id = o.a) d2"
    f"  WHERE f.id <> o.f AND d2.body_id = d.body_id AND d2.state IN {NEWS_TO})"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
"""While the row stands at the attempt that was asked after, no text of a later one can be in the listing; and the
same words of another fan-out may be what that one is still looking for."""


def note_others(session: Session, seen: Sequence[Sight], carrier: str) -> int:
    """What a listing showed besides the adopted texts are confirmed doubles, each reference once; returns how many."""
    return len(session.execute(_OTHERS, {**of_seen(seen), "carrier": carrier}).all())


_ABSENT = text(
    f"{ASKED}, missed AS (UPDATE followup u SET asked = asked + 1,"
    "   due = clock_timestamp() + make_interval(secs => :scale * (CAST(:steps AS float8[]))[least(asked + 1, :last)]),"
    "   absences = CASE WHEN o.at < settle_at THEN absences"
    "     WHEN absent_at IS NULL OR o.at >= absent_at + make_interval(secs => :gap) THEN absences + 1"
    "     ELSE absences END,"
    "   absent_at = CASE WHEN o.at < settle_at THEN absent_at"
    "     WHEN absent_at IS NULL OR o.at >= absent_at + make_interval(secs => :gap) THEN o.at"
    "     ELSE absent_at END"
    "   FROM o WHERE u.fanout_id = o.f AND u.address_id = o.a AND u.n = o.n AND u.kind = 'ask'"
    "   RETURNING u.fanout_id, u.address_id, u.n, u.absences)"
    " SELECT fanout_id, address_id, n FROM missed WHERE absences >= 2"
)
_ASK_SOON = text(
    f"{ASKED} UPDATE followup u SET due = least(u.due,"
    "   greatest(clock_timestamp(), u.settle_at, coalesce(u.absent_at, u.settle_at)) + make_interval(secs => :gap))"
    " FROM o WHERE u.fanout_id = o.f AND u.address_id = o.a AND u.n = o.n AND u.kind = 'ask'"
)
"""The next question never comes later than one gap past the moment that makes absence a proof."""


def absent(session: Session, asks: Sequence[DueAsk], settle: float) -> int:
    """A listing did not hold these; after the second one past `settle_at` each is queued again: proved absent.

    `settle` is in seconds; returns how many were queued.
    """
    scale = settle / USUAL_SETTLE_S
    gap = ABSENCE_GAP_S * scale
    values = {"scale": scale, "steps": list(ASK_AGAIN_S), "last": len(ASK_AGAIN_S), "gap": gap}
    proved = {tuple(row) for row in session.execute(_ABSENT, {**of(asks), **values})}
    gone = [ask for ask in asks if ask.attempt in proved]
    session.execute(_ASK_SOON, {**of([ask for ask in asks if ask.attempt not in proved]), "gap": gap})
    return _queue_again(session, gone, "absent")


_ASK_AGAIN = text(
    f"{ASKED} UPDATE followup u SET asked = asked + 1,"
    "   due = clock_timestamp() + make_interval(secs => :scale * (CAST(:steps AS float8[]))[least(asked + 1, :last)])"
    " FROM o WHERE u.fanout_id = o.f AND u.address_id = o.a AND u.n = o.n AND u.kind = 'ask'"
)


def ask_again(session: Session, asks: Sequence[DueAsk], settle: float) -> None:
    """The carrier is still at it: that it does not show these yet says nothing."""
    values = {"scale": settle / USUAL_SETTLE_S, "steps": list(ASK_AGAIN_S), "last": len(ASK_AGAIN_S)}
    session.execute(_ASK_AGAIN, {**of(asks), **values})


_BLIND = text(
    f"{ASKED} SELECT o.f, o.a, o.n FROM o JOIN fanout f ON f.id = o.f JOIN revision r ON r.id = f.revision_id"
    " JOIN alert a ON a.id = r.alert_id WHERE f.state = 'running' AND f.expires_at > clock_timestamp()"
    " AND a.kind = 'outage' AND r.kind NOT IN ('all_clear', 'false_alarm')"
    " AND clock_timestamp() > o.started + make_interval(secs => :after)"
)


_ASK_WITHIN = text(
    f"{ASKED} UPDATE followup u SET due = least(u.due, clock_timestamp() + make_interval(secs => :within))"
    " FROM o WHERE u.fanout_id = o.f AND u.address_id = o.a AND u.n = o.n AND u.kind = 'ask'"
)


def blind(session: Session, asks: Sequence[DueAsk], after: float) -> int:
    """The listing itself is down: past `after` seconds those of a running outage alert are sent again and counted."""
    late = {tuple(row) for row in session.execute(_BLIND, {**of(asks), "after": after})}
    session.execute(_ASK_WITHIN, {**of(asks), "within": after * ASK_AGAIN_OF_BLIND})
    return _queue_again(session, [ask for ask in asks if ask.attempt in late], "blind")


_END = text(
    f"{ASKED} SELECT o.f, o.a, o.n, f.state IN ('running', 'held') FROM o JOIN fanout f ON f.id = o.f"
    " WHERE clock_timestamp() > o.started + make_interval(secs => :after)"
)


def end_asking(session: Session, asks: Sequence[DueAsk], after: float) -> int:
    """Nobody can be asked: past `after` seconds each goes again and is counted, or ends with a fan-out that is over."""
    late = {(row[0], row[1], row[2]): row[3] for row in session.execute(_END, {**of(asks), "after": after})}
    again = [ask for ask in asks if late.get(ask.attempt)]
    over = [ask for ask in asks if late.get(ask.attempt) is False]
    return _queue_again(session, again, "blind") + _queue_again(session, over, "unresolved")


def send_again_unchanged(session: Session, asks: Sequence[DueAsk]) -> int:
    """A channel on which the same message twice is the same as once: just send it again."""
    return _queue_again(session, asks, "idempotent")


_QUEUE = text(
    f"{ASKED}, moved AS (UPDATE delivery d SET state = 'queued', reason = :why FROM o"
    "   WHERE d.fanout_id = o.f AND d.address_id = o.a AND d.n = o.n AND d.state = 'unknown'"
    "   RETURNING d.fanout_id, d.address_id, d.n, d.wave_id),"
    " past AS (INSERT INTO past_attempt (fanout_id, address_id, n, wave_id, outcome)"
    "   SELECT fanout_id, address_id, n, wave_id, :why FROM moved ON CONFLICT DO NOTHING),"
    " later AS (UPDATE followup u SET kind = 'retry', due = clock_timestamp(), tries = u.tries + 1 FROM moved m"
    "   WHERE u.fanout_id = m.fanout_id AND u.address_id = m.address_id),"
    " gone AS (DELETE FROM followup u USING o WHERE u.fanout_id = o.f AND u.address_id = o.a AND u.n = o.n"
    "   AND u.kind = 'ask' AND NOT EXISTS (SELECT 1 FROM moved m WHERE m.fanout_id = o.f AND m.address_id = o.a))"
    " SELECT count(*) FROM moved"
)


def _queue_again(session: Session, asks: Sequence[DueAsk], why: str) -> int:
    if not asks:
        return 0
    return int(session.execute(_QUEUE, {**of(asks), "why": why}).scalar_one())
