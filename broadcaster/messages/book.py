"""The book of a language: every sentence that a text in it may use, on one page that one reviewer can read and sign.

The shipped books are `templates/messages/911-outage/_words/<language>.txt`; an authority's own are in its database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from broadcaster.messages.template import NAME, VALUES, BadTemplate, Template, parse
from broadcaster.said import Said

ROOT = Path(__file__).resolve().parents[2] / "templates" / "messages" / "911-outage"
FALLBACK = "en"
SECOND = "es"

NAMES = {
    "en": "English", "es": "español", "pt": "português", "ht": "kreyòl ayisyen", "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文", "vi": "Tiếng Việt", "ru": "русский", "ar": "العربية", "fr": "français", "ko": "한국어",
    "it": "italiano", "de": "Deutsch", "hi": "हिन्दी", "tl": "Tagalog",
}  # fmt: skip
"""The languages of the house, as their speakers call them, in the order in which they are offered."""

ENGLISH_NAMES: Mapping[str, str] = {
    "en": Said("English"),
    "es": Said("Spanish"),
    "pt": Said("Portuguese"),
    "ht": Said("Haitian Creole"),
    "zh-Hans": Said("Chinese (simplified)"),
    "zh-Hant": Said("Chinese (traditional)"),
    "vi": Said("Vietnamese"),
    "ru": Said("Russian"),
    "ar": Said("Arabic"),
    "fr": Said("French"),
    "ko": Said("Korean"),
    "it": Said("Italian"),
    "de": Said("German"),
    "hi": Said("Hindi"),
    "tl": Said("Tagalog"),
}

RIGHT_TO_LEFT = frozenset({"ar"})
OWN_SCRIPT = frozenset({"zh-Hans", "zh-Hant", "ru", "ar", "ko", "hi"})
"""Languages that GSM-7 has no letters for: a text of one segment has 70 units in them."""

_ALSO = {
    "zh": "zh-Hans", "zh-cn": "zh-Hans", "zh-sg": "zh-Hans", "zh-tw": "zh-Hant", "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant", "fil": "tl", "cmn": "zh-Hans", "yue": "zh-Hant", "hat": "ht",
}  # fmt: skip
_OPTIONAL = {"time_one": "{time}", "am": "{clock} AM", "pm": "{clock} PM"}


@dataclass(frozen=True, slots=True)
class Book:
    """The sentences of one language by name; two books are equal when their words are."""

    lang: str
    sentences: Mapping[str, str] = field(compare=False, repr=False)
    sha: str
    _read: dict[tuple[str, ...], Template] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, lang: str, sentences: Mapping[str, str]) -> Book:
        """A book with the SHA-256 of its words, over canonical JSON."""
        whole = json.dumps(dict(sentences), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return cls(lang, dict(sentences), sha256(f"{lang}\n{whole}".encode()).hexdigest())

    @property
    def rtl(self) -> bool:
        """Whether it is written from right to left."""
        return self.lang in RIGHT_TO_LEFT

    @property
    def in_gsm(self) -> bool:
        """Whether GSM-7 has its letters, or others that its readers take for them."""
        return self.lang not in OWN_SCRIPT

    def sentence(self, name: str, *sections: str) -> str | None:
        """The sentence of this name, in the first of these sections that has it, or of the whole book; a short one
        that is not there is the long one."""
        for wanted in (name, name.removesuffix("_short")):
            for section in (*(f"{section}." for section in sections), ""):
                if f"{section}{wanted}" in self.sentences:
                    return self.sentences[f"{section}{wanted}"]
        return None

    def expanded(self, text: str, *sections: str) -> str:
        """The text with sentences in the place of their names; a sentence may name others, up to four deep."""

        def sentence(name: str) -> str:
            found = None if name in VALUES else self.sentence(name, *sections)
            return f"{{{name}}}" if found is None else found

        for _ in range(4):
            text = NAME.sub(lambda match: sentence(match[1]), text)
        return text

    def word(self, name: str, *sections: str, **values: str) -> str:
        """A sentence of the book, filled; BadTemplate when there is none."""
        return self.template(name, *sections).text(values)

    def template(self, name: str, *sections: str) -> Template:
        """A sentence of the book, read and checked; BadTemplate when there is none."""
        key = (name, *sections)
        if key not in self._read:
            text = self.sentence(name, *sections) or _OPTIONAL.get(name)
            if text is None:
                raise BadTemplate(Said("The book of %(lang)s has no sentence “%(name)s”.", lang=self.lang, name=name))
            self._read[key] = parse(self.expanded(text, *sections), f"{self.lang}: {name}")
        return self._read[key]


@dataclass(frozen=True, slots=True)
class Review:
    """Who stands for a translation: a name, an ISO date, and the hash of the words that they read."""

    lang: str
    who: str
    on: str
    sha: str


@dataclass(frozen=True, slots=True)
class Books:
    """The books in use. `strict` is live: there a language is spoken only in words that somebody reviewed.

    English is the source that every translation is read against; it is what is left when there is nothing else.
    """

    books: Mapping[str, Book]
    reviews: Mapping[str, Review] = field(default_factory=dict)
    strict: bool = False
    given_up: frozenset[str] = frozenset()
    """Languages whose own wording no longer fits this version of the program: the shipped one is in its place."""

    def book(self, lang: str) -> Book:
        """The book that serves these people: their own, or English where there is none."""
        return self.books.get(normal(lang) or FALLBACK, self.books[FALLBACK])

    def is_reviewed(self, lang: str) -> bool:
        """Whether the words now in use are those that somebody stands for."""
        review = self.reviews.get(lang)
        return lang == FALLBACK or (review is not None and review.sha == self.book(lang).sha)

    def may_speak(self, lang: str) -> bool:
        """Whether this language may be spoken in its own words here."""
        return lang in self.books and (not self.strict or self.is_reviewed(lang))

    def with_book(self, book: Book) -> Books:
        """The same with one book in the place of another, and without asking who reviewed it."""
        return replace(self, books={**self.books, book.lang: book}, strict=False)


@lru_cache(maxsize=256)
def normal(tag: str) -> str:
    """The language of the house that a tag such as ``zh-TW``, ``es_US`` or ``fil`` means; empty when there is none."""
    asked = tag.strip().replace("_", "-").lower()
    ours = {lang.lower(): lang for lang in NAMES}
    while asked:
        if asked in ours or asked in _ALSO:
            return ours.get(asked) or _ALSO[asked]
        asked = asked.rpartition("-")[0]
    return ""


def languages() -> tuple[str, ...]:
    """The languages of the house, English first."""
    return tuple(NAMES)


@cache
def shipped() -> Books:
    """The books that come with the program, with the reviews that came with them."""
    books = {lang: Book.of(lang, read(ROOT / "_words" / f"{lang}.txt")) for lang in NAMES}
    rows = (row.split("\t") for row in lines_of(ROOT / "_words" / "reviews.tsv"))
    return Books(books, {lang: Review(lang, who, on, sha) for lang, who, on, sha in rows})


@cache
def agency() -> Book:
    """The words of mails to agencies, in English."""
    return Book.of("agency", read(ROOT / "_words" / "agency.txt"))


def read(path: Path) -> dict[str, str]:
    """The sentences of a book's file by name; BadTemplate when it cannot be read."""
    return dict(_pairs(path))


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    for row in lines_of(path):
        name, colon, text = row.partition(": ")
        if not colon:
            raise BadTemplate(f"{path.name} has a line without a name: {row}")
        yield name, text


def lines_of(path: Path) -> list[str]:
    """The lines of a file that say something, without the headings that begin with ``# ``."""
    return [row for row in all_lines(path) if not row.startswith("# ")]


def all_lines(path: Path) -> list[str]:
    """The lines of a file that are not empty; BadTemplate when it cannot be read."""
    try:
        return [row for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]
    except OSError as error:
        raise BadTemplate(f"The template {path.relative_to(ROOT.parent)} cannot be read: {error.strerror}.") from error


@cache
def headings(path: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The headings of a book's file, each with the names of the sentences under it, as its page has them."""
    found: list[tuple[str, list[str]]] = []
    for row in all_lines(path):
        if row.startswith("# "):
            found.append((row.removeprefix("# "), []))
        else:
            found[-1][1].append(row.partition(": ")[0])
    return tuple((heading, tuple(names)) for heading, names in found)
