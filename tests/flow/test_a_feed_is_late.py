"""Feeds that are late, doubled, torn off, filled up afterwards or pushed while a minute runs make no silence.

Real silence is found all the same, by those who are heard.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from broadcaster.outage.detector import listening
from broadcaster.store.database import Sessions
from tests.desk import ISSUER, NOON, Desk
from tests.flow.test_the_phones_go_quiet import A_MINUTE, ALL, MINUTE, Night

HALF = ALL[:2]
Rows = list[dict[str, object]]


def row(psap: str, minute: datetime, calls: int = A_MINUTE, **more: object) -> dict[str, object]:
    """A minute as a feed tells it."""
    last = {"last_call_at": (minute + timedelta(seconds=55)).isoformat()} if calls else {}
    return {"psap": psap, "minute": minute.isoformat(), "calls": calls, **last, **more}


def late(night: Night, at: datetime) -> Rows:
    """Half of the PSAPs tell everything five minutes later."""
    return [row(code, at - (5 * MINUTE if code in HALF else 0 * MINUTE)) for code in ALL]


def doubled(night: Night, at: datetime) -> Rows:
    """Every row comes three times, and the last two minutes again."""
    return [row(code, at - no * MINUTE) for no in (1, 2, 0, 0) for code in ALL]


def torn(night: Night, at: datetime) -> Rows:
    """Nobody is heard for six minutes of ten; then all of them are told at once."""
    missed = at.minute % 10
    told = range(missed) if missed == 6 else range(missed > 6)
    return [row(code, at - no * MINUTE) for no in told for code in ALL]


def backwards(night: Night, at: datetime) -> Rows:
    """A backlog of an hour is told from its end to its beginning."""
    return [row(code, at) for code in ALL] + [row(code, at - (60 + 2 * at.minute) * MINUTE) for code in HALF]


@pytest.mark.parametrize("feed", [late, doubled, torn, backwards])
def test_a_feed_of_this_kind_makes_no_silence(sessions: Sessions, feed: Callable[[Night, datetime], Rows]) -> None:
    night = Night(Desk(sessions))
    night.desk.now = NOON
    night.minutes(10)
    for _ in range(25):
        at = night.desk.now
        night.desk.later(minutes=1)
        if rows := feed(night, at):
            assert night.push(counts=rows).status_code == 200  # type: ignore[attr-defined]
        assert night.ears.look(night.desk.now) == 0, feed.__doc__
    night.minutes(2)
    assert sum(night.minutes(4, quiet=ALL)) == 1, "and a silence is a silence"


def test_a_minute_that_runs_is_no_silence_before_it_is_over(sessions: Sessions) -> None:
    """A feed that tells its counter every ten seconds, and not until when it counted."""
    night = Night(Desk(sessions))
    night.desk.now = NOON
    night.minutes(10)
    for _ in range(6):
        at = night.desk.now
        for second in range(10, 61, 10):
            night.desk.now = at + timedelta(seconds=second)
            calls = A_MINUTE if second == 60 else 0
            night.push(counts=[row(code, at, calls) for code in ALL])
            assert night.ears.look(night.desk.now) == 0, night.desk.now
    at = night.desk.now
    found = []
    for second in range(10, 181, 10):
        night.desk.now = at + timedelta(seconds=second)
        minute = listening.floor(night.desk.now - timedelta(seconds=1))
        night.push(counts=[row(code, minute, 0, through=night.desk.now.isoformat()) for code in ALL])
        found.append(night.ears.look(night.desk.now))
    assert sum(found) == 1 and 9 <= found.index(1) <= 14, "who says until when is heard within the minute"


def test_a_feed_that_is_too_late_is_named(sessions: Sessions) -> None:
    night = Night(Desk(sessions))
    night.desk.now = NOON
    for _ in range(4):
        at = night.desk.now
        night.desk.later(minutes=1)
        night.push(counts=[*(row(code, at) for code in ALL[:3]), row(ALL[3], at - 25 * MINUTE)])
        assert night.ears.look(night.desk.now) == 0
    night.push(counts=[{"psap": ALL[3], "minute": (at - 25 * MINUTE).isoformat(), "calls": 2}])
    shown = night.desk.browser(ISSUER).open("/desk/detector").words
    assert re.search(r"Its feed is 2[56] min behind, too late to be judged", shown)
    assert "whole minutes only" not in shown
    night.push(counts=[{"psap": ALL[3], "minute": (at - no * MINUTE).isoformat(), "calls": 2} for no in range(60)])
    assert "1 PSAP tells whole minutes only" in night.desk.browser(ISSUER).open("/desk/detector").words
