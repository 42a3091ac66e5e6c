"""The words for people who text or call us, or sign up: books of their own, so that no change here touches an alert.

The shipped ones are `templates/messages/residents/<language>.txt`, reviewed in `reviews.tsv` beside them; those of
an authority are in its database.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from broadcaster.messages.book import FALLBACK, NAMES, ROOT, SECOND, Book, Books, Review, lines_of, read

FOLDER = ROOT.parent / "residents"


@cache
def _shipped() -> Books:
    books = {lang: Book.of(lang, read(FOLDER / f"{lang}.txt")) for lang in NAMES}
    rows = (row.split("\t") for row in lines_of(FOLDER / "reviews.tsv"))
    return Books(books, {lang: Review(lang, who, on, sha) for lang, who, on, sha in rows})


def phrases(*, strict: bool = False) -> Books:
    """The shipped phrases; `strict` is live, where a language is spoken only in words that somebody reviewed."""
    return replace(_shipped(), strict=strict)


def say(books: Books, lang: str, name: str, **values: str) -> str:
    """A phrase in a language, or in English and Spanish together where nobody has reviewed the language's own."""
    if books.may_speak(books.book(lang).lang):
        return books.book(lang).word(name, **values)
    return " / ".join(books.book(one).word(name, **values) for one in (FALLBACK, SECOND))
