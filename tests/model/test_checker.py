"""The checker itself, on systems so small that the answer is known: a counter, a trap, and a way out by luck only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.model.checker import STUCK, Counterexample, System, explore


def counter(most: int) -> System[int]:
    """Counts up by one or two to `most`, which is the end."""

    def steps(n: int) -> Iterator[tuple[str, int]]:
        for more in (1, 2):
            if n + more <= most:
                yield f"+{more}", n + more

    return System(0, steps, {}, lambda n: n == most)


def test_every_state_is_visited_once() -> None:
    seen = explore(counter(100))
    assert (seen.states, seen.steps, seen.over, seen.found) == (101, 199, 1, None)


def test_a_counterexample_is_a_shortest_one() -> None:
    small = counter(100)
    found = explore(System(0, small.steps, {"under seven": lambda n: n < 7}, small.over)).found
    assert found == Counterexample("under seven", (("+1", 1), ("+2", 3), ("+2", 5), ("+2", 7)))
    assert str(found).splitlines() == ["broken: under seven", "   1 +1", "   2 +2", "   3 +2", "   4 +2"]


def test_a_start_that_breaks_the_law_needs_no_step() -> None:
    found = explore(System(0, counter(3).steps, {"above nought": lambda n: n > 0}, lambda n: n == 3)).found
    assert found == Counterexample("above nought", ())


WAYS = {0: (("walk", 1), ("fall", 2)), 1: (("arrive", 9),), 2: (("luck: pulled out", 1),), 9: ()}


@pytest.mark.parametrize(("by_luck", "stuck"), [((), None), (("luck",), ("fall", 2))])
def test_a_trap_is_one_when_only_luck_leads_out(by_luck: tuple[str, ...], stuck: tuple[str, int] | None) -> None:
    found = explore(System(0, lambda n: WAYS[n], {}, lambda n: n == 9, by_luck)).found
    assert found == (Counterexample(STUCK, (stuck,)) if stuck else None)


def test_a_system_without_an_end_is_stuck_at_its_start() -> None:
    assert explore(System(0, lambda n: [("round", 1 - n)], {}, lambda n: False)).found == Counterexample(STUCK, ())


def test_a_search_that_grows_too_large_is_given_up() -> None:
    with pytest.raises(OverflowError, match="more than 50 states"):
        explore(System(0, lambda n: [("+1", n + 1)], {}, lambda n: False), most=50)
