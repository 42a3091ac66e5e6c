"""The sequential tests by themselves: when they cross, when they do not, and what they must not learn."""

from __future__ import annotations

import math
from random import Random

import pytest

from broadcaster.outage.detector.watch import SHARES, STRICTER, YEAR_MIN, Heard, Sign, Verdict, Watch, chance, limit_min
from tests.switchboard import poisson

LONG = 400
"""Minutes in which nothing was found, at most."""


def known(rate: float, yearly: float = 1.0, *, wide: bool = True) -> Watch:
    """A unit whose level of the last hours is the usual one, to a hair."""
    return Watch(yearly, spread=0.001, wide=wide, calls=rate * 1e6, expected=rate * 1e6)


def until(watch: Watch, heard: Heard) -> tuple[int, Verdict]:
    """The minute in which the first verdict falls when every minute is alike."""
    for minute in range(1, LONG):
        if found := watch.hear(heard):
            return minute, found[0]
    raise AssertionError("nothing was found")


@pytest.mark.parametrize(
    ("rate", "minutes"),
    [(7.5, 2.0), (1.5, 9.0), (1.28, 10.5), (0.0278, 345.0)],
    ids=["state by day", "state at its quietest", "city by day", "PSAP of 40 a day"],
)
def test_the_physical_limit_is_the_one_of_the_issue(rate: float, minutes: float) -> None:
    assert limit_min(rate) == pytest.approx(minutes, rel=0.03)


@pytest.mark.parametrize("rate", [9.0, 1.5, 0.25, 0.04])
def test_silence_at_a_known_rate_is_proposed_at_the_limit(rate: float) -> None:
    watch = known(rate)
    watch.hear(Heard(1, rate, 0.0, exact=True))
    minute, verdict = until(watch, Heard(0, rate))
    own = limit_min(rate, SHARES[Sign.SILENCE] / STRICTER)
    assert minute == math.ceil(own) or minute == pytest.approx(own, rel=0.02)
    assert (verdict.sign, verdict.calls) == (Sign.SILENCE, 0)
    assert verdict.expected == pytest.approx(rate * minute, rel=0.001) and verdict.nats >= verdict.threshold


def test_a_gap_begins_with_the_last_call_and_ends_with_the_next() -> None:
    watch = known(3.0)
    watch.hear(Heard(2, 3.0, 1.5, exact=True))
    assert (watch.gap, watch.gap_min) == (pytest.approx(1.5), pytest.approx(0.5))
    watch.hear(Heard(0, 3.0))
    assert (watch.gap, watch.gap_min) == (pytest.approx(4.5), pytest.approx(1.5))
    watch.hear(Heard(1, 3.0, 0.0))
    assert (watch.gap, watch.gap_min) == (0.0, 0.0)


@pytest.mark.parametrize(("before", "minutes"), [(1, 1), (2, 2), (9, 2)])
def test_few_calls_in_the_minute_before_speak_where_nobody_knows_when_they_came(before: int, minutes: int) -> None:
    """9.3 calls were due in it: one of them comes once in a thousand minutes."""
    assert minutes_of(known(9.3), Heard(before, 9.3), Heard(0, 9.3)) == minutes
    assert minutes_of(known(9.3), Heard(before, 9.3, 0.0, exact=True), Heard(0, 9.3)) == 2


def minutes_of(watch: Watch, first: Heard, then: Heard) -> int:
    assert watch.hear(first) == []
    return until(watch, then)[0]


@pytest.mark.parametrize("rate", [2.0, 4.0, 7.0, 9.3, 12.0, 20.0])
def test_gaps_of_whole_minutes_are_proposed_no_oftener_than_their_share(rate: float) -> None:
    """All patterns of a minute with calls and then minutes without, each as often as chance makes it in a year."""
    yearly = 0.0
    for before in range(1, 60):
        minutes = minutes_of(known(rate), Heard(before, rate), Heard(0, rate))
        yearly += YEAR_MIN * math.exp(-rate * minutes) * (chance(before, rate) - chance(before - 1, rate))
    assert yearly <= SHARES[Sign.SILENCE] / STRICTER


def test_a_narrow_unit_looks_for_no_flood_and_waits_less() -> None:
    narrow = known(1.0, wide=False)
    assert math.exp(known(1.0).threshold(Sign.SILENCE) - narrow.threshold(Sign.SILENCE)) == pytest.approx(
        STRICTER * 7 / 6
    )


