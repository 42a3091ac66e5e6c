"""Texts that differ in place, number and label alone: what gives way is worked out once for each length of these, then
the words are put in.

Law: exactly what `fit.fewest_segments` makes of the whole text, never nearly. A word in the letters of GSM-7 takes one
unit a character in either encoding, may be parted anywhere and joins with no neighbour, so its length is all that
decides (`is_plain`). Where a name or the words around it are not so plain there is no mould, and the text is worked out
by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from broadcaster.messages.fit import (
    GSM_DEFAULT,
    ROOM,
    Choice,
    Fit,
    Part,
    choose,
    even,
    fit,
    is_even,
    least,
    packed,
    sizes,
    to_gsm,
    worded,
)
from broadcaster.messages.template import Template

PLACE, NUMBER, LABEL = STAND_INS = ("Δ", "Φ", "Γ")
"""What stands where the words go: letters of GSM-7 that no language of the house writes with."""
_PLAIN = GSM_DEFAULT - {"\n", "\r", *STAND_INS}
_WORD = regex.compile(rf"([{''.join(STAND_INS)}])")
_EDGE = "\x00"
_JOINS = regex.compile(
    rf"(?:^|[{_EDGE}{''.join(STAND_INS)}])[\p{{GCB=Extend}}\p{{GCB=ZWJ}}\p{{GCB=SpacingMark}}]"
    rf"|\p{{GCB=Prepend}}(?:$|[{_EDGE}{''.join(STAND_INS)}])",
    regex.V1,
)
"""A character that would make one grapheme with the word beside it, or another letter of its last one (UAX 29)."""
Lengths = tuple[int, int, int]


def is_plain(word: str) -> bool:
    """Whether only the length of a word matters to the text that it stands in."""
    return _PLAIN.issuperset(word) and word == word.strip() and "  " not in word


@dataclass(frozen=True, slots=True)
class Cast:
    """The text of a choice of wordings with one character for each word: `many` counts them. Between the words lie the
    `stretches` of what must stay together, in units; there are none where every character takes one."""

    text: str
    size: Fit
    many: Lengths
    stretches: tuple[str | tuple[int, ...], ...]

    @classmethod
    def of(cls, parts: Sequence[Part], chosen: Choice) -> Cast:
        """A choice of wordings, measured."""
        text = to_gsm(worded(parts, chosen))
        size = fit(text)
        place, number, label = map(text.count, STAND_INS)
        around = () if is_even(text, size.encoding) else _WORD.split(text)
        found = (each if each in STAND_INS else tuple(sizes(each, size.encoding)) for each in around)
        return cls(text, size, (place, number, label), tuple(found))

    def stretched(self, lengths: Lengths) -> Fit:
        """Its size with words of these lengths."""
        longer = sum(many * (length - 1) for many, length in zip(self.many, lengths, strict=True))
        units, encoding = self.size.units + longer, self.size.encoding
        if not self.stretches or units <= ROOM[encoding][0]:
            return even(encoding, units)
        ones = {mark: (1,) * length for mark, length in zip(STAND_INS, lengths, strict=True)}
        return packed(
            encoding, [size for each in self.stretches for size in (ones[each] if isinstance(each, str) else each)]
        )


def put(text: str, place: str, number: str, label: str) -> str:
    """The words where they go."""
    return text.replace(PLACE, place).replace(NUMBER, number).replace(LABEL, label)


class Mould:
    """The text of one template and one set of values, for any plain words."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._prints = [any(mark in wording for part in parts for wording in part.wordings) for mark in STAND_INS]
        self._casts: dict[Choice, Cast] = {}
        self._worked_out: dict[Lengths, tuple[str, Fit]] = {}

    @classmethod
    def of(cls, before: str, template: Template, told: Mapping[str, str]) -> Mould | None:
        """The mould of a template after some words; `told` has stand-ins where words go. None where there is none.

        MissingValue when a value that must be there is empty.
        """
        words = [before, *(one for stretch in template.stretches for one in stretch.wordings)]
        values = [value for name, value in told.items() if name not in ("place", "number", "label")]
        if not set(STAND_INS).isdisjoint("".join([*words, *values])):
            return None
        parts = [Part((before,)), *template.parts(told)]
        joints = _EDGE.join(wording for part in parts for wording in part.wordings if wording)
        return None if _JOINS.search(joints) else cls(parts)

    def text(self, place: str, number: str = "", label: str = "") -> tuple[str, Fit]:
        """The text with these words, which `is_plain`, and its size; number and label as they were `told`: there, or
        empty."""
        prints = self._prints
        lengths = len(place) if prints[0] else 0, len(number) if prints[1] else 0, len(label) if prints[2] else 0
        found = self._worked_out.get(lengths)
        if found is None:
            found = self._worked_out[lengths] = self._work_out(lengths)
        return put(found[0], place, number, label), found[1]

    def _work_out(self, lengths: Lengths) -> tuple[str, Fit]:
        room = max(1, self._cast(least(self._parts)).stretched(lengths).segments)
        best = self._cast(choose(self._parts, lambda chosen: self._cast(chosen).stretched(lengths).segments <= room))
        return best.text, best.stretched(lengths)

    def _cast(self, chosen: Choice) -> Cast:
        if chosen not in self._casts:
            self._casts[chosen] = Cast.of(self._parts, chosen)
        return self._casts[chosen]
