"""The two books of every language that an authority may make its own: what alerts say, and what residents are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from broadcaster.messages import book, lint, phrase_lint, reception
from broadcaster.messages.book import Book, Books
from broadcaster.messages.lint import Problem


@dataclass(frozen=True, slots=True)
class Volume:
    """A kind of book: where it is shipped, what nobody edits in it, and what keeps one from being used."""

    name: str
    folder: Path
    shipped: Callable[[], Books]
    fixed: frozenset[str]
    check: Callable[[Book], tuple[Problem, ...]]

    def edited(self, lang: str, typed: Mapping[str, str]) -> Book:
        """The book of a language with these sentences in it: a name that the shipped book has not is not taken, and
        what nobody edits stays."""
        own = self.shipped().book(lang).sentences
        given = {name: " ".join(text.split()) for name, text in typed.items() if name not in self.fixed}
        return Book.of(lang, {name: given.get(name, text) for name, text in own.items()})

    def headings(self, lang: str) -> list[tuple[str, list[str]]]:
        """The headings of the shipped book, each with the names of its sentences that may be edited."""
        whole = book.headings(self.folder / f"{lang}.txt")
        return [(heading, [name for name in names if name not in self.fixed]) for heading, names in whole]


FORMS = book.ROOT.parent
ALERTS = Volume("alerts", book.ROOT / "_words", book.shipped, lint.FIXED, lint.check)
RESIDENTS = Volume("residents", reception.FOLDER, reception.phrases, phrase_lint.FIXED, phrase_lint.check)
VOLUMES = {volume.name: volume for volume in (ALERTS, RESIDENTS)}


@cache
def rules() -> str:
    """What a book is judged by, in one hash: the linter, the forms and the shipped words of this program. Another
    version of any of them may ask more of the same book."""
    ours = sorted((*Path(__file__).parent.glob("*.py"), *(path for path in FORMS.rglob("*") if path.is_file())))
    whole = sha256()
    for path in ours:
        whole.update(sha256(path.read_bytes()).digest())
    return whole.hexdigest()
