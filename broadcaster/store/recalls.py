"""Texts that still wait at the carrier when the line is back: taken back where the carrier lets us, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.arrays import numbers
from broadcaster.store.paging import DECIDED

RECALLED = "recalled"
"""The reason of a text that was taken back: whoever did not hear of an outage does not hear of its end either."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that the carrier accepted and no phone has reported, and the carrier's reference of it."""

    fanout_id: int
    address_id: int
    carrier: str
    ref: str


_OVER = text(
    "SELECT f.id FROM fanout f JOIN revision r ON r.id = f.revision_id WHERE f.channel = 'sms'"
    " AND f.recalled_at IS NULL AND f.expires_at > clock_timestamp()"
    " AND (f.state = 'superseded' OR f.state = 'done' AND f.ended_as IN ('superseded', 'running'))"
    " AND EXISTS (SELECT 1 FROM revision n JOIN release x ON x.revision_id = n.id AND x.tier = f.tier"
    "   WHERE n.alert_id = r.alert_id AND n.no > r.no AND n.kind IN ('all_clear', 'false_alarm')"
    "   AND x.state = 'released') ORDER BY f.id LIMIT 1"
)
_WAITING = text(
    "SELECT d.fanout_id, d.address_id, s.carrier, d.carrier_ref AS ref FROM delivery d JOIN wave w ON w.id = d.wave_id"
    " JOIN sender s ON s.id = w.sender_id WHERE d.fanout_id = :f AND d.state = 'accepted' AND d.handset = 'none'"
    " AND d.carrier_ref IS NOT NULL AND w.purpose <> 'bulk' AND d.wave_id < :before"
    " ORDER BY d.wave_id DESC, d.address_id LIMIT :most"
)
_MARK = text(
    "WITH o AS MATERIALIZED (SELECT CAST(:f AS bigint) AS f, a FROM unnest(CAST(:a AS bigint[])) AS o(a))"
    " UPDATE delivery d SET handset = 'failed', reason = :why FROM o"
    " WHERE d.fanout_id = o.f AND d.address_id = o.a AND d.state = 'accepted' AND d.handset = 'none'"
)


_PAGES = text(
    "SELECT f.id, f.state = 'done' AS done, r.no, a.public_id AS alert FROM fanout f"
    " JOIN revision r ON r.id = f.revision_id JOIN alert a ON a.id = r.alert_id"
    " WHERE f.channel IN ('sms', 'voice') AND f.recalled_at IS NULL AND f.expires_at > clock_timestamp()"
    f" AND {DECIDED} ORDER BY f.id"
)


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages to approvers about something that is decided; `done` once none of them is on its way to the carrier."""

    fanout: int
    done: bool
    no: int
    alert: str


def pages(session: Session) -> list[Pages]:
    """The pages by text and call of whatever is decided, replaced or reviewed, while they may still be out."""
    return [Pages(*row) for row in session.execute(_PAGES)]


def over(session: Session) -> int | None:
    """A fan-out whose outage has ended while texts of it may still wait; None when there is none."""
    return session.execute(_OVER).scalar_one_or_none()


def waiting(session: Session, fanout: int, most: int, before: int = 2**62) -> list[Waiting]:
    """Its texts of which no phone has spoken, the newest waves first; only waves with a lower id than `before`."""
    rows = session.execute(_WAITING, {"f": fanout, "most": most, "before": before}).mappings()
    return [Waiting(**row) for row in rows]


def mark(session: Session, fanout: int, addresses: Sequence[int]) -> None:
    """These were taken back: accepted by the carrier once, and never delivered."""
    session.execute(_MARK, {"f": fanout, "a": numbers(sorted(addresses)), "why": RECALLED})


def close(session: Session, fanout: int) -> None:
    """Nothing of this fan-out waits any more, as far as the carrier says."""
    session.execute(text("UPDATE fanout SET recalled_at = clock_timestamp() WHERE id = :f"), {"f": fanout})
