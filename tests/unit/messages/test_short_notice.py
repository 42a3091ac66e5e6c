"""What an agency's phones get: one segment that names place and hour and holds the link; a call that spells numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from broadcaster.alert.alert import CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.directory import Agency
from broadcaster.messages.compose import RestrictedNumber
from broadcaster.messages.fit import is_gsm
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.short_notice import ShortNotice, sent, short_notices
from tests.unit.messages.editions import DIRECTORY, SECRET, VOICE, edition, places

ROOM = 52
"""A link under https://alerts.example.gov."""
POLICE, STATE_POLICE, CONNECTICUT = DIRECTORY.agencies


def notice(kind: RevisionKind = RevisionKind.INITIAL, agency: Agency = POLICE, **more: object) -> ShortNotice:
    told = edition(kind, **more)
    return next(short_notices(told, [agency], places("springfield", "chicopee"), DIRECTORY, ROOM))


@pytest.mark.parametrize(
    ("kind", "failure", "agency"), list(product(RevisionKind, FailureKind, (POLICE, STATE_POLICE, CONNECTICUT)))
)
def test_a_text_is_one_segment_with_place_and_link(kind: RevisionKind, failure: FailureKind, agency: Agency) -> None:
    made = notice(kind, agency, failure=failure, provider="Verizon")
    assert sent(made.sms, ROOM) == 1
    assert made.sms.count(ACK_TOKEN) == 1
    assert is_gsm(made.sms.replace(ACK_TOKEN, ""))
    assert made.sms.startswith("State 911: ") and "911" in made.sms[10:]
    assert any(place in made.sms for place in ("Springfield", "Chicopee", "Massachusetts"))


WORDS = {
    RevisionKind.INITIAL: "CONFIRMED: 911 is down in Springfield since 1:15 PM EDT. People are told 413-555-0101.",
    RevisionKind.UPDATE: "911 is still down in Springfield. People are told 413-555-0101.",
    RevisionKind.NUMBER_CHANGE: "911 is still down in Springfield. New number for callers: 413-555-0101.",
    RevisionKind.RESTORED_IN_PART: "911 works again in Springfield.",
    RevisionKind.ALL_CLEAR: "All clear: 911 works again in Springfield. Call back whoever you could not help.",
    RevisionKind.FALSE_ALARM: "Sent in error: 911 works in Springfield.",
}


@pytest.mark.parametrize("kind", list(RevisionKind))
def test_the_words_of_each_kind(kind: RevisionKind) -> None:
    assert notice(kind).sms == f"State 911: {WORDS[kind]} Confirm: {ACK_TOKEN}"


def test_a_neighbour_reads_that_its_own_works() -> None:
    assert "Yours works, as far as we know." in notice(agency=CONNECTICUT).sms
    assert "Yours works" not in notice(agency=STATE_POLICE).sms


def test_the_longest_place_and_a_long_provider_still_name_the_place() -> None:
    made = notice(RevisionKind.NUMBER_CHANGE, failure=FailureKind.ONE_CARRIER, provider="X" * 60, agency=CONNECTICUT)
    assert "Massachusetts" in made.sms and ACK_TOKEN in made.sms
    assert sent(made.sms, ROOM) == 2, "what must be said is said, in two segments where it must be"


def test_a_place_outside_gsm_does_not_cost_the_segment() -> None:
    made = notice(note="…", failure=FailureKind.ONE_CARRIER, provider="Télécom “Łódź”")
    assert sent(made.sms, ROOM) == 1 and "Lodz" in made.sms


@pytest.mark.parametrize("kind", list(RevisionKind))
def test_a_call_spells_every_digit_and_names_who_calls(kind: RevisionKind) -> None:
    said = notice(kind).voice
    assert said.startswith("This is Massachusetts State 9 1 1 Department")
    assert "Springfield" in said and "911" not in said and ACK_TOKEN not in said
    if kind in (RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE):
        assert "4 1 3, 5 5 5, 0 1 0 1" in said


def test_training_is_said_first() -> None:
    told = replace(edition(RevisionKind.INITIAL), voice=replace(VOICE, training=True))
    made = next(short_notices(told, [POLICE], places("springfield"), DIRECTORY, ROOM))
    assert made.sms.startswith("TEST TEST") and made.voice.startswith("TEST TEST")


def test_a_restricted_number_is_in_neither() -> None:
    assert SECRET.display not in notice().sms + notice().voice
    with pytest.raises(RestrictedNumber):
        notice(answers=(CommunityAnswer("springfield", Rung.OVERRIDE, SECRET),))
