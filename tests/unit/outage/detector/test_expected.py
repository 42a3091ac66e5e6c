"""What is usual: learnt from eight weeks, by small PSAPs from all, and from no holiday."""

from __future__ import annotations

from random import Random

import pytest

from broadcaster.outage.detector import expected
from broadcaster.outage.detector.expected import WEEK_H, Hour, Profile
from tests.switchboard import poisson

WEEKS = 8


def shape(no: int) -> float:
    """Twice as much by day."""
    return 1.3 if 8 <= no % 24 < 20 else 0.7


def hours(rate: float, dice: Random | None = None, weeks: int = WEEKS) -> list[Hour]:
    """Weeks of a PSAP with so many calls a minute; exact without dice."""
    found = []
    for no in range(weeks * WEEK_H):
        due = rate * shape(no) * 60
        found.append(Hour(no, 60, poisson(dice, due) if dice else round(due)))
    return found


def test_the_week_is_learnt() -> None:
    learnt = expected.learn({"a": hours(1.0), "b": hours(10.0)})
    assert learnt["a"].weeks == pytest.approx(WEEKS)
    assert learnt["b"].rates[10] == pytest.approx(13.0, rel=0.01) and learnt["b"].rates[3] == pytest.approx(
        7.0, rel=0.01
    )
    assert learnt["b"].daily == pytest.approx(14_400, rel=0.01)


def test_a_small_psap_has_the_shape_of_all() -> None:
    dice = Random(5)
    learnt = expected.learn({"village": hours(0.02, dice), "city": hours(5.0, dice)})["village"]
    day, night = (sum(learnt.rates[no] for no in range(WEEK_H) if shape(no) == level) for level in (1.3, 0.7))
    assert day / night == pytest.approx(1.3 / 0.7, rel=0.15)
    assert max(learnt.rates) < 0.05 and min(learnt.rates) > 0.005


@pytest.mark.parametrize("factor", [0.4, 2.2])
def test_a_holiday_teaches_nothing(factor: float) -> None:
    usual = hours(4.0)
    odd = [Hour(one.no, 60, round(one.calls * factor)) if 24 <= one.no < 48 else one for one in usual]
    assert expected.learn({"a": odd})["a"].rates[34] == pytest.approx(
        expected.learn({"a": usual})["a"].rates[34], rel=0.01
    )


def test_a_dead_line_teaches_nothing() -> None:
    usual = hours(1.0)
    dead = [Hour(one.no, 60, 0) if 100 <= one.no < 150 else one for one in usual]
    learnt = expected.learn({"a": dead, "b": hours(5.0)})["a"]
    assert learnt.rates[120] == pytest.approx(shape(120), rel=0.02)
    assert learnt.weeks == pytest.approx(WEEKS - 50 / WEEK_H)


@pytest.mark.parametrize("rate", [0.03, 0.2, 2.0], ids=["40 a day", "300 a day", "3,000 a day"])
@pytest.mark.parametrize("nights", [WEEKS * 7, 14], ids=["always", "for two weeks"])
def test_who_is_closed_by_night_is_expected_to_say_nothing(rate: float, nights: int) -> None:
    first = WEEKS * WEEK_H - nights * 24
    town = [
        Hour(one.no, 60, 0) if one.no >= first and one.no % 24 in (23, 0, 1, 2, 3, 4, 5) else one
        for one in hours(rate, Random(6))
    ]
    learnt = expected.learn({"town": town, "all": hours(6.0, Random(7))})["town"]
    assert learnt.weeks == pytest.approx(WEEKS, rel=0.02)
    closed = 60.0 * sum(learnt.rates[no] for no in (23, 24, 25, 26, 27, 28, 29))
    assert closed < (6.0 if rate < 0.1 else 0.03 * rate * 420)
    assert learnt.rates[36] == pytest.approx(rate * 1.3, rel=0.25)


def test_who_opens_again_by_night_is_expected_again() -> None:
    town = [Hour(one.no, 60, 0) if one.no % 24 < 6 and one.no < 7 * WEEK_H else one for one in hours(0.5)]
    assert expected.learn({"town": town, "all": hours(6.0)})["town"].rates[27] > 0.1


def test_a_feed_that_was_off_for_half_the_time_has_the_same_rate() -> None:
    half = [Hour(one.no, 30, one.calls // 2) for one in hours(2.0)]
    assert expected.learn({"a": half})["a"].rates[10] == pytest.approx(2.6, rel=0.02)


def test_what_was_never_heard_has_no_profile() -> None:
    assert expected.learn({"a": [], "b": [Hour(0, 60, 0)]}) == {}
    assert set(expected.learn({"a": [Hour(0, 60, 3)]})) == {"a"}


def test_between_two_hours_the_rate_is_a_line() -> None:
    profile = Profile(tuple(float(no) for no in range(WEEK_H)), 8.0)
    assert [profile.at(minute) for minute in (30, 60, 90)] == [0.0, 0.5, 1.0]
    assert profile.at(0) == pytest.approx((0 + 167) / 2) and profile.at(10_080) == profile.at(0)


def test_the_spread_is_what_chance_does_not_explain() -> None:
    dice = Random(8)
    calm = {"a": hours(8.0, dice, 20)}
    moody = {"a": [Hour(one.no, 60, round(one.calls * max(0.3, dice.gauss(1.0, 0.2)))) for one in hours(8.0, dice, 20)]}
    assert expected.spread(calm, expected.learn(calm), "a") < 0.04
    assert expected.spread(moody, expected.learn(moody), "a") == pytest.approx(0.2, abs=0.06)
    assert expected.spread(calm, {}, "a") == pytest.approx(expected.USUAL_SPREAD)
