"""An area in words, from the fullest to the shortest that is still true."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from broadcaster.directory import Community, Directory
from broadcaster.messages.book import Book
from broadcaster.messages.template import plain

MOST_NAMES = 8
"""More places than this are not read out one by one."""


def area_words(affected: Sequence[Community], directory: Directory, state: str, book: Book) -> tuple[str, ...]:
    """Ways to say where, fullest first; never empty, and the last is short: “parts of Massachusetts”."""
    if len(affected) == len(directory.communities):
        return (book.word("statewide", state=plain(state)), plain(state))
    whole = list(_whole_counties(affected, directory))
    names = [book.word("county", county=plain(directory.county_names[fips])) for fips in whole]
    rest = [community for community in affected if community.county_fips not in whole]
    touched = dict.fromkeys(community.county_fips for community in rest)
    parts = [book.word("county_part", county=plain(directory.county_names[fips])) for fips in touched]
    ways = [[*names, *(plain(community.name) for community in rest)], [*names, *parts]]
    spoken = [listed(way, book) for way in ways if 0 < len(way) <= MOST_NAMES]
    return (*dict.fromkeys(spoken), book.word("state_part", state=plain(state)))


def listed(names: Sequence[str], book: Book) -> str:
    """``Ayer, Groton and Harvard``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {book.word('and')} {names[-1]}"


def _whole_counties(affected: Sequence[Community], directory: Directory) -> Iterator[str]:
    """Counties of several communities, every one of which is affected."""
    codes: Collection[str] = {community.code for community in affected}
    for fips in dict.fromkeys(community.county_fips for community in affected):
        inside = directory.in_county(fips)
        if len(inside) > 1 and all(community.code in codes for community in inside):
            yield fips
