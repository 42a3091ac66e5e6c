"""Is this book of phrases fit to answer people? What each sentence must carry is read off the shipped English one.

A phrase prints its values and no others, keeps 911, 711 and the keys to press, and names words to text that work.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from broadcaster.messages import lint
from broadcaster.messages.book import FALLBACK, Book
from broadcaster.messages.keywords import CARRIERS, MOST_WORDS, Wish, plain, words
from broadcaster.messages.lint import Problem
from broadcaster.messages.reception import phrases
from broadcaster.messages.template import NAME
from broadcaster.said import Said, joined

LOCKED = {
    "no_reader": ("locked", Said("“No one reads this number”")),
    "voice_nobody": ("locked_spoken", Said("“No one answers on this line”")),
}
"""By the phrase in which it must stay: the line of the book that has the words, and what they say. Whoever texts or
calls us during an outage must not wait for help on a number that a machine answers."""
FIXED = frozenset(
    {*(line for line, _ in LOCKED.values()), *(f"key_{wish.value}" for wish in Wish if wish is not Wish.OTHER)}
)
"""Names that nobody edits: the words that phones text us stand in texts of years ago and must work for ever."""

NAMES_WORDS: Mapping[str, tuple[Wish, ...]] = {
    "joined": (Wish.STOP, Wish.HELP),
    "help": (Wish.STOP,),
    "yearly": (Wish.STOP,),
    "agree": (Wish.STOP,),
    "join_which": (Wish.JOIN,),
    "started": (Wish.JOIN,),
    "page_by_text": (Wish.JOIN,),
    "stopped": (Wish.START,),
    "verify": (Wish.START,),
    "sent": (Wish.START,),
}
"""Which words to text a phrase must name: how the texts end stands where they begin, and only the carriers' own START
lifts a STOP that a carrier has obeyed (twilio.md section 5.4; 47 CFR 64.1200(a)(10))."""

_DIGITS = re.compile(r"(?<![\d-])(?:911|711|9|1)(?![\d-])")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")


@lru_cache(maxsize=64)
def check(book: Book) -> tuple[Problem, ...]:
    """Everything that is wrong with a book of phrases; nothing when it can be used."""
    return tuple(lint.sentences(book, FIXED)) or tuple(_contents(book))


def _contents(book: Book) -> Iterator[Problem]:
    english = phrases().book(FALLBACK).sentences
    for name in [name for name in book.sentences if name not in FIXED]:
        text = book.sentences[name]
        found = (
            *(_locked(book, name) if name in LOCKED else ()),
            *_values(text, english[name]),
            *_digits(text, english[name]),
            *_keywords(book.lang, name, text),
        )
        if found:
            yield Problem(name, joined(" ", found))


def _locked(book: Book, name: str) -> Iterator[str]:
    line, means = LOCKED[name]
    if shown := lint.gone(book.sentences[name], phrases().book(book.lang).sentences[line]):
        yield Said("%(means)s is locked in every language: keep %(words)s in this line.", means=means, words=shown)


def _values(text: str, english: str) -> Iterator[str]:
    given, known = set(NAME.findall(text)), set(NAME.findall(english))
    if lost := known - given:
        yield Said("Keep %(names)s in this sentence: people need what it prints.", names=_list(lost))
    if (other := given - known) and known:
        has = {"names": _list(other), "known": _list(known)}
        yield Said("This sentence cannot print %(names)s: it has %(known)s only.", **has)
    elif other:
        yield Said("This sentence cannot print %(names)s: it has no values.", names=_list(other))
    if "[" in text:
        yield Said(
            "This sentence is said as a whole: leave out the stretch in brackets, which gives way in alerts only."
        )


def _list(names: set[str]) -> Said:
    return joined(Said(" and "), (f"{{{name}}}" for name in sorted(names)))


def _digits(text: str, english: str) -> Iterator[str]:
    lost = set(_DIGITS.findall(english)) - set(re.findall(r"\d+", text))
    if lost:
        yield Said("Keep %(digits)s in this sentence, in these digits.", digits=joined(Said(" and "), sorted(lost)))


def _keywords(lang: str, name: str, text: str) -> Iterator[str]:
    for wish in NAMES_WORDS.get(name, ()):
        own = () if wish is Wish.START else words(lang, wish)
        known = (*own, *CARRIERS.get(wish, ()))
        if not any(_is_named(word, text) for word in known):
            ours = joined(Said(" or "), own or known)
            yield Said("Name a word that people can text, in capital letters: %(words)s.", words=ours)


def _is_named(word: str, text: str) -> bool:
    """Whether a text names a keyword in capitals, with or without its accents; in other scripts it stands anywhere."""
    if not plain(word).isascii():
        return plain(word) in plain(text)
    parts = _LATIN.findall(unicodedata.normalize("NFC", text))
    runs = (parts[start : start + count] for count in range(1, MOST_WORDS + 1) for start in range(len(parts)))
    return any(plain(run) == plain(word) and run == run.upper() for run in map("".join, runs))
