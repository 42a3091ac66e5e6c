"""The template language of `templates/messages`.

``{name}`` prints a value of the closed list VALUES, or the sentence of that name from the language's book; anything
else is refused at load. ``[rank:best|next|last]`` is a stretch that may give way (see `fit.Part`); a wording with an
empty value is passed over, and with rank 0 the first that is left is printed. Values are inserted once and literally:
what a person typed is never read as a template.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from broadcaster.messages.fit import Part, joined
from broadcaster.said import Said

VALUES = frozenset(
    {
        "authority", "authority_short", "state", "place", "provider", "phones", "phones_again", "number", "label",
        "issued", "began", "expires", "next_update", "expected", "earlier", "note", "link", "lookup_url",
        "lookup_sms", "lookup_voice", "watch", "reference", "restored", "remaining", "elsewhere", "each", "certainty",
        "stage", "stamp", "began_on", "expected_on", "neighbour", "heading", "service", "effect",
        "post", "cause", "also", "watch_email", "clock", "county", "count", "date", "old", "new_one",
    }
)  # fmt: skip
"""Every value that a template may print."""

LISTS = frozenset({"numbers", "changes"})
"""Values of several lines, which stand on a line of their own in a mail."""

NAME = re.compile(r"\{(\w+)\}")
_STRETCH = re.compile(r"\[(\d):([^\[\]]*)\]")


class BadTemplate(ValueError):
    """A template that cannot be used; the message names the file and what is wrong in it."""


class MissingValue(ValueError):
    """A text cannot be made because a value that it must carry is empty; the message names it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Wordings of one part of a template, best first, with the rank at which they give way."""

    wordings: tuple[str, ...]
    rank: int = 0

    def filled(self, values: Mapping[str, str]) -> Part:
        """The part with its values; a wording of a several-worded stretch whose value is empty is passed over."""
        usable = [wording for wording in self.wordings if all(values.get(name) for name in NAME.findall(wording))]
        if not usable and len(self.wordings) == 1 and not self.rank:
            raise MissingValue(Said("“%(words)s” needs a value that is empty.", words=self.wordings[0].strip()))
        printed = tuple(NAME.sub(lambda name: values[name[1]], wording) for wording in usable) or ("",)
        return Part(printed if self.rank else printed[:1], self.rank)


@dataclass(frozen=True, slots=True)
class Template:
    """One line of a template, read and checked."""

    stretches: tuple[Stretch, ...]

    def parts(self, values: Mapping[str, str]) -> list[Part]:
        """The parts of the text, to be shortened; MissingValue when a value that must be there is empty."""
        return [stretch.filled(values) for stretch in self.stretches]

    def text(self, values: Mapping[str, str]) -> str:
        """The fullest text."""
        return joined(part.wordings[0] for part in self.parts(values))


def parse(text: str, source: str) -> Template:
    """A template line from its text; BadTemplate for an unknown placeholder or a stray bracket."""
    unknown = set(NAME.findall(text)) - VALUES - LISTS
    if unknown:
        name = f"{{{min(unknown)}}}"
        raise BadTemplate(Said("%(source)s prints %(name)s, which is no placeholder.", source=source, name=name))
    stretches = tuple(_stretches(text))
    left = "".join(NAME.sub("", wording) for stretch in stretches for wording in stretch.wordings)
    if re.search(r"[\[\]{}]", left):
        raise BadTemplate(
            Said("%(source)s has a bracket or a brace that opens or closes nothing: %(text)s", source=source, text=text)
        )
    return Template(stretches)


def plain(text: str) -> str:
    """What a person typed, on one line, without characters that steer a terminal, a header or an XML parser."""
    if not text.isprintable():  # which what steers never is
        text = "".join(" " if _steers(character) else character for character in text)
    return " ".join(text.split())


def _steers(character: str) -> bool:
    bidi = "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"
    return bidi or character in "\ufffe\uffff" or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def _stretches(text: str) -> Iterator[Stretch]:
    end = 0
    for match in _STRETCH.finditer(text):
        if match.start() > end:
            yield Stretch((text[end : match.start()],))
        yield Stretch(tuple(match[2].split("|")), int(match[1]))
        end = match.end()
    if end < len(text):
        yield Stretch((text[end:],))
