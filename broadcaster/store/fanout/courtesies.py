"""Texts that are no alert: the confirmation of a sign-up, a link, the yearly question, a card.

They have rows, budgets and a lane of their own. No alert waits for one, and one whose outcome is unknown is never sent
again: at worst somebody asks twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.sealed import Sealer

LINE_DIGITS = 4
"""A prefix is a number without its last four digits: what a bot that pumps texts counts through."""


class Purpose(StrEnum):
    """Why somebody is texted."""

    VERIFY = "verify"
    LINK = "link"
    YEARLY = "yearly"
    CARD = "card"
    MISSED = "missed"


class CourtesyState(StrEnum):
    """`unknown`: the carrier may have it. `dropped`: nobody needed it, and nothing was sent."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DROPPED = "dropped"


class Courtesy(Base):
    """One text, whose words are made when it is sent."""

    __tablename__ = "courtesy"
    __table_args__ = (
        CheckConstraint(f"purpose IN ({one_of(Purpose)})", name="purpose"),
        CheckConstraint(f"state IN ({one_of(CourtesyState)})", name="state"),
        Index("ix_courtesy_made_at", "made_at"),
        Index("ix_courtesy_number", "value_index", "made_at"),
        Index("ix_courtesy_prefix", "prefix_index", "made_at"),
        Index("ix_courtesy_source", "source", "made_at", postgresql_where="source <> ''"),
        Index("ix_courtesy_queued", "id", postgresql_where="state = 'queued'"),
    )
    id: Mapped[int] = identity()
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    purpose: Mapped[str]
    value_index: Mapped[bytes]
    value_enc: Mapped[bytes]
    prefix_index: Mapped[bytes]
    lang: Mapped[str]
    source: Mapped[str] = mapped_column(default="", server_default="")
    places: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default="{}")
    state: Mapped[str] = mapped_column(default=CourtesyState.QUEUED.value, server_default="queued")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    carrier_ref: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Budget:
    """How many texts a page may cause: to one number in ten minutes and in a day, to one prefix in an hour, from one
    source in a day, in all in a day (twilio.md, SMS pumping)."""

    number: int = 3
    number_a_day: int = 6
    prefix: int = 20
    source: int = 200
    a_day: int = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text that a page asks for; `phone` in E.164, `source` a keyed hash of where it was asked from, or empty: then
    no source's budget is asked."""

    purpose: Purpose
    phone: str
    lang: str
    places: tuple[str, ...] = ()
    source: str = ""


_WITHIN = (
    "(SELECT count(*) FROM courtesy c WHERE c.purpose IN ('verify', 'link') AND {which}"
    " c.made_at > clock_timestamp() - interval '{time}') < :{most}"
)
_ASK = text(
    "INSERT INTO courtesy (purpose, value_index, value_enc, prefix_index, lang, source, places)"
    " SELECT :purpose, :i, :enc, :p, :lang, CAST(:source AS text), CAST(:places AS text[]) WHERE "
    + " AND ".join(
        (
            _WITHIN.format(which="c.value_index = :i AND", time="10 minutes", most="number"),
            _WITHIN.format(which="c.value_index = :i AND", time="1 day", most="number_a_day"),
            _WITHIN.format(which="c.prefix_index = :p AND", time="1 hour", most="prefix"),
            _WITHIN.format(
                which="c.source <> '' AND c.source = CAST(:source AS text) AND", time="1 day", most="by_source"
            ),
            _WITHIN.format(which="", time="1 day", most="a_day"),
        )
    )
    + " RETURNING id"
)


def ask(session: Session, sealer: Sealer, wanted: Wanted, budget: Budget) -> bool:
    """Queue a text if every budget allows it; whoever asks is told the same either way, and the same work is done.

    Of two at once one is judged after the other; an alert takes none of these locks.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('courtesy', 0))"))
    index = sealer.index(f"sms:{wanted.phone}")
    values = {
        "purpose": wanted.purpose.value,
        "i": index,
        "enc": sealer.seal(wanted.phone, index),
        "p": sealer.index(f"prefix:{wanted.phone[:-LINE_DIGITS]}"),
        "lang": wanted.lang,
        "places": list(wanted.places),
        "number": budget.number,
        "number_a_day": budget.number_a_day,
        "prefix": budget.prefix,
        "source": wanted.source,
        "by_source": budget.source,
        "a_day": budget.a_day,
    }
    return session.execute(_ASK, values).first() is not None


@dataclass(frozen=True, slots=True)
class Due:
    """One that is to be sent now. `address` is the resident's, 0 when nobody is signed up with the number."""

    id: int
    purpose: Purpose
    phone: str
    index: bytes
    lang: str
    places: tuple[str, ...]
    address: int
    suppressed: bool


_CLAIM = text(
    "WITH due AS (SELECT id FROM courtesy WHERE state = 'queued' ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED),"
    " taken AS (UPDATE courtesy c SET state = 'sending' FROM due WHERE c.id = due.id RETURNING c.*)"
    " SELECT t.id, t.purpose, t.value_enc, t.value_index, t.lang, t.places,"
    " coalesce(a.id, 0) AS address, s.value_index IS NOT NULL AS suppressed FROM taken t"
    " LEFT JOIN address a ON a.value_index = t.value_index AND a.owner = 'resident'"
    " LEFT JOIN suppression s ON s.value_index = t.value_index ORDER BY t.id"
)


def claim(session: Session, sealer: Sealer, most: int) -> list[Due]:
    """Take the next ones; what dies with its process from here on is not sent again."""
    return list(_due(session, sealer, most))


def _due(session: Session, sealer: Sealer, most: int) -> Iterator[Due]:
    for row in session.execute(_CLAIM, {"most": most}).all():
        index = bytes(row.value_index)
        phone = sealer.open(bytes(row.value_enc), index)
        purpose, places = Purpose(row.purpose), tuple(row.places)
        yield Due(row.id, purpose, phone, index, row.lang, places, row.address, row.suppressed)


def end(session: Session, key: int, state: CourtesyState, reason: str = "", ref: str | None = None) -> None:
    """Write down what became of one."""
    session.execute(
        text("UPDATE courtesy SET state = :s, reason = :r, carrier_ref = :ref WHERE id = :id AND state = 'sending'"),
        {"s": state.value, "r": reason, "ref": ref, "id": key},
    )


def an_alert_is_going_out(session: Session) -> bool:
    """Whether texts of an alert are to be claimed, on their way or to be sent again: then courtesies stand back."""
    return bool(
        session.execute(
            text(
                "SELECT EXISTS (SELECT 1 FROM lane l JOIN fanout f ON f.id = l.fanout_id WHERE l.state = 'open'"
                " AND l.channel = 'sms' AND f.expires_at > clock_timestamp()"
                " UNION ALL SELECT 1 FROM wave w JOIN fanout f ON f.id = w.fanout_id WHERE w.closed_at IS NULL"
                " AND f.channel = 'sms'"
                " UNION ALL SELECT 1 FROM followup u JOIN fanout f ON f.id = u.fanout_id"
                " WHERE u.kind = 'retry' AND f.channel = 'sms' AND f.state = 'running')"
            )
        ).scalar_one()
    )
