"""The operating curve in short: simulated minutes with a fixed seed; `make bench` draws all of it."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest

from broadcaster.outage.detector.expected import WEEK_MIN
from broadcaster.outage.detector.pools import Kind
from broadcaster.outage.detector.watch import Sign
from tests import switchboard
from tests.bench.operating_curve import Ground
from tests.switchboard import counted

OUTAGES = 5
WITHIN = 1.25


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A state of 204 PSAPs whose last eight weeks are known."""
    return Ground(Random(911))


@pytest.mark.parametrize("hour", [4, 12, 18])
@pytest.mark.parametrize("size", ["state", "city", "village"])
def test_silence_is_proposed_within_a_quarter_of_the_limit(ground: Ground, size: str, hour: int) -> None:
    unit = {
        "state": ground.units[0],
        "city": ground.unit(Kind.PSAP, switchboard.city()),
        "village": ground.unit(Kind.POOL, switchboard.village()),
    }[size]
    found = [ground.outage(unit, hour) for _ in range(OUTAGES)]
    assert median(one.ratio for one in found) <= WITHIN, [(one.minutes, one.limit) for one in found]
    assert {one.sign for one in found} == {Sign.SILENCE}


def test_a_fall_to_a_fifth_is_seen_in_minutes(ground: Ground) -> None:
    found = [ground.outage(ground.units[0], 12, kept=0.2) for _ in range(OUTAGES)]
    assert median(one.minutes for one in found) <= 10.0
    assert {one.sign for one in found} <= {Sign.FALL, Sign.SILENCE}


def test_a_quiet_week_proposes_nothing_statewide(ground: Ground) -> None:
    judging, board = ground.judge(ground.units[0]), ground.board
    for _ in range(WEEK_MIN):
        minute = board.minute % WEEK_MIN
        assert judging.hear(minute, counted(board.calls(), board.codes)) == [], board.minute
