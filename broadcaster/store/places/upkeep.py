"""The monthly round: which contact was asked, what it answered, and corrections that wait for an editor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.directory.rows import Difference, RowKind
from broadcaster.store.agencies import trouble
from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.places import directory_history, lines
from broadcaster.store.places.directory import Agency, AgencyCommunity, AgencyContact, Community, Number
from broadcaster.store.places.directory_history import Author
from broadcaster.store.places.lines import MAY_SAY
from broadcaster.store.public.residents import Address
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

ROUND = 0
"""Stands for the fan-out in what names a mail of the round: it belongs to no alert."""


class AskState(StrEnum):
    """How far a question of the round came; one whose sending ended in the dark is not sent again that month."""

    ASKING = "asking"
    ASKED = "asked"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"


class UpkeepAsk(Base):
    """One question to one contact in one month (``2026-06``): the row is the claim, so two sweeps ask once."""

    __tablename__ = "upkeep_ask"
    __table_args__ = (
        UniqueConstraint("month", "agency_id", "address_id"),
        CheckConstraint(f"state IN ({one_of(AskState)})", name="state"),
    )
    id: Mapped[int] = identity()
    month: Mapped[str]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    state: Mapped[str] = mapped_column(default=AskState.ASKING.value, server_default=AskState.ASKING.value)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    answered_at: Mapped[datetime | None]


class Correction(Base):
    """What an agency says is right instead, sealed; it changes nothing before an editor has accepted it."""

    __tablename__ = "correction"
    __table_args__ = (CheckConstraint("state IN ('pending', 'accepted', 'rejected')", name="state"),)
    id: Mapped[int] = identity()
    ask_id: Mapped[int] = mapped_column(ForeignKey("upkeep_ask.id"))
    words_enc: Mapped[bytes]
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the round, claimed, with the address opened."""

    id: int
    agency: int
    address: int
    name: str
    channel: str
    to: str
    link: int = 1
    """Which link for 911 trouble is the agency's."""


_CLAIM = text(
    "INSERT INTO upkeep_ask (month, agency_id, address_id)"
    " SELECT CAST(:month AS varchar), c.agency_id, c.address_id FROM agency_contact c"
    " JOIN agency g ON g.id = c.agency_id AND g.retired_at IS NULL"
    " JOIN address a ON a.id = c.address_id"
    "   AND (a.kind = 'email' OR (a.kind = 'sms' AND c.consent_on IS NOT NULL AND :texts))"
    " WHERE a.id <> ALL(CAST(:but AS bigint[]))"
    " AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.value_index = a.value_index)"
    " AND NOT EXISTS (SELECT 1 FROM upkeep_ask u WHERE u.month = CAST(:month AS varchar)"
    "   AND u.agency_id = c.agency_id AND u.address_id = c.address_id)"
    " ORDER BY c.verified_on NULLS FIRST, c.agency_id, c.rank LIMIT 1"
    " ON CONFLICT (month, agency_id, address_id) DO NOTHING RETURNING id, agency_id, address_id"
)
_BUSY = text("SELECT EXISTS (SELECT 1 FROM alert WHERE state = 'open')")


def claim(
    session: Session, sealer: Sealer, month: str, but: Sequence[int] = (), *, texts: bool = False
) -> Question | None:
    """The next contact that nobody has asked this month, without these addresses; none while an outage is open.

    A phone is asked only where `texts` go out, its consent to checks is kept, and it has not said STOP.
    """
    if session.execute(_BUSY).scalar_one():
        return None
    row = session.execute(_CLAIM, {"month": month, "but": list(but), "texts": texts}).one_or_none()
    if row is None:
        return None
    there = session.get_one(Address, row.address_id)
    name = session.scalar(select(Agency.name).where(Agency.id == row.agency_id)) or ""
    to = sealer.open(there.value_enc, there.value_index)
    link = trouble.link_no(session, row.agency_id)
    return Question(row.id, row.agency_id, there.id, name, there.kind, to, link)


def settle(session: Session, key: int, state: AskState | None) -> None:
    """What became of a question; None when it surely was not sent, so that it is asked again."""
    row = session.get_one(UpkeepAsk, key)
    if state is None:
        session.delete(row)
    elif row.state == AskState.ASKING:
        row.state = state.value


def came_back(session: Session, key: int, failed: bool) -> bool:
    """A report about a mail of the round: what a mail server could not deliver was not asked. False when unknown."""
    row = session.get(UpkeepAsk, key)
    if row is not None and failed and row.state in (AskState.ASKING, AskState.ASKED):
        row.state = AskState.REFUSED.value
    return row is not None


def unreached(session: Session, month: str) -> list[str]:
    """The agencies whose mailbox of this month's round takes no mail, by name."""
    return _named(session, UpkeepAsk.month == month, UpkeepAsk.state == AskState.REFUSED.value)


def in_the_dark(session: Session, month: str) -> list[str]:
    """The agencies of which nobody knows whether this month's question arrived, by name: its sending ended an hour ago
    or longer without a word."""
    old = UpkeepAsk.asked_at < func.clock_timestamp() - timedelta(hours=1)
    return _named(session, UpkeepAsk.month == month, UpkeepAsk.state == AskState.ASKING.value, old)


