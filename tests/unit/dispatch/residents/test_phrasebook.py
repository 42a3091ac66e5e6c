"""The phrases that a process keeps: new ones at once, no statement a message, the last ones without a database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select

from broadcaster.dispatch.residents import phrasebook
from broadcaster.dispatch.residents.phrasebook import Phrasebook
from broadcaster.messages.reception import say
from broadcaster.messages.volume import RESIDENTS
from broadcaster.store.alerting import wordings
from broadcaster.store.alerting.wordings import Wording
from broadcaster.store.database import Sessions
from tests.factories import House, directory, furnish

NOW = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
READER = "Marie Joseph, certified interpreter"
NEW = "Pèsonn pa li mesaj ki rive sou nimewo sa a."


@pytest.fixture
def house(sessions: Sessions) -> House:
    return furnish(sessions, directory(), {})


def approve(house: House, lang: str, **changes: str) -> None:
    with house.sessions.begin() as session:
        row = wordings.propose(session, RESIDENTS.edited(lang, changes), READER, house.issuer, NOW, RESIDENTS)
        wordings.approve(session, row.id, row.sha, house.approver, NOW)


def said(house: House, book: Phrasebook) -> str:
    with house.sessions() as session:
        return say(book.read(session), "ht", "no_reader")


def test_live_what_nobody_reviewed_is_said_in_a_pair_until_somebody_stands_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Phrasebook(strict=True)
    pair = "No one reads this number. / Nadie lee este número."
    assert say(book.last, "ht", "no_reader") == pair
    assert said(house, book) == pair
    approve(house, "ht", no_reader=NEW)
    monkeypatch.setattr(phrasebook, "LOOK_EVERY_S", -1.0)
    assert said(house, book) == NEW
    assert say(book.last, "ht", "no_reader") == NEW
    with house.sessions() as session:
        assert not wordings.books(session, strict=True).may_speak("ht")


def test_phrases_of_which_an_upgrade_asks_more_give_way_to_the_shipped_ones(house: House) -> None:
    approve(house, "ht", no_reader=NEW)
    with house.sessions.begin() as session:
        row = session.scalars(select(Wording)).one()
        row.sentences = {**row.sentences, "if_fails": "Rele lapolis."}
        row.sha = row.book.sha
    with house.sessions() as session:
        assert wordings.books(session, RESIDENTS, strict=True).book("ht") == RESIDENTS.shipped().book("ht")


def test_no_message_costs_a_statement(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrasebook, "LOOK_EVERY_S", 3600.0)
    statements: list[str] = []
    book = Phrasebook(strict=False)
    with house.sessions() as session:
        event.listen(session.get_bind(), "before_cursor_execute", lambda *call: statements.append(call[2]))
        for _ in range(100):
            book.read(session)
    assert len(statements) == 3
