"""Communities by their names, as people type and paste them into a form. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from broadcaster.directory import Directory, UnknownCommunity
from broadcaster.said import Said, joined

BETWEEN = re.compile(r"[\n\r\t\v\f\u2028\u2029,;]+")
"""What stands between names: lines, commas, the columns of a table."""
SHOWN = 3
"""Misses that are named; a guess at what was meant takes as long as a look at the whole directory."""


def codes(directory: Directory, text: str, among: Sequence[str] | None = None) -> tuple[list[str], str]:
    """The codes of communities named in a text, one a line or with commas between, and a sentence that names every
    miss, or nothing; `among` are the only ones that can be meant."""
    found, misses = [], list[str]()
    for part in dict.fromkeys(part.strip() for part in BETWEEN.split(text)):
        if not part:
            continue
        code, miss = _one_named(directory, part, guess=len(misses) < SHOWN)
        if code and among is not None and code not in among:
            name_here = directory.community(code).name
            miss = Said("%(name)s is not in the area of this alert.", name=name_here)
        if miss:
            misses.append(miss)
        else:
            found.append(code)
    if misses:
        left = len(misses) - SHOWN
        more = [Said("And %(number)s more names do not fit.", number=left)] if left > 0 else []
        return found, joined(" ", [*misses[:SHOWN], *more])
    return found, ""


def _one_named(directory: Directory, text: str, *, guess: bool) -> tuple[str, str]:
    """The code of the one community of this name, or why there is none, with a guess at what was meant."""
    try:
        hits = directory.find(text)
    except UnknownCommunity:
        meant = _meant(directory, text) if guess else ""
        return "", Said("“%(typed)s” is not in the directory: %(meant)s", typed=text[:40], meant=meant)
    exact = [hit for hit in hits if _same(hit.name, text)] or [
        hit for hit in hits if any(_same(place, text) for place in hit.places)
    ]
    if len(exact) == 1:
        return exact[0].code, ""
    names = ", ".join(hit.name for hit in hits[:4])
    if len(hits) > 4:
        return "", Said("“%(typed)s” could be %(names)s or others: write the whole name.", typed=text[:40], names=names)
    return "", Said("“%(typed)s” could be %(names)s: write the whole name.", typed=text[:40], names=names)


def _meant(directory: Directory, text: str) -> str:
    """What somebody may have meant by a name that nothing has."""
    names = {name.casefold(): name for each in directory.communities for name in (*each.places, each.name)}
    near = get_close_matches(text.casefold(), names, n=3, cutoff=0.7)
    if not near:
        return Said("check the spelling.")
    return Said("did you mean %(names)s?", names=joined(Said(" or "), (names[name] for name in near)))


def _same(name: str, text: str) -> bool:
    """Whatever stands around the letters: a bullet, a full stop, a mark of direction that nobody sees."""
    return _letters(name) == _letters(text)


def _letters(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum())
