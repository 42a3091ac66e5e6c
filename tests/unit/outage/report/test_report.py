"""The figures of a report: shares and minutes, and what is preliminary and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.outage.report import words
from broadcaster.outage.report.figures import Chain, MissedFigures, Story, counties
from broadcaster.outage.report.references import INTERVALS
from broadcaster.store.fanout.tallies import Count
from broadcaster.store.outage.report import Pace
from tests.unit.outage.report.reported import CHAIN, EVENTS, KNOWN, at, ended, event, facts, made, run

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("people", "19"),
        ("accepted", "18"),
        ("delivered", "15"),
        ("unreached", "1"),
        ("stopped", "1"),
        ("first_text", "6.0 s"),
        ("share_50", "30 s"),
        ("share_95", "54 s"),
        ("share_100", "not so far"),
        ("doubled", "0"),
        ("agencies", "2"),
        ("acknowledged", "1"),
    ],
)
def test_the_figures_of_a_night(key: str, said: str) -> None:
    figure = made().figure(key)
    assert (words.value(figure), figure.preliminary) == (said, "")
    assert figure.source


def test_the_timeline_is_in_its_order_and_names_its_sources() -> None:
    told = [(one.key, words.length((one.at - KNOWN).total_seconds()), one.event) for one in ended().moments]
    assert told == [
        ("known", "0.0 s", None),
        ("drafted", "2 min", 1),
        ("agencies", "4 min", 3),
        ("approved", "8 min", 5),
        ("feed", "8 min", None),
        ("first_text", "8 min", None),
        ("share_50", "8 min", None),
        ("share_95", "9 min", None),
        ("restored", "2 h 00 min", None),
        ("ended", "2 h 05 min", 7),
        ("ended_50", "2 h 05 min", None),
    ]
    assert all(one.source for one in ended().moments)


RUNNING = {"state": "running", "count": Count({"accepted": 4})}
NIGHTS = {
    "running": (run(1, "initial", 8, **RUNNING), "texts are still going out"),
    "held": (run(1, "initial", 8, state="held"), "texts are still going out"),
    "uncounted": (run(1, "initial", 8, planned=None), "who is to be told is still being counted"),
    "unsure": (
        run(1, "initial", 8, count=Count({"accepted": 17, "unknown": 2, "suppressed": 1})),
        "2 of the texts have no known outcome yet",
    ),
    "open sum": (
        run(1, "initial", 8, planned=21),
        "the sums do not close: the outcomes are not as many as were planned",
    ),
}


@pytest.mark.parametrize("night", NIGHTS)
def test_a_figure_is_preliminary_until_everything_has_an_outcome_and_the_sums_close(night: str) -> None:
    texts, why = NIGHTS[night]
    told = made(given=facts(runs=(texts,)))
    assert told.figure("accepted").preliminary == why == told.figure("share_95").preliminary
    assert why in told.preliminary
    assert next(iter(words.foot(told, ZONE))).startswith("Preliminary: ")


def test_phones_and_agencies_may_report_later() -> None:
    early, later = made(now=30), made(now=60 * 80)
    assert early.figure("delivered").preliminary == "3 of the phones have not reported, and may for three days"
    assert early.figure("accepted").preliminary == ""
    assert later.figure("delivered").preliminary == later.figure("acknowledged").preliminary == ""
    waiting = facts(agencies=(replace(facts().agencies[1], exhausted=False),))
    assert made(given=waiting, now=30).figure("acknowledged").preliminary == "1 agency may still answer"
    assert made(given=waiting).figure("acknowledged").preliminary == ""


def test_deleted_deliveries_leave_the_sums_and_say_so() -> None:
    told = made(given=facts(runs=(run(1, "initial", 8, pruned=True, possible=2, confirmed=1),), first=Pace()))
    assert told.figure("accepted").value == 18
    assert (told.figure("share_50").value, told.figure("share_50").source) == (
        None,
        "its deliveries were deleted by age",
    )
    assert (told.figure("doubled").value, told.figure("perhaps").value) == (1, 2)


def test_minutes_beside_those_of_others() -> None:
    told = {one.interval.key: (one.minutes, one.in_time) for one in ended().measures}
    assert told == {"agencies": (4.5, True), "public": (8.1, True), "issuing": (6.0, False), "restored": (5.0, True)}
    (massachusetts,) = next(each for each in INTERVALS if each.key == "restored").references
    assert (massachusetts.name, massachusetts.minutes) == ("Massachusetts, June 18, 2024", 65)


def test_what_is_not_over_has_no_minutes_yet() -> None:
    night = facts(runs=(), first=Pace(), events=EVENTS[:2])
    told = {one.interval.key: (one.minutes, one.preliminary) for one in made(given=night).measures}
    assert told["agencies"] == told["public"] == (None, "it is not over yet")
    assert "corrected" not in told
    over = Story("alert:a", "911 outage", "Ayer", KNOWN, "x", ended_at=at(60))
    assert "public" not in {one.interval.key for one in made(over, night).measures}


def test_a_false_alarm_has_its_own_interval() -> None:
    night = facts(events=(*EVENTS[:5], event(9, 10.5, "withdrawn_as_own_error", no=4)))
    told = made(given=night)
    assert told.is_false_alarm
    assert {one.interval.key: one.minutes for one in told.measures}["corrected"] == 2.5
    assert "until the false alert was taken back" in [said for _, said, _ in words.headlines(told)]


def test_who_released_alone_is_said() -> None:
    broke = facts(events=(*EVENTS[:4], event(5, 9, "broke_glass", no=1)))
    moment = made(given=broke).moment("approved")
    assert moment is not None and moment.label == "Approved for the public by one person alone"


def test_several_alerts_are_one_report() -> None:
    second = run(7, "initial", 20, alert="b", no=1)
    night = facts(
        runs=(run(1, "initial", 8), second, run(2, "update", 40)), kinds={("a", 1): "initial", ("b", 1): "initial"}
    )
    told = made(given=night)
    assert [one.fanout for one in night.first_texts] == [1, 7]
    assert (told.figure("people").value, told.figure("accepted").value) == (38, 36)


def test_missed_callers_are_preliminary_while_somebody_waits() -> None:
    lists = MissedFigures(12, {"safe": 9}, 3, "the provider's log")
    assert made(missed=lists).figure("missed").preliminary == "3 of them have not been reached yet"
    assert ended().figure("missed").preliminary == ""
    with pytest.raises(StopIteration):
        made().figure("missed")


def test_counties_are_those_of_the_board() -> None:
    told = {one.name: (one.tone, one.total) for one in counties(facts().places)}
    assert told == {"Essex": ("not-reached", 5), "Middlesex": ("reached", 14), "Worcester": ("accepted", 3)}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(4.21, "4.2 s"), (40, "40 s"), (89, "89 s"), (90, "2 min"), (600, "10 min"), (7500, "2 h 05 min")],
)
def test_lengths(seconds: float, said: str) -> None:
    assert words.length(seconds) == said


@pytest.mark.parametrize(("part", "said"), [(0, "0 %"), (999_999, "99.9 %"), (1_000_000, "100 %"), (973_000, "97.3 %")])
def test_nobody_is_rounded_away(part: int, said: str) -> None:
    assert words.percent(part, 1_000_000) == said


def test_the_ledger_stands_on_every_report() -> None:
    lines = list(words.foot(ended(), ZONE))
    assert lines[0].startswith("Reconciled")
    assert "All 12 events of the ledger were read again: the chain is whole." in lines
    assert any(CHAIN.root in line for line in lines)
    broken = Chain(KNOWN, 5, "event 6 was changed")
    assert broken.sentence == "The ledger is broken: event 6 was changed."
    assert "`broadcaster audit verify`" in Chain(KNOWN, 10**7, unread=True).sentence
    assert words.exact(KNOWN + timedelta(seconds=5), ZONE) == "1:15:05 p.m."