def _named(session: Session, *which: ColumnElement[bool]) -> list[str]:
    query = select(Agency.name).join(UpkeepAsk, UpkeepAsk.agency_id == Agency.id).where(*which)
    return list(session.scalars(query.distinct().order_by(Agency.name)))


def numbers(session: Session, agency: int) -> list[tuple[Community, Number]]:
    """The public numbers that an agency can speak of: those of its own communities, where it answers such lines."""
    role = session.scalar(select(Agency.role).where(Agency.id == agency))
    if role not in list(MAY_SAY):
        return []
    hidden = select(Number.e164).where(Number.visibility != "public")
    query = (
        select(Community, Number)
        .join(AgencyCommunity, AgencyCommunity.community_id == Community.id)
        .join(Number, Number.code == Community.code)
        .where(AgencyCommunity.agency_id == agency, Number.scope.in_(("community", "text")))
        .where(Number.e164.not_in(hidden), Community.retired_at.is_(None))
        .order_by(Community.name, Number.scope, Number.rank)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def confirm(session: Session, ask: UpkeepAsk, shown: set[str], today: date) -> None:
    """ "Still right": the contact, and the numbers (E.164) that the agency saw, are verified as of today, at once."""
    directory_history.lock(session)
    code = session.scalar(select(Agency.code).where(Agency.id == ask.agency_id)) or ""
    differences, marks = [], {}
    contact = session.get(AgencyContact, (ask.agency_id, ask.address_id))
    if contact is not None:
        key = f"{code}/contact/{ask.address_id}"
        marks[key] = ask.address_id
        old = {"agency": code, "order": contact.rank, "verified_on": _iso(contact.verified_on)}
        contact.verified_on = today
        differences.append(Difference(RowKind.CONTACT, key, old, {**old, "verified_on": _iso(today)}))
    for _, number in numbers(session, ask.agency_id):
        if number.e164 in shown:
            differences.append(lines.verify(number, today))
    directory_history.record(session, differences, marks, Author(f"agency:{code}", "monthly round"))
    ask.state, ask.answered_at = AskState.CONFIRMED.value, func.clock_timestamp()
    ledger.append(session, f"agency:{code}", "verified", "directory", {"numbers": len(differences) - len(marks)})


def unasked(session: Session, agency: int, month: str) -> list[UpkeepAsk]:
    """The questions of this month to each contact of an agency, in the order in which they are tried, locked; those
    that nobody has sent are made, and are not sent any more: the agency answers by itself."""
    contacts = select(AgencyContact.address_id).where(AgencyContact.agency_id == agency).order_by(AgencyContact.rank)
    addresses = list(session.scalars(contacts))
    for address in addresses:
        asked = {"month": month, "agency_id": agency, "address_id": address, "state": AskState.ASKED.value}
        session.execute(insert(UpkeepAsk).values(**asked).on_conflict_do_nothing())
    query = select(UpkeepAsk).where(UpkeepAsk.month == month, UpkeepAsk.agency_id == agency).with_for_update()
    found = {row.address_id: row for row in session.scalars(query)}
    return [found[address] for address in addresses]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def correct(session: Session, sealer: Sealer, ask: UpkeepAsk, words: dict[str, str]) -> None:
    """Keep what an agency says is right instead: ``number`` (E.164) or ``note``; a later one is kept beside it."""
    bound = f"correction:{ask.id}".encode()
    session.add(Correction(ask_id=ask.id, words_enc=sealer.seal(json.dumps(words), bound)))
    ask.state, ask.answered_at = AskState.CORRECTED.value, func.clock_timestamp()
    code = session.scalar(select(Agency.code).where(Agency.id == ask.agency_id)) or ""
    ledger.append(session, f"agency:{code}", "correction_proposed", "directory", {"ask": ask.id})


@dataclass(frozen=True, slots=True)
class Proposed:
    """A correction as an editor reads it: `old` is the number that is said to be wrong, or empty for the contact."""

    id: int
    agency: str
    name: str
    old: str
    new: str
    note: str
    made_at: datetime


def pending(session: Session, sealer: Sealer) -> list[Proposed]:
    """The corrections that wait, oldest first."""
    query = select(Correction, UpkeepAsk, Agency).join(UpkeepAsk, UpkeepAsk.id == Correction.ask_id)
    query = query.join(Agency, Agency.id == UpkeepAsk.agency_id).where(Correction.state == "pending")
    found = []
    for row, ask, agency in session.execute(query.order_by(Correction.id)):
        words = json.loads(sealer.open(row.words_enc, f"correction:{ask.id}".encode()))
        new, old = words.get("new", ""), words.get("old", "")
        found.append(Proposed(row.id, agency.code, agency.name, old, new, words.get("note", ""), row.made_at))
    return found


def decide(session: Session, key: int, state: str, by: int) -> bool:
    """Take a correction out of the list; False when somebody else has decided it already."""
    row = session.scalar(select(Correction).where(Correction.id == key).with_for_update())
    if row is None or row.state != "pending":
        return False
    row.state, row.decided_by, row.decided_at = state, by, func.clock_timestamp()
    ledger.append(session, f"user:{by}", f"correction_{state}", "directory", {"correction": key})
    return True
