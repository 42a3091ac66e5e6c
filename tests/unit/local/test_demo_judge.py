"""The judge of the demo finds what it is there to find: each fault alone makes it say no."""

from __future__ import annotations

import pytest

from broadcaster.alert.delivery import State
from broadcaster.local.demo.judge import Town, Verdict, judge, judge_ipaws
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


def post(no: int, event: str = "TOE", taken: bool = True, *codes: str) -> dict[str, object]:
    said = codes or ("CAPEXCH 200", "EAS 500", "CMAS 600")
    statuses = [dict(zip(("channel", "code"), each.split(), strict=True)) for each in said]
    return {"identifier": f"outage-{no}", "event": event, "taken": taken, "statuses": statuses}


TWO = [post(1), post(2, "ADR", True, "CAPEXCH 200", "EAS 501")]


@pytest.mark.parametrize(
    ("posts", "words"),
    [
        (TWO, ""),
        ([*TWO, post(2, "ADR", False, "CAPEXCH 201")], ""),
        (TWO[:1], "took 1 alerts of 2"),
        ([*TWO, post(3)], "took 3 alerts of 2"),
        ([TWO[0], TWO[0]], "took 2 alerts of 2"),
        ([], "took 0 alerts of 2"),
        ([post(1, "TOE", True, "CAPEXCH 200", "EAS 500", "CMAS 615"), TWO[1]], "did not pass every alert"),
        ([post(1, "TOE", True, "CAPEXCH 200", "EAS 501", "CMAS 600"), TWO[1]], "did not pass every alert"),
    ],
)
def test_the_ledger_of_ipaws_is_counted(posts: list, words: str) -> None:
    verdict = Verdict(sums=[{"channel": "ipaws", "revision": no} for no in (1, 2)])
    judge_ipaws(verdict, posts)
    assert verdict.reasons == [] if not words else any(words in reason for reason in verdict.reasons)
