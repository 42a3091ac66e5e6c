"""Sentences for people that can still be said in another language: the desk's pages speak the reader's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self


class Said(str):
    """A sentence in English that remembers its pattern and the parts put into it (``%(name)s``).

    It is the English text wherever a text is wanted: in the ledger, the log, the API. A page that speaks another
    language looks the pattern up and puts the parts in anew; a part may be a `Said` itself. Patterns are literals, so
    that they can be found for the translators; what somebody typed is a part and never a pattern.
    """

    pattern: str
    parts: dict[str, Any]

    def __new__(cls, pattern: str, /, **parts: Any) -> Self:
        """The sentence; KeyError when a part that the pattern names is missing."""
        made = super().__new__(cls, pattern % parts)
        made.pattern, made.parts = pattern, parts
        return made

    def __str__(self) -> str:
        """Itself, so that an exception keeps the sentence that it was raised with."""
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How a copy is made: by the pattern, never by the text that came of it."""
        return (self.pattern,), self.parts


class Counted(Said):
    """A sentence that depends on a number: `pattern` for one, `many` otherwise; ``%(num)s`` is the number."""

    many: str
    number: int

    def __new__(cls, pattern: str, many: str, count: int, /, **parts: Any) -> Self:
        """The sentence in the form that English has for `count`."""
        parts = {"num": f"{count:,}", **parts}
        made = str.__new__(cls, (pattern if count == 1 else many) % parts)
        made.pattern, made.many, made.number, made.parts = pattern, many, count, parts
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How a copy is made."""
        return (self.pattern, self.many, self.number), self.parts


def pattern(text: str) -> str:
    """Mark a literal as the pattern of a `Said` that is made later, so that translators find it."""
    return text


def joined(between: str, sentences: Iterable[object]) -> Said:
    """Several as one, with what stands `between` them; each is still said in the reader's language."""
    parts = {f"part{number}": each for number, each in enumerate(sentences)}
    return Said("%(between)s".join(f"%({name})s" for name in parts), between=between, **parts)
