"""What a person reads to a caller, or gives to a radio station, with blanks for what is known on the night alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.alert.alert import Area, Content, FailureKind, RevisionKind
from broadcaster.messages.book import ENGLISH_NAMES, NAMES, Book, Books
from broadcaster.messages.edition import Edition, Voice, values
from broadcaster.messages.wording import Form, line

PLACE, NUMBER, TIME = "[TOWN]", "[NUMBER]", "[TIME]"
"""The blanks: a person reads what belongs there."""
TIMES = ("issued", "began", "expires", "next_update", "expected", "earlier")
CASES = (
    ("911 is down", RevisionKind.INITIAL, FailureKind.ALL_CALLS),
    ("Some calls to 911 fail", RevisionKind.INITIAL, FailureKind.INTERMITTENT),
    ("911 cannot locate callers", RevisionKind.INITIAL, FailureKind.NO_LOCATION),
    ("911 works again", RevisionKind.ALL_CLEAR, FailureKind.ALL_CALLS),
    ("It was a false alarm", RevisionKind.FALSE_ALARM, FailureKind.ALL_CALLS),
)
"""What may have to be read, by the heading under which it is found."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is read in one language: (heading, words). `reviewed` says whether somebody stands for the translation."""

    lang: str
    name: str
    english: str
    rtl: bool
    reviewed: bool
    texts: tuple[tuple[str, str], ...]


def scripts(voice: Voice, books: Books, now: datetime) -> Iterator[Script]:
    """A script in every language of the house; one that nobody has reviewed is marked, and a person decides."""
    for lang in NAMES:
        book = books.book(lang)
        texts = tuple((heading, _text(voice, book, kind, failure, now)) for heading, kind, failure in CASES)
        yield Script(lang, NAMES[lang], ENGLISH_NAMES[lang], book.rtl, books.is_reviewed(lang), texts)


def _text(voice: Voice, book: Book, kind: RevisionKind, failure: FailureKind, now: datetime) -> str:
    content = Content(failure, Area(statewide=True), now, now + timedelta(hours=2))
    told = values(Edition(kind, content, voice, now), book, PLACE)
    told |= {**dict.fromkeys(TIMES, TIME), "number": NUMBER, "label": ""}
    return " ".join(line(Form(kind, failure, book, "community"), "voice").text(told).split())
