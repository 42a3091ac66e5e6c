"""The template language of `templates/messages`, and the only reader of those files.

``{name}`` prints a value of the closed list VALUES, or the sentence of that name from `_kinds` (what fails) or
`_dial` (what to do instead); anything else is refused at load. ``[rank:best|next|last]`` is a stretch that may give
way (see `fit.Part`); a wording with an empty value is passed over, and with rank 0 the first that is left is printed.
Values are inserted once and literally: what a person typed is never read as a template.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.messages.fit import Part, joined

ROOT = Path(__file__).resolve().parents[2] / "templates" / "messages" / "911-outage"
FALLBACK = "en"

VALUES = frozenset(
    {
        "authority", "authority_short", "state", "place", "provider", "phones", "phones_again", "number", "label",
        "issued", "began", "expires", "next_update", "expected", "earlier", "note", "link", "lookup_url",
        "lookup_sms", "lookup_voice", "watch", "reference", "restored", "remaining", "elsewhere", "each", "certainty",
        "stage", "stamp", "began_on", "expected_on", "neighbour", "heading",
        "post", "clock", "county", "count", "date", "old", "new_one",
    }
)  # fmt: skip
"""Every value that a template may print."""

LISTS = frozenset({"numbers", "changes"})
"""Values of several lines, which stand on a line of their own in a mail."""

DIALS = ("community", "county", "state", "walk_in", "door")
"""What people are sent to; `door` is the one place where anyone finds the number of their community."""

_NAME = re.compile(r"\{(\w+)\}")
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
        usable = [wording for wording in self.wordings if all(values.get(name) for name in _NAME.findall(wording))]
        if not usable and len(self.wordings) == 1 and not self.rank:
            raise MissingValue(f"“{self.wordings[0].strip()}” needs a value that is empty.")
        printed = tuple(_NAME.sub(lambda name: values[name[1]], wording) for wording in usable) or ("",)
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


@dataclass(frozen=True, slots=True)
class Form:
    """Which text is meant: the kind of revision, what fails, the language, and what people are sent to."""

    kind: RevisionKind
    failure: FailureKind
    lang: str
    dial: str


@cache
def lines(form: Form, part: str) -> tuple[Template, ...]:
    """The lines of a part, such as ``sms`` or ``cap-headline``; BadTemplate when the file cannot be used."""
    path = ROOT / form.kind.value / form.lang / f"{part}.txt"
    return tuple(parse(_expanded(row, _spoken_of(form)), path.name) for row in _read(path))


def line(form: Form, part: str) -> Template:
    """A part of one line."""
    found = lines(form, part)
    if len(found) != 1:
        raise BadTemplate(f"{part}.txt of {form.kind} in {form.lang} must be one line, it has {len(found)}.")
    return found[0]


def said(form: Form, text: str) -> Template:
    """A line made here from sentences of `_kinds` and `_dial`, such as ``{still}. {act}``."""
    return parse(_expanded(text, _spoken_of(form)), text)


@cache
def service(failure: FailureKind, lang: str) -> str:
    """What fails, in three words: ``All calls to 911``."""
    return _sentences(ROOT / "_kinds" / failure.value / f"{spoken(lang)}.txt")["service"]


@cache
def dialled(dial: str, lang: str) -> Template:
    """What people are told to do, as half a sentence: ``call {number}``."""
    return parse(_sentences(ROOT / "_dial" / lang / f"{dial}.txt")["dial"], dial)


def word(lang: str, name: str, **values: str) -> str:
    """A short phrase of `_words`, filled."""
    return _phrase(lang, name).text(values)


def parse(text: str, source: str) -> Template:
    """A template line from its text; BadTemplate for an unknown placeholder or a stray bracket."""
    unknown = set(_NAME.findall(text)) - VALUES - LISTS
    if unknown:
        raise BadTemplate(f"{source} prints {{{min(unknown)}}}, which is no placeholder.")
    stretches = tuple(_stretches(text))
    left = "".join(_NAME.sub("", wording) for stretch in stretches for wording in stretch.wordings)
    if re.search(r"[\[\]{}]", left):
        raise BadTemplate(f"{source} has a bracket or a brace that opens or closes nothing: {text}")
    return Template(stretches)


def languages() -> tuple[str, ...]:
    """The languages that have templates, English first."""
    found = {path.name for path in (ROOT / RevisionKind.INITIAL.value).iterdir() if path.is_dir()}
    return (FALLBACK, *sorted(found - {FALLBACK}))


def missing_languages(langs: Sequence[str]) -> tuple[str, ...]:
    """The languages among these without a template: their people get the English text, and the form says so."""
    return tuple(lang for lang in dict.fromkeys(langs) if lang not in languages())


def spoken(lang: str) -> str:
    """The language whose templates serve these people: their own, or English where `missing_languages` names it."""
    return lang if lang in languages() else FALLBACK


def plain(text: str) -> str:
    """What a person typed, on one line, without characters that steer a terminal, a header or an XML parser."""
    kept = (" " if _steers(character) else character for character in text)
    return " ".join("".join(kept).split())


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


def _expanded(text: str, sentences: Mapping[str, str]) -> str:
    """The text with sentences in the place of their names; a sentence may name another one (`act` names `dial`)."""
    for _ in range(2):
        text = _NAME.sub(lambda name: sentences.get(name[1], name[0]), text)
    return text


def _spoken_of(form: Form) -> dict[str, str]:
    return {
        **_sentences(ROOT / "_dial" / form.lang / f"{form.dial}.txt"),
        **_sentences(ROOT / "_kinds" / form.failure.value / f"{form.lang}.txt"),
    }


@cache
def _phrase(lang: str, name: str) -> Template:
    return parse(_sentences(ROOT / "_words" / f"{lang}.txt")[name], name)


@cache
def _sentences(path: Path) -> dict[str, str]:
    pairs = (row.partition(": ") for row in _read(path))
    return {name: text for name, _, text in pairs}


def _read(path: Path) -> list[str]:
    try:
        return [row for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]
    except OSError as error:
        raise BadTemplate(f"The template {path.relative_to(ROOT)} cannot be read: {error.strerror}.") from error
