"""Where a provider says that it fails, in words, as far as the directory knows the words. Pure.

A word that nothing has is named and never guessed at: an alert in the wrong town is worse than a field left empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from broadcaster.alert.alert import Area
from broadcaster.directory import Directory

STATEWIDE = re.compile(r"\b(state-?wide|(entire|whole) state|all (of the )?counties|all psaps)\b", re.I)
PIECES = re.compile(r"[\n,;|/]+|\band\b|&", re.I)
COUNTIES = re.compile(r"\b(counties|county)\b", re.I)
AROUND = re.compile(r"^(the )?(city|town|village|county|municipality|parish) of |\s*\(.*\)$|[.:]+$", re.I)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The area that the words name, and the words that name nothing here."""

    area: Area
    missed: tuple[str, ...]


@dataclass
class _Names:
    """Every name of the directory by its plain spelling."""

    counties: dict[str, str]
    communities: dict[str, str]
    psaps: dict[str, str]

    @classmethod
    def of(cls, directory: Directory) -> _Names:
        return cls(
            {_spelt(county.name): county.fips for county in directory.counties},
            {_spelt(community.name): community.code for community in directory.communities},
            {_spelt(name): psap.code for psap in directory.psaps for name in (psap.name, psap.code)},
        )


def mapped(words: str, directory: Directory, state: str) -> Mapped:
    """The places that a notice names: counties, communities and answering points; all of `state` where it says so.

    ``Essex and Norfolk Counties`` are counties, ``Essex`` alone is the town.
    """
    text = " ".join(words.split("\t"))
    bare = _spelt(text)
    if STATEWIDE.search(text) or bare in {_spelt(state), _spelt(f"all of {state}"), _spelt(f"state of {state}")}:
        return Mapped(Area(statewide=True), ())
    found: dict[str, set[str]] = {"counties": set(), "communities": set(), "psaps": set()}
    missed = []
    names = _Names.of(directory)
    for piece, of_counties in _pieces(text, state):
        kind, code = _placed(piece, names, of_counties=of_counties)
        if code:
            found[kind].add(code)
        else:
            missed.append(piece)
    counties, communities, psaps = (tuple(sorted(codes)) for codes in found.values())
    return Mapped(Area(False, counties, communities, psaps), tuple(missed))


def _pieces(text: str, state: str) -> Iterator[tuple[str, bool]]:
    """Each name of a list, and whether the list is one of counties."""
    for line in re.split(r"[\n;]+", text):
        of_counties = re.search(r"\bcounties\b", line, re.I) is not None
        for piece in PIECES.split(line):
            name = AROUND.sub("", AROUND.sub("", piece.strip())).strip()
            plain = COUNTIES.sub("", name).strip(" :.") if of_counties else name
            if plain and _spelt(plain) != _spelt(state) and not re.fullmatch(r"[A-Z]{2}", plain):
                yield plain, of_counties or re.match(r"\s*county of ", piece, re.I) is not None


def _placed(name: str, names: _Names, *, of_counties: bool) -> tuple[str, str]:
    spelt = _spelt(name)
    county = _spelt(COUNTIES.sub("", name))
    if (of_counties or COUNTIES.search(name)) and county in names.counties:
        return "counties", names.counties[county]
    for kind, known in (("communities", names.communities), ("psaps", names.psaps), ("counties", names.counties)):
        if spelt in known:
            return kind, known[spelt]
    return "", ""


def _spelt(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
