"""Attempts that gave way to another one, looked for once more: one that came to light late has doubled somebody."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout import evidence, namesakes
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.namesakes import Listed

_GAVE_WAY = text(
    "SELECT p.fanout_id, p.address_id, p.n, s.carrier, w.id AS wave_id, false AS bulk, w.carrier_ref AS wave_ref,"
    "   a.value_enc, a.value_index, b.text, w.started_at, clock_timestamp() AS asked_at"
    " FROM past_attempt p JOIN wave w ON w.id = p.wave_id JOIN sender s ON s.id = w.sender_id"
    " JOIN address a ON a.id = p.address_id"
    " JOIN delivery d ON d.fanout_id = p.fanout_id AND d.address_id = p.address_id JOIN body b ON b.id = d.body_id"
    " WHERE p.outcome IN ('absent', 'blind') AND NOT p.evidence ? 'looked' AND d.state NOT IN ('sending', 'unknown')"
    "   AND w.purpose <> 'bulk' AND p.at < clock_timestamp() - make_interval(secs => 2 * :settle)"
    "   AND p.at > clock_timestamp() - make_interval(hours => 4) ORDER BY p.at LIMIT :most"
)
"""A wave in one request is not looked for again: its operation accounted for everybody."""
_COUNT = text(
    f"{evidence.SEEN} INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    " SELECT :carrier, o.ref, o.f, o.a, o.n FROM o ON CONFLICT DO NOTHING RETURNING 1"
)
_LOOKED = text(
    f"{evidence.ASKED} UPDATE past_attempt p"
    " SET evidence = p.evidence || jsonb_build_object('looked', clock_timestamp())"
    " FROM o WHERE p.fanout_id = o.f AND p.address_id = o.a AND p.n = o.n"
)


def gave_way(session: Session, settle: float, most: int = 2000) -> list[DueAsk]:
    """Attempts that gave way two SETTLEs ago (`settle` in seconds) and that nobody has looked for since."""
    return [DueAsk(**row) for row in session.execute(_GAVE_WAY, {"settle": settle, "most": most}).mappings()]


def looked(session: Session, asks: Sequence[DueAsk], listed: Sequence[Listed], carrier: str) -> int:
    """The carrier was asked once more: what it holds and no attempt owns are confirmed doubles. Returns how many."""
    seen = namesakes.without_others(session, listed)
    taken = evidence.owned(session, seen)
    strange = [sight for sight in seen if sight[1] not in taken]
    session.execute(_LOOKED, evidence.of(asks))
    return len(session.execute(_COUNT, {**evidence.of_seen(strange), "carrier": carrier}).all()) if strange else 0
