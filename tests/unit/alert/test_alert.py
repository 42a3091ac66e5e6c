"""What an alert says: what stops it, and the hash that two people stand behind."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Revision,
    RevisionKind,
    Rung,
    content_from_json,
    content_to_json,
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
        revision(),
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
    ChannelName: "sms email feed",
    Rung: "override community second county state walk_in",
    Visibility: "public restricted",
}


@pytest.mark.parametrize("kind", WORDS_OF)
def test_the_words_that_are_stored_stay_as_they_are(kind: type[StrEnum]) -> None:
    assert " ".join(kind) == WORDS_OF[kind]


# The hash

CHANGES: dict[str, dict[str, object]] = {
    "failure": {"failure": FailureKind.INTERMITTENT},
    "area, other counties": {"area": Area(counties=("25009",))},
    "area, a community more": {"area": Area(statewide=True, communities=("lynn",))},
    "area, a PSAP more": {"area": Area(statewide=True, psaps=("lynn",))},
    "began": {"began": BEGAN + timedelta(seconds=1)},
    "expires": {"expires": BEGAN + timedelta(hours=2, seconds=1)},
    "certainty": {"certainty": Certainty.REPORTED},
    "provider": {"provider": "a carrier"},
    "next_update": {"next_update": BEGAN + timedelta(minutes=30)},
    "expected_restoration": {"expected_restoration": BEGAN + timedelta(minutes=90)},
    "note": {"note": " "},
    "overrides": {"overrides": (("lynn", LINE),)},
    "overrides, another digit": {"overrides": (("lynn", replace(LINE, e164="+14135550101")),)},
    "overrides, another label": {"overrides": (("lynn", replace(LINE, label="Fire")),)},
    "overrides, another day": {"overrides": (("lynn", replace(LINE, verified_on=None)),)},
    "overrides, another community": {"overrides": (("salem", LINE),)},
    "overrides, takes texts": {"overrides": (("lynn", replace(LINE, sms=True)),)},
    "overrides, restricted": {"overrides": (("lynn", replace(LINE, visibility=Visibility.RESTRICTED)),)},
    "answers": {"answers": (CommunityAnswer("lynn", Rung.COMMUNITY, LINE),)},
    "answers, another rung": {"answers": (CommunityAnswer("lynn", Rung.STATE, LINE),)},
    "answers, no number": {"answers": (CommunityAnswer("lynn", Rung.COMMUNITY),)},
    "restored": {"restored": ("lynn",)},
    "confirmations": {"confirmations": (confirmed("lynn"),)},
    "confirmations, somebody else": {"confirmations": (replace(confirmed("lynn"), who="Verizon"),)},
    "channels": {"channels": (ChannelName.SMS,)},
    "languages": {"languages": ("en",)},
}


def revision(content: Content = PLAIN, **changes: object) -> Revision:
    made = Revision("k7m2", 1, RevisionKind.INITIAL, content, {"lynn/en/sms": "a" * 64, "salem/en/sms": "b" * 64})
    return replace(made, **changes)  # type: ignore[arg-type]


def test_every_field_of_the_content_is_in_the_table_of_changes() -> None:
    assert {name.split(",")[0] for name in CHANGES} == set(content_to_json(PLAIN))


def test_any_change_of_the_content_changes_the_hash_and_no_two_alike() -> None:
    hashes = {revision(replace(PLAIN, **change)).hash for change in CHANGES.values()}
    assert len(hashes | {revision().hash}) == len(CHANGES) + 1


OTHERS = {
    "alert": {"alert": "k7m3"},
    "number": {"no": 2},
    "kind": {"kind": RevisionKind.UPDATE},
    "one text": {"texts": {"lynn/en/sms": "a" * 64, "salem/en/sms": "c" * 64}},
    "texts swapped": {"texts": {"lynn/en/sms": "b" * 64, "salem/en/sms": "a" * 64}},
    "a text less": {"texts": {"lynn/en/sms": "a" * 64}},
    "another form": {"texts": {"lynn/en/sms": "a" * 64, "salem/en/mail": "b" * 64}},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_stands_around_the_content_is_hashed_too(name: str) -> None:
    assert revision(**OTHERS[name]).hash != revision().hash


def test_the_order_of_the_texts_is_no_difference() -> None:
    texts = {"salem/en/sms": "b" * 64, "lynn/en/sms": "a" * 64}
    assert revision(texts=texts).hash == revision().hash


def test_the_hash_is_what_it_was_yesterday() -> None:
    """A hash in an old ledger must be computable by new code: RFC 8785 over these very names."""
    assert revision().hash == "3855796c2fe0e6f4cfefd8e619f4b60df63b987b918b4d14fbb61f9ef868a7ea"


TIMES = st.integers(1_600_000_000, 2_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
CODES = st.text("abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=8)
WORDS = st.text(max_size=30)
NUMBERS = st.builds(
    AlternateNumber,
    e164=st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True),
    label=WORDS,
    visibility=st.sampled_from(Visibility),
    verified_on=st.none() | st.dates(),
    sms=st.booleans(),
)
MANY_CODES = st.lists(CODES, max_size=3).map(tuple)
CONTENTS = st.builds(
    Content,
    failure=st.sampled_from(FailureKind),
    area=st.builds(Area, st.booleans(), MANY_CODES, MANY_CODES, MANY_CODES),
    began=TIMES,
    expires=TIMES,
    certainty=st.sampled_from(Certainty),
    provider=WORDS,
    next_update=st.none() | TIMES,
    expected_restoration=st.none() | TIMES,
    note=WORDS,
    overrides=st.lists(st.tuples(CODES, NUMBERS), max_size=2).map(tuple),
    answers=st.lists(st.builds(CommunityAnswer, CODES, st.sampled_from(Rung), st.none() | NUMBERS), max_size=2).map(
        tuple
    ),
    restored=MANY_CODES,
    confirmations=st.lists(st.builds(Confirmation, MANY_CODES, WORDS, WORDS, TIMES), max_size=2).map(tuple),
    channels=st.lists(st.sampled_from(ChannelName), max_size=3).map(tuple),
    languages=st.lists(st.sampled_from(["en", "es"]), max_size=2).map(tuple),
)


@given(CONTENTS)
def test_through_json_and_back_it_is_the_same_content_and_the_same_hash(content: Content) -> None:
    back = content_from_json(json.loads(json.dumps(content_to_json(content))))
    assert back == content
    assert revision(back).hash == revision(content).hash


@given(CONTENTS, CONTENTS)
def test_the_same_hash_means_the_same_content(one: Content, other: Content) -> None:
    assert (revision(one).hash == revision(other).hash) == (content_to_json(one) == content_to_json(other))
