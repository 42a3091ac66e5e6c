"""Rows that are not over: leases that ran out, and attempts to ask after; `evidence` is what the answers make of
them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_LEASES = """WITH lost AS MATERIALIZED (SELECT id, fanout_id, started_at FROM wave
   WHERE closed_at IS NULL AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT 50 FOR UPDATE SKIP LOCKED),
 still AS MATERIALIZED (SELECT d.fanout_id, d.address_id FROM (SELECT DISTINCT fanout_id FROM lost) f
   CROSS JOIN LATERAL (SELECT v.fanout_id, v.address_id FROM delivery v WHERE v.fanout_id = f.fanout_id
     AND v.state = 'sending' AND v.wave_id = ANY(ARRAY(SELECT id FROM lost)) ORDER BY v.address_id OFFSET 0) d),
 moved AS (UPDATE delivery d SET state = 'unknown', reason = 'lease_lost' FROM still s, lost
   WHERE d.fanout_id = s.fanout_id AND d.address_id = s.address_id AND d.state = 'sending' AND lost.id = d.wave_id
   RETURNING d.fanout_id, d.address_id, d.n, lost.started_at),
 asked AS (INSERT INTO followup (fanout_id, address_id, kind, n, due, started_at, settle_at)
   SELECT fanout_id, address_id, 'ask', n, clock_timestamp(), started_at, started_at + make_interval(secs => :settle)
   FROM moved ON CONFLICT (fanout_id, address_id) DO UPDATE SET kind = 'ask', n = excluded.n, due = excluded.due,
   settle_at = excluded.settle_at, absences = 0, absent_at = NULL),
 closed AS (UPDATE wave w SET closed_at = clock_timestamp() FROM lost WHERE w.id = lost.id)
 SELECT (SELECT count(*) FROM lost) AS waves, (SELECT count(*) FROM moved) AS rows"""
"""A fan-out's rows are read once for all its lost waves, not for each: a wave's rows have no index of their own."""


@dataclass(frozen=True, slots=True)
class DueAsk:
    """One attempt whose outcome nobody knows, and what is needed to recognise it in the carrier's listing.

    `asked_at` is the database's clock before the question: what a listing lacks, it lacked at that moment. A wave that
    went out in one request has `bulk`, and in `wave_ref` the carrier's reference of the whole, unless it was lost.
    """

    fanout_id: int
    address_id: int
    n: int
    carrier: str
    wave_id: int
    bulk: bool
    wave_ref: str | None
    value_enc: bytes
    value_index: bytes
    text: str
    started_at: datetime
    asked_at: datetime

    @property
    def attempt(self) -> tuple[int, int, int]:
        """Fan-out, address and attempt number."""
        return self.fanout_id, self.address_id, self.n


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
            " SELECT p.fanout_id, p.address_id, p.n, s.carrier, w.id AS wave_id,"
            "   w.purpose = 'bulk' AS bulk, w.carrier_ref AS wave_ref, a.value_enc, a.value_index, b.text,"
            "   p.started_at, clock_timestamp() AS asked_at"
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
