"""Two and three alerts over one town: each text says every fact and every number that holds, and no other."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.alert import Beside, CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.messages import together
from broadcaster.messages.book import languages, shipped
from broadcaster.messages.compose import call, page, sms
from broadcaster.messages.edition import Edition, values
from broadcaster.messages.fit import fit, to_gsm
from broadcaster.messages.machine_notice import machine_notice
from broadcaster.messages.mail import agency_mail
from broadcaster.messages.short_notice import short_notices
from tests.unit.messages.editions import DIRECTORY, ISSUED, answer, edition, number, places

CODES = ("springfield", "chicopee", "holyoke", "amherst")
ENDS = (RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM)
GOING = [kind for kind in RevisionKind if kind not in ENDS]


def said_of(code: str, last: str = "") -> CommunityAnswer:
    """The directory's answer, or a number that an officer typed."""
    return CommunityAnswer(code, Rung.OVERRIDE, number(last)) if last else answer(code)


def other(failure: FailureKind, *answers: CommunityAnswer, name: str = "b", provider: str = "") -> Beside:
    return Beside(name, 1, failure, ISSUED, provider, answers=answers)


def beside(kind: RevisionKind, failure: FailureKind, *others: Beside, **more: object) -> Edition:
    return edition(kind, failure, beside=others, **more)


def text(made: Edition, code: str, lang: str = "en", own: CommunityAnswer | None = None) -> str:
    return sms(made, DIRECTORY.community(code), own or answer(code), lang)


@pytest.mark.parametrize(
    ("kind", "failure", "others", "expected"),
    [
        (
            RevisionKind.INITIAL,
            FailureKind.ALL_CALLS,
            [other(FailureKind.TEXT_TO_911, answer("chicopee"))],
            "State 911, 2:30 PM: 911 is down in Chicopee. In an emergency call 413-555-0102."
            " Texts to 911 still do not arrive in Chicopee. Do not call 911 to test.",
        ),
        (
            RevisionKind.INITIAL,
            FailureKind.TEXT_TO_911,
            [other(FailureKind.ALL_CALLS, answer("chicopee"))],
            "State 911, 2:30 PM: 911 is still down in Chicopee. In an emergency call 413-555-0102."
            " Texts to 911 do not arrive in Chicopee. Do not call 911 to test.",
        ),
        (
            RevisionKind.UPDATE,
            FailureKind.ALL_CALLS,
            [other(FailureKind.ALL_CALLS, said_of("chicopee", "0142"))],
            "State 911, 2:30 PM: 911 is still down in Chicopee. In an emergency call 413-555-0102."
            " In an emergency call 413-555-0142. Do not call 911 to test.",
        ),
        (
            RevisionKind.ALL_CLEAR,
            FailureKind.ALL_CALLS,
            [other(FailureKind.ONE_CARRIER, said_of("chicopee", "0142"), provider="Verizon")],
            "Verizon phones still cannot reach 911 in Chicopee.",
        ),
        (
            RevisionKind.FALSE_ALARM,
            FailureKind.TEXT_TO_911,
            [other(FailureKind.ALL_CALLS, answer("chicopee"))],
            "911 is still down in Chicopee. In an emergency call 413-555-0102.",
        ),
        (
            RevisionKind.ALL_CLEAR,
            FailureKind.ALL_CALLS,
            [other(FailureKind.ALL_CALLS, answer("ware"))],
            "911 works again in Chicopee.",
        ),
    ],
)  # fmt: skip
def test_the_words(kind: RevisionKind, failure: FailureKind, others: list[Beside], expected: str) -> None:
    assert expected in text(beside(kind, failure, *others), "chicopee")


@st.composite
def nights(draw: st.DrawFn) -> tuple[Edition, dict[str, CommunityAnswer]]:
    """A revision over some towns, up to two others over some of them; numbers are the directory's or typed."""
    spots = st.lists(st.sampled_from(CODES), unique=True, min_size=1)
    typed = st.sampled_from(["", "", "0141", "0142"])
    others = tuple(
        Beside(
            name,
            1,
            draw(st.sampled_from(FailureKind)),
            ISSUED,
            draw(st.sampled_from(["", "Verizon"])),
            answers=tuple(said_of(code, draw(typed)) for code in draw(spots)),
        )
        for name in draw(st.sampled_from([("b",), ("b", "c")]))
    )
    own = {code: said_of(code, draw(typed)) for code in CODES}
    kind = draw(st.sampled_from(RevisionKind))
    restored = () if kind in ENDS else tuple(draw(st.just([]) | spots))
    made = edition(kind, draw(st.sampled_from(FailureKind)), beside=others, answers=tuple(own.values()))
    return replace(made, content=replace(made.content, restored=restored)), own


