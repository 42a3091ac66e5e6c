"""Hours by the clock on the wall, which shows one twice in November and leaves one out in March."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.outage.detector import expected, learning
from broadcaster.outage.detector.expected import WEEK_H, WEEK_MIN, Hour
from broadcaster.outage.detector.judge import Beside, Count, Judge
from broadcaster.outage.detector.pools import Kind, Unit
from tests.switchboard import level

EAST = ZoneInfo("America/New_York")
NOVEMBER = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
"""Midnight of the day that has 25 hours."""
MARCH = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)
"""And of the one that has 23."""
STATE = Unit("state", Kind.STATE, ("all",), 1.0)


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [(NOVEMBER, [0, 1, 1, 2, 3]), (MARCH, [0, 1, 3, 4, 5])],
    ids=["November", "March"],
)
def test_the_wall_shows_an_hour_twice_or_not_at_all(midnight: datetime, hours: list[int]) -> None:
    moments = [midnight + timedelta(hours=no) for no in range(5)]
    sunday = 6 * 24
    assert [learning.minute_of_week(moment, EAST) for moment in moments] == [(sunday + no) * 60 for no in hours]
    assert [learning.hour_no(moment, EAST) % WEEK_H for moment in moments] == [sunday + no for no in hours]


def test_an_hour_that_came_twice_teaches_no_more_than_one() -> None:
    usual = [Hour(no, 60, 120) for no in range(4 * WEEK_H)]
    learnt = expected.learn({"all": [*usual, Hour(145, 60, 120), Hour(145 + WEEK_H, 60, 120)]})
    assert learnt["all"].rates == pytest.approx((2.0,) * WEEK_H)


@pytest.mark.parametrize("people", ["follow the wall", "follow the sun"])
@pytest.mark.parametrize("midnight", [NOVEMBER, MARCH], ids=["November", "March"])
def test_nothing_is_proposed_when_clocks_change(midnight: datetime, people: str) -> None:
    """Even if everybody sleeps on as the day before: the level of the hours is followed."""
    rates = tuple(8.0 * level(no * 60.0 + 30.0) for no in range(WEEK_H))
    judging, owed, begun = Judge([STATE], {"all": expected.Profile(rates, 8.0)}), 0.0, midnight - timedelta(hours=6)
    sun = learning.minute_of_week(begun, EAST)
    for no in range(16 * 60):
        moment = begun + timedelta(minutes=no)
        at, known = learning.minute_of_week(moment, EAST), Beside(turned=learning.turned(moment, EAST))
        owed += 8.0 * level(at if people == "follow the wall" else (sun + no) % WEEK_MIN)
        calls, owed = int(owed), owed % 1.0
        assert judging.hear(at, {"all": Count(calls, last=50.0)}, known) == [], no
    assert not learning.turned(begun, EAST) and known.turned
