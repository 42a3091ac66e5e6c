"""Thousands of texts are printed from moulds, and each is the text that is worded by itself, to the last sign."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.alert import CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.directory import Community
from broadcaster.messages.book import NAMES, Book, shipped
from broadcaster.messages.compose import RestrictedNumber, sms
from broadcaster.messages.edition import Edition
from broadcaster.messages.fit import GSM_DEFAULT, Part, fewest_segments, fit
from broadcaster.messages.mould import LABEL, NUMBER, PLACE, Mould, is_plain
from broadcaster.messages.press import Press, Printed
from broadcaster.messages.template import parse
from tests.unit.messages.editions import DIRECTORY, SECRET, answer, community, edition, number
from tests.unit.messages.test_texts import MASSACHUSETTS

LANGS = tuple(NAMES)
ODD = ("Kāne‘ohe", "Peñasco", "Åland", "Δtown", "Mā‘ili [West]", "1", "St. X" * 30, "e\u0301tang", "مدينة", "A  B")
"""Names that no mould takes, or nearly none."""


def by_itself(told: Edition, place: Community, reply: CommunityAnswer) -> list[Printed]:
    return [Printed(lang, text := sms(told, place, reply, lang), fit(text)) for lang in LANGS]


@pytest.mark.parametrize(("kind", "failure"), list(product(RevisionKind, FailureKind)))
def test_every_kind_in_every_language_is_printed_as_it_is_worded(kind: RevisionKind, failure: FailureKind) -> None:
    dice = Random(f"{kind} {failure}")
    told = edition(kind, failure, provider=dice.choice(("", "Verizon", "Γ-Tel")))
    press = Press(told, LANGS)
    for town in dice.sample(MASSACHUSETTS.communities, 3):
        reply = MASSACHUSETTS.ladder(town.code).frozen
        assert list(press.texts(town, reply)) == by_itself(told, town, reply)
    for code in ("springfield", "ware", "gosnold"):
        place = DIRECTORY.community(code)
        assert list(press.texts(place, answer(code))) == by_itself(told, place, answer(code))


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_is_not_plain_is_worded_by_itself(name: str) -> None:
    told, place = edition(RevisionKind.INITIAL), community("x", name, "25013")
    for reply in (answer("chicopee"), CommunityAnswer("x", Rung.STATE, number("0120", f"{name} desk, nights"))):
        assert list(Press(told, LANGS).texts(place, reply)) == by_itself(told, place, reply)


def test_a_drill_and_words_that_nobody_reviewed_are_printed_as_they_are_worded() -> None:
    told = edition(RevisionKind.UPDATE)
    loose = replace(shipped(), strict=True, reviews={})
    for one in (replace(told, voice=replace(told.voice, training=True)), replace(told, books=loose)):
        press = Press(one, LANGS)
        for code in ("springfield", "ware", "gosnold"):
            place = DIRECTORY.community(code)
            assert list(press.texts(place, answer(code))) == by_itself(one, place, answer(code))


def test_one_digit_one_word_or_one_minute_makes_another_text_at_once() -> None:
    told, place = edition(RevisionKind.INITIAL), DIRECTORY.community("chicopee")

    def english(one: Edition, reply: CommunityAnswer) -> str:
        return next(Press(one, ["en"]).texts(place, reply)).text

    before = english(told, answer("chicopee"))
    assert "call 413-555-0102" in before and "2:30 PM" in before
    other = replace(answer("chicopee"), number=number("0103"))
    assert english(told, other) == before.replace("0102", "0103")
    later = replace(told, issued=told.issued.replace(minute=31))
    assert english(later, answer("chicopee")) == before.replace("2:30", "2:31")
    words = shipped().book("en").sentences
    book = Book.of("en", {**words, "no_test": "Do not try 911 to test.", "no_test_short": "Do not try 911."})
    corrected = replace(told, books=shipped().with_book(book))
    assert english(corrected, answer("chicopee")) == sms(corrected, place, answer("chicopee"), "en")
    assert "Do not try 911" in english(corrected, answer("chicopee"))


def test_a_restricted_number_is_not_printed() -> None:
    hidden = CommunityAnswer("chicopee", Rung.COMMUNITY, SECRET)
    with pytest.raises(RestrictedNumber):
        list(Press(edition(RevisionKind.INITIAL), LANGS).texts(DIRECTORY.community("chicopee"), hidden))


PLAIN = st.text(st.sampled_from(sorted(GSM_DEFAULT)), min_size=1, max_size=90).filter(is_plain)
BITS = st.lists(st.text(st.sampled_from("ab. €^あं\u0301\u0600é–。👍"), max_size=40), min_size=5, max_size=5)


@given(BITS, PLAIN, PLAIN, st.sampled_from((0, 1, 80, 150)))
def test_any_words_around_any_plain_words(bits: list[str], place: str, figure: str, longer: int) -> None:
    """Signs that join, that take two units, that GSM-7 lacks: either there is no mould, or it is exact."""
    row = (
        f"{bits[0]}{{place}}[2:{bits[1]} {{number}}|{bits[2]}{{number}}]{'x' * longer}[1:{bits[3]}|]{{place}}{bits[4]}"
    )
    template = parse(row, "a test")
    mould = Mould.of("", template, {"place": PLACE, "number": NUMBER, "label": LABEL})
    if mould is not None:
        whole = fewest_segments([Part(("",)), *template.parts({"place": place, "number": figure})])
        assert mould.text(place, figure) == (whole, fit(whole))
