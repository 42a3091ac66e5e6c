"""How large a text is on the air: GSM-7 or UCS-2, units and segments, and how it is made smaller.

Counts as Twilio's own calculator does (3GPP TS 23.038 without national shift tables): a message is GSM-7 only if
every character is, and neither an extension pair nor a grapheme is split over two segments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

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


_GRAPHEME = regex.compile(r"\r|\X")
_JOINING = regex.compile(
    r"[^\p{GCB=Other}\p{GCB=Control}\p{GCB=CR}\p{GCB=LF}\p{GCB=LV}\p{GCB=LVT}]|[\U00010000-\U0010FFFF]", regex.V1
)
"""What may stay together with its neighbour (UAX 29), or takes two units; a text without any of it needs no look at
each grapheme, and most texts are such."""


class Encoding(StrEnum):
    """How a text travels: 7-bit septets, or 16-bit units as soon as one character asks for it."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}
"""Units in a single segment, and in each segment of several (six octets go to the header)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The size of a text: units are septets of GSM-7 or 16-bit units of UCS-2."""

    encoding: Encoding
    units: int
    segments: int


def fit(text: str) -> Fit:
    """The encoding, units and segments of a text message; an empty text takes no segment."""
    encoding = Encoding.GSM7 if is_gsm(text) else Encoding.UCS2
    return even(encoding, len(text)) if is_even(text, encoding) else packed(encoding, sizes(text, encoding))


def sizes(text: str, encoding: Encoding) -> list[int]:
    """The units of each stretch of a text that must stay together."""
    if encoding is Encoding.GSM7:
        return [2 if character in GSM_EXTENSION else 1 for character in text]
    return [size for grapheme in _GRAPHEME.findall(text) for size in _sizes(grapheme)]


def is_even(text: str, encoding: Encoding) -> bool:
    """Whether every character of a text takes one unit, and may part from the next."""
    return GSM_EXTENSION.isdisjoint(text) if encoding is Encoding.GSM7 else _JOINING.search(text) is None


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
    composed = unicodedata.normalize("NFC", text)
    strange = set(composed) - _GSM
    if not strange or not all(is_gsm(_look_alike(character)) for character in strange):
        return composed
    return composed.translate({ord(character): _look_alike(character) for character in strange})


def only_gsm(text: str) -> str:
    """The text in GSM-7 without exception, for WEA: what has no look-alike becomes a question mark."""
    if is_gsm(text):
        return text
    return "".join(character if is_gsm(character) else "?" for character in _alike(text))


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text: its wordings from best to last, and when it gives way.

    `rank` 0 is never shortened: place, first number and what to do. The others give way in the order of their rank,
    lowest first, one wording at a time; an empty last wording means that the part may go.
    """

    wordings: tuple[str, ...]
    rank: int = 0


Choice = tuple[int, ...]
"""Which wording each part has, by the order of the parts."""


def shorten(parts: Sequence[Part], fits: Callable[[str], bool]) -> str:
    """The fullest text that fits; the least text where none does: see `choose`."""
    return worded(parts, choose(parts, lambda chosen: fits(worded(parts, chosen))))


def choose(parts: Sequence[Part], fits: Callable[[Choice], bool]) -> Choice:
    """The wordings of the fullest text that fits; of the least text where none does.

    Every part begins with its best wording. While the text does not fit, the part of the lowest rank that can still
    give way takes its next wording; what gave way in vain comes back, highest rank first. Rank 0 never gives way, so
    the least text may be too long: the caller measures.
    """
    chosen = [0] * len(parts)
    order = sorted((index for index, part in enumerate(parts) if part.rank), key=lambda index: parts[index].rank)
    for index in order:
        while not (is_enough := fits(tuple(chosen))) and chosen[index] + 1 < len(parts[index].wordings):
            chosen[index] += 1
        if is_enough:
            return _grown(tuple(chosen), order, fits)
    return tuple(chosen)


def _grown(chosen: Choice, order: Sequence[int], fits: Callable[[Choice], bool]) -> Choice:
    for index in reversed(order):
        for wording in range(chosen[index]):
            larger = (*chosen[:index], wording, *chosen[index + 1 :])
            if fits(larger):
                chosen = larger
                break
    return chosen


def least(parts: Sequence[Part]) -> Choice:
    """The wordings that stay when room is short."""
    return tuple(len(part.wordings) - 1 if part.rank else 0 for part in parts)


def worded(parts: Sequence[Part], chosen: Choice) -> str:
    """The text of these wordings."""
    return joined(part.wordings[index] for part, index in zip(parts, chosen, strict=True))


def fewest_segments(parts: Sequence[Part]) -> str:
    """The fullest GSM-friendly text in as few segments as its least form needs; one where that is possible."""
    room = max(1, fit(to_gsm(worded(parts, least(parts)))).segments)
    return to_gsm(shorten(parts, cache(lambda text: fit(to_gsm(text)).segments <= room)))


_FULL_WIDTH = "。：，；！？、"
_TOO_WIDE = re.compile(rf"[ ]+(?=[ \n]|$)|(?<=[{_FULL_WIDTH}])[ ]+")
_SEAMS = ("  ", " \n", *(f"{sign} " for sign in _FULL_WIDTH))
"""Where there is a space too many."""


def joined(wordings: Iterable[str]) -> str:
    """Parts put together, single-spaced on each line, and with no space after a full-width sign."""
    text = "".join(wordings)
    if any(seam in text for seam in _SEAMS):
        text = _TOO_WIDE.sub("", text)
    return text.strip()


def _alike(text: str) -> str:
    return "".join(map(_look_alike, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _look_alike(character: str) -> str:
    """The character as GSM-7 can write it; itself where it cannot."""
    if is_gsm(character):
        return character
    return "".join(map(_plain, character.translate(_LOOKALIKES)))


def _plain(character: str) -> str:
    if is_gsm(character):
        return character
    base = "".join(mark for mark in unicodedata.normalize("NFKD", character) if not unicodedata.combining(mark))
    return base if base and is_gsm(base) else character


@lru_cache(maxsize=4096)
def _sizes(grapheme: str) -> tuple[int, ...]:
    """Sizes in 16-bit units of what must stay together in a grapheme."""
    return tuple(size for whole in _CONJUNCT.split(grapheme) for size in _unsplittable(whole))


def _unsplittable(whole: str) -> Sequence[int]:
    """The same; what is longer than a segment is split by character."""
    size = _utf16(whole)
    return (size,) if size <= ROOM[Encoding.UCS2][1] else [_utf16(character) for character in whole]


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def even(encoding: Encoding, units: int) -> Fit:
    """The size of a text of so many units that fits into one segment, or may part anywhere."""
    single, several = ROOM[encoding]
    return Fit(encoding, units, -(-units // several) if units > single else min(units, 1))


def packed(encoding: Encoding, together: Sequence[int]) -> Fit:
    """The size of a text of stretches that must stay together, of so many units each."""
    units, (single, several) = sum(together), ROOM[encoding]
    if units <= single:
        return even(encoding, units)
    segments, used = 1, 0
    for size in together:
        if used + size > several:
            segments, used = segments + 1, 0
        used += size
    return Fit(encoding, units, segments)
