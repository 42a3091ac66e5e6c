"""Which text is meant, and its template: a part of a kind of revision, with the sentences of a language's book in it.

A message is a folder of `templates/messages/911-outage`, a part is a file in it, the same for every language.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.messages.book import ROOT, Book, all_lines
from broadcaster.messages.template import BadTemplate, Template, parse
from broadcaster.said import Said

DIALS = ("community", "county", "state", "walk_in", "door", "door_text", "door_call", "door_none")
"""What people are sent to; the doors are the one place where anyone finds the number of their community."""

TEST = "test"
"""The folder of the message that says that it is only a test."""

PARTS = ("sms", "voice", "page", "wea-90", "wea-360", "cap-headline", "cap-description", "cap-instruction")
"""The forms of a message in every language; the mail to agencies is English."""


@dataclass(frozen=True, slots=True)
class Form:
    """Which text is meant: the kind of revision, what fails, whose words, what people are sent to; or only a test."""

    kind: RevisionKind
    failure: FailureKind
    book: Book
    dial: str
    is_test: bool = False

    @property
    def folder(self) -> str:
        """The folder of its message."""
        return TEST if self.is_test else self.kind.value

    @property
    def sections(self) -> tuple[str, ...]:
        """Where its sentences are looked for: under what fails, under the way out, then in the whole book."""
        return (self.failure.value, self.dial, *(["door"] if self.dial.startswith("door_") else []))


@lru_cache(maxsize=20_000)
def lines(form: Form, part: str) -> tuple[Template, ...]:
    """The lines of a part, such as ``sms`` or ``cap-headline``; BadTemplate when it cannot be used."""
    source = f"{part} of {form.folder} in {form.book.lang}"
    return tuple(parse(form.book.expanded(row, *form.sections), source) for row in _skeleton(form.folder, part))


@cache
def _skeleton(folder: str, part: str) -> tuple[str, ...]:
    return tuple(all_lines(ROOT / folder / f"{part}.txt"))


def line(form: Form, part: str) -> Template:
    """A part of one line."""
    found = lines(form, part)
    if len(found) != 1:
        file = f"{part}.txt"
        raise BadTemplate(
            Said(
                "%(file)s of %(form)s must be one line, it has %(many)s.", file=file, form=form.folder, many=len(found)
            )
        )
    return found[0]


def said(form: Form, text: str) -> Template:
    """A line made here from sentences of the book, such as ``{still}{stop} {act}``."""
    return parse(form.book.expanded(text, *form.sections), text)
