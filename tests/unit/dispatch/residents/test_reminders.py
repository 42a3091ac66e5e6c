"""Once a year "still there?", a card when a number changed, a budget of its own, and nothing during an alert."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import text

from broadcaster.alert.phone import AlternateNumber
from broadcaster.dispatch.residents.reminders import Reminders
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.courtesies import Courtesy
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests.factories import SEALER, House, directory, furnish, phones

NEW = AlternateNumber("+15085559999", "Police")


@pytest.fixture
def house(sessions: Sessions) -> House:
    """Six people in each of three towns, whose numbers are on the cards already."""
    made = furnish(sessions, directory(3), {number: [f"town-{no % 3 + 1}"] for no, number in enumerate(phones(18))})
    assert Reminders(sessions, 100).look() == (0, 0)
    settle(made)
    return made


def run(house: House, statement: str) -> None:
    with house.sessions.begin() as session:
        session.execute(text(statement))


def change_number(house: House, code: str = "town-1", number: AlternateNumber = NEW) -> None:
    with house.sessions.begin() as session:
        now = directory_load.load(session, SEALER)
        directory_load.save(session, replace(now, numbers={**now.numbers, code: (number,)}), SEALER)


def queued(house: House) -> Counter[tuple[str, tuple[str, ...]]]:
    with house.sessions() as session:
        return Counter((row.purpose, tuple(row.places)) for row in session.query(Courtesy))


def settle(house: House) -> None:
    run(house, "UPDATE directory_version SET at = at - interval '61 minutes'")


def test_a_changed_number_is_told_to_the_people_of_its_town_once(house: House) -> None:
    change_number(house)
    reminders = Reminders(house.sessions, 100)
    assert reminders.look() == (0, 0), "it has not stood for an hour"
    settle(house)
    assert reminders.look() == (6, 0)
    assert queued(house) == Counter({("card", ("town-1",)): 6})
    settle(house)
    assert reminders.look() == (0, 0)


def test_a_slip_that_is_mended_within_the_hour_costs_no_text(house: House) -> None:
    reminders = Reminders(house.sessions, 100)
    with house.sessions() as session:
        (old,) = directory_load.load(session).numbers["town-1"]
    change_number(house)
    assert reminders.look() == (0, 0)
    change_number(house, number=old)
    settle(house)
    assert reminders.look() == (0, 0)
    assert queued(house) == Counter()


def test_a_town_that_gets_its_first_number_tells_it_and_one_that_loses_it_texts_nobody(house: House) -> None:
    reminders = Reminders(house.sessions, 100)
    with house.sessions.begin() as session:
        now = directory_load.load(session, SEALER)
        kept = {code: listed for code, listed in now.numbers.items() if code != "town-1"}
        directory_load.save(session, replace(now, numbers=kept, state_numbers=()), SEALER)
    settle(house)
    assert reminders.look() == (0, 0), "there is no number to keep"
    change_number(house)
    settle(house)
    assert reminders.look() == (6, 0)


def test_a_county_whose_number_moves_keeps_its_towns_waiting_and_no_other(house: House) -> None:
    reminders = Reminders(house.sessions, 100)
    change_number(house, "town-2")
    with house.sessions.begin() as session:
        now = directory_load.load(session, SEALER)
        directory_load.save(session, replace(now, county_numbers={"25027": (NEW,)}), SEALER)
    assert reminders.look() == (0, 0)
    settle(house)
    assert reminders.look() == (6, 0), "the towns with numbers of their own have nothing new"


def test_more_people_than_a_day_allows_are_told_on_the_next(house: House) -> None:
    change_number(house)
    reminders = Reminders(house.sessions, 4)
    reminders.look()
    settle(house)
    assert [reminders.look()[0], reminders.look()[0]] == [4, 0]
    run(house, "UPDATE courtesy SET made_at = made_at - interval '25 hours'")
    assert [reminders.look()[0], reminders.look()[0]] == [2, 0]
    with house.sessions() as session:
        assert len({row.value_index for row in session.query(Courtesy)}) == 6, "nobody twice"


def test_nobody_who_said_stop_and_no_landline_is_told(house: House) -> None:
    with house.sessions.begin() as session:
        first = session.execute(text("SELECT value_index FROM address WHERE kind = 'sms' ORDER BY id LIMIT 1"))
        residents.suppress(session, bytes(first.scalar_one()), "phone")
        line = residents.address(session, SEALER, "voice", "+14135550000")
        residents.subscribe(session, line, directory_load.community_ids(session)["town-1"])
    change_number(house)
    Reminders(house.sessions, 100).look()
    settle(house)
    run(house, "UPDATE address SET asked_at = now() - interval '13 months'")
    cards, asked = Reminders(house.sessions, 100).look()
    assert (cards, asked) == (5, 17)


def test_people_are_asked_once_a_year(house: House) -> None:
    run(house, "UPDATE address SET asked_at = now() - interval '13 months' WHERE kind = 'sms'")
    reminders = Reminders(house.sessions, 10)
    assert [reminders.look()[1], reminders.look()[1]] == [10, 0]
    run(house, "UPDATE courtesy SET made_at = made_at - interval '25 hours'")
    assert [reminders.look()[1], reminders.look()[1]] == [8, 0]
    run(house, "UPDATE courtesy SET made_at = made_at - interval '25 hours'")
    assert reminders.look() == (0, 0)
    assert {purpose for purpose, _ in queued(house)} == {"yearly"}


def test_nothing_while_an_alert_is_open(house: House) -> None:
    change_number(house)
    Reminders(house.sessions, 100).look()
    settle(house)
    run(house, "UPDATE address SET asked_at = now() - interval '13 months'")
    house.release()
    assert Reminders(house.sessions, 100).look() == (0, 0)
    assert queued(house) == Counter()
