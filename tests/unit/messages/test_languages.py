"""Every language, form, kind of revision and failure: place, number and hour are in it, and it fits."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.messages.book import ENGLISH_NAMES, NAMES, RIGHT_TO_LEFT, languages, normal, shipped
from broadcaster.messages.compose import cap_texts, page, sms, voice
from broadcaster.messages.edition import Edition
from broadcaster.messages.fit import Encoding, fit, is_gsm, septets, to_gsm
from broadcaster.messages.wording import DIALS, PARTS, Form, lines
from tests.unit.messages.editions import DIRECTORY, VOICE, answer, edition, places

FIFTEEN = ["en", "es", "pt", "ht", "zh-Hans", "zh-Hant", "vi", "ru", "ar", "fr", "ko", "it", "de", "hi", "tl"]
KINDS, FAILURES = list(RevisionKind), list(FailureKind)
EVERY = list(product(KINDS, FAILURES, FIFTEEN))
NUMBER = "413-555-0101"
WITH_NUMBER = {RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE}
ISSUED, BEGAN, EARLIER = "2:30", "1:15", "2:10"


def locked(text: str, lang: str) -> bool:
    """Whether the line about test calls is in a text, in one of its wordings."""
    book = shipped().book(lang)
    return any(
        line in text for name in ("no_test", "no_test_short") for line in (book.word(name), to_gsm(book.word(name)))
    )


def text(told: Edition, lang: str, town: str = "springfield") -> str:
    return sms(told, DIRECTORY.community(town), answer(town), lang)


def test_there_are_fifteen_languages_and_each_has_its_names() -> None:
    assert list(languages()) == FIFTEEN
    assert NAMES.keys() == ENGLISH_NAMES.keys()


@pytest.mark.parametrize(
    ("tag", "lang"),
    [("es-US", "es"), ("zh", "zh-Hans"), ("zh_TW", "zh-Hant"), ("ZH-hant-HK", "zh-Hant"), ("fil", "tl"), ("xx", "")],
)  # fmt: skip
def test_a_tag_means_a_language_of_the_house(tag: str, lang: str) -> None:
    assert normal(tag) == lang


@pytest.mark.parametrize("lang", FIFTEEN)
def test_a_book_has_every_sentence_that_english_has(lang: str) -> None:
    english, own = shipped().book("en").sentences, shipped().book(lang).sentences
    needed = {name for name in english if not name.endswith("_short")}
    known = needed | {name for name in english if name.endswith("_short")}
    more = {name for name in own if name not in known and not name.endswith("_short")}
    assert needed <= own.keys()
    assert more <= {"am", "pm", "time_one"}


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_a_text_message_names_sender_place_number_and_what_not_to_do(
    kind: RevisionKind, failure: FailureKind, lang: str
) -> None:
    for town in ("springfield", "ware", "gosnold"):
        made = text(edition(kind, failure), lang, town)
        assert made.startswith("State 911")
        assert DIRECTORY.community(town).name in made
        assert locked(made, lang)
        assert fit(made).segments <= 2
        given = answer(town).number
        assert kind not in WITH_NUMBER or given is None or given.display in made
    assert fit(text(edition(kind, failure), lang)).segments == 1 or (
        not shipped().book(lang).in_gsm and failure is not FailureKind.ALL_CALLS
    )


@pytest.mark.parametrize(("kind", "lang"), list(product(KINDS, FIFTEEN)))
def test_one_segment_is_160_septets_or_70_units(kind: RevisionKind, lang: str) -> None:
    size = fit(text(edition(kind), lang))
    assert (size.encoding is Encoding.GSM7) == shipped().book(lang).in_gsm
    assert (size.segments, size.units <= (160 if size.encoding is Encoding.GSM7 else 70)) == (1, True)


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_a_call_says_place_number_twice_and_hour(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    made = voice(edition(kind, failure), DIRECTORY.community("springfield"), answer("springfield"), lang)
    assert "Springfield" in made
    assert any(hour in made for hour in (ISSUED, BEGAN, EARLIER)) or kind is RevisionKind.NUMBER_CHANGE
    assert "9 1 1" in made
    assert not re.search(r"911|\d{3}-\d{3}", made)
    assert kind not in WITH_NUMBER or made.count("4 1 3, 5 5 5, 0 1 0 1") == 2


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_texts_for_an_area_carry_place_number_and_hour(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    told = edition(kind, failure)
    made = cap_texts(told, places("chicopee"), DIRECTORY, lang)
    shown = page(told, places("chicopee"), DIRECTORY, lang)
    whole = "\n".join(shown.paragraphs)
    for each in (made.headline, made.description, made.instruction, made.wea90, made.wea360, shown.headline):
        assert "Chicopee" in each
        assert "911" in each
    for each in (made.description, made.wea360, whole):
        assert any(hour in each for hour in (ISSUED, BEGAN, EARLIER))
    assert all(locked(each, lang) for each in (made.instruction, made.wea360, whole))
    if kind in WITH_NUMBER:
        assert all("413-555-0102" in each for each in (made.instruction, made.wea90, made.wea360, whole))
    assert len(made.headline) <= 160
    size = septets if shipped().book(lang).in_gsm else len
    assert (size(made.wea90) <= 90, size(made.wea360) <= 360) == (True, True)
    assert is_gsm(made.wea90 + made.wea360) == shipped().book(lang).in_gsm


@pytest.mark.parametrize("lang", FIFTEEN)
def test_a_test_says_that_it_is_one_and_never_that_911_is_down(lang: str) -> None:
    told = replace(edition(RevisionKind.INITIAL), is_test=True)
    book = shipped().book(lang)
    made = cap_texts(told, places("chicopee"), DIRECTORY, lang)
    said = to_gsm(book.word("test_is", place="Springfield"))
    fails = book.word("what", "all_calls", place="Springfield")
    for each in (text(told, lang), to_gsm(voice(told, *places("springfield"), answer("springfield"), lang))):
        assert said in each or said.replace("911", "9 1 1") in each
        assert fails not in each
    assert book.word("test_is", place="Chicopee") in made.headline
    assert NUMBER in text(told, lang)


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_every_part_can_be_used_with_every_way_out(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    book = shipped().book(lang)
    for part, dial, is_test in product(PARTS, DIALS, (False, True)):
        assert lines(Form(kind, failure, book, dial, is_test), part)


@pytest.mark.parametrize(("doors", "needed"), [
    ({"lookup_url": ""}, "617-555-0188"),
    ({"lookup_url": "", "lookup_sms": ""}, "617-555-0189"),
    ({"lookup_url": "", "lookup_sms": "", "lookup_voice": ""}, ""),
])  # fmt: skip
@pytest.mark.parametrize("lang", FIFTEEN)
def test_where_an_area_has_many_numbers_people_are_sent_to_the_door_that_there_is(
    lang: str, doors: dict[str, str], needed: str
) -> None:
    told = replace(edition(RevisionKind.INITIAL), voice=replace(VOICE, **doors))
    made = cap_texts(told, places("springfield", "chicopee"), DIRECTORY, lang)
    assert all(needed in each for each in (made.wea90, made.wea360, made.instruction))
    assert septets(made.wea360) <= 360


@pytest.mark.parametrize("lang", sorted(RIGHT_TO_LEFT))
def test_numbers_stand_in_isolation_where_words_run_from_right_to_left(lang: str) -> None:
    told = edition(RevisionKind.INITIAL)
    made = cap_texts(told, places("chicopee"), DIRECTORY, lang)
    whole = "\n".join(
        [text(told, lang), made.instruction, made.wea360, *page(told, places("chicopee"), DIRECTORY, lang).paragraphs]
    )
    numbers = re.findall(r"(.)(?:\d{3}-\d{3}-\d{4})(.)", whole)
    assert len(numbers) >= 4
    assert set(numbers) == {("\u2066", "\u2069")}
