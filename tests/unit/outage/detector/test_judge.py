"""All units at once: who is summed how, what is muted, what was not heard, and which proposal is the one."""

from __future__ import annotations

import pytest

from broadcaster.outage.detector import evidence, judge
from broadcaster.outage.detector.evidence import Beat, Report
from broadcaster.outage.detector.expected import Profile
from broadcaster.outage.detector.judge import Beside, Count, Judge
from broadcaster.outage.detector.pools import Place, units
from broadcaster.outage.detector.watch import Finding, Sign

RATES = dict.fromkeys("abcd", 1.0)
COUNTY = {"a": "25001", "b": "25001", "c": "25001", "d": "25003"}
ALL = units({code: Place(COUNTY[code], rate * 1440) for code, rate in RATES.items()})
BUSY = {code: Count(1, last=50.0) for code in RATES}
SILENT = {code: Count(0) for code in RATES}


def judging(weeks: float = 8.0) -> Judge:
    """Rates that are the same at every hour."""
    return Judge(ALL, {code: Profile((rate,) * 168, weeks) for code, rate in RATES.items()})


def first(
    judging: Judge, minute: judge.Minute, known: Beside = judge.NOTHING, most: int = 120
) -> tuple[int, list[Finding]]:
    for at in range(most):
        if found := judge.widest(judging.hear(at, minute, known), ALL):
            return at + 1, found
    return 0, []


def test_a_unit_is_the_sum_of_what_was_heard_of_it() -> None:
    rates = {"a": 0.6, "b": 0.3}
    minute = {"a": Count(2, 1, 30.0), "b": Count(0, through=40.0), "x": Count(9)}
    heard = judge.summed(("a", "b", "c"), minute, rates)
    assert heard is not None
    assert (heard.calls, heard.retries, heard.exact) == (2, 1, True)
    assert heard.expected == pytest.approx(0.6 + 0.2)
    assert heard.after == pytest.approx(0.6 * 30 / 60 + 0.3 * 10 / 60)
    assert judge.summed(("c",), minute, rates) is None


def test_without_the_second_of_a_call_its_minute_is_full() -> None:
    heard = judge.summed(("a",), {"a": Count(3)}, {"a": 0.6})
    assert heard is not None and (heard.after, heard.exact) == (0.0, False)


def test_a_crash_counts_in_the_breadth_as_far_as_chance_goes() -> None:
    assert [judge.ceiling(rate) for rate in (0.0005, 0.03, 0.5, 3.0)] == [0, 1, 4, 10]
    heard = judge.summed(("a", "b"), {"a": Count(30), "b": Count(1)}, {"a": 0.5, "b": 0.03})
    assert heard is not None and (heard.calls, heard.breadth) == (31, 5)


@pytest.mark.parametrize(
    ("minute", "unit"),
    [
        (SILENT, "state"),
        (BUSY | {code: Count(0) for code in "abc"}, "pool:25001"),
        (BUSY | {"d": Count(0)}, "psap:d"),
    ],
    ids=["everywhere", "in a county", "at one PSAP"],
)
def test_the_widest_unit_that_is_silent_is_proposed_alone(minute: judge.Minute, unit: str) -> None:
    judging_ = judging()
    for at in range(30):
        assert judging_.hear(at, BUSY) == []
    minutes, found = first(judging_, minute)
    assert minutes and [(one.unit, one.verdict.sign) for one in found] == [(unit, Sign.SILENCE)]


def test_a_part_of_what_was_told_is_not_told_again() -> None:
    _, found = first(judging(), SILENT)
    assert judge.widest(found, ALL, told=["state"]) == []
    assert judge.widest(found, ALL, told=["psap:d"]) == found


def test_a_missing_feed_is_no_silence() -> None:
    assert first(judging(), {}) == (0, [])
    assert first(judging(), {code: Count(1, last=59.0) for code in "ab"}) == (0, [])


def test_planned_work_mutes_its_psaps_and_no_others() -> None:
    muted = Beside(muted=frozenset("abc"))
    _, found = first(judging(), BUSY | {code: Count(0) for code in "abc"}, muted)
    assert found == []
    assert first(judging(), SILENT, muted)[1][0].unit in {"state", "psap:d"}
    judging_ = judging()
    first(judging_, SILENT, muted, most=10)
    assert judging_.watches["pool:25001"].gap == 0.0


def test_who_was_heard_for_less_than_two_weeks_is_not_judged() -> None:
    assert judging(1.9).units == []


def test_equipment_that_fell_silent_shortens_the_wait() -> None:
    alone = BUSY | {"b": Count(0)}
    beats = Beside({"b": Beat(age=10.0, every=1.0)})
    with_beats, found = first(judging(), alone, beats)
    assert 0 < with_beats < first(judging(), alone)[0]
    assert found[0].beside == {"heartbeats": evidence.BEATS_NATS}


def test_what_is_heard_ahead_is_not_kept() -> None:
    judging_ = judging()
    ahead = judging_.ahead()
    assert first(ahead, SILENT)[1] and ahead.watches["state"].gap > 0.0
    assert judging_.watches["state"].gap == 0.0


def test_evidence_has_its_limits() -> None:
    weights = {"a": 3.0, "b": 1.0}
    beats = {"a": Beat(10.0, 5.0), "b": Beat(16.0, 5.0)}
    assert evidence.beside("ab", weights, beats, []) == {"heartbeats": pytest.approx(1.5)}
    said = [Report(code, 20.0) for code in "abcd"]
    assert evidence.beside("abcd", weights, {}, said) == {"reports": 10.0}
    assert evidence.beside("ab", weights, {}, [Report("a", 31.0), Report("x", 1.0)]) == {}
