"""Alerts kept side by side over overlapping towns, through the database: one text for each release, and a true one."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Area, FailureKind, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused
from broadcaster.alert.phone import AlternateNumber
from broadcaster.dispatch import actions
from broadcaster.dispatch.documents import publish
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from tests.factories import House, content, directory, furnish
from tests.unit.dispatch.night import confirmed, first_draft, follow, night, phone, send, sweep, waiting

TOWNS = tuple(f"town-{no}" for no in range(1, 5))
FACTS = {
    FailureKind.ALL_CALLS: ("911 is down in", "911 is still down in"),
    FailureKind.TEXT_TO_911: ("Texts to 911 do not arrive in", "Texts to 911 still do not arrive in"),
    FailureKind.NO_LOCATION: ("911 cannot locate callers in", "911 still cannot locate callers in"),
}
WORKS = ("works again", "arrive again", "can locate callers again", "sent in error")
STEPS = 6
HOMES = {f"+1201555010{no}": [f"town-{no}"] for no in (1, 2, 3, 4)} | {
    f"+1201555011{no}": [f"town-{no}", f"town-{no % 4 + 1}"] for no in (1, 2, 3, 4)
}
"""Who lives where; some in two towns."""


@dataclass
class Going:
    """An alert of the model: where it fails, how, and by which numbers; `aware` are the phones that heard of it."""

    first: int
    failure: FailureKind
    numbers: dict[str, str]
    aware: set[str] = field(default_factory=set)


@dataclass
class Model:
    """What should be said, kept beside the house that says it."""

    house: House
    dice: random.Random
    going: dict[str, Going] = field(default_factory=dict)

    def step(self) -> None:
        """One release by one of two alerts, and everything that is read of it."""
        name = self.dice.choice("ab")
        one = self.going.get(name)
        kind = self.dice.choice([RevisionKind.UPDATE, *heart.ENDINGS]) if one else RevisionKind.INITIAL
        if one is None:
            one = self.going[name] = self._begun()
        elif kind is RevisionKind.UPDATE:
            follow(self.house, one.first, kind)
        else:
            follow(self.house, one.first, kind, confirmations=confirmed(*TOWNS))
            del self.going[name]
        told = send(self.house)
        sweep(self.house)
        living = {who for who, towns in HOMES.items() if one.numbers.keys() & set(towns)}
        assert told.keys() == (one.aware if kind in heart.ENDINGS else living), (kind, one)
        for who, words in told.items():
            self._judge(who, words)

    def _begun(self) -> Going:
        """In some towns, with the directory's numbers or with typed ones."""
        towns = sorted(self.dice.sample(TOWNS, self.dice.randint(1, 3)))
        typed = {town: f"+1508555019{self.dice.randint(1, 9)}" for town in towns if self.dice.random() < 0.3}
        failure = self.dice.choice(list(FACTS))
        overrides = tuple((town, AlternateNumber(number)) for town, number in typed.items())
        first = self.house.release(content(area=Area(communities=tuple(towns)), failure=failure, overrides=overrides))
        return Going(first, failure, {town: typed.get(town, f"+1508555010{int(town[-1]) - 1}") for town in towns})

    def _judge(self, who: str, words: str) -> None:
        """A text is about one of its reader's towns: all that fails there, the numbers, and no word that it works."""
        [town] = [code for code in HOMES[who] if f"in Town {code[-1]}" in words]
        standing = [one for one in self.going.values() if town in one.numbers]
        assert any(word in words for word in WORKS) == (not standing), words
        for one in standing:
            number = one.numbers[town].removeprefix("+1")
            assert any(f"{fact} Town {town[-1]}" in words for fact in FACTS[one.failure]), words
            assert f"{number[:3]}-{number[3:6]}-{number[6:]}" in words
            one.aware.add(who)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_two_alerts_do_each_release_is_one_true_text(sessions: Sessions, seed: int) -> None:
    model = Model(furnish(sessions, directory(4), HOMES), random.Random(seed))
    for _ in range(STEPS):
        model.step()
    with sessions() as session:
        open_rows = "SELECT count(*) FROM delivery WHERE state IN ('sending', 'unknown', 'queued')"
        assert session.execute(text(open_rows)).scalar_one() == 0


def second(house: House, *towns: str, **changes: object) -> int:
    """Another alert, through two people."""
    return house.release(content(area=Area(communities=towns), failure=FailureKind.TEXT_TO_911, **changes))


