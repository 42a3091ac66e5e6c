"""The judge of the demo finds what it is there to find: each fault alone makes it say no."""

from __future__ import annotations

import pytest

from broadcaster.alert.delivery import State
from broadcaster.local.demo.judge import Town, judge
from broadcaster.local.massachusetts.residents import Resident

PLACES = {"ayer": Town("Ayer", ("978-555-0101",)), "groton": Town("Groton", ("978-555-0102",))}
PEOPLE = [Resident("+12015550101", "en", ("ayer",)), Resident("+12015550102", "es", ("groton",), opted_out=True)]
DOWN = "State 911, 2:30 PM: 911 is down in Ayer. In an emergency call 978-555-0101. Do not call 911 to test."
CLEAR = "State 911, 4:20 PM: 911 works again in Ayer. Do not call 911 to test."


def text(seq: int, body: str, to: str = "+12015550101") -> dict[str, object]:
    return {"seq": seq, "to": to, "body": body}


def channel(planned: int = 1, possible: int = 0, **states: int) -> dict[str, object]:
    row: dict[str, object] = {state.value: states.get(state.value, 0) for state in State}
    named = {"channel": "sms", "revision_no": 1, "state": "done", "planned": planned}
    return {**row, **named, "possible_doubles": possible, "confirmed_doubles": 0}


GOOD = [text(1, DOWN), text(2, CLEAR)]
DONE = channel(accepted=1)


def test_a_good_day_passes() -> None:
    assert judge(PEOPLE, PLACES, GOOD, [DONE]).reasons == []


@pytest.mark.parametrize(
    ("messages", "row", "words"),
    [
        ([], DONE, "should have heard did not"),
        ([*GOOD, text(3, DOWN, "+19995550100")], DONE, "outside the list"),
        ([*GOOD, text(3, DOWN, "+12015550102")], DONE, "said STOP"),
        ([text(1, DOWN.replace("Ayer", "Groton")), GOOD[1]], DONE, "not the reader's"),
        ([text(1, DOWN.replace("0101", "0102")), GOOD[1]], DONE, "not their town's"),
        ([GOOD[0]], DONE, "all-clear as their last"),
        ([*GOOD, text(3, CLEAR)], DONE, "doubled texts were not counted"),
        (GOOD, channel(planned=2, accepted=1), "sums do not close"),
        (GOOD, channel(planned=1, unknown=1), "sums do not close"),
    ],
)
def test_each_fault_is_found(messages: list, row: dict, words: str) -> None:
    assert any(words in reason for reason in judge(PEOPLE, PLACES, messages, [row]).reasons)


def test_a_double_that_was_counted_is_no_fault() -> None:
    assert judge(PEOPLE, PLACES, [*GOOD, text(3, CLEAR)], [channel(accepted=1, possible=1)]).reasons == []
