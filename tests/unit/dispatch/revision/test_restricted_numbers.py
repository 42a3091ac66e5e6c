"""A restricted number is in no public output, wherever in the directory somebody has marked it (issue 5, point 1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster import audience
from broadcaster.alert.alert import Area, CommunityAnswer, Content, FailureKind, RevisionKind, Rung
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Directory
from broadcaster.dispatch.documents import cap_document
from broadcaster.dispatch.documents.cap_document import Stamp
from broadcaster.dispatch.revision import render
from broadcaster.dispatch.revision.render import Text, Work
from broadcaster.feeds import paper, places, public_page, receivers, replies
from broadcaster.feeds.lookup import advice_by_town, find
from broadcaster.feeds.replies import Reception
from broadcaster.feeds.snapshot import OnAir, Snapshot
from broadcaster.messages.book import Books, shipped
from broadcaster.messages.edition import Edition
from broadcaster.messages.keywords import asked
from broadcaster.messages.reception import phrases
from broadcaster.settings import Mode
from tests.factories import directory, office

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
LINES = tuple(f"+1508555{no:04d}" for no in range(100, 106))
PUBLIC, SECRET = Visibility.PUBLIC, Visibility.RESTRICTED
LANGS, TOWNS = ("en", "es", "ht"), ("town-1", "town-2", "town-3")
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
    return replace(made, languages=LANGS, **changes)  # type: ignore[arg-type]


def everything(value: Directory, kind: RevisionKind) -> str:
    """All that anybody outside may read or hear of an alert in this directory: texts, calls, mails, CAP, its receivers,
    the window, cards, and what is answered to phones on that night and on a calm day."""
    answers = render.answered(content(), value)
    home = office()
    edition = Edition(kind, content(answers=answers), home.voice, NOON, reference="abc")
    silent = frozenset((code, lang) for code in TOWNS for lang in LANGS)
    work = Work(home, value, edition, cannot_call=silent, calls=True)
    made = render.texts(work)
    infos = render.infos(work)
    alert, found = cap_document.judged(work, infos, Stamp("broadcaster-abc-1", NOON))
    names = receivers.place_names(value.counties, home.state_fips, home.voice.state_name)
    shown = window(value, answers, kind, made)
    pages = {**paper.files(shown), **public_page.files(shown)}
    table = json.loads(pages["lookup.json"])["towns"]
    return "\n".join(
        [
            *(f"{one.message.subject}\n{one.message.text}\n{one.message.html}" for one in made),
            cap_document.cap_bytes(home, alert).decode(),
            *map(str, receivers.screens(alert)),
            *map(str, receivers.spoken(alert, names, home.voice.timezone)),
            *(finding.sentence for finding in found),
            *(data.decode() for data in pages.values()),
            json.dumps(find(table, "Town")),
            *map(str, advice_by_town(shown).values()),
            *answered(shown),
            *answered(replace(shown, on_air=())),
        ]
    )


def some(books: Books) -> Books:
    """The languages of this test alone: the others say the same numbers, and take five times as long."""
    return replace(books, books={lang: books.books[lang] for lang in LANGS})


def window(
    value: Directory, answers: tuple[CommunityAnswer, ...], kind: RevisionKind, made: Sequence[Text] = ()
) -> Snapshot:
    told = places.town_answers(value, answers)
    exact = {
        code: [(one.lang, one.message.text) for one in made if (one.audience, one.form) == (code, "sms")]
        for code in TOWNS
    }
    air = OnAir(
        "abc", kind, "911", "911 is down", ("Words.",), NOON, NOON, NOON + timedelta(hours=2), told, texts=exact
    )
    return Snapshot(
        NOON,
        "State 911",
        Mode.DEMO,
        "Massachusetts",
        "America/New_York",
        (air,),
        places.towns(value),
        changed=NOON,
        books=some(shipped()),
        phrases=some(phrases()),
    )


def answered(shown: Snapshot) -> Iterator[str]:
    """What phones are told that text or call, sign up, get a card, or did not get through."""
    towns = [one.plain() for one in advice_by_town(shown).values()]
    exact = {(code, lang): text for air in shown.on_air for code, said in air.texts.items() for lang, text in said}
    desk = Reception(towns, exact, bool(shown.on_air), shown.phrases, shown.books, office().voice)
    for lang in LANGS:
        for code in TOWNS:
            here = desk.named([code])
            for body in (str(here[0]["name"]), f"JOIN {here[0]['name']}", "HELP", "my house is on fire"):
                yield replies.reply(desk, asked(body), lang, (code,)).text
            yield from replies.spoken(desk, here, lang)
            yield from (*replies.cards(desk, lang, here), *replies.not_connected(desk, lang, here))
        yield replies.joined(desk, lang, TOWNS)


def spellings(e164: str) -> tuple[str, ...]:
    area, middle, last = e164[2:5], e164[5:8], e164[8:]
    spoken = f"{' '.join(area)}, {' '.join(middle)}, {' '.join(last)}"
    return (e164, e164[1:], e164[2:], f"{area}-{middle}-{last}", f"{area}) {middle}", f"{middle}-{last}", spoken)


@settings(max_examples=40)
@given(directories(), st.sampled_from([RevisionKind.INITIAL, RevisionKind.UPDATE]))
def test_no_public_output_holds_a_restricted_number(value: Directory, kind: RevisionKind) -> None:
    said = everything(value, kind)
    for e164 in value.restricted:
        assert not [each for each in spellings(e164) if each in said]
    for code in TOWNS:
        answer = value.ladder(code)
        assert answer.number is None or answer.number.display in said


def test_the_outputs_that_are_searched_do_hold_numbers() -> None:
    """So that the search above can find what it must not find."""
    value = directory(3)
    said = everything(value, RevisionKind.INITIAL)
    assert said.count("508-555-0100") > 8
    assert said.count("5 0 8, 5 5 5, 0 1 0 0") > 8
    for seen in ("/card/town-1.html", "Reply STOP to end", "did not get through", "No one answers on this line"):
        assert seen in said


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
