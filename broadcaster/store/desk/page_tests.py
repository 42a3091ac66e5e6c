"""The monthly test of the ways to approvers: which was tried, and whether its person said that it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store import database
from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.sealed import Sealer

TEST = 0
"""Stands for the fan-out in what names a test page: it belongs to no alert."""
NUMBERED_FROM = 10**12
"""Their numbers in references, beyond those of the questions of the monthly round, which have no fan-out either."""


class TrialState(StrEnum):
    """How far a test came; one whose sending ended in the dark is not sent again that month."""

    ASKING = "asking"
    ASKED = "asked"
    REFUSED = "refused"
    CONFIRMED = "confirmed"


class PageTest(Base):
    """One test page by one way in one month (``2026-06``): the row is the claim, so two sweeps test once."""

    __tablename__ = "page_test"
    __table_args__ = (
        UniqueConstraint("month", "address_id", "way"),
        CheckConstraint(f"state IN ({one_of(TrialState)})", name="state"),
        CheckConstraint("way IN ('sms', 'email', 'voice')", name="way"),
    )
    id: Mapped[int] = identity()
    month: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    way: Mapped[str]
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    state: Mapped[str] = mapped_column(default=TrialState.ASKING.value, server_default=TrialState.ASKING.value)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    confirmed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Trial:
    """A test page, claimed, with the address opened."""

    id: int
    name: str
    way: str
    to: str


@dataclass(frozen=True, slots=True)
class Silent:
    """A way of an approver by which this month's test has not been confirmed."""

    name: str
    what: str
    way: str
    state: str


_WAYS = "unnest(CAST(:ways AS text[])) AS w(way) ON w.way = a.kind OR (w.way = 'voice' AND a.kind = 'sms')"
"""By which ways a contact is tried: a phone is texted and called."""
_CLAIM = text(
    "INSERT INTO page_test (month, user_id, way, address_id) SELECT CAST(:month AS varchar), c.user_id, w.way, a.id"
    ' FROM person_contact c JOIN address a ON a.id = c.address_id JOIN "user" u ON u.id = c.user_id AND u.active'
    f" JOIN {_WAYS}"
    " WHERE EXISTS (SELECT 1 FROM user_role x JOIN role r ON r.id = x.role_id"
    "   WHERE x.user_id = u.id AND r.name = 'approver')"
    " AND NOT EXISTS (SELECT 1 FROM page_test p WHERE p.month = CAST(:month AS varchar)"
    "   AND p.address_id = a.id AND p.way = w.way) ORDER BY c.user_id, c.what, w.way LIMIT :most"
    " ON CONFLICT (month, address_id, way) DO NOTHING RETURNING id"
)
_OF = text(
    'SELECT p.id, u.name, p.way, a.value_enc, a.value_index FROM page_test p JOIN "user" u ON u.id = p.user_id'
    " JOIN address a ON a.id = p.address_id WHERE p.id = :id"
)
_BUSY = text("SELECT EXISTS (SELECT 1 FROM alert WHERE state = 'open')")
_SILENT = text(
    "SELECT u.name, c.what, w.way, coalesce(p.state, '') AS state FROM person_contact c"
    ' JOIN "user" u ON u.id = c.user_id JOIN address a ON a.id = c.address_id'
    f" JOIN {_WAYS}"
    " LEFT JOIN page_test p ON p.address_id = a.id AND p.month = :month AND p.way = w.way"
    " WHERE u.active AND coalesce(p.state, '') <> 'confirmed' AND EXISTS (SELECT 1 FROM user_role x"
    "   JOIN role r ON r.id = x.role_id WHERE x.user_id = u.id AND r.name = 'approver') ORDER BY u.name, c.what, w.way"
)


def claim(session: Session, sealer: Sealer, month: str, ways: list[str], most: int) -> list[Trial]:
    """The next ways to approvers that nobody has tested this month; none while an outage is open."""
    if session.execute(_BUSY).scalar_one():
        return []
    found = []
    for key in session.execute(_CLAIM, {"month": month, "ways": ways, "most": most}).scalars().all():
        row = session.execute(_OF, {"id": key}).one()
        found.append(Trial(row.id, row.name, row.way, sealer.open(bytes(row.value_enc), bytes(row.value_index))))
    return found


def settle(session: Session, key: int, state: TrialState | None) -> None:
    """What became of a test page; None when it surely was not sent, so that it is sent again."""
    row = session.get_one(PageTest, key)
    if state is None:
        session.delete(row)
    elif row.state == TrialState.ASKING:
        row.state = state.value


def confirm(session: Session, key: int, user: int, now: datetime) -> bool:
    """Its person says that it came; False when it is not theirs."""
    row = session.get(PageTest, key, with_for_update=True)
    if row is None or row.user_id != user:
        return False
    if row.state != TrialState.CONFIRMED:
        row.state, row.confirmed_at = TrialState.CONFIRMED.value, now
    session.flush()
    return True


def of_call(fanout: int, address: int) -> int:
    """The test that a call is, by what names its attempt; 0 where it is none."""
    within = fanout == TEST and NUMBERED_FROM < address < 2 * NUMBERED_FROM
    return address - NUMBERED_FROM if within else 0


def answered(session: Session, key: int) -> bool:
    """Whoever picked up a test call has pressed the key; False for any other test, or one that is no longer kept."""
    row = session.get(PageTest, key, with_for_update=True)
    if row is None or row.way != "voice":
        return False
    if row.state != TrialState.CONFIRMED:
        row.state, row.confirmed_at = TrialState.CONFIRMED.value, database.now(session)
    session.flush()
    return True


def silent(session: Session, month: str, ways: list[str]) -> list[Silent]:
    """The ways to approvers by which nobody has confirmed this month's test."""
    return [Silent(*row) for row in session.execute(_SILENT, {"month": month, "ways": ways})]
