"""How many at once a carrier stands: a few refusals change nothing, many leave exactly what it took."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from broadcaster.dispatch.waves.pressure import FEWEST, Pressure


def answers(pressure: Pressure, share: float, many: int, dice: Random) -> Iterator[float]:
    for _ in range(many):
        yield pressure.heard(dice.random() < share, 2.0)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.02])
def test_single_refusals_change_nothing(share: float) -> None:
    pressure = Pressure(100)
    assert max(answers(pressure, share, 5000, Random(1))) == 0.0
    assert pressure.places >= 90


@pytest.mark.parametrize("stands", [5, 20, 50, 90])
def test_it_settles_at_what_the_carrier_stands(stands: int) -> None:
    """What exceeds the carrier's number is refused: places come down to it in a few judgements, and stay near it."""
    pressure, dice, seen = Pressure(100), Random(5), []
    for _ in range(4000):
        pressure.heard(dice.random() < 1 - stands / max(stands, pressure.places), 1.0)
        seen.append(pressure.places)
    assert stands * 0.6 - 3 <= min(seen)
    assert max(seen[500:]) <= stands * 1.3 + 6


def test_it_comes_back_when_the_carrier_does() -> None:
    pressure = Pressure(100)
    list(answers(pressure, 1.0, 500, Random(2)))
    assert pressure.places == FEWEST
    list(answers(pressure, 0.0, 1500, Random(2)))
    assert pressure.places == 100


def test_its_own_wait_holds_for_everybody_once_it_refuses_most() -> None:
    for refused, quiet in ((24, 0.0), (25, 2.0), (50, 2.0)):
        pressure = Pressure(100)
        assert [pressure.heard(no < refused, 2.0) for no in range(50)][-1] == quiet


JUDGED = {
    # most, answers, refused of them: places after the last one, and the wait that it says
    "one short of fifty is no judgement": (100, 49, 49, 100, 0.0),
    "a twentieth is tolerated": (20, 40, 2, 20, 0.0),
    "two of fifty are, too": (100, 50, 2, 100, 0.0),
    "three of fifty leave what it took": (100, 50, 3, 94, 0.0),
    "just under half: nobody else waits": (100, 50, 24, 52, 0.0),
    "half: its wait holds for everybody": (100, 50, 25, 50, 2.0),
    "all of it: a few places stay": (100, 50, 50, 4, 2.0),
    "a narrow one is judged by twice its places": (10, 20, 5, 8, 0.0),
    "and not before": (10, 19, 5, 10, 0.0),
    "a very narrow one keeps what it has": (2, 4, 4, 2, 2.0),
}


@pytest.mark.parametrize("case", JUDGED)
def test_what_a_judgement_says(case: str) -> None:
    most, many, refused, places, wait = JUDGED[case]
    pressure = Pressure(most)
    said = [pressure.heard(no < refused, 2.0) for no in range(many)]
    assert (pressure.places, said[-1]) == (places, wait)
    assert not any(said[:-1])


def test_the_longest_wait_counts_and_every_judgement_begins_anew() -> None:
    pressure = Pressure(4)
    assert [pressure.heard(True, wait) for wait in (1.0, 3.0, None, 2.0, 1.0, 1.0, 1.0, 1.0)][-1] == 3.0
    assert [pressure.heard(True, 1.0) for _ in range(8)][-1] == 1.0
    assert [pressure.heard(False) for _ in range(8)] == [0.0] * 8
    unheard = Pressure(4)
    assert [unheard.heard(True) for _ in range(8)] == [0.0] * 8, "it names no wait"
    assert (pressure.answers, pressure.refused, pressure.wait) == (0, 0, 0.0)


@pytest.mark.parametrize(("most", "steps"), [(100, [10, 15, 20]), (40, [6, 8, 10]), (10, [5, 6, 7])])
def test_it_comes_back_a_twentieth_at_a_time(most: int, steps: list[int]) -> None:
    pressure, seen = Pressure(most), []
    pressure.places = steps[0] - max(1, most // 20)
    for _ in steps:
        for _ in range(min(50, 2 * pressure.places)):
            pressure.heard(False)
        seen.append(pressure.places)
    assert seen == steps


def test_there_is_always_a_place() -> None:
    for most in (1, 2, 3, 4, 100):
        pressure = Pressure(most)
        list(answers(pressure, 1.0, 1000, Random(4)))
        assert 1 <= pressure.places <= most
