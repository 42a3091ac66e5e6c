"""Texts that still wait at the carrier when they no longer hold: taken back where the carrier lets us, newest first.

"911 is down" once the line is back; "911 works again" once another alert began in the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.arrays import numbers
from broadcaster.store.database import Base
from broadcaster.store.desk.paging import DECIDED

RECALLED = "recalled"
"""The reason of a text that was taken back: whoever did not hear of an outage does not hear of its end either."""


class TextRecall(Base):
    """Texts of a fan-out that no longer hold in one community; `over_at` once nothing of them waits any more."""

    __tablename__ = "text_recall"
    __table_args__ = (Index("ix_text_recall_open", "fanout_id", postgresql_where="over_at IS NULL"),)
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    over_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Due:
    """A fan-out whose texts are to be taken back: all of them, or those for some communities (their ids)."""

    fanout: int
    places: tuple[int, ...] = ()


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
_ASK = text(
    "INSERT INTO text_recall (fanout_id, community_id) SELECT :f, unnest(CAST(:c AS bigint[]))"
    " ON CONFLICT (fanout_id, community_id) DO UPDATE SET asked_at = clock_timestamp(), over_at = NULL"
)
_ASKED = text(
    "SELECT r.fanout_id, array_agg(r.community_id ORDER BY r.community_id) AS places FROM text_recall r"
    " JOIN fanout f ON f.id = r.fanout_id AND f.expires_at > clock_timestamp()"
    " WHERE r.over_at IS NULL GROUP BY r.fanout_id ORDER BY r.fanout_id LIMIT 1"
)
_SETTLED = text(
    "UPDATE text_recall r SET over_at = clock_timestamp() WHERE r.fanout_id = :f AND r.community_id = ANY(:c)"
    " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.fanout_id = r.fanout_id AND d.community_id = r.community_id"
    "   AND d.state = 'sending')"
)
"""What is on its way to the carrier is taken back as soon as it is there: until then nothing is settled."""
_WAITING = text(
    "SELECT d.fanout_id, d.address_id, s.carrier, d.carrier_ref AS ref FROM delivery d JOIN wave w ON w.id = d.wave_id"
    " JOIN sender s ON s.id = w.sender_id WHERE d.fanout_id = :f AND d.state = 'accepted' AND d.handset = 'none'"
    " AND d.carrier_ref IS NOT NULL AND w.purpose <> 'bulk' AND d.wave_id < :before"
    " AND (CAST(:c AS bigint[]) = '{}' OR d.community_id = ANY(CAST(:c AS bigint[])))"
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


def ask(session: Session, fanout: int, communities: Sequence[int]) -> None:
    """The texts of a fan-out no longer hold in these communities: what of them still waits is to be taken back."""
    session.execute(_ASK, {"f": fanout, "c": numbers(sorted(communities))})


def due(session: Session) -> Due | None:
    """A fan-out of which texts may still wait that no longer hold, because its outage has ended or another one began
    where they say that 911 works; None when there is none."""
    ended = session.execute(_OVER).scalar_one_or_none()
    if ended is not None:
        return Due(ended)
    asked = session.execute(_ASKED).first()
    return Due(asked.fanout_id, tuple(asked.places)) if asked else None


def waiting(
    session: Session, fanout: int, most: int, before: int = 2**62, places: Sequence[int] = ()
) -> list[Waiting]:  # fmt: skip
    """Its texts of which no phone has spoken, the newest waves first; only waves with a lower id than `before`, and
    only for these communities, if there are any."""
    values = {"f": fanout, "most": most, "before": before, "c": numbers(places)}
    return [Waiting(**row) for row in session.execute(_WAITING, values).mappings()]


def mark(session: Session, fanout: int, addresses: Sequence[int]) -> None:
    """These were taken back: accepted by the carrier once, and never delivered."""
    session.execute(_MARK, {"f": fanout, "a": numbers(sorted(addresses)), "why": RECALLED})


def close(session: Session, fanout: int, places: Sequence[int] = ()) -> None:
    """Nothing of this fan-out waits any more, or nothing for these communities, as far as the carrier says."""
    if places:
        session.execute(_SETTLED, {"f": fanout, "c": list(places)})
    else:
        session.execute(text("UPDATE fanout SET recalled_at = clock_timestamp() WHERE id = :f"), {"f": fanout})
