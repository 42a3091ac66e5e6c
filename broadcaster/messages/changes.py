"""What a revision changes, in words for agencies: the number of which place, the area, the times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from broadcaster.alert.alert import Content
from broadcaster.directory import Directory
from broadcaster.messages.book import FALLBACK, agency
from broadcaster.messages.bulletin import way_out
from broadcaster.messages.edition import Edition, values
from broadcaster.messages.places import area_words
from broadcaster.messages.template import plain

MOST_CHANGES = 40
"""More changed numbers than this are counted, not listed."""


def changes(edition: Edition, directory: Directory) -> Iterator[tuple[str, str]]:
    """Label and sentence of each change since `edition.previous`; nothing without one."""
    old = edition.previous
    if old is None:
        return
    yield from _fields(edition, old)
    yield from _restored(edition, old, directory)
    yield from _numbers(edition, old, directory)


def _fields(edition: Edition, old: Content) -> Iterator[tuple[str, str]]:
    english = edition.books.book(FALLBACK)
    before = values(replace(edition, content=old), english, "")
    after = values(edition, english, "")
    before["certainty"], after["certainty"] = old.certainty.value, edition.content.certainty.value
    for name in ("certainty", "expires", "expected", "note"):
        if before[name] != after[name] and after[name]:
            yield agency().word(name), after[name]


def _restored(edition: Edition, old: Content, directory: Directory) -> Iterator[tuple[str, str]]:
    again = [directory.community(code) for code in edition.content.restored if code not in old.restored]
    if again:
        yield (
            agency().word("works_again"),
            area_words(again, directory, edition.voice.state_name, edition.books.book(FALLBACK))[0],
        )


def _numbers(edition: Edition, old: Content, directory: Directory) -> Iterator[tuple[str, str]]:
    new, english = edition.content, edition.books.book(FALLBACK)
    before = {answer.community: answer for answer in old.answers}
    after = {answer.community: answer for answer in new.answers}
    other = [code for code in after if code in before and before[code] != after[code]]
    was = {code: way_out(before[code], english) for code in other}
    now = {code: way_out(after[code], english) for code in other}
    changed = [code for code in other if was[code] != now[code]]
    for code in changed[:MOST_CHANGES]:
        label = agency().word("number_was", place=plain(directory.community(code).name))
        yield label, agency().word("was_now", old=was[code], new_one=now[code])
    if len(changed) > MOST_CHANGES:
        yield agency().word("others"), agency().word("more", count=str(len(changed) - MOST_CHANGES))
    for name, codes in (("area_added", after.keys() - before), ("area_removed", before.keys() - after)):
        if codes and before:
            yield agency().word("area"), agency().word(name, place=_few(sorted(codes), directory))


def _few(codes: list[str], directory: Directory) -> str:
    names = ", ".join(plain(directory.community(code).name) for code in codes[:MOST_CHANGES])
    return names if len(codes) <= MOST_CHANGES else f"{names}, +{len(codes) - MOST_CHANGES}"
