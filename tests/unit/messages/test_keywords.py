"""STOP, START, HELP and JOIN: the carriers' own words, and those of fifteen languages, as tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest

from broadcaster.local.massachusetts import sample
from broadcaster.messages import keywords
from broadcaster.messages.book import NAMES
from broadcaster.messages.keywords import CARRIER_HELP, CARRIER_START, CARRIER_STOP, Wish, asked, every, plain, words
from broadcaster.messages.reception import phrases, say

EVERY = list(every())


@pytest.mark.parametrize(("wish", "lang", "word"), EVERY)
def test_every_keyword_is_understood_however_it_is_typed(wish: Wish, lang: str, word: str) -> None:
    for typed in (word, word.lower(), word.title(), f" {word} ", f"{word}.", f"{word}!", f"“{word}”"):
        assert asked(typed).wish is wish, typed


@pytest.mark.parametrize("lang", NAMES)
@pytest.mark.parametrize("wish", [Wish.STOP, Wish.START, Wish.HELP, Wish.JOIN])
def test_every_language_has_a_word_for_everything(lang: str, wish: Wish) -> None:
    assert words(lang, wish)
    assert all(word and plain(word) for word in words(lang, wish))


@pytest.mark.parametrize(
    ("carriers", "wish"), [(CARRIER_STOP, Wish.STOP), (CARRIER_START, Wish.START), (CARRIER_HELP, Wish.HELP)]
)
def test_the_carriers_own_words_are_answered_by_the_carrier(carriers: tuple[str, ...], wish: Wish) -> None:
    for word in carriers:
        assert (asked(word).wish, asked(word).ours) == (wish, False)
        assert (asked(word.lower()).ours, asked(f"{word}.").ours) == (False, True)


def test_no_word_means_two_things_in_any_two_languages() -> None:
    meanings = defaultdict(set)
    for wish, _, word in EVERY:
        meanings[plain(word)].add(wish)
    assert {word: wishes for word, wishes in meanings.items() if len(wishes) > 1} == {}


def test_no_word_is_the_name_of_a_town_or_a_quarter() -> None:
    directory = sample.load(date(2026, 6, 18))
    places = {plain(name) for place in directory.communities for name in (place.name, *place.places)}
    assert places & {plain(word) for _, _, word in EVERY} == set()


@pytest.mark.parametrize(
    ("body", "wish", "lang", "rest"),
    [
        ("Stop All!", Wish.STOP, "en", ""),
        ("un-subscribe", Wish.STOP, "en", ""),
        ("opt out", Wish.STOP, "en", ""),
        ("ＳＴＯＰ", Wish.STOP, "en", ""),
        ("arret", Wish.STOP, "fr", ""),
        ("dung", Wish.STOP, "vi", ""),
        ("ايقاف", Wish.STOP, "ar", ""),
        ("kòmanse", Wish.START, "ht", ""),
        ("si", Wish.START, "es", ""),
        ("tro giup", Wish.HELP, "vi", ""),
        ("JOIN", Wish.JOIN, "en", ""),
        ("Join West Springfield", Wish.JOIN, "en", "West Springfield"),
        ("join 01103", Wish.JOIN, "en", "01103"),
        ("unirse Lynn", Wish.JOIN, "es", "Lynn"),
        ("THAM GIA Lynn", Wish.JOIN, "vi", "Lynn"),
        ("dang ky Lynn", Wish.JOIN, "vi", "Lynn"),
        ("加入Lynn", Wish.JOIN, "zh-Hans", "Lynn"),
        ("訂閱 Lynn", Wish.JOIN, "zh-Hant", "Lynn"),
        ("가입Lynn", Wish.JOIN, "ko", "Lynn"),
        ("Stop the fire at 12 Main Street", Wish.OTHER, "", "Stop the fire at 12 Main Street"),
        ("Please   stop\nhim", Wish.OTHER, "", "Please stop him"),
        ("fine", Wish.OTHER, "", "fine"),
        ("Huy", Wish.OTHER, "", "Huy"),
        ("救命", Wish.OTHER, "", "救命"),
        ("socorro", Wish.OTHER, "", "socorro"),
        ("Springfield", Wish.OTHER, "", "Springfield"),
        ("", Wish.OTHER, "", ""),
        ("🙂", Wish.OTHER, "", "🙂"),
        ("\u200f\u202e", Wish.OTHER, "", "\u200f\u202e"),
    ],
)
def test_what_a_text_asks_for(body: str, wish: Wish, lang: str, rest: str) -> None:
    read = asked(body)
    assert (read.wish, read.lang, read.rest) == (wish, lang, rest)


@pytest.mark.parametrize("said", ["STOP", "START", "HELP"])
def test_the_carriers_own_reading_wins(said: str) -> None:
    assert (asked("whatever", said).wish, asked("whatever", said).ours) == (Wish(said.lower()), False)


def test_the_words_are_in_the_books_that_a_reviewer_signs() -> None:
    for lang in NAMES:
        sentences = phrases().book(lang).sentences
        assert sentences.keys() == phrases().book("en").sentences.keys()
        assert all(text.strip() for text in sentences.values())


@pytest.mark.parametrize("lang", NAMES)
def test_a_phrase_names_a_keyword_that_works(lang: str) -> None:
    """What people are told to text must be understood, as it is printed."""
    book = phrases().book(lang)
    for name, wishes in (("help", {Wish.STOP}), ("joined", {Wish.STOP, Wish.HELP}), ("join_which", {Wish.JOIN})):
        for wish in wishes:
            assert any(plain(word) in plain(book.sentences[name]) for word in words(lang, wish)), name
    assert "START" in book.sentences["stopped"]


def test_a_phrase_that_nobody_reviewed_is_said_in_english_and_spanish_when_live() -> None:
    assert say(phrases(), "de", "no_reader") == "Niemand liest diese Nummer."
    assert say(phrases(strict=True), "en", "no_reader") == "No one reads this number."
    assert say(phrases(strict=True), "de", "no_reader") == "No one reads this number. / Nadie lee este número."


def test_a_keyword_has_no_more_words_than_are_read() -> None:
    assert max(len(word.split()) for _, _, word in EVERY) <= keywords.MOST_WORDS
