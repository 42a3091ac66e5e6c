"""A provider's two clocks, what seems to fail by its words, and a confidential part that prints as nothing."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.alert.alert import FailureKind
from broadcaster.outage.notice.rule import Confidential, Notice, Open, Told, clocks, failure
from broadcaster.store.agencies.provider_notices import ClockName

NOON = datetime(2026, 6, 18, 16, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


CASES = {
    # discovered and told at (minutes), final, now -> (clock, due, met) and what is overdue
    "in time, and nothing since": (0, [20], False, 139, [("notice", 30, 20), ("follow_up", 140, None)], []),
    "the follow-up is owed": (0, [20], False, 141, [("notice", 30, 20), ("follow_up", 140, None)], ["follow_up"]),
    "late, then followed up": (0, [50, 90], False, 500, [("notice", 30, 50), ("follow_up", 170, 90)], []),
    "final at once": (0, [20], True, 500, [("notice", 30, 20)], []),
    "final later": (0, [20, 400], True, 500, [("notice", 30, 20), ("follow_up", 140, 400)], []),
    "nobody said when it was discovered": (None, [20], False, 100, [("follow_up", 140, None)], []),
}


@pytest.mark.parametrize("name", CASES)
def test_the_clocks_of_a_notice(name: str) -> None:
    discovered, told, final, now, wanted, owed = CASES[name]
    one = Told("n1", "Example", at(discovered) if discovered is not None else None, tuple(map(at, told)), final)
    found = list(clocks([one], NOON, ["EXAMPLE"]))
    assert [(each.name, each.due, each.met) for each in found] == [
        (name, at(due), None if met is None else at(met)) for name, due, met in wanted
    ]
    assert [each.name for each in found if each.is_overdue(at(now))] == owed
    assert any(each.late for each in found) is (name in ("late, then followed up", "final later"))


def test_a_carrier_that_has_not_written_is_counted_from_when_we_knew() -> None:
    (one,) = clocks([], NOON, ["Example"])
    assert (one.name, one.about, one.due) == (ClockName.NOTICE, "example", at(30))
    assert [one.is_overdue(at(minutes)) for minutes in (30, 31)] == [False, True]


FAILURES = {
    "Calls to 911 cannot be completed.": FailureKind.ALL_CALLS,
    "": FailureKind.ALL_CALLS,
    "Intermittent failures, some calls get a busy signal": FailureKind.INTERMITTENT,
    "911 calls arrive without ANI/ALI": FailureKind.NO_LOCATION,
    "No calls, and location is lost": FailureKind.ALL_CALLS,
    "Our customers cannot reach 911": FailureKind.ONE_CARRIER,
}


@pytest.mark.parametrize("words", FAILURES)
def test_what_seems_to_fail(words: str) -> None:
    assert failure(Open(provider="Example", effect=words)) is FAILURES[words]
    assert failure(Open(services=("text-to-911",), effect=words)) is FailureKind.TEXT_TO_911


def test_what_is_confidential_prints_as_nothing_and_comes_back_whole() -> None:
    values = {field.name: f"secret {field.name}" for field in fields(Confidential)}
    secret = Confidential(**values)
    notice = Notice(Open(provider="Example"), secret)
    for words in (repr(secret), str(secret), f"{secret} {secret!r}", f"{notice}", repr([notice])):
        assert "secret" not in words
    assert Confidential.opened(secret.sealable()) == secret
    assert Confidential.opened('{"cause": "a", "of a later time": "b"}') == Confidential(cause="a")


def test_the_same_words_are_the_same_notice() -> None:
    one = Notice(Open(provider="Example", began=NOON), Confidential(cause="a"))
    assert one.canonical() == Notice(Open(provider="Example", began=NOON), Confidential(cause="a")).canonical()
    others = [Notice(Open(provider="Example"), one.confidential), Notice(one.open, Confidential(cause="b"))]
    assert one.canonical() not in [other.canonical() for other in others]
