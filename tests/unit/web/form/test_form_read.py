"""What can be typed into the form, and the sentence that stands beside it when it cannot be used."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.alert.alert import Area, Certainty, ChannelName, FailureKind, RevisionKind, Withheld
from broadcaster.web.form.read import Reading, read
from broadcaster.web.form.typed import Typed, TypedConfirmation, blank, from_content, local
from tests.desk import NOON, directory

ZONE = ZoneInfo("America/New_York")
PLACES = ("ayer", "groton", "harvard", "salem")
GOOD = replace(blank(NOON, ZONE, ("en", "es")), names="Ayer")


def reading(typed: Typed) -> Reading:
    return Reading(typed, directory(), ZONE, NOON)


def test_what_is_prefilled_needs_only_a_place() -> None:
    content = read(reading(GOOD), RevisionKind.INITIAL, None)
    assert content is not None
    assert content.area == Area(communities=("ayer",))
    assert (content.failure, content.certainty) == (FailureKind.ALL_CALLS, Certainty.CONFIRMED)
    assert content.expires - NOON == timedelta(hours=2)
    assert content.next_update is not None and content.next_update - NOON == timedelta(minutes=30)
    assert content.channels == tuple(ChannelName) and content.languages == ("en", "es")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"names": ""}, "area", "Choose where 911 fails"),
        ({"names": "Ayer, Nowhere"}, "names", "“Nowhere” is not in the directory"),
        ({"names": "Grotton"}, "names", "“Grotton” is not in the directory: did you mean Groton?"),
        ({"names": "Aye"}, "names", "“Aye” could be Ayer"),
        ({"names": "<b>Ayer</b>"}, "names", "“<b>Ayer</b>” is not in the directory"),
        ({"names": "Ayer\n" * 10_000}, "names", "more than 50,000 characters"),
        ({"names": "Ayre, Grotton, Salm, Nowhere"}, "names", "did you mean Salem? And 1 more names do not fit."),
        ({"counties": ("99999",)}, "area", "No county has the code"),
        ({"psaps": ("nobody",)}, "area", "No PSAP has the code"),
        ({"failure": "everything"}, "failure", "Choose what fails"),
        ({"failure": "one_carrier"}, "provider", "Name the carrier"),
        ({"failure": "one_carrier", "provider": "x" * 81}, "provider", "under 80"),
        ({"certainty": ""}, "certainty", "confirmed or only reported"),
        ({"began": ""}, "began", "Fill in date and time"),
        ({"began": "yesterday"}, "began", "“yesterday” is no date with a time"),
        ({"began": "2026-06-18T13:00"}, "began", "in the future"),
        ({"expires": "2026-06-18T11:00"}, "expires", "end before the outage began"),
        ({"began": "2026-06-18T09:00", "expires": "2026-06-18T11:00"}, "expires", "over already"),
        ({"expires": "2026-06-18T16:06"}, "expires", "at most 4 hours"),
        ({"expires": "2026-02-31T10:00"}, "expires", "is no date"),
        ({"next_update": "2026-06-18T11:00"}, "next_update", "in the past"),
        ({"next_update": "soon"}, "next_update", "is no date"),
        ({"expected_restoration": "2026-06-18T11:00"}, "expected_restoration", "before it failed"),
        ({"note": "x" * 501}, "note", "501 characters"),
        ({"cause": "x" * 501}, "cause", "501 characters"),
        ({"channels": ()}, "channels", "at least one way"),
        ({"withheld_lists": ("police",)}, "withheld", "Say why these agencies are not told"),
        ({"withheld_lists": ("choirs",), "withheld_reason": "x"}, "withheld", "No list is called “choirs”"),
        ({"withheld_names": "Ayer", "withheld_reason": "x"}, "withheld", "is called “Ayer”: write the whole name"),
        ({"withheld_reason": "a drill"}, "withheld", "now everybody is in"),
        ({"withheld_lists": ("police",), "withheld_reason": "x" * 301}, "withheld", "301 characters"),
    ],
)
def test_bad_input_is_answered_beside_its_field(changes: dict[str, object], field: str, words: str) -> None:
    bad = reading(replace(GOOD, **changes))
    assert read(bad, RevisionKind.INITIAL, None) is None
    assert words in bad.problems[field]
    assert list(bad.problems) == [field]


def test_whom_to_leave_out_is_typed_by_name_and_comes_back_as_it_was() -> None:
    typed = replace(
        GOOD, withheld_lists=("police/25017",), withheld_names="state  police\n", withheld_reason=" They\nknow. "
    )
    content = read(reading(typed), RevisionKind.INITIAL, None)
    assert content is not None
    assert content.withheld == Withheld(("police/25017",), ("state-police",), "They know.")
    again = from_content(content, directory(), ZONE)
    assert (again.withheld_lists, again.withheld_names) == (("police/25017",), "State Police")
    assert again.withheld_reason == "They know."


@pytest.mark.parametrize(
    ("changes", "area"),
    [
        ({"statewide": True, "names": ""}, Area(statewide=True)),
        ({"counties": ("25017",), "names": ""}, Area(counties=("25017",))),
        ({"psaps": ("salem-psap",), "names": ""}, Area(psaps=("salem-psap",))),
        ({"names": "ayer;  GROTON\n\nHarvard, "}, Area(communities=("ayer", "groton", "harvard"))),
        ({"names": "\u2022 Ayer\u200f\r\n“Groton.”\tHarvard\u2028\ufeffＳalem"}, Area(communities=PLACES)),
        ({"names": "Ayer\n" * 1_000 + "Groton"}, Area(communities=("ayer", "groton"))),
        ({"names": "Ayer", "communities": ("salem",)}, Area(communities=("ayer", "salem"))),
    ],
)
def test_ways_to_say_where(changes: dict[str, object], area: Area) -> None:
    content = read(reading(replace(GOOD, **changes)), RevisionKind.INITIAL, None)
    assert content is not None and content.area == area


def test_the_form_of_a_saved_content_reads_as_the_same_content() -> None:
    content = read(reading(replace(GOOD, counties=("25027",), note="Call the desk.")), RevisionKind.INITIAL, None)
    assert content is not None
    again = read(reading(from_content(content, directory(), ZONE)), RevisionKind.UPDATE, content)
    assert again == content


def test_a_partial_restoration_names_some_of_the_communities() -> None:
    base = read(reading(replace(GOOD, names="Ayer, Groton")), RevisionKind.INITIAL, None)
    assert base is not None
    for restored, words in (
        ("", "Choose the communities"),
        ("Salem", "not in the area"),
        ("Ayer, Groton", "all-clear"),
    ):
        bad = reading(replace(GOOD, restored_names=restored))
        assert read(bad, RevisionKind.RESTORED_IN_PART, base) is None
        assert words in bad.problems["restored"]
    good = read(reading(replace(GOOD, restored_names="Ayer", names="ignored")), RevisionKind.RESTORED_IN_PART, base)
    assert good is not None and good.restored == ("ayer",) and good.area == base.area


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        ([], "confirmations", "Name who confirms"),
        ([{"who": "", "how": "by phone"}], "who-0", "who confirms"),
        ([{"who": "Vendor", "how": ""}], "how-0", "how they know"),
        ([{"who": "Vendor", "how": "by phone", "at": ""}], "at-0", "Fill in"),
        ([{"who": "Vendor", "how": "by phone", "at": "2026-06-19T12:00"}], "at-0", "in the future"),
        ([{"who": "Vendor", "how": "by phone", "names": "Salem"}], "names_of-0", "not in the area"),
        ([{"who": "Vendor", "how": "by phone", "names": "Ayer"}], "confirmations", "works again in Groton"),
    ],
)
def test_an_all_clear_needs_a_name_for_every_community(rows: list[dict[str, str]], field: str, words: str) -> None:
    base = read(reading(replace(GOOD, names="Ayer, Groton")), RevisionKind.INITIAL, None)
    given = tuple(TypedConfirmation(**({"at": local(NOON, ZONE)} | row)) for row in rows)
    bad = reading(replace(GOOD, confirmations=given))
    assert read(bad, RevisionKind.ALL_CLEAR, base) is None
    assert words in bad.problems[field]


def test_the_vendor_can_confirm_everything_and_psaps_one_by_one() -> None:
    base = read(reading(replace(GOOD, names="Ayer, Groton")), RevisionKind.INITIAL, None)
    at = local(NOON, ZONE)
    vendor = (TypedConfirmation("Vendor", "by phone", at),)
    psaps = tuple(TypedConfirmation(f"{name} dispatch", "took a call", at, name) for name in ("Ayer", "Groton"))
    for rows in (vendor, psaps):
        content = read(reading(replace(GOOD, confirmations=rows)), RevisionKind.ALL_CLEAR, base)
        assert content is not None
        assert {code for row in content.confirmations for code in row.communities} == {"ayer", "groton"}
