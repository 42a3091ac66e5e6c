"""How large a text is on the air: GSM-7 or UCS-2, units and segments, and how it is made smaller.

Counts as Twilio's own calculator does (3GPP TS 23.038 without national shift tables): a message is GSM-7 only if
every character is, and neither an extension pair nor a grapheme is split over two segments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import regex

GSM_DEFAULT = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters that are sent as two septets, escape first."""
_GSM = GSM_DEFAULT | GSM_EXTENSION

WEA_SHORT, WEA_LONG = 90, 360
"""Septets of a WEA text: 47 CFR 10.430; an extension character counts as two (FEMA guidance)."""

_LOOKALIKES = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "´": "'", "`": "'", "′": "'", "ʻ": "'", "ʼ": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
        "…": "...", "•": "-", "·": ".", "\t": " ", "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ",
        "\u200b": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\u00ad": "",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "œ": "oe", "Œ": "OE", "ı": "i", "©": "(c)", "®": "(R)", "™": "TM",
    }
)  # fmt: skip


_CONJUNCT = regex.compile(r"(?<=[\p{M}\u200d])(?=\p{Lo})", regex.V1)
"""Where a grapheme of today was two in Unicode 10, which Twilio's calculator follows: after an Indic virama."""


class Encoding(StrEnum):
    """How a text travels: 7-bit septets, or 16-bit units as soon as one character asks for it."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


_ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}
"""Units in a single segment, and in each segment of several (six octets go to the header)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The size of a text: units are septets of GSM-7 or 16-bit units of UCS-2."""

    encoding: Encoding
    units: int
    segments: int


def fit(text: str) -> Fit:
    """The encoding, units and segments of a text message; an empty text takes no segment."""
    if is_gsm(text):
        return _fit(Encoding.GSM7, [2 if character in GSM_EXTENSION else 1 for character in text])
    return _fit(Encoding.UCS2, [size for grapheme in _graphemes(text) for size in _unsplittable(grapheme)])


def is_gsm(text: str) -> bool:
    """Whether every character of the text is in the GSM-7 alphabet or its extension."""
    return _GSM.issuperset(text)


def septets(text: str) -> int:
    """The length of a GSM-7 text, as the WEA limits count it."""
    return sum(2 if character in GSM_EXTENSION else 1 for character in text)


def to_gsm(text: str) -> str:
    """The text with look-alikes for what GSM-7 lacks: plain quotes and dashes, á í ó ú without the accent.

    ñ é ü ¿ ¡ stay. Where a character has no look-alike the text is UCS-2 in any case, and keeps all its own.
    """
    alike = _alike(text)
    return alike if is_gsm(alike) else unicodedata.normalize("NFC", text)


def only_gsm(text: str) -> str:
    """The text in GSM-7 without exception, for WEA: what has no look-alike becomes a question mark."""
    return "".join(character if is_gsm(character) else "?" for character in _alike(text))


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text: its wordings from best to last, and when it gives way.

    `rank` 0 is never shortened: place, first number and what to do. The others give way in the order of their rank,
    lowest first, one wording at a time; an empty last wording means that the part may go.
    """

    wordings: tuple[str, ...]
    rank: int = 0

    @property
    def least(self) -> str:
        """What stays of this part when room is short."""
        return self.wordings[-1] if self.rank else self.wordings[0]


def shorten(parts: Sequence[Part], fits: Callable[[str], bool]) -> str:
    """The fullest text that fits; the least text where none does.

    Every part begins with its best wording. While the text does not fit, the part of the lowest rank that can still
    give way takes its next wording; what gave way in vain comes back, highest rank first. Rank 0 never gives way, so
    the least text may be too long: the caller measures.
    """
    chosen = [0] * len(parts)
    order = sorted((index for index, part in enumerate(parts) if part.rank), key=lambda index: parts[index].rank)
    for index in order:
        while not fits(text := _joined(parts, chosen)) and chosen[index] + 1 < len(parts[index].wordings):
            chosen[index] += 1
        if fits(text):
            return _grown(parts, chosen, order, fits)
    return _joined(parts, chosen)


def _grown(parts: Sequence[Part], chosen: list[int], order: Sequence[int], fits: Callable[[str], bool]) -> str:
    for index in reversed(order):
        for wording in range(chosen[index]):
            larger = [*chosen[:index], wording, *chosen[index + 1 :]]
            if fits(_joined(parts, larger)):
                chosen = larger
                break
    return _joined(parts, chosen)


def fewest_segments(parts: Sequence[Part]) -> str:
    """The fullest GSM-friendly text in as few segments as its least form needs; one where that is possible."""
    room = max(1, fit(to_gsm(joined(part.least for part in parts))).segments)
    return to_gsm(shorten(parts, lambda text: fit(to_gsm(text)).segments <= room))


def joined(wordings: Iterable[str]) -> str:
    """Parts put together, single-spaced on each line, and with no space after a full-width sign."""
    return re.sub(r"[ ]+(?=[ \n]|$)|(?<=[。：，；！？、])[ ]+", "", "".join(wordings)).strip()


def _joined(parts: Sequence[Part], chosen: Sequence[int]) -> str:
    return joined(part.wordings[index] for part, index in zip(parts, chosen, strict=True))


def _alike(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return composed if is_gsm(composed) else "".join(map(_look_alike, composed.translate(_LOOKALIKES)))


@lru_cache(maxsize=4096)
def _look_alike(character: str) -> str:
    if is_gsm(character):
        return character
    base = "".join(mark for mark in unicodedata.normalize("NFKD", character) if not unicodedata.combining(mark))
    return base if base and is_gsm(base) else character


def _graphemes(text: str) -> Iterator[str]:
    for whole in regex.findall(r"\r|\X", text):
        yield from _CONJUNCT.split(whole)


@lru_cache(maxsize=4096)
def _unsplittable(grapheme: str) -> tuple[int, ...]:
    """Sizes in 16-bit units of what must stay together; a grapheme longer than a segment is split by character."""
    whole = _utf16(grapheme)
    return (whole,) if whole <= _ROOM[Encoding.UCS2][1] else tuple(_utf16(character) for character in grapheme)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fit(encoding: Encoding, sizes: list[int]) -> Fit:
    units, (single, several) = sum(sizes), _ROOM[encoding]
    if units <= single:
        return Fit(encoding, units, 1 if units else 0)
    segments, used = 1, 0
    for size in sizes:
        if used + size > several:
            segments, used = segments + 1, 0
        used += size
    return Fit(encoding, units, segments)
