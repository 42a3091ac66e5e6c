"""One step of calling people of the desk: both phones, by different carriers where there are two; calls; mails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster.messages.message import Message
from broadcaster.messages.page import PageWords
from broadcaster.store.alerting import texts
from broadcaster.store.desk import contacts, paging
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.paging import Letters
from broadcaster.store.desk.people import User
from broadcaster.store.fanout import senders
from broadcaster.store.sealed import Sealer

LIFE = timedelta(minutes=15)
"""A page that has not gone out by then is worth nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is said in a step about a revision: `purpose` is how its fan-outs are called, before the step's number."""

    revision: int
    purpose: str
    step: int
    words: PageWords
    expires: datetime


def sent(session: Session, sealer: Sealer, call: Call, called: Sequence[User]) -> Iterator[int]:
    """Make the fan-outs of a step to these people; their ids."""
    ways, words, name = contacts.by_person(session), call.words, f"{call.purpose}{call.step}"
    carriers = senders.in_use(session, "sms")
    first = [ways[user.id][What.PHONE] for user in called if What.PHONE in ways.get(user.id, {})]
    second = [ways[user.id][What.SECOND_PHONE] for user in called if What.SECOND_PHONE in ways.get(user.id, {})]
    for shift, (phones, suffix) in enumerate(((first, ""), (second, "-second"))):
        if phones and carriers:
            wish = carriers[(call.step - 1 + shift) % len(carriers)] if len(carriers) > 1 else None
            letters = Letters("sms", f"{name}{suffix}", call.expires, wish)
            yield _fanout(session, call, letters, phones, words.text())
    if (first or second) and senders.is_set_up(session, "voice"):
        yield _fanout(session, call, Letters("voice", name, call.expires), [*first, *second], words.call())
    if senders.is_set_up(session, "email"):
        boxes = [
            ways.get(user.id, {}).get(What.MAIL) or contacts.own_box(session, sealer, user.id, user.email)
            for user in called
        ]
        yield _fanout(session, call, Letters("email", name, call.expires), boxes, words.mail())


def _fanout(session: Session, call: Call, letters: Letters, to: Sequence[int], message: Message) -> int:
    body = texts.notice_body(session, message)
    return paging.send(session, call.revision, letters, [(address, body) for address in to])
