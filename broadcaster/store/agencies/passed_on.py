"""What became of a provider's notice that was passed on: to which agency, by which way, and who has said that they
have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Passed:
    """One mail or call: its state and handset as deliveries have them, and when it was acknowledged."""

    agency: str
    channel: str
    state: str
    handset: str
    heard_at: datetime | None


_PASSED = text(
    "SELECT coalesce(g.name, '') AS agency, f.channel, coalesce(d.state, 'queued') AS state,"
    "   coalesce(d.handset, 'none') AS handset, k.at AS heard_at FROM fanout f JOIN target t ON t.fanout_id = f.id"
    " LEFT JOIN delivery d ON d.fanout_id = f.id AND d.address_id = t.address_id"
    " LEFT JOIN agency g ON g.id = t.agency_id"
    " LEFT JOIN acknowledgement k ON k.fanout_id = f.id AND k.address_id = t.address_id"
    " WHERE f.outage_id IS NOT NULL AND f.tier = 'agency' AND split_part(f.purpose, '-again-', 1) = :p"
    " ORDER BY 1, f.id, 2 DESC"
)


def purpose(version: int) -> str:
    """The purpose of the fan-outs that pass a version on: it is passed on once."""
    return f"notice-{version}"


def of_version(session: Session, version: int) -> Sequence[Passed]:
    """Every mail and call by which a version was passed on, by agency; none when it was not."""
    return [Passed(*row) for row in session.execute(_PASSED, {"p": purpose(version)})]
