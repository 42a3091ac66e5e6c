"""When a carrier is given up: within seconds of an outage, never for a bad share that others do not bear out."""

from __future__ import annotations

import pytest

from broadcaster.dispatch.waves.circuit import Circuits

# seconds apart, failed and came in each report -> given up at the report of this number, or never
STORIES = {
    "a hard outage at a thousand a second": ([(0.0, 500, 0)], 0),
    "twenty hang while none answers": ([(0.0, 4, 0), (0.1, 16, 0)], 1),
    "three texts a second, all lost": ([(0.0, 1, 0)] * 1 + [(1.0, 1, 0)] * 8, 4),
    "one in 1.2 seconds, all lost": ([(0.0, 1, 0)] + [(1.2, 1, 0)] * 8, 4),
    "one in 1.3 seconds tells too little": ([(0.0, 1, 0)] + [(1.3, 1, 0)] * 8, None),
    "half fail and more": ([(0.0, 15, 10), (1.0, 15, 10)], 1),
    "a tenth fails": ([(0.5, 10, 90)] * 20, None),
    "failures long ago": ([(0.0, 4, 0), (6.0, 4, 0)], None),
    "nothing but good": ([(0.1, 0, 100)] * 20, None),
    "good news do not open it": ([(0.0, 19, 19), (0.1, 0, 1)], None),
    "nor when older good news is over": ([(0.0, 0, 30), (1.0, 20, 10), (4.5, 0, 1)], None),
    "twenty and one more than came": ([(0.0, 20, 19)], 0),
    "twenty and as many came": ([(0.0, 20, 20)], None),
    "nineteen and something came": ([(0.0, 19, 1)], None),
    "the twentieth, when something came": ([(0.0, 19, 1), (0.1, 1, 0)], 1),
    "five where nothing else was heard": ([(0.0, 5, 0)], 0),
    "four are too few": ([(0.0, 4, 0)], None),
    "five, and one came": ([(0.0, 5, 1)], None),
    "five seconds ago still counts": ([(0.0, 4, 0), (5.0, 1, 0)], 1),
    "a moment longer ago does not": ([(0.0, 4, 0), (5.1, 1, 0)], None),
}


@pytest.mark.parametrize("story", STORIES)
def test_when_it_is_given_up(story: str) -> None:
    reports, at = STORIES[story]
    circuits, now, given_up = Circuits(), 50.0, None
    for no, (later, failed, came) in enumerate(reports):
        now += later
        if circuits.judge(now, [(1, True)] * failed + [(1, False)] * came):
            given_up = no
            break
    assert given_up == at


def test_each_sender_by_itself() -> None:
    circuits = Circuits()
    assert circuits.judge(1.0, [(1, True)] * 20 + [(2, False)] * 20 + [(3, True)] * 20) == [1, 3]


def test_what_was_before_says_nothing_after_it() -> None:
    circuits = Circuits()
    assert circuits.judge(1.0, [(1, True)] * 20) == [1]
    assert circuits.judge(1.1, [(1, True)]) == []
