"""What an alert says: what stops it, what it says then, and words that stay."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest

from broadcaster.alert.alert import (
    ENDINGS,
    LONGEST_LIFE,
    Area,
    Certainty,
    ChannelName,
    CommunityAnswer,
    Confirmation,
    Content,
    FailureKind,
    Problem,
    RevisionKind,
    Rung,
    problems,
)
from broadcaster.alert.phone import AlternateNumber, Visibility

BEGAN = datetime(2024, 6, 18, 17, 16, tzinfo=UTC)
PLAIN = Content(FailureKind.ALL_CALLS, Area(statewide=True), BEGAN, BEGAN + timedelta(hours=2))
LINE = AlternateNumber("+14135550100", "Police", verified_on=date(2024, 1, 2))
TOWNS = ("lynn", "salem")


def found(content: Content, kind: RevisionKind = RevisionKind.INITIAL, affected: tuple[str, ...] = TOWNS) -> list[str]:
    return [problem.field for problem in problems(kind, content, affected)]


def plus(**time: float) -> datetime:
    return BEGAN + timedelta(**time)


STOPPED = {
    "no area": ({"area": Area()}, ["area"]),
    "an end before its beginning": ({"expires": plus(seconds=-1)}, ["expires"]),
    "an end at its beginning": ({"expires": BEGAN}, ["expires"]),
    "began more than a week ago": ({"expires": plus(days=7, seconds=1)}, ["began"]),
    "restored before it failed": ({"expected_restoration": plus(seconds=-1)}, ["expected_restoration"]),
    "restored when it failed": ({"expected_restoration": BEGAN}, ["expected_restoration"]),
    "911 as its own alternative": ({"overrides": (("lynn", AlternateNumber("911")),)}, ["number-lynn"]),
    "911 spelled otherwise": ({"overrides": (("lynn", AlternateNumber("+1 (9-1-1)")),)}, ["number-lynn"]),
    "911 as an area code": ({"overrides": (("lynn", AlternateNumber("+19115550100")),)}, ["number-lynn"]),
    "an impossible number": ({"overrides": (("lynn", AlternateNumber("+1617555")),)}, ["number-lynn"]),
    "a restricted number": (
        {"overrides": (("lynn", replace(LINE, visibility=Visibility.RESTRICTED)),)}, ["number-lynn"],
    ),
    "a resolved answer that is 911": (
        {"answers": (CommunityAnswer("salem", Rung.COUNTY, AlternateNumber("9-1-1")),)}, ["number-salem"],
    ),
    "two things at once": (
        {"area": Area(), "expires": BEGAN - timedelta(hours=1), "overrides": (("lynn", AlternateNumber("911")),)},
        ["area", "expires", "number-lynn"],
    ),
}  # fmt: skip
GOES = {
    "as it is": {},
    "a second long": {"expires": plus(seconds=1)},
    "a week long": {"expires": plus(days=7)},
    "restored a second later": {"expected_restoration": plus(seconds=1)},
    "a community without a number": {"answers": (CommunityAnswer("lynn", Rung.WALK_IN),)},
    "a number that nobody verified": {"overrides": (("lynn", AlternateNumber("+14135550100")),)},
    "one county": {"area": Area(counties=("25009",))},
    "one community": {"area": Area(communities=("lynn",))},
    "one PSAP": {"area": Area(psaps=("psap-1",))},
    "reported only": {"certainty": Certainty.REPORTED},
    "no channel chosen": {"channels": ()},
}


@pytest.mark.parametrize("name", STOPPED)
def test_the_few_things_that_stop_an_alert(name: str) -> None:
    changes, fields = STOPPED[name]
    assert found(replace(PLAIN, **changes)) == fields


SENTENCES = {
    "no area": "Choose where 911 fails: the whole state, counties, communities or PSAPs.",
    "an end before its beginning": "The alert would end before the outage began: choose a later end.",
    "began more than a week ago": "The outage is said to have begun more than a week ago: check the date.",
    "restored before it failed": "911 cannot be restored before it failed: check the time.",
    "a restricted number": "413-555-0100 is restricted and cannot be published.",
    "911 as its own alternative": "911 cannot be an alternative to 911: give the ten-digit line that is answered.",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_what_stops_it_says_what_to_do(name: str) -> None:
    told = problems(RevisionKind.INITIAL, replace(PLAIN, **STOPPED[name][0]), TOWNS)
    assert [problem.sentence for problem in told] == [SENTENCES[name]]


@pytest.mark.parametrize("name", GOES)
def test_nothing_else_stops_it(name: str) -> None:
    assert found(replace(PLAIN, **GOES[name])) == []


def test_an_area_that_holds_nobody_stops_it() -> None:
    assert problems(RevisionKind.INITIAL, PLAIN, ()) == [
        Problem("area", "The chosen area holds no community: choose at least one.")
    ]


def confirmed(*codes: str) -> Confirmation:
    return Confirmation(codes, "Comtech", "test calls", BEGAN + timedelta(hours=1))


@pytest.mark.parametrize(
    ("confirmations", "missing"),
    [
        ((), "lynn, salem"),
        ((confirmed("lynn"),), "salem"),
        ((confirmed("lynn", "salem"),), None),
        ((confirmed("lynn"), confirmed("salem")), None),
        ((confirmed("boston"),), "lynn, salem"),
    ],
)
def test_an_all_clear_needs_somebody_who_says_so_for_each_community(
    confirmations: tuple[Confirmation, ...], missing: str | None
) -> None:
    told = problems(RevisionKind.ALL_CLEAR, replace(PLAIN, confirmations=confirmations), TOWNS)
    if missing is None:
        assert told == []
    else:
        (problem,) = told
        assert problem.field == "confirmations"
        assert f" in {missing}: name the vendor" in problem.sentence


def test_a_long_list_of_unconfirmed_communities_is_cut_and_counted() -> None:
    for codes, shown in [("abcde", ""), ("abcdef", " and 1 more"), ("abcdefg", " and 2 more")]:
        (told,) = problems(RevisionKind.ALL_CLEAR, PLAIN, tuple(codes))
        assert told.sentence.startswith(f"Nobody has confirmed that 911 works again in a, b, c, d, e{shown}: name the")


@pytest.mark.parametrize("kind", [kind for kind in RevisionKind if kind is not RevisionKind.ALL_CLEAR])
def test_no_other_kind_asks_for_a_confirmation(kind: RevisionKind) -> None:
    assert found(PLAIN, kind) == []


def test_two_kinds_end_an_alert() -> None:
    assert {RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM} == ENDINGS


def test_what_was_said_cannot_be_changed() -> None:
    values = (
        PLAIN,
        PLAIN.area,
        LINE,
        confirmed("lynn"),
        CommunityAnswer("lynn", Rung.STATE),
        Problem("", ""),
    )
    for value in values:
        with pytest.raises(FrozenInstanceError):
            setattr(value, type(value).__slots__[0], "another")
    assert timedelta(hours=4) == LONGEST_LIFE


# The words that databases, hashes and programs of others hold: a renamed one would be another one

WORDS_OF = {
    FailureKind: "all_calls intermittent one_carrier no_location text_to_911",
    RevisionKind: "initial update number_change restored_in_part all_clear false_alarm",
    Certainty: "reported confirmed",
    ChannelName: "sms email feed ipaws",
    Rung: "override community second county state walk_in",
    Visibility: "public restricted",
}


@pytest.mark.parametrize("kind", WORDS_OF)
def test_the_words_that_are_stored_stay_as_they_are(kind: type[StrEnum]) -> None:
    assert " ".join(kind) == WORDS_OF[kind]
