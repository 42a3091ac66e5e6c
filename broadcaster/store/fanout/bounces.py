"""What a mail server reported about a mail of ours: kept once, and applied to its delivery in the same transaction.

A mail has one reference for all its attempts, so a report speaks of whichever attempt is the newest; `handset` moves by
rank only, so order and repetition change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import RANK, Handset
from broadcaster.store.places import upkeep

CARRIER = "smtp"


@dataclass(frozen=True, slots=True)
class Bounce:
    """A verified report: `ref` is our Message-ID, `status` the report's action, `code` an RFC 3463 status or empty."""

    fanout_id: int
    address_id: int
    ref: str
    status: str
    code: str
    handset: Handset
    raw_enc: bytes


_KEEP = text(
    "INSERT INTO receipt (fanout_id, address_id, n, carrier, ref, status, code, raw_enc, applied_at)"
    " SELECT d.fanout_id, d.address_id, d.n, :carrier, :ref, :status, :code, :raw, clock_timestamp()"
    " FROM delivery d JOIN fanout f ON f.id = d.fanout_id"
    " WHERE d.fanout_id = :f AND d.address_id = :a AND f.channel = 'email'"
    " ON CONFLICT (ref, status, carrier) DO NOTHING"
)
_APPLY = text(
    "WITH moved AS (UPDATE delivery d SET"
    "     state = CASE WHEN d.state IN ('sending', 'unknown') THEN 'accepted' ELSE d.state END,"
    "     carrier_ref = coalesce(d.carrier_ref, :ref),"
    "     handset = CASE WHEN d.handset = ANY(:below) THEN :handset ELSE d.handset END,"
    "     reason = CASE WHEN NOT d.handset = ANY(:below) THEN d.reason WHEN :failed THEN :code ELSE '' END"
    "   FROM fanout f WHERE d.fanout_id = :f AND d.address_id = :a AND f.id = d.fanout_id AND f.channel = 'email'"
    "     AND d.state IN ('sending', 'unknown', 'accepted')"
    "     AND (d.state <> 'accepted' OR d.handset = ANY(:below)) RETURNING d.fanout_id, d.address_id, d.n)"
    " DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id AND u.address_id = m.address_id"
    "   AND u.n = m.n AND u.kind = 'ask'"
)
_KNOWN = text("SELECT 1 FROM receipt WHERE ref = :ref AND status = :status AND carrier = :carrier")


def record(session: Session, bounce: Bounce) -> bool:
    """Keep a report and apply it; False when we hold no such mail (it was deleted, or restored from a backup)."""
    if bounce.fanout_id == upkeep.ROUND:
        return upkeep.came_back(session, bounce.address_id, bounce.handset in (Handset.UNDELIVERED, Handset.FAILED))
    values = {
        "f": bounce.fanout_id,
        "a": bounce.address_id,
        "carrier": CARRIER,
        "ref": bounce.ref,
        "status": bounce.status,
        "code": bounce.code,
        "raw": bounce.raw_enc,
        "handset": bounce.handset.value,
        "failed": bounce.handset in (Handset.UNDELIVERED, Handset.FAILED) and bounce.code != "",
        "below": [each.value for each, rank in RANK.items() if rank < RANK[bounce.handset]],
    }
    session.execute(_KEEP, values)
    session.execute(_APPLY, values)
    return session.execute(_KNOWN, values).first() is not None
