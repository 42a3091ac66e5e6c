"""The lookup in every language that may be spoken: its questions, and the answer of a town. Pure.

A tongue is plain strings with ``{place}`` and ``{number}`` in them, so that the window and other people's programs can
answer from the published table alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from broadcaster.feeds.snapshot import TownState
from broadcaster.messages.book import FALLBACK, NAMES, Book, Books
from broadcaster.messages.edition import isolated

_ASKED = ("find_label", "find_hint", "find_button", "find_nothing", "say_where", "call_911")


@dataclass(frozen=True, slots=True)
class Tongue:
    """What the lookup says in one language; `dir` is ``ltr`` or ``rtl``."""

    lang: str
    name: str
    dir: str
    find_label: str
    find_hint: str
    find_button: str
    find_nothing: str
    say_where: str
    call_911: str
    works_again: str
    call: str
    walk_in: str
    try_first: str
    try_first_walk_in: str
    not_verified: str = ""
    """Stands beside a number that nobody has verified; a table of an older version has no such words."""

    @property
    def page(self) -> str:
        """The path of its page."""
        return f"l/{self.lang}.html"

    def answer(self, town: Mapping[str, Any]) -> str:
        """What a row of the table says, in one or two sentences; never nothing."""
        number, again = str(town["number"]), str(town["state"]) == TownState.RESTORED.value
        if town["state"] != TownState.DOWN.value:
            return f"{self.works_again} {self.call_911}".format(place=town["name"]) if again else self.call_911
        if town["unsure"]:
            return (self.try_first if number else self.try_first_walk_in).format(number=number)
        return (self.call if number else self.walk_in).format(number=number)


def tongues(books: Books) -> Iterator[Tongue]:
    """Every language but English that may be spoken here in its own words."""
    for lang in NAMES:
        if lang != FALLBACK and books.may_speak(lang):
            yield tongue(books.book(lang))


def from_table(table: Mapping[str, Any], lang: str) -> Tongue | None:
    """The tongue of this language in a published table, of another version perhaps; None when it has none."""
    found = next((row for row in table.get("languages", ()) if row["lang"] == lang), None)
    known = {one.name for one in fields(Tongue)}
    return Tongue(**{name: words for name, words in found.items() if name in known}) if found else None


def plain(tongue: Tongue) -> dict[str, str]:
    """The tongue as JSON values."""
    return asdict(tongue)


@lru_cache(maxsize=64)
def tongue(book: Book) -> Tongue:
    """What the lookup says in the words of this book, English too."""
    number = {"number": isolated("{number}", book), "label": ""}

    def told(name: str, dial: str) -> str:
        return book.template(name, "all_calls", dial).text(number)

    stop = book.sentences["stop"]
    return Tongue(
        lang=book.lang,
        name=NAMES[book.lang],
        dir="rtl" if book.rtl else "ltr",
        **{name: book.word(name) for name in _ASKED},
        works_again=book.word("back", "all_calls", place="{place}") + stop,
        call=told("act", "community"),
        walk_in=told("act", "walk_in"),
        try_first=told("try_first", "community"),
        try_first_walk_in=told("try_first", "walk_in"),
    )
