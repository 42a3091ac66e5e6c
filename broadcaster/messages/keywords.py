"""What a text from a phone asks for: STOP, START, HELP and JOIN in every language, and the carriers' own words.

The words stand in the books of `reception`. Accents, case, spaces and punctuation do not matter; a word counts only
when it is the whole text ("Stop the fire at 12 Main Street" is no STOP), except that a place follows JOIN.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from broadcaster.messages.reception import phrases

CARRIER_STOP = ("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT")
CARRIER_START = ("START", "UNSTOP", "YES")
CARRIER_HELP = ("HELP", "INFO")
"""What carriers obey and answer by themselves (twilio.md 5.4; 47 CFR 64.1200(a)(10))."""

MOST_WORDS = 3
"""No keyword has more words than this."""
_LATIN_AND_ARABIC_MARKS = re.compile("[\u0300-\u036f\u064b-\u0655]")


class Wish(StrEnum):
    """What a text from a phone asks for."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    JOIN = "join"
    OTHER = "other"


CARRIERS = {Wish.STOP: CARRIER_STOP, Wish.START: CARRIER_START, Wish.HELP: CARRIER_HELP}
_OF_CARRIERS = frozenset(word for words in CARRIERS.values() for word in words)


@dataclass(frozen=True, slots=True)
class Asked:
    """A text as it was read. `lang` is the language of its keyword, or empty; `rest` is what may name a place; `ours`
    says that no carrier knows the text in this spelling, so that nobody but us answers it."""

    wish: Wish
    lang: str = ""
    rest: str = ""
    ours: bool = False


def asked(body: str, opt_out_type: str = "") -> Asked:
    """What a text asks for; the carrier's own reading wins, because it has obeyed it already."""
    word = plain(body)
    if opt_out_type.upper() in ("STOP", "START", "HELP"):
        wish = Wish(opt_out_type.lower())
        return Asked(wish, _table()[wish].get(word, ""))
    for wish in (Wish.STOP, Wish.START, Wish.HELP):
        if word in _table()[wish]:
            return Asked(wish, _table()[wish][word], ours=" ".join(body.split()).upper() not in _OF_CARRIERS)
    return _join(body) or Asked(Wish.OTHER, rest=" ".join(body.split()))


def plain(text: str) -> str:
    """Letters and digits only, without case and without the accents that people leave out on a phone."""
    bare = _LATIN_AND_ARABIC_MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()).replace("đ", "d")
    return "".join(sign for sign in bare if unicodedata.category(sign)[0] in "LMN")


def words(lang: str, wish: Wish) -> tuple[str, ...]:
    """The keywords of a language as they are printed, the best known first."""
    return tuple(phrases().book(lang).word(f"key_{wish.value}").split("|"))


def _join(body: str) -> Asked | None:
    parts, table = body.split(), _table()[Wish.JOIN]
    for count in range(min(MOST_WORDS, len(parts)), 0, -1):
        lang = table.get(plain("".join(parts[:count])))
        if lang:
            return Asked(Wish.JOIN, lang, " ".join(parts[count:]), ours=True)
    for word, lang in table.items():
        if not word.isascii() and plain(body).startswith(word):  # 加入Springfield: no space is needed there
            return Asked(Wish.JOIN, lang, _after(body, word), ours=True)
    return None


def _after(body: str, word: str) -> str:
    """What follows a keyword in a text that has no space after it."""
    end = next(end for end in range(1, len(body) + 1) if plain(body[:end]) == word)
    return " ".join(body[end:].split())


@cache
def _table() -> Mapping[Wish, Mapping[str, str]]:
    """Plain keyword -> language, by wish; a word that two languages share is the first one's."""
    found: dict[Wish, dict[str, str]] = {wish: {} for wish in Wish if wish is not Wish.OTHER}
    for wish, lang, word in every():
        found[wish].setdefault(plain(word), lang)
    return found


def every() -> Iterator[tuple[Wish, str, str]]:
    """Every keyword: wish, language, word."""
    for lang in phrases().books:
        for wish in (Wish.STOP, Wish.START, Wish.HELP, Wish.JOIN):
            for word in words(lang, wish):
                yield wish, lang, word
