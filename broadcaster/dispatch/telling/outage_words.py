"""Words about an outage that are no alert's: a provider's notice for answering points, and what the watch must know.

They go by the same fan-outs, claims and follow-ups as everything else, and after every alert.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role, Tier
from broadcaster.messages.message import Message
from broadcaster.store import database
from broadcaster.store.alerting import texts
from broadcaster.store.desk import contacts, roster
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.paging import DESK, FIRST
from broadcaster.store.desk.people import User
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.places import directory_load
from broadcaster.store.sealed import Sealer

PRIORITY = 5
"""After every revision of an alert, before tests."""
LIFE = timedelta(hours=2)
"""A notice that has not gone out by then is old: its provider owes the next one (47 CFR 4.9(h)(5))."""
PAGE_LIFE = timedelta(minutes=15)
"""A page that has not gone out by then is worth nothing."""
WAYS = ("email", "voice")
"""In writing and by telephone: 47 CFR 4.9(h)(3)."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is sent: about which outage, and for what (two of one purpose are one); how early, and until when."""

    outage: int
    purpose: str
    priority: int = PRIORITY
    life: timedelta = LIFE


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a page: a text, a mail, and what a telephone says."""

    text: Message
    mail: Message
    call: Message


def ways(session: Session, agencies: Collection[int]) -> dict[str, dict[int, int]]:
    """How these agencies are reached by each way that is set up: agency id -> address id, the first of each."""
    found: dict[str, dict[int, int]] = {way: {} for way in WAYS if senders.is_set_up(session, way)}
    for way, reached in found.items():
        for agency, address in directory_load.reached_by(session, way):
            if agency in agencies:
                reached.setdefault(agency, address)
    return found


def to_agencies(session: Session, word: Word, agencies: Collection[int], mail: Message, call: Message) -> list[int]:
    """Mail and call these agencies; a mailbox or a telephone that two share is used once. Returns the fan-outs."""
    made = []
    for way, reached in ways(session, agencies).items():
        shared = {address: agency for agency, address in sorted(reached.items(), reverse=True)}
        body = texts.notice_body(session, call if way == "voice" else mail)
        rows = [(address, agency, body) for address, agency in sorted(shared.items())]
        if rows:
            made.append(_send(session, word, Tier.AGENCY.value, way, rows))
    return made


def mail_to(session: Session, word: Word, agency: int, mail: Message) -> bool:
    """Mail one agency alone; False where it has no mailbox, or mail is not set up."""
    address = ways(session, {agency}).get("email", {}).get(agency)
    if address is not None:
        _send(session, word, Tier.AGENCY.value, "email", [(address, agency, texts.notice_body(session, mail))])
    return address is not None


def to_the_watch(
    session: Session, sealer: Sealer, word: Word, now: datetime, text: Message, mail: Message
) -> list[str]:  # fmt: skip
    """Text and mail whoever has the watch; no telephone rings for it. Returns their mail addresses."""
    staff, known = watch(session, now), contacts.by_person(session)
    phones = [known[user.id][What.PHONE] for user in staff if What.PHONE in known.get(user.id, {})]
    if phones and senders.is_set_up(session, "sms"):
        body = texts.notice_body(session, text)
        _send(session, word, DESK, "sms", [(address, None, body) for address in phones])
    if staff and senders.is_set_up(session, "email"):
        boxes = [
            known.get(user.id, {}).get(What.MAIL) or contacts.own_box(session, sealer, user.id, user.email)
            for user in staff
        ]
        body = texts.notice_body(session, mail)
        _send(session, word, DESK, "email", [(address, None, body) for address in boxes])
    return [user.email for user in staff]


def page(session: Session, sealer: Sealer, word: Word, staff: Sequence[User], words: Words) -> list[str]:
    """Wake these people: both phones are texted and called, and they are mailed, before everything else that waits.
    Returns their mail addresses."""
    word, known = replace(word, priority=FIRST, life=PAGE_LIFE), contacts.by_person(session)
    ways = [known.get(user.id, {}) for user in staff]
    phones = [way[what] for what in (What.PHONE, What.SECOND_PHONE) for way in ways if what in way]
    boxes = [
        way.get(What.MAIL) or contacts.own_box(session, sealer, user.id, user.email)
        for user, way in zip(staff, ways, strict=True)
    ]
    for way, addresses, said in (
        ("sms", phones, words.text),
        ("voice", phones, words.call),
        ("email", boxes, words.mail),
    ):
        if addresses and senders.is_set_up(session, way):
            body = texts.notice_body(session, said)
            _send(session, word, DESK, way, [(address, None, body) for address in dict.fromkeys(addresses)])
    return [user.email for user in staff]


def watch(session: Session, now: datetime) -> list[User]:
    """Who has the watch: the issuers on call, or the officer in charge, or every issuer; nobody is left out of a word
    because nobody is on call."""
    query = select(User).where(User.active).order_by(User.name, User.id)
    staff = [user for user in session.scalars(query) if Role.ISSUER in user.role_names]
    on_call, charge = roster.on_call(session, now), roster.in_charge(session)
    here = [user for user in staff if user.id in on_call]
    return here or [user for user in staff if charge and user.id == charge.officer_id] or staff


def _send(session: Session, word: Word, tier: str, way: str, rows: Sequence[tuple[int, int | None, int]]) -> int:
    expires = database.now(session) + word.life
    fanout = Fanout(outage_id=word.outage, tier=tier, channel=way, purpose=word.purpose, expires_at=expires)
    queue = "sms" if way == "sms" else "urgent"
    made = fanouts.make(session, fanout, queue, word.priority, [LaneSpec(Source.TARGETS, 0)])
    fanouts.add_targets(session, made, rows)
    return made
