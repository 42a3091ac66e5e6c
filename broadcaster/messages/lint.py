"""Is this book fit to be sent? The five contents of a warning, and the line about test calls that nobody may take out.

The five: source, hazard, place, guidance, time (FEMA IPAWS best practices; Warning Lexicon, Nat. Hazards Rev. 25(1)).
More than nine of ten WEA texts of 2012 to 2022 lacked one of them (cap-ipaws.md section 9).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from broadcaster.alert.alert import RevisionKind
from broadcaster.messages import sample
from broadcaster.messages.book import Book, shipped
from broadcaster.messages.fit import fit, to_gsm
from broadcaster.messages.sample import CASES, Case, Sample
from broadcaster.messages.template import BadTemplate, MissingValue, parse
from broadcaster.messages.wording import DIALS, PARTS, Form, lines
from broadcaster.said import Said, joined, pattern

PLACE = "Ayer"
FIXED = frozenset({"locked", "stop", "colon", "comma"})
"""Names of a book that nobody edits: its signs, and the words that must stay in the line about test calls."""

NO_TEST = ("no_test", "no_test_short", "no_test_why", "no_test_works")
PART_NAMES: Mapping[str, str] = {
    "sms": Said("text message"),
    "voice": Said("call"),
    "page": Said("public page"),
    "wea-90": Said("short text on phones (WEA 90)"),
    "wea-360": Said("long text on phones (WEA 360)"),
    "cap-headline": Said("CAP headline"),
    "cap-description": Said("CAP description"),
    "cap-instruction": Said("CAP instruction"),
}
WHY: Mapping[str, str] = {
    "source": Said("says nobody's name: people believe a warning when they know who sends it"),
    "hazard": Said("does not say 911: people must see at once what it is about"),
    "place": Said(
        "does not say where: it is read outside the area too, and people inside must know that they are meant"
    ),
    "guidance": Said("does not say what to do: without the number to call people ring 911 or search for confirmation"),
    "time": Said("gives no hour: an old message that is passed on looks like news"),
    "lock": Said("lacks the line “Do not call 911 to test it”: test calls take the line from somebody who needs help"),
}
"""What each content is for, as the end of a sentence about a text that lacks it."""

_FIVE = ("source", "hazard", "place", "guidance", "time")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "sms": (*_FIVE, "lock"),
    "voice": (*_FIVE, "lock"),
    "page": (*_FIVE, "lock"),
    "wea-90": ("hazard", "place", "guidance"),
    "wea-360": (*_FIVE, "lock"),
    "cap-headline": ("hazard", "place"),
    "cap-description": ("hazard", "place", "time"),
    "cap-instruction": ("place", "guidance", "lock"),
}
"""What each form must carry; sender and hour of a CAP document stand in elements of their own."""

_WITH_NUMBER = frozenset({RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE})


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a book from being used: the sentence it lies in (``""`` for a text), and what to do."""

    name: str
    sentence: str


@lru_cache(maxsize=64)
def check(book: Book) -> tuple[Problem, ...]:
    """Everything that is wrong with a book; nothing when it can be sent. Its texts are judged once it can be read."""
    unread = tuple(sentences(book, FIXED)) + tuple(_locked(book))
    return unread or tuple(_templates(book)) or tuple(_texts(book))


def sentences(book: Book, fixed: Collection[str]) -> Iterator[Problem]:
    """The sentences that cannot be read as templates, or say nothing; `fixed` are no templates."""
    for name, text in book.sentences.items():
        if not text.strip():
            yield Problem(name, Said("This sentence is empty: every text that uses it would have a hole."))
        elif "\n" in text:
            yield Problem(name, Said("This sentence has several lines: write it on one."))
        elif name not in fixed:
            try:
                parse(book.expanded(text, name.partition(".")[0], "all_calls"), f"“{text}”")
            except BadTemplate as error:
                yield Problem(name, str(error))


LOCKED = pattern("“Do not call 911 to test it” is locked in every language: keep %(words)s in this line.")


def _locked(book: Book) -> Iterator[Problem]:
    """The line about test calls keeps its words: they are the shipped book's, whatever the edited one says."""
    ours = shipped().book(book.lang).sentences["locked"]
    for name in NO_TEST:
        if shown := gone(book.sentence(name) or "", ours):
            yield Problem(name, Said(LOCKED, words=shown))


def gone(sentence: str, locked: str) -> Said:
    """The locked words that a sentence lacks, as they are told; of several after one another any one will do."""
    said = sentence.lower()
    lacking = [words for words in locked.split("|") if not any(word.lower() in said for word in words.split(","))]
    return joined(Said(" and "), (f"“{words.split(',')[0].strip()}”" for words in lacking))


def _templates(book: Book) -> Iterator[Problem]:
    """Every part with every way out must be readable: a stretch within a stretch shows only there."""
    seen = set()
    for case, dial, part in product(CASES, DIALS, PARTS):
        try:
            lines(Form(case.kind, case.failure, book, dial, case.is_test), part)
        except BadTemplate as error:
            if str(error) not in seen:
                seen.add(str(error))
                yield Problem("", str(error))


def _texts(book: Book) -> Iterator[Problem]:
    found: dict[tuple[str, str], list[str]] = {}
    books = shipped().with_book(book)
    for case in CASES:
        try:
            for made in sample.rendered(case, books, book.lang, PLACE):
                for content in missing(book, case, made):
                    found.setdefault((made.part, content), []).append(case.name)
        except MissingValue as error:
            yield Problem("", Said("%(case)s: %(why)s", case=case.name, why=str(error)))
    for (part, content), cases in found.items():
        more = len(cases) - 1
        where = Said("%(names)s and %(more)s more", names=cases[0], more=more) if more else cases[0]
        told = {"part": PART_NAMES[part], "cases": where, "why": WHY[content]}
        yield Problem("", Said("The %(part)s (%(cases)s) %(why)s.", **told))


def missing(book: Book, case: Case, made: Sample) -> list[str]:
    """Which of the contents that its form must carry a text lacks."""
    lacking = [content for content in NEEDS[made.part] if not _has(content, book, case, made.text)]
    full = made.part == "sms" and _is_full(book, made.text)
    return [content for content in lacking if not (full and content == "time")]


def _has(content: str, book: Book, case: Case, text: str) -> bool:
    if content == "hazard":
        return "911" in text or "9 1 1" in text
    if content == "guidance":
        numbered = case.kind in _WITH_NUMBER and not case.is_test
        return sample.NUMBER.display in text or "9 7 8, 5 5 5" in text if numbered else "911" in text or "9 1 1" in text
    looked_for = {
        "source": (sample.VOICE.authority, sample.VOICE.authority_short, "Example State 9 1 1 Department"),
        "place": (PLACE,),
        "time": sample.hours(),
        "lock": tuple(_said(book)),
    }
    return any(words in text for words in looked_for[content])


def _is_full(book: Book, text: str) -> bool:
    """Whether a text message has no room for an hour; the phone that gets it shows one of its own."""
    hour = f"{book.sentences['comma']} {book.word('pm', clock='2:30')}"
    return fit(f"{text}{hour}").segments > fit(text).segments


def _said(book: Book) -> Iterator[str]:
    for name in NO_TEST:
        words = book.word(name)
        yield from (words, to_gsm(words), words.replace("911", "9 1 1"))
