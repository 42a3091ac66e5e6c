"""The one mail to an agency: what fails first, its own numbers next, text and HTML saying the same."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.alert import Certainty, CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.directory import Agency, AgencyRole
from broadcaster.local.massachusetts.sample import load
from broadcaster.messages.compose import RestrictedNumber, agency_mail
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.message import Message
from broadcaster.messages.template import plain
from tests.unit.messages.editions import CONTENT, DIRECTORY, ISSUED, SECRET, VOICE, edition, number, places

POLICE, STATE_POLICE, CONNECTICUT = DIRECTORY.agencies
MASSACHUSETTS = load(date(2026, 6, 18))
TAG = re.compile(r"<[^>]+>")


def mail(kind: RevisionKind = RevisionKind.INITIAL, agency: object = POLICE, **more: object) -> Message:
    return agency_mail(edition(kind, **more), agency, places("springfield", "chicopee"), DIRECTORY)


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w@%]+", text))


@pytest.mark.parametrize(("kind", "failure"), list(product(RevisionKind, FailureKind)))
def test_every_mail_says_place_hour_what_to_post_and_where_to_acknowledge(
    kind: RevisionKind, failure: FailureKind
) -> None:
    made = mail(kind, failure=failure)
    assert "Springfield" in made.subject
    assert len(made.subject) <= 110
    first = made.text.splitlines()[0]
    assert "911" in first
    assert "Springfield" in first or kind is RevisionKind.FALSE_ALARM
    assert "1:15 PM EDT" in made.text
    for needed in (ACK_TOKEN, "617-555-0177", "When the public hears", "What you can post"):
        assert needed in made.text
        assert needed in made.html
    assert "test" in made.text


@pytest.mark.parametrize("kind", list(RevisionKind))
def test_text_and_html_say_the_same(kind: RevisionKind) -> None:
    made = mail(kind, note="Cause & effect <unknown>.")
    shown = unescape(TAG.sub(" ", made.html.split("<body")[1].replace("%%ACK_URL%%", "")))
    assert words(made.text.replace("%%ACK_URL%%", "")) <= words(shown)


def test_a_mail_leads_with_what_fails_then_the_agencys_own_number() -> None:
    made = mail()
    assert made.subject == "CONFIRMED: 911 is down in Springfield and Chicopee since 1:15 PM EDT"
    assert made.text.startswith("911 is down in Springfield and Chicopee since 1:15 PM EDT. This is confirmed.\n")
    own, other = made.text.index("Springfield: call 413-555-0101"), made.text.index("Chicopee: call 413-555-0102")
    assert made.text.index("The number we publish for you") < own < other
    assert "(verified 2024-03-01)" in made.text
    assert "911 is down in Springfield since 1:15 PM EDT. In an emergency call 413-555-0101." in made.text


def test_a_reported_outage_is_marked_so() -> None:
    made = mail(certainty=Certainty.REPORTED)
    assert made.subject.startswith("REPORTED: ")
    assert "This is reported, not yet confirmed." in made.text


TEN_FIELDS = {
    "unique identifier": ("Outage: no number yet", "Outage: MA-2024-17"),
    "contact": ("Questions: Massachusetts State 911 Department, 617-555-0177, watch@state911.example",) * 2,
    "provider": ("Provider affected: not known yet", "Provider affected: Example Telecom"),
    "start": ("Began: June 18, 2024, 1:15 PM EDT",) * 2,
    "services": ("Service affected: All calls to 911",) * 2,
    "area": ("Area affected: Springfield",) * 2,
    "effect on 911": ("What it means for you: Calls to 911 may not reach you.",) * 2,
    "expected restoration": ("Expected restoration: not known yet", "Expected restoration: June 18, 2024, 4:00 PM EDT"),
    "cause": ("Cause: not known yet", "Cause: a cut fibre near Ayer"),
    "initial, update or final": ("This is: the initial notice",) * 2,
}
"""The ten fields of 47 CFR 4.9(h): how each reads before it is known, and after."""


@pytest.mark.parametrize("field", TEN_FIELDS)
def test_each_of_the_ten_fields_stands_in_the_notice_known_or_not(field: str) -> None:
    not_yet, known = TEN_FIELDS[field]
    told = edition(
        RevisionKind.INITIAL,
        provider="Example Telecom",
        cause="a cut fibre near Ayer",
        expected_restoration=ISSUED + timedelta(minutes=90),
    )
    bare = agency_mail(edition(RevisionKind.INITIAL), POLICE, places("springfield"), DIRECTORY)
    full = agency_mail(replace(told, reference="MA-2024-17"), POLICE, places("springfield"), DIRECTORY)
    assert not_yet in bare.text and known in full.text


LABELS = (
    "Outage: ",
    "This is: ",
    "Provider affected: ",
    "Service affected: ",
    "Area affected: ",
    "Began: ",
    "What it means for you: ",
    "Expected restoration: ",
    "Cause: ",
    "Questions: ",
)


@pytest.mark.parametrize("kind", list(RevisionKind))
def test_every_kind_of_notice_has_a_line_for_each_of_the_ten(kind: RevisionKind) -> None:
    text = mail(kind).text
    assert [label for label in LABELS if f"\n{label}" not in text] == []


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (RevisionKind.INITIAL, "the initial notice"),
        (RevisionKind.UPDATE, "the update"),
        (RevisionKind.ALL_CLEAR, "the final, service restored"),
        (RevisionKind.FALSE_ALARM, "the final, sent in error"),
    ],
)
def test_a_notice_says_whether_it_is_the_first_an_update_or_the_last(kind: RevisionKind, stage: str) -> None:
    assert f"This is: {stage}" in mail(kind).text


def test_the_next_update_is_promised_beside_them() -> None:
    assert "Next update: by 3:00 PM EDT" in mail().text


def test_a_neighbouring_state_hears_that_its_own_911_is_not_affected() -> None:
    assert "Your own 911 is not affected, as far as we know." in mail(agency=CONNECTICUT).text
    assert "not affected" not in mail(agency=STATE_POLICE).text


def test_an_agency_that_hears_of_everything_learns_that_its_own_communities_are_not_affected() -> None:
    elsewhere = Agency("amr", "Valley Ambulance", AgencyRole.EMS, (), ("amherst", "ware"), statewide=True)
    here = replace(elsewhere, communities=("amherst", "springfield"))
    assert "The 911 of your own communities is not affected, as far as we know." in mail(agency=elsewhere).text
    assert "not affected" not in mail(agency=here).text


def test_an_agency_reads_its_own_communities_first_whichever_list_it_is_on() -> None:
    both = Agency("county", "Hampden Sheriff", AgencyRole.POLICE, (), ("chicopee",), statewide=True)
    text = mail(agency=both).text
    assert text.index("Chicopee: call") < text.index("Springfield: call")
    assert text.count("Chicopee: call 413-555-0102") == 1


def test_a_long_list_becomes_counties_and_the_page() -> None:
    told = edition(RevisionKind.INITIAL)
    text = agency_mail(told, STATE_POLICE, MASSACHUSETTS.communities, MASSACHUSETTS).text
    assert "Worcester County: 60 communities" in text
    assert "Find every number at mass.gov/911." in text
    assert len(re.findall(r"^.* County: \d+ communit(?:y|ies)$", text, re.MULTILINE)) == 14


def test_a_revision_says_what_changed() -> None:
    answers = (CommunityAnswer("chicopee", Rung.OVERRIDE, number("0140")),)
    before = replace(
        CONTENT,
        answers=(CommunityAnswer("chicopee", Rung.COMMUNITY, number("0102")),),
        expires=ISSUED + timedelta(hours=1),
        restored=(),
    )
    told = replace(edition(RevisionKind.NUMBER_CHANGE, answers=answers, restored=("springfield",)), previous=before)
    text = agency_mail(told, STATE_POLICE, places("springfield", "chicopee"), DIRECTORY).text
    assert "Number for Chicopee: was “call 413-555-0102”, now “call 413-555-0140”" in text
    assert "This notice now ends: 4:30 PM EDT" in text
    assert "911 works again in: Springfield" in text


def test_a_restricted_number_is_in_no_mail() -> None:
    assert SECRET.display not in mail().text + mail().html
    with pytest.raises(RestrictedNumber):
        mail(answers=(CommunityAnswer("springfield", Rung.OVERRIDE, SECRET),))


def test_training_is_marked_in_subject_and_first_line() -> None:
    told = replace(edition(RevisionKind.ALL_CLEAR), voice=replace(VOICE, training=True))
    made = agency_mail(told, POLICE, places("springfield"), DIRECTORY)
    assert made.subject.startswith("TEST TEST")
    assert made.text.startswith("TEST TEST")


@given(st.one_of(st.text(max_size=80), st.sampled_from(["{number}", "{{7*7}}", "<script>x</script>", "> # = a :: b"])))
def test_what_a_person_typed_is_literal_in_text_and_escaped_in_html(typed: str) -> None:
    made = mail(RevisionKind.UPDATE, failure=FailureKind.ONE_CARRIER, note=typed, provider=typed)
    assert plain(typed) in made.text
    assert plain(typed) in plain(unescape(TAG.sub("", made.html.replace("\n", " "))))
    assert "<script" not in made.html
    assert "\n" not in made.subject
