"""The hash that two people stand behind: every change is in it, and it is the same tomorrow."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.alert import (
    Area,
    Certainty,
    ChannelName,
    CommunityAnswer,
    Confirmation,
    Content,
    FailureKind,
    Revision,
    RevisionKind,
    Rung,
    Withheld,
    content_from_json,
    content_to_json,
)
from broadcaster.alert.phone import AlternateNumber, Visibility

BEGAN = datetime(2024, 6, 18, 17, 16, tzinfo=UTC)
YESTERDAYS = (ChannelName.SMS, ChannelName.EMAIL, ChannelName.FEED)
"""The channels that there were when the hash below was made."""
PLAIN = Content(FailureKind.ALL_CALLS, Area(statewide=True), BEGAN, BEGAN + timedelta(hours=2), channels=YESTERDAYS)
LINE = AlternateNumber("+14135550100", "Police", verified_on=date(2024, 1, 2))
TOWNS = ("lynn", "salem")


def confirmed(*codes: str) -> Confirmation:
    return Confirmation(codes, "Comtech", "test calls", BEGAN + timedelta(hours=1))


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
    "cause": {"cause": "a firewall"},
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
    "withheld, a list": {"withheld": Withheld(lists=("police",), reason="a test call")},
    "withheld, an agency": {"withheld": Withheld(agencies=("police",), reason="a test call")},
    "withheld, another reason": {"withheld": Withheld(lists=("police",), reason="another")},
}


def revision(content: Content = PLAIN, **changes: object) -> Revision:
    made = Revision("k7m2", 1, RevisionKind.INITIAL, content, {"lynn/en/sms": "a" * 64, "salem/en/sms": "b" * 64})
    return replace(made, **changes)  # type: ignore[arg-type]


def test_every_field_of_the_content_is_in_the_table_of_changes() -> None:
    assert {name.split(",")[0] for name in CHANGES} == set(
        content_to_json(replace(PLAIN, cause="known", withheld=Withheld(reason="why")))
    )


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
    cause=WORDS,
    overrides=st.lists(st.tuples(CODES, NUMBERS), max_size=2).map(tuple),
    answers=st.lists(st.builds(CommunityAnswer, CODES, st.sampled_from(Rung), st.none() | NUMBERS), max_size=2).map(
        tuple
    ),
    restored=MANY_CODES,
    confirmations=st.lists(st.builds(Confirmation, MANY_CODES, WORDS, WORDS, TIMES), max_size=2).map(tuple),
    channels=st.lists(st.sampled_from(ChannelName), max_size=3).map(tuple),
    languages=st.lists(st.sampled_from(["en", "es"]), max_size=2).map(tuple),
    withheld=st.builds(Withheld, MANY_CODES, MANY_CODES, WORDS),
)


@given(CONTENTS)
def test_through_json_and_back_it_is_the_same_content_and_the_same_hash(content: Content) -> None:
    back = content_from_json(json.loads(json.dumps(content_to_json(content))))
    assert back == content
    assert revision(back).hash == revision(content).hash


@given(CONTENTS, CONTENTS)
def test_the_same_hash_means_the_same_content(one: Content, other: Content) -> None:
    assert (revision(one).hash == revision(other).hash) == (content_to_json(one) == content_to_json(other))


def test_a_frozen_revision_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        revision().no = 2  # type: ignore[misc]
