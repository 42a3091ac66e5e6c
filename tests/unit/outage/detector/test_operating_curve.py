"""The operating curve in short: simulated minutes with a fixed seed; `make bench` draws all of it."""

from __future__ import annotations

from copy import copy, deepcopy
from random import Random
from statistics import median

import pytest

from broadcaster.outage.detector.expected import WEEK_H, WEEK_MIN
from broadcaster.outage.detector.pools import Kind
from broadcaster.outage.detector.watch import Sign, Verdict
from tests import switchboard
from tests.bench.curve_chart import chart, paragraphs
from tests.bench.operating_curve import Found, Ground, Point
from tests.bench.quiet import Hearing, Quiet
from tests.switchboard import AUTUMN, SPRING, Switchboard, counted

OUTAGES = 5
WITHIN = 1.25


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A state of 204 PSAPs whose last eight weeks are known."""
    return Ground(Random(911))


@pytest.mark.parametrize("hour", [4, 12, 18])
@pytest.mark.parametrize("size", ["state", "city", "pooled"])
def test_silence_is_proposed_within_a_quarter_of_the_limit(ground: Ground, size: str, hour: int) -> None:
    found = [ground.outage(ground.sizes()[size], hour) for _ in range(OUTAGES)]
    assert median(one.minutes / one.limit for one in found) <= WITHIN, [(one.minutes, one.limit) for one in found]
    assert {one.sign for one in found} == {Sign.SILENCE}


def test_one_small_psap_alone_is_within_a_quarter_of_the_limit_of_its_share(ground: Ground) -> None:
    alone = ground.sizes()["alone"]
    assert alone.yearly == pytest.approx(4.0 * 40.0 / 8_800.0)
    found = [ground.outage(alone, 12) for _ in range(2)]
    assert median(one.minutes / one.limit for one in found) <= WITHIN, [(one.minutes, one.limit) for one in found]


def test_whole_minutes_are_within_a_quarter_of_what_they_tell(ground: Ground) -> None:
    plain = copy(ground)
    plain.step, plain.exact = 60, False
    found = [plain.outage(plain.sizes()["state"], 18) for _ in range(4 * OUTAGES)]
    assert median(one.minutes / one.pushed for one in found) <= WITHIN, [(one.minutes, one.pushed) for one in found]
    assert all(one.limit <= one.pushed <= one.limit + 1.0 for one in found)


def test_a_fall_to_a_fifth_is_seen_in_minutes(ground: Ground) -> None:
    found = [ground.outage(ground.sizes()["state"], 12, kept=0.2) for _ in range(OUTAGES)]
    assert median(one.minutes for one in found) <= 10.0
    assert {one.sign for one in found} <= {Sign.FALL, Sign.SILENCE}


def test_a_quiet_week_proposes_nothing_statewide(ground: Ground) -> None:
    ground.board.skip(-ground.board.minute % WEEK_MIN)
    quiet = Quiet(1)
    hearing = Hearing(ground, quiet, ground.units[0])
    for no in range(WEEK_H):
        hearing.hour(no * 60)
    assert quiet.proposed == [] and hearing.ears[0].watch.expected > 500.0


class TestTheYear:
    """The short way through a year finds what the detector finds minute by minute."""

    def test_both_ways_find_the_same(self, ground: Ground) -> None:
        """Eight hours; in the last three a county hears nothing, and so does the largest PSAP of another."""
        slow, fast, quiet = deepcopy(ground), deepcopy(ground), Quiet()
        county = fast.unit(Kind.POOL, switchboard.village())
        cut = {*county.psaps, switchboard.city()}
        units = [unit for unit in fast.units if unit.kind is not Kind.PSAP or cut & set(unit.psaps)]
        hearing, judging = Hearing(fast, quiet, *units), slow.judge(*units)
        found = []
        for hour in range(8):
            for one in (slow, fast):
                silence(one.board, cut if hour >= 5 else set())
            hearing.hour(hour * 60)
            for _ in range(60):
                at = slow.board.minute % WEEK_MIN
                minute = counted(slow.board.calls(), slow.board.codes)
                found += [one.unit for one in judging.hear(at, minute)]
        assert {county.key, fast.unit(Kind.POOL, switchboard.city()).key} <= {unit.key for _, unit, _ in quiet.proposed}
        assert {unit.key for _, unit, _ in quiet.proposed} <= set(found)
        for ear in hearing.ears:
            other = judging.watches[ear.unit.key]
            assert ear.watch.gap == pytest.approx(other.gap, rel=0.1, abs=0.05), ear.unit.key
            assert ear.watch.level() == pytest.approx(other.level(), rel=0.05), ear.unit.key
            assert [one.nats for one in ear.watch.sums] == pytest.approx([one.nats for one in other.sums], abs=0.5)

    def test_what_was_proposed_is_the_same_thing_until_it_ends(self, ground: Ground) -> None:
        state, pool = ground.units[:2]
        quiet = Quiet()
        for at, unit, minutes in ((100, state, 5.0), (103, pool, 9.0), (104, state, 3.0), (200, pool, 20.0)):
            quiet.add(at, unit, [Verdict(Sign.SILENCE, 20.0, 15.0, minutes, 0, 20.0)])
        assert [(at, unit.kind) for at, unit, _ in quiet.proposed] == [
            (100, Kind.STATE),
            (104, Kind.STATE),
            (200, Kind.POOL),
        ]

    @pytest.mark.parametrize(("change", "hours"), [(SPRING, -1), (AUTUMN, 1)], ids=["March", "November"])
    def test_clocks_change(self, change: int, hours: int) -> None:
        board = Switchboard(Random(1), minute=change - 120)
        for _ in range(5):
            board.change_clocks()
            board.minute += 60
        assert board.minute == change - 120 + 300 - hours * 60

    def test_who_is_closed_by_night_forwards_its_calls(self) -> None:
        board, sums = Switchboard(Random(4)), dict[str, int]()
        for _ in range(5 * 60):
            for call in board.calls():
                sums[call.psap] = sums.get(call.psap, 0) + 1
        shut = switchboard.forwarded()
        assert len(shut) == switchboard.CLOSED
        assert sum(sums.get(code, 0) for code in shut) <= 2 < sum(sums.get(code, 0) for code in shut.values())


def silence(board: Switchboard, psaps: set[str]) -> None:
    """From now on nobody is heard at these PSAPs."""
    draw = type(board).calls
    board.calls = lambda: [call for call in draw(board) if call.psap not in psaps]  # type: ignore[method-assign]


def test_the_curve_is_drawn_and_told() -> None:
    found = Found(2.4, 2.0, 2.5, Sign.SILENCE)
    points = [Point("the state", hour, feed, (found,)) for feed in ("10 s", "minute") for hour in (4, 12)]
    drawn = chart(points)
    assert drawn.count("<circle") == 4 and "the state, noon: 2.4 min, limit 2.0" in drawn
    told = paragraphs(points).splitlines()
    assert told[2] == "| | 4 a.m. | noon |" and told[4] == "| the state | 2.4 of 2.0: 1.20 | 2.4 of 2.0: 1.20 |"
    assert told[-1] == "| the state | 2.4 of 2.5: 0.96 | 2.4 of 2.5: 0.96 |"
