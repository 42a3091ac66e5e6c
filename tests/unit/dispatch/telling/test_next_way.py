"""Whom a chase tries next: the directory's order, then the phones again, then nobody."""

from __future__ import annotations

import pytest

from broadcaster.dispatch.telling.escalate import USUAL_S, next_way, waits
from broadcaster.settings import Settings
from broadcaster.store.agencies.chases import Way

DESK, CHIEF, CALL, BACKUP = Way(1, "email"), Way(2, "sms"), Way(3, "voice"), Way(4, "email")
ALL = (DESK, CHIEF, CALL, BACKUP)
ON = ("email", "sms", "voice")

CASES = {
    "nothing was sent: the first contact": (ALL, {}, ON, DESK),
    "the desk and the chief were told: the call is next": (ALL, {1: 1, 2: 1}, ON, CALL),
    "the backup box comes after the call": (ALL, {1: 1, 2: 1, 3: 1}, ON, BACKUP),
    "all were tried: the phone tried least, in order": (ALL, {1: 1, 2: 1, 3: 1, 4: 1}, ON, CHIEF),
    "the other phone after that": (ALL, {1: 1, 2: 2, 3: 1, 4: 1}, ON, CALL),
    "no calls here: the backup box": (ALL, {1: 1, 2: 1}, ("email", "sms"), BACKUP),
    "a box is not mailed twice": ((DESK,), {1: 1}, ON, None),
    "only a box that is off": ((DESK,), {}, ("sms",), None),
    "nobody at all": ((), {}, ON, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_next_one(case: str) -> None:
    ways, tried, on, wanted = CASES[case]
    assert next_way(ways, tried, on) == wanted


def test_the_usual_hours_are_five_fifteen_and_thirty_minutes() -> None:
    assert USUAL_S == tuple(60.0 * float(minutes) for minutes in Settings().chase_after.split()) == (300, 900, 1800)


@pytest.mark.parametrize(
    ("after", "between"),
    [((300, 900, 1800), [600, 900, 900]), ((60,), [60]), ((1, 2), [1, 1])],
)
def test_the_pauses_between_the_steps(after: tuple[float, ...], between: list[float]) -> None:
    assert waits(after) == between
