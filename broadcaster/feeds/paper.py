"""What is made before the day: a card, a fridge card and a poster for every town, and a page for every ZIP code. Pure.

These files change only when a number or the words do, never by an alert: a release does not wait for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from broadcaster.feeds import public_page, tongues
from broadcaster.feeds.snapshot import Snapshot, Town
from broadcaster.messages.book import FALLBACK, Book
from broadcaster.messages.reception import say
from broadcaster.settings import Mode

FOLDERS = ("card", "zip")
ASSET = "card.css"
KEPT = 4096
"""Rendered pages that are kept: a writer comes by every ten seconds, and almost never is one of them new."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The words of a card in one language; `call` and `fails` have ``{number}`` in them."""

    lang: str
    name: str
    dir: str
    title: str
    keep: str
    call: str
    walk_in: str
    say_where: str
    no_test: str
    print_words: str
    not_verified: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who gives the card out."""

    authority: str
    mode: Mode
    lookup: str
    lookup_sms: str


def files(snapshot: Snapshot) -> dict[str, bytes]:
    """Every card, every page of a ZIP code, the index of all ZIP codes, and their style sheet, by relative path."""
    who = Sender(snapshot.authority, snapshot.mode, snapshot.lookup_url, snapshot.lookup_sms)
    sheets = tuple(_sheets(snapshot))
    by_zip = towns_by_zip(snapshot.towns)
    made = {ASSET: (public_page.TEMPLATES / ASSET).read_bytes()}
    made |= {f"card/{town.code}.html": card(who, town, sheets) for town in snapshot.towns}
    made |= {f"zip/{code}.html": zip_page(who, code, towns) for code, towns in by_zip.items()}
    made["zips.html"] = zips_page(who, tuple(by_zip.items()))
    return made


def towns_by_zip(towns: Sequence[Town]) -> dict[str, tuple[Town, ...]]:
    """The towns of every ZIP code, in order."""
    found: dict[str, list[Town]] = defaultdict(list)
    for town in towns:
        for code in town.zips:
            found[code].append(town)
    return {code: tuple(found[code]) for code in sorted(found)}


def _sheets(snapshot: Snapshot) -> list[Sheet]:
    """The languages that may be spoken both in alerts and on paper; English always, and first."""
    made = [_sheet(snapshot, snapshot.books.book(FALLBACK))]
    for tongue in tongues.tongues(snapshot.books):
        if snapshot.phrases.may_speak(tongue.lang):
            made.append(_sheet(snapshot, snapshot.books.book(tongue.lang)))
    return made


def _sheet(snapshot: Snapshot, book: Book) -> Sheet:
    tongue = tongues.tongue(book)

    def phrase(name: str) -> str:
        return say(snapshot.phrases, book.lang, name)

    return Sheet(
        lang=book.lang,
        name=tongue.name,
        dir=tongue.dir,
        title=phrase("card_title"),
        keep=phrase("card_keep"),
        call=tongue.call,
        walk_in=tongue.walk_in,
        say_where=tongue.say_where,
        no_test=book.word("no_test"),
        print_words=phrase("card_print"),
        not_verified=phrase("not_verified"),
    )


@lru_cache(maxsize=KEPT)
def card(who: Sender, town: Town, sheets: tuple[Sheet, ...]) -> bytes:
    """The page of a town's cards: one language on the screen and on paper, chosen by its anchor."""
    return public_page.rendered("card.html", who=who, town=town, sheets=sheets, verified=_verified(town.verified_on))


@lru_cache(maxsize=KEPT)
def zip_page(who: Sender, code: str, towns: tuple[Town, ...]) -> bytes:
    """The towns that share a ZIP code, each a link to what holds there now."""
    return public_page.rendered("zip.html", who=who, code=code, towns=towns)


@lru_cache(maxsize=4)
def zips_page(who: Sender, codes: tuple[tuple[str, tuple[Town, ...]], ...]) -> bytes:
    """Every ZIP code, by its first three digits."""
    groups = [(start, list(rows)) for start, rows in groupby(codes, key=lambda row: row[0][:3])]
    return public_page.rendered("zips.html", who=who, groups=groups)


def _verified(on: date | None) -> str:
    return f"Number verified {public_page.day(on)}." if on else "Nobody has verified this number yet."
