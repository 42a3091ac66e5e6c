"""Receipts: kept before they are acknowledged, counted once, applied in bulk; order and repetition change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import RANK, Event, target
from broadcaster.store.deliveries import NEWS_TO


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
        "fanout": _numbers([r.fanout_id for r in receipts]),
        "address": _numbers([r.address_id for r in receipts]),
        "n": _numbers([r.n for r in receipts]),
        "carrier": _texts([r.carrier for r in receipts]),
        "ref": _texts([r.ref for r in receipts]),
        "status": _texts([r.status for r in receipts]),
        "code": _texts([r.code for r in receipts]),
        "raw": _bytes([r.raw_enc for r in receipts]),
    }
    return cast(CursorResult[Any], session.execute(_KEEP, values)).rowcount


# Array literals (PostgreSQL, "Array Value Input"): the driver's own arrays cost more than everything else in a receipt.


def _numbers(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Sequence[str]) -> str:
    return "{" + ",".join(['"' + each.replace("\\", r"\\").replace('"', r"\"") + '"' for each in values]) + "}"


def _bytes(values: Sequence[bytes | None]) -> str:
    return "{" + ",".join(["NULL" if each is None else rf'"\\x{each.hex()}"' for each in values]) + "}"


def _rank_of(column: str) -> str:
    return "CASE " + column + " " + " ".join(f"WHEN '{h}' THEN {rank}" for h, rank in RANK.items()) + " ELSE 0 END"


_WAITING = text("SELECT id FROM receipt WHERE applied_at IS NULL ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED")
_APPLY = text(
    "WITH words AS (SELECT * FROM unnest(CAST(:status AS text[]), CAST(:handset AS text[])) AS w(status, handset)),"
    " best AS (SELECT DISTINCT ON (r.fanout_id, r.address_id) r.fanout_id, r.address_id, r.n, r.ref, r.code,"
    "     coalesce(w.handset, 'none') AS handset"
    "   FROM receipt r LEFT JOIN words w ON w.status = r.status WHERE r.id = ANY(:ids)"
    f"   ORDER BY r.fanout_id, r.address_id, r.n DESC, {_rank_of('w.handset')} DESC, r.id),"
    " moved AS (UPDATE delivery d SET"
    f"    state = CASE WHEN d.state IN {NEWS_TO} THEN '{target(Event.ACCEPTED)}' ELSE d.state END,"
    "     carrier_ref = coalesce(d.carrier_ref, b.ref),"
    f"    handset = CASE WHEN {_rank_of('b.handset')} > {_rank_of('d.handset')} THEN b.handset ELSE d.handset END,"
    "     reason = CASE WHEN b.handset IN ('undelivered', 'failed') AND b.code <> '' THEN b.code"
    "       WHEN b.handset = 'delivered' OR d.state = 'queued' THEN '' ELSE d.reason END"
    "   FROM best b WHERE d.fanout_id = b.fanout_id AND d.address_id = b.address_id AND d.n = b.n"
    f"    AND (d.state IN {NEWS_TO} OR d.state = 'accepted') AND coalesce(d.carrier_ref, b.ref) = b.ref"
    f"    AND (d.state <> 'accepted' OR {_rank_of('b.handset')} > {_rank_of('d.handset')})"
    "   RETURNING d.fanout_id, d.address_id, d.n)"
    " DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id"
    "   AND u.address_id = m.address_id AND u.n = m.n"
)
_STRANGE = text(
    "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    " SELECT DISTINCT ON (r.carrier, r.ref) r.carrier, r.ref, r.fanout_id, r.address_id, r.n FROM receipt r"
    " JOIN delivery d ON d.fanout_id = r.fanout_id AND d.address_id = r.address_id"
    " WHERE r.id = ANY(:ids) AND r.n <= d.n AND d.carrier_ref IS DISTINCT FROM r.ref"
    "   AND (d.carrier_ref IS NOT NULL OR r.n < d.n OR d.state IN ('suppressed', 'superseded', 'expired'))"
    "   AND NOT EXISTS (SELECT 1 FROM past_attempt p WHERE p.fanout_id = r.fanout_id"
    "     AND p.address_id = r.address_id AND p.ref = r.ref)"
    " ON CONFLICT DO NOTHING"
)
"""A statement of its own, after the rows have moved: it sees what was committed meanwhile."""


def apply(session: Session, handsets: dict[str, str], most: int = 2000) -> int:
    """Apply waiting receipts in bulk; `handsets` maps a carrier's status to ours. Returns how many were applied."""
    ids = list(session.execute(_WAITING, {"most": most}).scalars())
    if not ids:
        return 0
    session.execute(_APPLY, {"ids": ids, "status": list(handsets), "handset": list(handsets.values())})
    session.execute(_STRANGE, {"ids": ids})
    session.execute(text("UPDATE receipt SET applied_at = clock_timestamp() WHERE id = ANY(:ids)"), {"ids": ids})
    return len(ids)
