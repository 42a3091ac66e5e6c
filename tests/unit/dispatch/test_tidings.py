"""People are told by mail of what was done to their account: once, and later where the relay is away."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from broadcaster.channels.contract import Outgoing
from broadcaster.channels.errors import Ambiguous, NotSent, SendError
from broadcaster.dispatch import tidings as duty
from broadcaster.dispatch.tidings import Tidings
from broadcaster.store.database import Sessions
from broadcaster.store.desk import tidings
from broadcaster.store.desk.tidings import News, Tiding
from tests import onair


@dataclass
class Relay:
    """What takes mails, or says why not, in turn."""

    answers: list[SendError | None] = field(default_factory=list)
    took: list[Outgoing] = field(default_factory=list)

    async def send(self, mail: Outgoing) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.took.append(mail)


def run(work: Coroutine[Any, Any, None], _: float) -> None:
    """The window of an engine, for work that never waits."""
    with pytest.raises(StopIteration):
        work.send(None)


def told(sessions: Sessions, relay: Relay | None) -> Tidings:
    carriers = {"smtp": relay} if relay else {}
    by_channel = {"email": ["smtp"]} if relay else {}
    works = SimpleNamespace(
        sessions=sessions, carriers=carriers, carriers_by_channel=by_channel, window=SimpleNamespace(run=run)
    )
    return Tidings(works, "State 911", ZoneInfo("America/New_York"))  # type: ignore[arg-type]


def waiting(sessions: Sessions) -> int:
    with sessions() as store:
        return len(store.scalars(select(Tiding.id).where(Tiding.taken_at.is_(None))).all())


@pytest.fixture
def news(sessions: Sessions) -> Sessions:
    with sessions.begin() as store:
        abe = onair.person(store, "abe@desk.example", "approver")
        for what in News:
            tidings.note(store, abe, what)
    return sessions


def test_each_is_sent_once_and_says_what_to_do(news: Sessions) -> None:
    relay = Relay()
    assert [told(news, relay).look() for _ in range(2)] == [len(News), 0]
    assert {mail.to for mail in relay.took} == {"abe@desk.example"}
    assert [mail.message.text.partition(", at ")[0] for mail in relay.took] == [duty.WHAT[what] for what in News]
    assert all("tell an administrator of State 911 now" in mail.message.text for mail in relay.took)
    assert len({mail.key for mail in relay.took}) == len(News)


def test_what_was_surely_not_sent_goes_again_and_what_may_have_been_does_not(news: Sessions) -> None:
    relay = Relay(answers=[NotSent("refused"), None, Ambiguous("reset")])
    assert told(news, relay).look() == 0 and waiting(news) == len(News)
    told(news, relay).look()
    assert waiting(news) == 0 and len(relay.took) == len(News) - 1


def test_without_mail_nothing_is_taken(news: Sessions) -> None:
    assert told(news, None).look() == 0 and waiting(news) == len(News)
