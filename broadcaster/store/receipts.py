"""Receipts: kept before they are acknowledged, counted once, applied in bulk; order and repetition change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import RANK


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
    "   CAST(:raw AS bytea[])) ON CONFLICT (ref, status, carrier) DO NOTHING RETURNING id"
)


def keep(session: Session, receipts: Sequence[NewReceipt]) -> int:
    """Write receipts down, each (carrier, reference, status) once; returns how many were new."""
    if not receipts:
        return 0
    rows = session.execute(
        _KEEP,
        {
            "fanout": [r.fanout_id for r in receipts],
            "address": [r.address_id for r in receipts],
            "n": [r.n for r in receipts],
            "carrier": [r.carrier for r in receipts],
            "ref": [r.ref for r in receipts],
            "status": [r.status for r in receipts],
            "code": [r.code for r in receipts],
            "raw": [r.raw_enc for r in receipts],
        },
    )
    return len(rows.all())


def _rank_of(column: str) -> str:
    return "CASE " + column + " " + " ".join(f"WHEN '{h}' THEN {rank}" for h, rank in RANK.items()) + " ELSE 0 END"


_APPLY = text(
    "WITH waiting AS (SELECT id, fanout_id, address_id, n, carrier, ref, status, code FROM receipt"
    "   WHERE applied_at IS NULL ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED),"
    " words AS (SELECT * FROM unnest(CAST(:status AS text[]), CAST(:handset AS text[])) AS w(status, handset)),"
    " best AS (SELECT DISTINCT ON (r.fanout_id, r.address_id) r.fanout_id, r.address_id, r.n, r.ref, r.code,"
    "     coalesce(w.handset, 'none') AS handset"
    "   FROM waiting r LEFT JOIN words w ON w.status = r.status"
    f"   ORDER BY r.fanout_id, r.address_id, r.n DESC, {_rank_of('w.handset')} DESC, r.id),"
    " moved AS (UPDATE delivery d SET"
    "     state = CASE WHEN d.state IN ('sending', 'unknown') THEN 'accepted' ELSE d.state END,"
    "     carrier_ref = coalesce(d.carrier_ref, b.ref),"
    f"    handset = CASE WHEN {_rank_of('b.handset')} > {_rank_of('d.handset')} THEN b.handset ELSE d.handset END,"
    "     reason = CASE WHEN b.handset IN ('undelivered', 'failed') AND b.code <> '' THEN b.code ELSE d.reason END"
    "   FROM best b WHERE d.fanout_id = b.fanout_id AND d.address_id = b.address_id AND d.n = b.n"
    "     AND d.state IN ('sending', 'unknown', 'accepted') AND coalesce(d.carrier_ref, b.ref) = b.ref"
    f"    AND (d.state <> 'accepted' OR {_rank_of('b.handset')} > {_rank_of('d.handset')})"
    "   RETURNING d.fanout_id, d.address_id, d.n),"
    " settled AS (DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id"
    "   AND u.address_id = m.address_id AND u.n = m.n AND u.kind = 'ask'),"
    " strange AS (INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    "   SELECT DISTINCT ON (r.carrier, r.ref) r.carrier, r.ref, r.fanout_id, r.address_id, r.n FROM waiting r"
    "   JOIN delivery d ON d.fanout_id = r.fanout_id AND d.address_id = r.address_id"
    "   WHERE (r.n < d.n OR d.state IN ('queued', 'suppressed', 'superseded', 'expired')"
    "       OR (d.carrier_ref IS NOT NULL AND d.carrier_ref <> r.ref))"
    "     AND coalesce(d.carrier_ref, '') <> r.ref ON CONFLICT DO NOTHING),"
    " done AS (UPDATE receipt r SET applied_at = clock_timestamp() FROM waiting w WHERE r.id = w.id RETURNING 1)"
    " SELECT count(*) FROM done"
)


def apply(session: Session, handsets: dict[str, str], most: int = 2000) -> int:
    """Apply waiting receipts in bulk; `handsets` maps a carrier's status to ours. Returns how many were applied."""
    values = {"most": most, "status": list(handsets), "handset": list(handsets.values())}
    return int(session.execute(_APPLY, values).scalar_one())
