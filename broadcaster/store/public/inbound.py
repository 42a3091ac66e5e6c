"""Texts and calls from phones: all of them counted; what is no keyword stays red until somebody claims it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.said import Said
from broadcaster.store.database import Base, identity, public_id
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

ANSWERS_AN_HOUR = 10
"""So many texts of one number are answered within an hour; further ones are kept, and cost nothing."""
MOST_SHOWN = 50


class Inbound(Base):
    """A text or a call. `answered` says that it took one of its number's answers."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("carrier", "ref"),
        CheckConstraint("kind IN ('text', 'call')", name="kind"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name="claimed"),
        Index("ix_inbound_number", "value_index", "at"),
        Index("ix_inbound_red", "id", postgresql_where="red AND claimed_at IS NULL"),
        Index("ix_inbound_at", "at"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[str]
    carrier: Mapped[str]
    ref: Mapped[str]
    value_index: Mapped[bytes]
    number_enc: Mapped[bytes]
    words_enc: Mapped[bytes | None]
    wish: Mapped[str]
    lang: Mapped[str] = mapped_column(default="en", server_default="en")
    place: Mapped[str] = mapped_column(default="", server_default="")
    red: Mapped[bool] = mapped_column(default=False, server_default="false")
    answered: Mapped[bool] = mapped_column(default=False, server_default="false")
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    claimed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class NewInbound:
    """What a carrier told us of a text or a call; `number` in E.164."""

    kind: str
    carrier: str
    ref: str
    number: str
    words: str
    wish: str
    lang: str


@dataclass(frozen=True, slots=True)
class Open:
    """One that waits for somebody; `number` is empty until it is claimed."""

    public_id: str
    at: datetime
    words: str
    lang: str
    place: str
    number: str = ""


class AlreadyClaimed(LookupError):
    """Somebody else was faster, or there is no such text; the message is a sentence."""


def keep(session: Session, sealer: Sealer, new: NewInbound) -> int:
    """Write one down, once for its carrier's reference; returns its id, or 0 when it was there already."""
    index = sealer.index(f"sms:{new.number}")
    row = {
        "public": public_id(),
        "kind": new.kind,
        "carrier": new.carrier,
        "ref": new.ref,
        "index": index,
        "number": sealer.seal(new.number, index),
        "words": sealer.seal(new.words, index) if new.words else None,
        "wish": new.wish,
        "lang": new.lang,
    }
    made = session.execute(
        text(
            "INSERT INTO inbound (public_id, kind, carrier, ref, value_index, number_enc, words_enc, wish, lang)"
            " VALUES (:public, :kind, :carrier, :ref, :index, :number, :words, :wish, :lang)"
            " ON CONFLICT (carrier, ref) DO NOTHING RETURNING id"
        ),
        row,
    )
    return int(made.scalar_one_or_none() or 0)


def may_answer(session: Session, index: bytes, most: int = ANSWERS_AN_HOUR) -> bool:
    """Whether this number has an answer left within the hour; of several texts at once one is judged after another."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:i, 'hex'), 1))"), {"i": index})
    given = session.execute(
        text(
            "SELECT count(*) FROM inbound WHERE value_index = :i AND answered"
            " AND at > clock_timestamp() - interval '1 hour'"
        ),
        {"i": index},
    )
    return int(given.scalar_one()) < most


def judge(session: Session, key: int, place: str, *, red: bool, answered: bool) -> None:
    """Write down what was made of one."""
    session.execute(
        text("UPDATE inbound SET place = :place, red = :red, answered = :answered WHERE id = :id"),
        {"id": key, "place": place, "red": red, "answered": answered},
    )


def unclaimed(session: Session, sealer: Sealer, most: int = MOST_SHOWN) -> list[Open]:
    """What waits for somebody, the oldest first; numbers stay sealed."""
    query = select(Inbound).where(Inbound.red, Inbound.claimed_at.is_(None)).order_by(Inbound.id).limit(most)
    return [_open(row, sealer) for row in session.scalars(query)]


def how_many(session: Session) -> int:
    """How many wait for somebody."""
    return int(session.scalar(select(func.count()).where(Inbound.red, Inbound.claimed_at.is_(None))) or 0)


def claimed_by(session: Session, sealer: Sealer, user: int, most: int = MOST_SHOWN) -> Sequence[Open]:
    """What a person has claimed, the newest first, with the numbers to call back."""
    query = select(Inbound).where(Inbound.claimed_by == user).order_by(Inbound.claimed_at.desc()).limit(most)
    return [_open(row, sealer, with_number=True) for row in session.scalars(query)]


def claim(session: Session, key: str, user: int, now: datetime) -> None:
    """Somebody takes one on, and may see its number from now on. AlreadyClaimed when nobody may any more."""
    query = select(Inbound).where(Inbound.public_id == key).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise AlreadyClaimed(Said("There is no such text: look at the list again."))
    if row.claimed_by is not None and row.claimed_by != user:
        raise AlreadyClaimed(Said("Somebody else has taken this text on: look at the list again."))
    if row.claimed_by is None:
        row.claimed_by, row.claimed_at = user, now
        ledger.append(session, f"user:{user}", "inbound-claimed", f"inbound:{row.public_id}", {"place": row.place})


def _open(row: Inbound, sealer: Sealer, *, with_number: bool = False) -> Open:
    words = sealer.open(bytes(row.words_enc), row.value_index) if row.words_enc else ""
    number = sealer.open(bytes(row.number_enc), row.value_index) if with_number else ""
    return Open(row.public_id, row.at, words, row.lang, row.place, number)