def standing(
    made: Edition, own: dict[str, CommunityAnswer], code: str
) -> list[tuple[FailureKind, str, CommunityAnswer]]:
    """What fails in a town by anybody, written without the code under test."""
    over = made.kind in ENDS or (made.kind is not RevisionKind.INITIAL and code in made.content.restored)
    mine = [] if over else [(made.content.failure, made.content.provider, own[code])]
    theirs = [
        (one.failure, one.provider, each)
        for one in made.content.beside
        for each in one.answers
        if code == each.community
    ]
    return mine + theirs


def sentences(made: Edition, failure: FailureKind, provider: str, code: str, lang: str, *names: str) -> set[str]:
    """Sentences of a book about a failure in a town, as a text has them."""
    book = made.books.book(lang)
    told = values(replace(made, content=replace(made.content, provider=provider)), book, DIRECTORY.community(code).name)
    found = (book.template(name, failure.value).parts(told) for name in names)
    return {to_gsm("".join(part.wordings[0] for part in parts)) for parts in found}


@given(nights(), st.sampled_from(languages()))
def test_every_fact_and_every_number_stands_and_nothing_works_where_something_fails(
    night: tuple[Edition, dict[str, CommunityAnswer]], lang: str
) -> None:
    """What stands first is worded in a language's own way, and is looked for in English and Spanish."""
    made, own = night
    for code in CODES:
        words, facts = text(made, code, lang, own[code]), standing(made, own, code)
        again = {each for failure in FailureKind for each in sentences(made, failure, "", code, lang, "back", "works")}
        if not facts:
            assert any(each in words for each in again) or made.content.failure is FailureKind.ONE_CARRIER
            continue
        assert not any(each in words for each in again)
        for failure, provider, each in facts:
            fact = sentences(made, failure, provider, code, lang, "what", "still")
            first = failure is min((one for one, _, _ in facts), key=together.GRAVEST.index)
            own_way = first and (lang not in ("en", "es") or made.kind is RevisionKind.NUMBER_CHANGE)
            assert own_way or any(one in words for one in fact), (words, fact)
            assert each.number is None or each.number.display in words


@given(nights(), st.sampled_from(["es", "pt"]))
def test_in_live_nobody_reviewed_it_so_english_says_it_beside(
    night: tuple[Edition, dict[str, CommunityAnswer]], lang: str
) -> None:
    made, own = night
    strict = replace(made, books=replace(shipped(), strict=True))
    for code in CODES:
        if together.lead(strict, DIRECTORY.community(code), own[code])[0].also:
            assert text(strict, code, "en", own[code]) in text(strict, code, lang, own[code])
            spoken = call(strict, DIRECTORY.community(code), own[code], lang)
            assert {one.lang for one in spoken} == {"en", "es"}


@pytest.mark.parametrize(("kind", "failure"), list(product(ENDS, FailureKind)))
def test_of_an_area_only_the_free_places_work_again(kind: RevisionKind, failure: FailureKind) -> None:
    made = beside(kind, failure, other(FailureKind.ALL_CALLS, answer("chicopee")))
    shown = page(made, places("springfield", "chicopee"), DIRECTORY, "en")
    assert "Springfield" in shown.headline and "Chicopee" not in shown.headline
    assert "911 is still down in Chicopee. In an emergency call 413-555-0102." in shown.paragraphs
    alone = page(made, places("chicopee"), DIRECTORY, "en")
    assert alone.headline == "911 is still down in Chicopee"


def test_agencies_and_their_machines_read_that_it_goes_on() -> None:
    made = beside(RevisionKind.ALL_CLEAR, FailureKind.TEXT_TO_911, other(FailureKind.ALL_CALLS, answer("springfield")))
    here, police = places("springfield", "chicopee"), DIRECTORY.agencies[0]
    mail = agency_mail(made, police, here, DIRECTORY)
    assert "911 is still down in Springfield. In an emergency call 413-555-0101." in mail.text
    assert "Texts to 911 arrive again in Chicopee" in mail.subject
    [notice] = short_notices(made, [police], here, DIRECTORY, 60)
    assert "911 is still down in Springfield" in notice.sms and "again" not in notice.sms
    machine = machine_notice(made, here, DIRECTORY)
    assert '"code": "springfield", "name": "Springfield", "county_fips": "25013", "is_down": true' in machine
    assert '"call_instead": "+14135550101"' in machine and machine.count('"is_down": false') == 1


def test_a_test_stands_alone() -> None:
    made = replace(beside(RevisionKind.INITIAL, FailureKind.ALL_CALLS, other(FailureKind.ALL_CALLS)), is_test=True)
    assert together.of_area(made, places("chicopee")).others == ()
    assert "only a test" in text(made, "chicopee")


def test_both_facts_of_a_town_fit_two_segments() -> None:
    for own, theirs in product(FailureKind, FailureKind):
        made = beside(RevisionKind.INITIAL, own, other(theirs, answer("springfield")))
        assert fit(text(made, "springfield")).segments <= 2
