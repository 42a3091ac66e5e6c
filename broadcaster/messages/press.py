"""The texts of an edition for one community after another, each exactly as `compose.sms` words it.

Thousands are looked at before an alert goes, so what communities share is worked out once (`mould`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from broadcaster.alert.alert import CommunityAnswer, RevisionKind
from broadcaster.alert.phone import Visibility
from broadcaster.directory import Community
from broadcaster.messages import compose, standing, together
from broadcaster.messages.book import FALLBACK, SECOND
from broadcaster.messages.bulletin import kind_for
from broadcaster.messages.edition import Edition, dial_of, isolated, values
from broadcaster.messages.fit import Fit, fit
from broadcaster.messages.mould import LABEL, NUMBER, PLACE, Mould, is_plain
from broadcaster.messages.standing import Speech
from broadcaster.messages.template import plain
from broadcaster.messages.wording import Form, line


class Printed(NamedTuple):
    """A text in a language, and its size on the air."""

    lang: str
    text: str
    size: Fit


class Shape(NamedTuple):
    """What decides on the wording of a community's text, but for the length of its words."""

    kind: RevisionKind
    dial: str
    timezone: str
    has_number: bool
    has_label: bool


@dataclass(frozen=True, slots=True)
class Row:
    """How a language is printed: in its own mould, or in two that stand for it; by itself where it has none."""

    lang: str
    moulds: tuple[Mould, ...]


class Press:
    """One edition in these languages of the house."""

    def __init__(self, edition: Edition, langs: Sequence[str]) -> None:
        self._edition, self._langs = edition, langs
        self._rows: dict[Shape, tuple[Row, ...]] = {}

    def texts(self, community: Community, answer: CommunityAnswer) -> Iterator[Printed]:
        """The text of each language for the people of one community. RestrictedNumber as in `compose.sms`."""
        spoken, said = together.lead(self._edition, community, answer)
        words = _words(community, said)
        is_ours = spoken.content.answers is self._edition.content.answers and not spoken.also
        if words is None or not is_ours:
            yield from (self._by_itself(community, answer, lang) for lang in self._langs)
            return
        shape = Shape(kind_for(spoken, [community]), dial_of(said), community.timezone, bool(words[1]), bool(words[2]))
        if shape not in self._rows:
            self._rows[shape] = tuple(_row(spoken, shape, lang) for lang in self._langs)
        pair: tuple[str, Fit] | None = None
        for row in self._rows[shape]:
            match row.moulds:
                case (own,):
                    yield Printed(row.lang, *own.text(*words))
                case (first, second):
                    pair = pair or _both(first.text(*words)[0], second.text(*words)[0])
                    yield Printed(row.lang, *pair)
                case _:
                    yield self._by_itself(community, answer, row.lang)

    def _by_itself(self, community: Community, answer: CommunityAnswer, lang: str) -> Printed:
        text = compose.sms(self._edition, community, answer, lang)
        return Printed(lang, text, fit(text))


def _both(first: str, second: str) -> tuple[str, Fit]:
    text = f"{first}\n{second}"
    return text, fit(text)


def _words(community: Community, answer: CommunityAnswer) -> tuple[str, str, str] | None:
    """Place, number and label, if nothing but their lengths matters."""
    number = answer.number
    if number is not None and number.visibility is Visibility.RESTRICTED:
        return None
    place, label = plain(community.name), plain(number.label.partition(",")[0]) if number else ""
    words = place, number.display if number else "", label
    return words if place and all(map(is_plain, words)) else None


def _row(edition: Edition, shape: Shape, lang: str) -> Row:
    """On which rung of `standing` a language is printed, as `compose.sms` decides it."""
    match _rung(edition, shape, lang):
        case Speech.OWN:
            found = [_of(edition, shape, lang)]
        case Speech.PAIR if _rung(edition, shape, SECOND) is not Speech.FCC:
            found = [_of(edition, shape, FALLBACK), _of(edition, shape, SECOND)]
        case _:
            found = []
    moulds = tuple(mould for mould in found if mould)
    return Row(lang, moulds if len(moulds) == len(found) else ())


def _form(edition: Edition, shape: Shape, lang: str) -> Form:
    return Form(shape.kind, edition.content.failure, edition.books.book(lang), shape.dial, edition.is_test)


def _rung(edition: Edition, shape: Shape, lang: str) -> Speech:
    return standing.speech(edition.books, _form(edition, shape, lang), lang, shape.has_number)


def _of(edition: Edition, shape: Shape, lang: str) -> Mould | None:
    form = _form(edition, shape, lang)
    told = values(edition, form.book, "", shape.timezone) | {
        "place": PLACE,
        "number": isolated(NUMBER, form.book) if shape.has_number else "",
        "label": LABEL if shape.has_label else "",
    }
    return _mould(form, compose.mark(edition, form), tuple(told.items()))


@lru_cache(maxsize=256)
def _mould(form: Form, before: str, told: tuple[tuple[str, str], ...]) -> Mould | None:
    """Kept by the very words and values that it is made of: a form is equal to another when its book's words are."""
    return Mould.of(before, line(form, "sms"), dict(told))
