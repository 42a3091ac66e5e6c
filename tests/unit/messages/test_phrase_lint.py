"""What residents may be told: a linter that reads off the shipped English what each phrase must carry."""

from __future__ import annotations

import pytest

from broadcaster.messages import phrase_lint
from broadcaster.messages.book import Book, languages
from broadcaster.messages.reception import phrases
from broadcaster.messages.volume import RESIDENTS, VOLUMES, Volume

LANGS = list(languages())


def said(lang: str, **changes: str) -> dict[str, str]:
    book = Book.of(lang, {**phrases().book(lang).sentences, **changes})
    return {problem.name: problem.sentence for problem in phrase_lint.check(book)}


@pytest.mark.parametrize("lang", LANGS)
def test_every_shipped_book_passes_and_keeps_what_is_locked(lang: str) -> None:
    assert said(lang) == {}
    locked = "“No one reads this number” is locked in every language: keep "
    assert said(lang, no_reader="911", locked="911")["no_reader"].startswith(locked)
    spoken = "“No one answers on this line” is locked in every language: keep "
    assert said(lang, voice_nobody="911", locked_spoken="911")["voice_nobody"].startswith(spoken)


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("works", " ", "This sentence is empty"),
        ("works", "No 911 outage in {place}.\nCall 911.", "This sentence has several lines"),
        ("works", "No 911 outage in {plaza}.", "{plaza}, which is no placeholder"),
        ("works", "No 911 outage in {place", "opens or closes nothing"),
        ("works", "No 911 outage is reported.", "Keep {place} in this sentence: people need what it prints."),
        ("works", "No outage in {place}.", "Keep 911 in this sentence, in these digits."),
        ("works", "No 911 outage in {place}. See {link}.", "cannot print {link}: it has {place} only."),
        (
            "link_text",
            "{authority_short}: {link} {no_reader}",
            "cannot print {no_reader}: it has {authority_short} and {link} only.",
        ),
        ("voice_left", "No more calls, {place}.", "cannot print {place}: it has no values."),
        ("if_fails", "If 911 fails [1:ever|], call {number}.", "This sentence is said as a whole"),
        ("if_fails", "If 911 fails, call the police.", "Keep {number} in this sentence"),
        ("no_reader", "We answer soon.", "keep “no one” and “read” in this line"),
        ("voice_nobody", "Stay on the line, we read you soon.", "keep “no one” and “answer” in this line"),
        ("voice_leave", "To get no more calls, press nine.", "Keep 9 in this sentence"),
        ("voice_confirm", "Press 91 to get a call when 911 fails in {place}.", "Keep 1 in this sentence"),
        ("text_relay", "Ask for {number}.", "Keep 711 in this sentence"),
        ("joined", "{authority_short} texts you about 911 in {place}. Reply STOP.", "capital letters: HELP or INFO."),
        ("help", "{authority_short} texts when 911 fails. We never stop.", "capital letters: STOP or STOPALL"),
        ("yearly", "{authority_short}: still in {place}? {link} To END it, do.", ""),
        ("agree", "You agree. Send no word at the end.", "STOP or STOPALL"),
        ("stopped", "No more from {authority_short}. Text JOIN.", "START or UNSTOP or YES."),
        ("verify", "{authority_short}: confirm for 911 in {place}.", "START or UNSTOP or YES."),
    ],
)
def test_what_is_refused_is_explained(name: str, typed: str, told: str) -> None:
    assert told in said("en", **{name: typed}).get(name, "")
    assert set(said("en", **{name: typed})) == ({name} if told else set())


@pytest.mark.parametrize(
    ("lang", "word", "fits"),
    [
        ("fr", "ARRÊT", True), ("fr", "ARRET", True), ("fr", "arrêt", False), ("vi", "DU\u031bNG", True),
        ("ru", "стоп", True), ("zh-Hant", "請回覆停止", True), ("zh-Hans", "回复STOP即可", True),
        ("de", "START", False),
    ],
)  # fmt: skip
def test_a_word_to_text_is_one_of_its_language_as_it_is_typed(lang: str, word: str, fits: bool) -> None:
    problem = said(lang, help=f"{{authority_short}} 911: {word}.").get("help", "")
    assert problem.startswith("Name a word that people can text") is not fits


@pytest.mark.parametrize("volume", VOLUMES.values(), ids=list(VOLUMES))
def test_what_nobody_edits_stays_and_what_is_not_known_is_not_taken(volume: Volume) -> None:
    own = volume.shipped().book("ht")
    typed = {**dict.fromkeys(volume.fixed, "x"), "unknown": "x"}
    assert volume.edited("ht", typed) == own
    editable = [name for _, names in volume.headings("ht") for name in names]
    assert sorted({*editable, *volume.fixed}) == sorted(own.sentences)
    assert RESIDENTS.edited("ht", {"save": " Sere  l "}).sentences["save"] == "Sere l"
