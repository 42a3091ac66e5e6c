"""How many at once a carrier stands: a few refusals change nothing, many leave exactly what it took."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from broadcaster.dispatch.pressure import FEWEST, Pressure


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


def test_there_is_always_a_place() -> None:
    for most in (1, 2, 3, 4, 100):
        pressure = Pressure(most)
        list(answers(pressure, 1.0, 1000, Random(4)))
        assert 1 <= pressure.places <= most
