"""Again and when: a pure decision."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from broadcaster.alert.alert import LONGEST_LIFE
from broadcaster.dispatch.waves.retry import FIRST_S, LONGEST_ASKED_S, LONGEST_S, pause

SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("tries", "least", "most"),
    [(0, 0.25, 0.5), (1, 0.25, 0.5), (2, 0.5, 1.0), (3, 1.0, 2.0), (4, 2.0, 4.0), (6, 8.0, 16.0), (7, 10.0, 20.0),
     (8, 10.0, 20.0), (1000, 10.0, 20.0)],
)  # fmt: skip
def test_each_pause_is_twice_the_last_one_with_jitter_up_to_twenty_seconds(
    tries: int, least: float, most: float
) -> None:
    dice = Random(911)
    pauses = [pause(tries, None, dice) for _ in range(200)]
    assert least <= min(pauses) < least * 1.05
    assert most * 0.97 < max(pauses) <= most


@given(st.floats(0.0, LONGEST_ASKED_S), st.integers(1, 9), SEEDS)
@example(0.0, 9, 0)
def test_the_carriers_own_wait_is_honoured_and_never_shortened(asked: float, tries: int, seed: int) -> None:
    assert asked <= pause(tries, asked, Random(seed)) <= asked + FIRST_S


@given(st.sampled_from([1e6, 1e300, float("inf")]), SEEDS)
def test_a_wait_longer_than_any_alert_is_not_waited_for(asked: float, seed: int) -> None:
    assert pause(1, asked, Random(seed)) <= LONGEST_ASKED_S + FIRST_S


@given(st.integers(0, 10_000), st.none() | st.floats(0.0, 1e9), SEEDS)
def test_the_same_dice_make_the_same_pause(tries: int, asked: float | None, seed: int) -> None:
    assert pause(tries, asked, Random(seed)) == pause(tries, asked, Random(seed))


def test_two_senders_do_not_come_back_together() -> None:
    assert len({pause(3, None, Random(seed)) for seed in range(50)}) == 50
    assert len({pause(3, 5.0, Random(seed)) for seed in range(50)}) == 50
    assert (20.0, LONGEST_LIFE.total_seconds()) == (LONGEST_S, LONGEST_ASKED_S)
