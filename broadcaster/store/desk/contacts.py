"""How the people of the desk are reached when they are not at it: two phones and a mailbox, sealed as residents' are.

Their index names the person, so an address here is nobody else's: a resident's STOP stops no call to an approver.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base, one_of
from broadcaster.store.sealed import Sealer


class What(StrEnum):
    """The ways to a person, in the order in which they are tried."""

    PHONE = "phone"
    SECOND_PHONE = "second_phone"
    MAIL = "mail"


KINDS = {What.PHONE: "sms", What.SECOND_PHONE: "sms", What.MAIL: "email"}


class PersonContact(Base):
    """One way to one person."""

    __tablename__ = "person_contact"
    __table_args__ = (CheckConstraint(f"what IN ({one_of(What)})", name="what"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Way:
    """A contact with its value opened."""

    address_id: int
    value: str


_OF = text(
    "SELECT c.what, a.id, a.value_enc, a.value_index FROM person_contact c JOIN address a ON a.id = c.address_id"
    " WHERE c.user_id = :u"
)
_ADDRESS = text(
    "INSERT INTO address (kind, value_enc, value_index, owner) VALUES (:kind, :enc, :i, 'person')"
    " ON CONFLICT (value_index) DO UPDATE SET value_enc = excluded.value_enc RETURNING id"
)
_FORGET = text(
    "DELETE FROM address a WHERE a.id = :a AND a.owner = 'person'"
    " AND NOT EXISTS (SELECT 1 FROM target t WHERE t.address_id = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.address_id = a.id)"
    " AND NOT EXISTS (SELECT 1 FROM page_test p WHERE p.address_id = a.id)"
)


def of(session: Session, sealer: Sealer, user: int) -> dict[What, Way]:
    """How a person is reached."""
    rows = session.execute(_OF, {"u": user}).all()
    return {What(row.what): Way(row.id, sealer.open(bytes(row.value_enc), bytes(row.value_index))) for row in rows}


def address(session: Session, sealer: Sealer, user: int, what: What, value: str) -> int:
    """The id of an address of this person, made when it is new."""
    index = sealer.index(f"person:{user}:{what.value}:{value}")
    made = {"kind": KINDS[what], "enc": sealer.seal(value, index), "i": index}
    return int(session.execute(_ADDRESS, made).scalar_one())


def own_box(session: Session, sealer: Sealer, user: int, sign_in: str) -> int:
    """Whoever gave no mail address for pages is mailed at the one that they sign in with."""
    return address(session, sealer, user, What.MAIL, sign_in)


def named_box(session: Session, sealer: Sealer, value: str) -> int:
    """The id of a mailbox that somebody of the desk has named, for a word to whoever reads it."""
    index = sealer.index(f"named:{What.MAIL.value}:{value}")
    made = {"kind": KINDS[What.MAIL], "enc": sealer.seal(value, index), "i": index}
    return int(session.execute(_ADDRESS, made).scalar_one())


def put(session: Session, sealer: Sealer, user: int, what: What, value: str) -> None:
    """Set one way to a person (a phone in E.164), or take it away with an empty value."""
    old = session.get(PersonContact, (user, what.value))
    before = old.address_id if old else None
    if not value:
        if old is not None:
            session.delete(old)
    else:
        new = address(session, sealer, user, what, value)
        session.merge(PersonContact(user_id=user, what=what.value, address_id=new))
        before = None if before == new else before
    session.flush()
    if before is not None:
        session.execute(_FORGET, {"a": before})


def by_person(session: Session) -> dict[int, dict[What, int]]:
    """The address ids of everybody's contacts."""
    found: dict[int, dict[What, int]] = {}
    for row in session.execute(text("SELECT user_id, what, address_id FROM person_contact")):
        found.setdefault(row.user_id, {})[What(row.what)] = row.address_id
    return found
