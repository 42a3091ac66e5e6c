"""Receipts: kept before they are acknowledged, counted once, applied in bulk; order and repetition change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from psycopg.errors import DeadlockDetected
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import RANK, Event, Handset, target
from broadcaster.store.arrays import binaries, numbers, texts
from broadcaster.store.database import BY_KEY
from broadcaster.store.fanout.deliveries import NEWS_TO


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """One verified callback: which attempt it speaks of, and in whose words."""

    fanout_id: int
    address_id: int
    n: int
    carrier: str
    ref: str
    status: str
    code: str
    raw_enc: bytes | None


_KEEP = text(
    "INSERT INTO receipt (fanout_id, address_id, n, carrier, ref, status, code, raw_enc)"
    " SELECT * FROM unnest(CAST(:fanout AS bigint[]), CAST(:address AS bigint[]), CAST(:n AS bigint[]),"
    "   CAST(:carrier AS text[]), CAST(:ref AS text[]), CAST(:status AS text[]), CAST(:code AS text[]),"
    "   CAST(:raw AS bytea[])) ON CONFLICT (ref, status, carrier) DO NOTHING"
)


def keep(session: Session, receipts: Sequence[NewReceipt]) -> int:
    """Write receipts down, each (carrier, reference, status) once; returns how many were new."""
    if not receipts:
        return 0
    values = {
        "fanout": numbers(r.fanout_id for r in receipts),
        "address": numbers(r.address_id for r in receipts),
        "n": numbers(r.n for r in receipts),
        "carrier": texts(r.carrier for r in receipts),
        "ref": texts(r.ref for r in receipts),
        "status": texts(r.status for r in receipts),
        "code": texts(r.code for r in receipts),
        "raw": binaries(r.raw_enc for r in receipts),
    }
    return cast(CursorResult[Any], session.execute(_KEEP, values)).rowcount


class Waiting(NamedTuple):
    """A receipt that has not been applied yet."""

    id: int
    fanout_id: int
    address_id: int
    n: int
    carrier: str
    ref: str
    status: str
    code: str


def strongest(waiting: Iterable[Waiting], handsets: Mapping[str, Handset]) -> list[Waiting]:
    """The word that ranks highest about each message of each attempt, in the order in which rows are locked.

    Where a delivery has no reference yet, the first of its messages becomes the one that counts.
    """
    best: dict[tuple[int, int, int, str], Waiting] = {}
    for one in waiting:
        key = (one.fanout_id, one.address_id, one.n, one.ref)
        known = best.get(key)
        if known is None or _rank(one, handsets) > _rank(known, handsets):
            best[key] = one
    return sorted(best.values(), key=lambda one: (one.fanout_id, one.address_id, -one.n, -_rank(one, handsets), one.id))


def _rank(one: Waiting, handsets: Mapping[str, Handset]) -> int:
    return RANK[handsets.get(one.status, Handset.NONE)]


_RANK_NOW = "CASE d.handset " + " ".join(f"WHEN '{handset}' THEN {rank}" for handset, rank in RANK.items()) + " END"
_BY_KEY = text(f"SELECT {BY_KEY}")
_WAITING = text(
    "SELECT id, fanout_id, address_id, n, carrier, ref, status, code FROM receipt WHERE applied_at IS NULL"
    " ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED"
)
_APPLY = text(
    "WITH moved AS (UPDATE delivery d SET"
    f"    state = CASE WHEN d.state IN {NEWS_TO} THEN '{target(Event.ACCEPTED)}' ELSE d.state END,"
    "     carrier_ref = coalesce(d.carrier_ref, b.ref),"
    f"    handset = CASE WHEN b.rank > {_RANK_NOW} THEN b.handset ELSE d.handset END,"
    "     reason = CASE WHEN b.handset IN ('undelivered', 'failed') AND b.code <> '' THEN b.code"
    "       WHEN b.handset = 'delivered' OR d.state = 'queued' THEN '' ELSE d.reason END"
    "   FROM unnest(CAST(:fanout AS bigint[]), CAST(:address AS bigint[]), CAST(:n AS bigint[]), CAST(:ref AS text[]),"
    "     CAST(:code AS text[]), CAST(:handset AS text[]), CAST(:rank AS bigint[]))"
    "     AS b(fanout_id, address_id, n, ref, code, handset, rank)"
    "   WHERE d.fanout_id = b.fanout_id AND d.address_id = b.address_id AND d.n = b.n"
    f"    AND (d.state IN {NEWS_TO} OR d.state = 'accepted') AND coalesce(d.carrier_ref, b.ref) = b.ref"
    f"    AND (d.state <> 'accepted' OR b.rank > {_RANK_NOW})"
    "   RETURNING d.fanout_id, d.address_id, d.n, d.carrier_ref),"
    " answered AS (DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id"
    "   AND u.address_id = m.address_id AND u.n = m.n)"
    " SELECT fanout_id, address_id, n, carrier_ref FROM moved"
)
_STRANGE = text(
    "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    " SELECT DISTINCT ON (r.carrier, r.ref) r.carrier, r.ref, r.fanout_id, r.address_id, r.n"
    " FROM unnest(CAST(:carrier AS text[]), CAST(:ref AS text[]), CAST(:fanout AS bigint[]),"
    "   CAST(:address AS bigint[]), CAST(:n AS bigint[])) AS r(carrier, ref, fanout_id, address_id, n)"
    " JOIN delivery d ON d.fanout_id = r.fanout_id AND d.address_id = r.address_id"
    " WHERE r.n <= d.n AND d.carrier_ref IS DISTINCT FROM r.ref"
    "   AND (d.carrier_ref IS NOT NULL OR r.n < d.n OR d.state IN ('suppressed', 'superseded', 'expired'))"
    "   AND NOT EXISTS (SELECT 1 FROM past_attempt p WHERE p.fanout_id = r.fanout_id"
    "     AND p.address_id = r.address_id AND p.ref = r.ref)"
    " ON CONFLICT DO NOTHING"
)
"""A statement of its own, after the rows have moved: it sees what was committed meanwhile."""
_DONE = text("UPDATE receipt SET applied_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS bigint[]))")


def apply(session: Session, handsets: Mapping[str, Handset], most: int = 2000) -> int:
    """Apply waiting receipts in bulk, in a transaction of their own; `handsets` maps a carrier's status to ours.

    Returns how many were applied. OperationalError when it was the victim of a deadlock (`deadlocked`): try again.
    """
    session.execute(_BY_KEY)
    waiting = [Waiting(*row) for row in session.execute(_WAITING, {"most": most})]
    if not waiting:
        return 0
    said = strongest(waiting, handsets)
    moved = {tuple(row) for row in session.execute(_APPLY, _values(said, handsets))}
    _note_strange(session, [one for one in said if (one.fanout_id, one.address_id, one.n, one.ref) not in moved])
    session.execute(_DONE, {"ids": numbers(one.id for one in waiting)})
    return len(waiting)


def deadlocked(error: OperationalError) -> bool:
    """Whether the database ended the transaction because two waited for each other: nothing is lost, try again."""
    return isinstance(error.orig, DeadlockDetected)


def _values(said: Sequence[Waiting], handsets: Mapping[str, Handset]) -> dict[str, str]:
    return {
        **_names(said),
        "code": texts(one.code for one in said),
        "handset": texts(handsets.get(one.status, Handset.NONE) for one in said),
        "rank": numbers(_rank(one, handsets) for one in said),
    }


def _names(said: Sequence[Waiting]) -> dict[str, str]:
    return {
        "fanout": numbers(one.fanout_id for one in said),
        "address": numbers(one.address_id for one in said),
        "n": numbers(one.n for one in said),
        "ref": texts(one.ref for one in said),
    }


def _note_strange(session: Session, said: Sequence[Waiting]) -> None:
    """References that fit no open attempt are confirmed doubles; words that only come late or twice are not."""
    if said:
        session.execute(_STRANGE, {**_names(said), "carrier": texts(one.carrier for one in said)})
