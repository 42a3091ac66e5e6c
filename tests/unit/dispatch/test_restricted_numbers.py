"""A restricted number is in no public output, wherever in the directory somebody has marked it (issue 5, point 1)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster import audience
from broadcaster.alert.alert import Area, CommunityAnswer, Content, FailureKind, RevisionKind, Rung
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Directory
from broadcaster.dispatch import cap_document, render
from broadcaster.dispatch.cap_document import Stamp
from broadcaster.dispatch.render import Work
from broadcaster.feeds import places, public_page, receivers
from broadcaster.feeds.lookup import advice_by_town, find
from broadcaster.feeds.snapshot import OnAir, Snapshot
from broadcaster.messages.edition import Edition
from broadcaster.settings import Mode
from tests.factories import directory, office

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
LINES = tuple(f"+1508555{no:04d}" for no in range(100, 106))
PUBLIC, SECRET = Visibility.PUBLIC, Visibility.RESTRICTED
lines = st.builds(
    AlternateNumber,
    st.sampled_from(LINES),
    st.just("Desk"),
    st.sampled_from(Visibility),
    st.none() | st.just(date(2026, 6, 1)),
    st.booleans(),
)
lists = st.lists(lines, max_size=3).map(tuple)


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """Three towns whose few numbers stand in several lists, public in one and restricted in another."""
    return replace(
        directory(3),
        numbers={f"town-{no}": draw(lists) for no in (1, 2, 3)},
        county_numbers={"25027": draw(lists)},
        state_numbers=draw(lists),
        text_numbers={"town-1": draw(lists)},
    )


def content(**changes: object) -> Content:
    made = Content(FailureKind.ALL_CALLS, Area(statewide=True), NOON, NOON + timedelta(hours=2))
    return replace(made, languages=("en", "es", "ht"), **changes)  # type: ignore[arg-type]


def everything(value: Directory, kind: RevisionKind) -> str:
    """All that anybody outside may read of an alert in this directory: texts, mails, CAP, its receivers, the window."""
    answers = render.answered(content(), value)
    home = office()
    work = Work(home, value, Edition(kind, content(answers=answers), home.voice, NOON, reference="abc"))
    made = render.texts(work)
    infos = render.infos(work)
    alert, found = cap_document.judged(work, infos, Stamp("broadcaster-abc-1", NOON))
    names = receivers.place_names(value.counties, home.state_fips, home.voice.state_name)
    shown = window(value, answers, kind)
    table = json.loads(public_page.files(shown)["lookup.json"])["towns"]
    return "\n".join(
        [
            *(f"{one.message.subject}\n{one.message.text}\n{one.message.html}" for one in made),
            cap_document.cap_bytes(home, alert).decode(),
            *map(str, receivers.screens(alert)),
            *map(str, receivers.spoken(alert, names, home.voice.timezone)),
            *(finding.sentence for finding in found),
            *(data.decode() for name, data in public_page.files(shown).items()),
            json.dumps(find(table, "Town")),
            *map(str, advice_by_town(shown).values()),
        ]
    )


def window(value: Directory, answers: tuple[CommunityAnswer, ...], kind: RevisionKind) -> Snapshot:
    told = places.town_answers(value, answers)
    air = OnAir("abc", kind, "911", "911 is down", ("Words.",), NOON, NOON, NOON + timedelta(hours=2), told)
    return Snapshot(
        NOON, "State 911", Mode.DEMO, "Massachusetts", "America/New_York", (air,), places.towns(value), changed=NOON
    )


def spellings(e164: str) -> tuple[str, ...]:
    area, middle, last = e164[2:5], e164[5:8], e164[8:]
    return (e164, e164[1:], e164[2:], f"{area}-{middle}-{last}", f"{area}) {middle}", f"{middle}-{last}")


@settings(max_examples=40)
@given(directories(), st.sampled_from([RevisionKind.INITIAL, RevisionKind.UPDATE]))
def test_no_public_output_holds_a_restricted_number(value: Directory, kind: RevisionKind) -> None:
    said = everything(value, kind)
    for e164 in value.restricted:
        assert not [each for each in spellings(e164) if each in said]
    for code in ("town-1", "town-2", "town-3"):
        answer = value.ladder(code)
        assert answer.number is None or answer.number.display in said


def test_the_outputs_that_are_searched_do_hold_numbers() -> None:
    """So that the search above can find what it must not find."""
    value = directory(3)
    said = everything(value, RevisionKind.INITIAL)
    assert said.count("508-555-0100") > 8


def test_a_number_marked_after_the_release_leaves_the_window() -> None:
    value = directory(1)
    line = value.numbers["town-1"][0]
    frozen = (CommunityAnswer("town-1", Rung.COMMUNITY, line),)
    marked = replace(value, text_numbers={"town-1": (replace(line, visibility=SECRET),)})
    assert places.town_answers(value, frozen)[0].number == "508-555-0100"
    assert places.town_answers(marked, frozen)[0].number == ""


def test_a_restricted_number_given_by_hand_is_refused_even_if_it_says_public() -> None:
    value = replace(directory(1), text_numbers={"town-1": (AlternateNumber(LINES[5], "", SECRET),)})
    chosen = content(overrides=(("town-1", AlternateNumber(LINES[5])),))
    with pytest.raises(audience.RestrictedOverride, match="is restricted and cannot be published"):
        audience.answers(chosen, value)


def test_texts_reach_text_lines_first_and_no_restricted_one() -> None:
    own = AlternateNumber(LINES[0], sms=True)
    value = replace(
        directory(1),
        numbers={"town-1": (own, AlternateNumber(LINES[1]))},
        text_numbers={"town-1": (AlternateNumber(LINES[2]), AlternateNumber(LINES[3], "", SECRET))},
    )
    assert [number.e164 for number in value.textable("town-1")] == [LINES[2], LINES[0]]
    assert LINES[2] not in [answer.number.e164 for answer in value.rungs("town-1") if answer.number]


@given(directories(), st.sets(st.sampled_from(LINES)))
def test_a_jammed_line_gives_way_only_to_a_verified_public_one_that_is_answered(
    value: Directory, jammed: set[str]
) -> None:
    told = render.answered(content(), value)
    for old, new in zip(told, audience.switched(told, value, jammed), strict=True):
        assert old.community == new.community
        if new == old:
            continue
        assert old.number is not None and new.number is not None
        assert old.number.e164 in jammed
        assert new.number.e164 not in jammed | value.restricted
        assert new.number.verified_on is not None