def test_whoever_knows_less_waits_longer() -> None:
    sure, unsure = known(1.0), Watch(1.0, spread=0.2)
    for watch in (sure, unsure):
        watch.hear(Heard(1, 1.0, 0.0, exact=True))
    assert until(unsure, Heard(0, 1.0))[0] > 1.2 * until(sure, Heard(0, 1.0))[0]


def test_a_smaller_budget_waits_longer_and_evidence_beside_the_counts_shortens_it() -> None:
    assert until(known(1.0, 0.01), Heard(0, 1.0))[0] > until(known(1.0), Heard(0, 1.0))[0]
    watch = known(0.05)
    for minute in range(1, LONG):  # noqa: B007 - the minute is what counts
        if watch.hear(Heard(0, 0.05), beside=6.0):
            break
    assert minute == pytest.approx(until(known(0.05), Heard(0, 0.05))[0] - 6.0 / 0.05, abs=10)


def test_evidence_alone_is_no_gap() -> None:
    watch = known(2.0)
    assert not any(watch.hear(Heard(2, 2.0, 0.0, exact=True), beside=11.0) for _ in range(60))


@pytest.mark.parametrize(
    ("heard", "sign", "at_most"),
    [
        (Heard(1, 8.0, 0.5, 1), Sign.FALL, 6),
        (Heard(4, 8.0, 0.5, 4), Sign.FALL, 30),
        (Heard(16, 8.0, 0.1, 16), Sign.FLOOD, 15),
        (Heard(32, 8.0, 0.1, 32), Sign.FLOOD, 4),
        (Heard(9, 8.0, 0.1, 8, 4), Sign.RETRIES, 6),
    ],
    ids=["to an eighth", "to a half", "twice as many", "four times", "every second one redials"],
)
def test_what_is_far_from_usual_is_found_by_its_own_test(heard: Heard, sign: Sign, at_most: int) -> None:
    minute, verdict = until(known(8.0), heard)
    assert verdict.sign is sign and minute <= at_most
    assert (verdict.minutes, verdict.calls) == (minute, heard.calls * minute)


@pytest.mark.parametrize("share", [0.8, 1.0, 1.2])
def test_a_bad_hour_is_nothing(share: float) -> None:
    watch, dice = Watch(1.0, spread=0.06, calls=600.0, expected=600.0), Random(4)
    for _ in range(1440):
        calls = poisson(dice, 6.0 * share)
        assert watch.hear(Heard(calls, 6.0, 0.1 if calls else None, calls, exact=True)) == []


def test_a_crash_on_one_road_is_no_flood_of_a_narrow_unit() -> None:
    watch = known(0.5, wide=False)
    assert not any(watch.hear(Heard(5, 0.5, 0.0, 2, exact=True)) for _ in range(30))


def test_the_level_of_the_day_is_followed_but_an_outage_is_not_learnt() -> None:
    watch = Watch(1.0)
    for _ in range(180):
        watch.hear(Heard(9, 8.0, 0.1, 8, exact=True))
    assert watch.level() == pytest.approx(1.12, abs=0.02)
    for _ in range(120):
        watch.hear(Heard(1, 8.0, 0.5, 1, exact=True))
    assert watch.level() == pytest.approx(1.12, abs=0.05)


def test_what_was_told_is_told_once_until_it_is_over() -> None:
    watch = known(2.0)
    silent = [bool(watch.hear(Heard(0, 2.0))) for _ in range(30)]
    assert silent.count(True) == 2  # the silence, and the fall that it is too
    for _ in range(60):
        assert watch.hear(Heard(2, 2.0, 0.1, 2, exact=True)) == []
    assert [one.sign for one in until_all(watch, 30)] == [Sign.SILENCE, Sign.FALL]


def until_all(watch: Watch, minutes: int) -> list[Verdict]:
    return [one for _ in range(minutes) for one in watch.hear(Heard(0, 2.0))]


def test_a_copy_goes_on_by_itself() -> None:
    watch = known(2.0)
    for _ in range(7):
        assert watch.hear(Heard(0, 2.0)) == []
    before = watch.gap
    part = Heard(0, 2.0 * 5 / 6, minutes=5 / 6)
    assert [one.sign for one in watch.copy().hear(part)] == [Sign.SILENCE]
    assert (watch.gap, watch.told) == (before, set())


def test_in_a_year_of_gaps_about_one_is_as_long_as_the_limit() -> None:
    """The closed form: exponential gaps, a year's worth of them, ten times over."""
    dice, rate = Random(11), 0.2
    limit, many = limit_min(rate), round(10 * rate * YEAR_MIN)
    longer = sum(dice.expovariate(rate) >= limit for _ in range(many))
    assert 2 <= longer <= 25
