"""Callers whom 911 did not connect: where each stands, who has taken them on, and what became of them.

Number, place and every note are sealed, and bound to the caller. Counts need none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.alert.missed_caller import Cannot, Found, How, Outcome, Standing
from broadcaster.store.arrays import numbers
from broadcaster.store.database import Base, identity, one_of, public_id
from broadcaster.store.outage.missed_links import MissedLink
from broadcaster.store.sealed import Sealer


class Step(StrEnum):
    """What was done about a caller; `back`: they called again after their outcome, and were missed again."""

    CLAIMED = "claimed"
    GIVEN_BACK = "given_back"
    RUNG = "rung"
    NO_ANSWER = "no_answer"
    SETTLED = "settled"
    CHECK_SENT = "check_sent"
    CHECK_ENDED = "check_ended"
    NOTE = "note"
    TEXTED = "texted"
    BACK = "back"


class MissedCaller(Base):
    """Somebody who was not connected in one outage. `lines` are those of the logs, `tries` the calls that they were,
    `vain` our own calls that nobody answered, `before_at` when they had got through before the last missed call."""

    __tablename__ = "missed_caller"
    __table_args__ = (
        UniqueConstraint("outage_id", "whose"),
        CheckConstraint(f"cannot IN ({one_of(Cannot)})", name="cannot"),
        CheckConstraint(f"standing IN ({one_of(Standing)})", name="standing"),
        CheckConstraint(f"outcome IN ({one_of(Outcome)})", name="outcome"),
        CheckConstraint(f"through_how IN ({one_of(How)})", name="through_how"),
        CheckConstraint(f"(standing = '{Standing.SETTLED}') = (outcome IS NOT NULL)", name="settled"),
        CheckConstraint(f"standing <> '{Standing.THROUGH}' OR through_at IS NOT NULL", name="through"),
        CheckConstraint(f"(standing = '{Standing.CLAIMED}') = (claimed_at IS NOT NULL)", name="claimed"),
        CheckConstraint("claimed_link IS NULL OR claimed_by IS NULL", name="one_has_them"),
        Index("ix_missed_caller_list", "outage_id", "psap", "standing"),
    )
    id: Mapped[int] = identity()
    public_id: Mapped[str] = mapped_column(unique=True, default=public_id)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    whose: Mapped[bytes]
    phone_enc: Mapped[bytes | None]
    place_enc: Mapped[bytes | None]
    cannot: Mapped[str]
    psap: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    lines: Mapped[int]
    tries: Mapped[int]
    systems: Mapped[list[str]] = mapped_column(JSONB)
    before_at: Mapped[datetime | None]
    through_at: Mapped[datetime | None]
    through_system: Mapped[str | None]
    through_how: Mapped[str | None]
    standing: Mapped[str]
    vain: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime | None]
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    claimed_link: Mapped[int | None] = mapped_column(ForeignKey(MissedLink.id))
    """The answering point that has them, by its link."""
    claimed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    outcome_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    texted_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]


class MissedStep(Base):
    """One thing that was done about a caller."""

    __tablename__ = "missed_step"
    __table_args__ = (
        CheckConstraint(f"what IN ({one_of(Step)})", name="what"),
        Index("ix_missed_step_caller", "caller_id"),
    )
    id: Mapped[int] = identity()
    caller_id: Mapped[int] = mapped_column(ForeignKey("missed_caller.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by: Mapped[str]
    what: Mapped[str]
    outcome: Mapped[str | None]
    words_enc: Mapped[bytes | None]


class WelfareCheck(Base):
    """Somebody was sent to look after a caller: who, when, and what they found."""

    __tablename__ = "welfare_check"
    __table_args__ = (
        CheckConstraint(f"found IN ({one_of(Found)})", name="found"),
        CheckConstraint("(found IS NULL) = (found_at IS NULL)", name="ended"),
        Index("ix_welfare_check_caller", "caller_id"),
    )
    id: Mapped[int] = identity()
    caller_id: Mapped[int] = mapped_column(ForeignKey("missed_caller.id", ondelete="CASCADE"))
    sent_at: Mapped[datetime]
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    to_enc: Mapped[bytes]
    found: Mapped[str | None]
    found_at: Mapped[datetime | None]


class MissedTextPolicy(Base):
    """An answering point that lets its missed callers be texted; one without a row does not."""

    __tablename__ = "missed_text_policy"
    psap: Mapped[str] = mapped_column(primary_key=True)
    set_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    set_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


def by_public_id(session: Session, outage: int, key: str) -> MissedCaller | None:
    """A caller of an outage."""
    query = select(MissedCaller).where(MissedCaller.outage_id == outage, MissedCaller.public_id == key)
    return session.scalars(query).one_or_none()


def locked(session: Session, outage: int, key: str) -> MissedCaller | None:
    """A caller of an outage, for this transaction alone; it waits for whoever has them."""
    query = select(MissedCaller).where(MissedCaller.outage_id == outage, MissedCaller.public_id == key)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def first_free(session: Session, ids: Sequence[int]) -> MissedCaller | None:
    """The first of these callers whom nobody else is taking at this moment, for this transaction alone."""
    order = func.array_position(text("CAST(:ids AS bigint[])").bindparams(ids=numbers(ids)), MissedCaller.id)
    query = select(MissedCaller).where(MissedCaller.id.in_(ids)).order_by(order).limit(1)
    locking = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return session.scalars(locking).one_or_none()


def of(session: Session, outage: int, psap: str | None = None) -> list[MissedCaller]:
    """The callers of an outage, or of one of its answering points, in the order of their first call."""
    query = select(MissedCaller).where(MissedCaller.outage_id == outage)
    if psap is not None:
        query = query.where(MissedCaller.psap == psap)
    return list(session.scalars(query.order_by(MissedCaller.first_at, MissedCaller.id)))


def all_locked(session: Session, outage: int) -> dict[bytes, MissedCaller]:
    """Every caller of an outage by `whose`, for this transaction alone."""
    query = select(MissedCaller).where(MissedCaller.outage_id == outage).order_by(MissedCaller.id).with_for_update()
    return {bytes(row.whose): row for row in session.scalars(query.execution_options(populate_existing=True))}


def phone(row: MissedCaller, sealer: Sealer) -> str:
    """The number to call back (E.164), or nothing."""
    return sealer.open(bytes(row.phone_enc), bytes(row.whose)) if row.phone_enc else ""


def place(row: MissedCaller, sealer: Sealer) -> str:
    """Where the calls came from, as far as the systems knew."""
    return sealer.open(bytes(row.place_enc), bytes(row.whose)) if row.place_enc else ""


def opened(words: bytes | None, row: MissedCaller, sealer: Sealer) -> str:
    """A note, or whom a check was sent by, beside a caller; empty when there is none or it was forgotten."""
    return sealer.open(bytes(words), bytes(row.whose)) if words else ""


def steps(session: Session, row: MissedCaller) -> list[MissedStep]:
    """What was done about a caller, the oldest first."""
    query = select(MissedStep).where(MissedStep.caller_id == row.id)
    return list(session.scalars(query.order_by(MissedStep.at, MissedStep.id)))


def checks(session: Session, row: MissedCaller) -> list[WelfareCheck]:
    """The welfare checks for a caller, the oldest first."""
    query = select(WelfareCheck).where(WelfareCheck.caller_id == row.id)
    return list(session.scalars(query.order_by(WelfareCheck.id)))


def texting(session: Session) -> set[str]:
    """The answering points that let their missed callers be texted."""
    return set(session.scalars(select(MissedTextPolicy.psap)))


KEPT = "13 months"
"""So long after the end of its outage a caller's number, place and notes are kept, as deliveries are."""
_FORGET = (
    "WITH old AS (SELECT c.id FROM missed_caller c JOIN outage o ON o.id = c.outage_id WHERE c.forgotten_at IS NULL"
    f"   AND o.closed_at < clock_timestamp() - interval '{KEPT}' ORDER BY c.id LIMIT :most FOR UPDATE OF c),"
    " words AS (UPDATE missed_step s SET words_enc = NULL FROM old WHERE s.caller_id = old.id),"
    " sent AS (UPDATE welfare_check w SET to_enc = '' FROM old WHERE w.caller_id = old.id)"
    " UPDATE missed_caller c SET phone_enc = NULL, place_enc = NULL, whose = decode(md5(c.public_id), 'hex'),"
    " forgotten_at = clock_timestamp() FROM old WHERE c.id = old.id RETURNING c.id"
)
_LINES = (
    "DELETE FROM missed_call WHERE id = ANY (ARRAY(SELECT l.id FROM missed_call l JOIN outage o ON o.id = l.outage_id"
    f" WHERE o.closed_at < clock_timestamp() - interval '{KEPT}' ORDER BY l.id LIMIT :most)) RETURNING id"
)


def forget(session: Session, most: int) -> int:
    """Forget who the callers of old outages were; what became of them stays. Returns how many rows were changed."""
    lines = len(session.execute(text(_LINES), {"most": most}).all())
    return lines + len(session.execute(text(_FORGET), {"most": most}).all())
