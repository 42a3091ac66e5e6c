"""IPAWS-OPEN in the database: what each of its channels said, how its path stands, and what was handed over.

A status is a fact of one attempt and is never changed; what is there twice was recorded twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert.delivery import StatusItem
from broadcaster.store.database import Base

LONGEST_WORDS = 400


class IpawsStatus(Base):
    """What one channel of IPAWS, or one gateway of a channel, answered to attempt `n` of a post."""

    __tablename__ = "ipaws_status"
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    code: Mapped[str]
    error: Mapped[bool]
    text: Mapped[str] = mapped_column(default="", server_default="")
    gateway: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class IpawsPath(Base):
    """One row: when the path was last tried and last answered, why it does not, and what our group may send."""

    __tablename__ = "ipaws_path"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tried_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    down_since: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    profile_at: Mapped[datetime | None]


class HandoffAnswer(Base):
    """What the agency with the seat said of a hand-off: on air since then, or that it cannot, and why."""

    __tablename__ = "handoff_answer"
    fanout_id: Mapped[int] = mapped_column(ForeignKey("fanout.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), primary_key=True)
    aired_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


_NOTE = text(
    "INSERT INTO ipaws_status (fanout_id, address_id, n, no, channel, code, error, text, gateway)"
    " VALUES (:f, :a, :n, :no, :channel, :code, :error, :text, :gateway) ON CONFLICT DO NOTHING"
)


def note(session: Session, attempt: tuple[int, int, int], items: Sequence[StatusItem]) -> None:
    """Keep what was said of each channel to (fan-out, address, n); again changes nothing."""
    fanout, address, n = attempt
    for no, item in enumerate(items):
        values = {"f": fanout, "a": address, "n": n, "no": no, "channel": item.channel, "code": item.code}
        words = {"text": item.text[:LONGEST_WORDS], "gateway": item.gateway[:LONGEST_WORDS], "error": item.error}
        session.execute(_NOTE, values | words)


_EARLIER = text(
    "SELECT f.id FROM fanout f JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a AND r.id <> :r"
    " AND f.channel IN ('ipaws', 'handoff') AND f.state IN ('running', 'held') ORDER BY f.id FOR NO KEY UPDATE OF f"
)


def earlier(session: Session, alert: int, revision: int) -> list[int]:
    """The unfinished posts and hand-offs of an alert's other revisions, locked: one message is the newest."""
    return list(session.execute(_EARLIER, {"a": alert, "r": revision}).scalars())


_LACKING = text(
    "SELECT r.id FROM revision r WHERE r.alert_id = :a AND NOT EXISTS (SELECT 1 FROM fanout f"
    "   JOIN delivery d ON d.fanout_id = f.id WHERE f.revision_id = r.id AND f.channel = 'ipaws'"
    "   AND (d.state IN ('accepted', 'sending', 'unknown') OR EXISTS (SELECT 1 FROM ipaws_status s"
    "     WHERE s.fanout_id = f.id AND s.channel = 'CAPEXCH' AND (NOT s.error OR s.code = '201'))))"
)


def lacking(session: Session, alert: int) -> set[int]:
    """The revisions of an alert that IPAWS certainly does not have: a reference to one would be refused (207)."""
    return set(session.execute(_LACKING, {"a": alert}).scalars())


_REFUSED = text(
    "INSERT INTO delivery (fanout_id, address_id, body_id, n, state, reason)"
    " SELECT t.fanout_id, t.address_id, t.body_id, 1, 'rejected', :why FROM target t WHERE t.fanout_id = :f"
)


def refuse(session: Session, fanout: int, why: str) -> None:
    """End a fan-out before anything is sent: its targets are rejected for a reason of our own."""
    session.execute(_REFUSED, {"f": fanout, "why": why})
    session.execute(
        text(
            "UPDATE lane SET state = 'done', next_key = (SELECT coalesce(max(slot), 0) FROM target"
            " WHERE fanout_id = :f) WHERE fanout_id = :f"
        ),
        {"f": fanout},
    )


_TRIED = text(
    "INSERT INTO ipaws_path AS p (id, tried_at, seen_at, down_since, reason) VALUES (1, clock_timestamp(),"
    "   CASE WHEN :why = '' THEN clock_timestamp() END, CASE WHEN :why <> '' THEN clock_timestamp() END, :why)"
    " ON CONFLICT (id) DO UPDATE SET tried_at = excluded.tried_at, reason = excluded.reason,"
    "   seen_at = coalesce(excluded.seen_at, p.seen_at),"
    "   down_since = CASE WHEN :why = '' THEN NULL ELSE coalesce(p.down_since, excluded.down_since) END"
)


def tried(session: Session, why: str) -> None:
    """The path was tried just now; `why` it did not answer, or empty when it did."""
    session.execute(_TRIED, {"why": why})


def keep_profile(session: Session, profile: dict[str, Any]) -> None:
    """Keep what our group may send, as it was told just now."""
    row = session.get(IpawsPath, 1) or IpawsPath(id=1)
    session.add(row)
    row.profile, row.profile_at = profile, session.execute(func.clock_timestamp().select()).scalar_one()


@dataclass(frozen=True, slots=True)
class Path:
    """How the path stands; all None before it was ever tried."""

    tried_at: datetime | None = None
    seen_at: datetime | None = None
    down_since: datetime | None = None
    reason: str = ""
    profile: dict[str, Any] | None = None
    profile_at: datetime | None = None


def path(session: Session) -> Path:
    """How the path to IPAWS-OPEN stands."""
    row = session.get(IpawsPath, 1)
    if row is None:
        return Path()
    return Path(row.tried_at, row.seen_at, row.down_since, row.reason, row.profile, row.profile_at)


_ANSWER = text(
    "INSERT INTO handoff_answer AS h (fanout_id, address_id, aired_at, note) VALUES (:f, :a, :aired, :note)"
    " ON CONFLICT (fanout_id, address_id) DO UPDATE SET aired_at = excluded.aired_at, note = excluded.note,"
    " at = clock_timestamp() WHERE (h.aired_at, h.note) IS DISTINCT FROM (excluded.aired_at, excluded.note) RETURNING 1"
)


def answer(session: Session, place: tuple[int, int], aired: datetime | None, words: str) -> bool:
    """The agency answers for (fan-out, address); whether that is news."""
    values = {"f": place[0], "a": place[1], "aired": aired, "note": words}
    return session.execute(_ANSWER, values).first() is not None