def test_where_another_alert_began_nobody_reads_the_older_all_clear(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    send(house)
    ending = follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed())
    second(house, "town-1")
    told = send(house)
    sweep(house)
    assert {who for who, words in told.items() if "911 works again" in words} == {
        phone(town, who) for town in (2, 3) for who in (0, 1)
    }
    assert all("Texts to 911 do not arrive in Town 1" in told[phone(1, who)] for who in (0, 1))
    with sessions() as session:
        rows = session.execute(
            text(
                "SELECT d.state, count(*) FROM delivery d JOIN fanout f ON f.id = d.fanout_id AND f.channel = 'sms'"
                " WHERE f.revision_id = :r GROUP BY d.state"
            ),
            {"r": ending},
        )
        assert dict(map(tuple, rows.all())) == {"accepted": 4, "superseded": 2}, "nobody is dropped without a row"
        closed = "SELECT state, planned FROM fanout WHERE revision_id = :r AND channel = 'sms'"
        assert session.execute(text(closed), {"r": ending}).one() == ("done", 6)


def test_an_all_clear_frozen_before_another_alert_went_out_is_submitted_again(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    send(house)
    ending = waiting(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed())
    second(house, "town-1")
    with pytest.raises(LifecycleRefused, match="submit it again, so that its words say what goes on"):
        house.approve(ending)
    send(house)
    follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed())
    told = send(house)
    assert "Texts to 911 still do not arrive in Town 1" in told[phone(1)] and "911 works again" in told[phone(2)]


def test_a_town_restored_by_one_and_down_by_the_other_reads_so(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    second(house, "town-1", "town-2")
    send(house)
    follow(house, first, RevisionKind.RESTORED_IN_PART, restored=("town-1", "town-3"))
    told = send(house)
    assert told.keys() == {phone(town, who) for town in (1, 3) for who in (0, 1)}
    assert "Texts to 911 still do not arrive in Town 1" in told[phone(1)] and "again" not in told[phone(1)]
    assert "911 works again in Town 3" in told[phone(3)]


def test_what_is_frozen_names_the_other_alert_and_a_test_names_none(sessions: Sessions) -> None:
    house = night(sessions)
    first = house.release()
    key = first_draft(house, area=Area(communities=("town-2",)))
    with sessions.begin() as session:
        practice = actions.new_alert(house.actor(session), AlertKind.TEST, content())
        actions.submit(house.actor(session), practice)
        frozen = heart.content_from_json(session.get_one(Revision, key).content)
        name = session.get_one(Revision, first).alert.public_id
        assert [(one.alert, one.no, len(one.answers)) for one in frozen.beside] == [(name, 1, 1)]
        assert heart.content_from_json(practice.content).beside == ()


def trial(house: House, *towns: str) -> int:
    """A test of the system, submitted."""
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.TEST, content(area=Area(communities=towns)))
        actions.submit(house.actor(session), revision)
        return revision.id


def test_no_test_says_that_911_works_where_an_alert_goes_on(sessions: Sessions) -> None:
    house = night(sessions)
    on_its_way, frozen = trial(house, "town-1", "town-2"), trial(house, "town-1", "town-3")
    house.approve(on_its_way)
    house.release(content(area=Area(communities=("town-1",))))
    told = send(house)
    assert {who for who, words in told.items() if "911 works in Town" in words} == {phone(2, who) for who in (0, 1)}
    assert all("911 is down in Town 1" in told[phone(1, who)] for who in (0, 1))
    with pytest.raises(LifecycleRefused, match="911 fails in Town 1 by an alert that goes on"):
        house.approve(frozen)
    with sessions.begin() as session, pytest.raises(LifecycleRefused, match="or wait for the all-clear"):
        actions.release_agencies(house.actor(session), session.get_one(Revision, frozen))
    elsewhere = trial(house, "town-3")
    house.approve(elsewhere)
    assert send(house).keys() == {phone(3, who) for who in (0, 1)}
    with sessions() as session:
        air = publish.snapshot(session, house.office, directory_load.load(session), house.actor(session).now).on_air
        shown = {one.alert for one in air if one.is_test}
        assert shown == {session.get_one(Revision, elsewhere).alert.public_id}, "the page says nothing untrue either"
