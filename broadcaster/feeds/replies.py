"""What a phone is told that texts or calls us: the number of its community first, and that no one reads along. Pure.

During an outage the words are those that two people approved for that community and language, behind the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broadcaster.feeds import lookup, tongues
from broadcaster.feeds.snapshot import TownState
from broadcaster.messages.book import FALLBACK, Books
from broadcaster.messages.compose import as_said
from broadcaster.messages.edition import Voice, isolated
from broadcaster.messages.fit import to_gsm
from broadcaster.messages.keywords import Asked, Wish
from broadcaster.messages.reception import say
from broadcaster.messages.template import plain

MOST_PLACES = 3
"""A ZIP or a name that fits more places than these names nobody's home."""
MOST_NAMED = 8
SHORTEST_NAME = 3
_ZIP_WITHIN = re.compile(r"(?<![\d-])\d{5}(?![\d-])")

Row = Mapping[str, Any]
"""A town as the lookup table has it, and under ``line`` the number that its people call whenever 911 fails."""


@dataclass(frozen=True, slots=True)
class Reception:
    """What is known at one moment: the towns, the approved texts by (code, language), whether an outage is open."""

    towns: Sequence[Row]
    texts: Mapping[tuple[str, str], str]
    outage: bool
    phrases: Books
    books: Books
    voice: Voice
    base: str = ""

    def named(self, codes: Iterable[str]) -> list[Row]:
        """The towns of these codes, in their order; unknown ones are left out."""
        by_code = {str(town["code"]): town for town in self.towns}
        return [by_code[code] for code in codes if code in by_code]

    def found(self, query: str) -> list[Row]:
        """The towns that a whole text names."""
        wanted = query.strip()
        return lookup.find(list(self.towns), wanted) if len(wanted) >= SHORTEST_NAME else []

    def say(self, lang: str, name: str, **values: str) -> str:
        """A phrase; numbers and addresses in it are kept in order where words run from right to left."""
        return say(self.phrases, lang, name, **{**self._own(lang), **values})

    def _own(self, lang: str) -> dict[str, str]:
        book = self.phrases.book(lang)
        link = re.sub(r"^https?://", "", self.voice.lookup_url)
        return {"authority_short": plain(self.voice.authority_short), "link": isolated(link, book)}


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a text, or nothing; `red` says that a person must look at it, `place` whose number it gave, `join`
    that the phone is to be subscribed there."""

    text: str = ""
    red: bool = False
    place: str = ""
    join: bool = False


def reply(desk: Reception, asked: Asked, lang: str, homes: Sequence[str]) -> Reply:
    """The answer to a text; `homes` are the codes of the places that its phone has signed up for."""
    match asked.wish:
        case Wish.STOP | Wish.START:
            name = "stopped" if asked.wish is Wish.STOP else "started"
            return Reply(printed(desk, lang, [desk.say(lang, name)]) if asked.ours else "")
        case Wish.HELP:
            told = _about_all(desk, desk.named(homes), lang) if desk.outage else []
            return Reply(printed(desk, lang, [*told, desk.say(lang, "help")]), desk.outage, _first(homes))
        case Wish.JOIN:
            return _joining(desk, asked.rest, lang)
    return _where(desk, asked.rest, lang, homes)


def _joining(desk: Reception, query: str, lang: str) -> Reply:
    found = desk.found(query)
    if len(found) == 1:
        town = found[0]
        told = _about_all(desk, found, lang) if town["state"] != TownState.WORKS.value else []
        joined = desk.say(lang, "joined", place=plain(str(town["name"])))
        kept = cards(desk, lang, found)
        return Reply(printed(desk, lang, [*told, joined, *kept]), place=str(town["code"]), join=True)
    if found:
        return Reply(printed(desk, lang, [desk.say(lang, "which_one", each=names(found))]))
    example = plain(str(desk.towns[0]["name"])) if desk.towns else "01103"
    name = "unknown_place" if query else "join_which"
    return Reply(printed(desk, lang, [desk.say(lang, name, place=example)]), red=bool(query) and desk.outage)


def _where(desk: Reception, query: str, lang: str, homes: Sequence[str]) -> Reply:
    """A town, a village or a ZIP and nothing else is answered; anything else is answered as well as it can be, and
    waits for a person."""
    found = desk.found(query)
    nobody = desk.say(lang, "no_reader")
    if 0 < len(found) <= MOST_PLACES:
        return Reply(printed(desk, lang, [*_about_all(desk, found, lang), nobody]), place=str(found[0]["code"]))
    within = _ZIP_WITHIN.search(query)
    near = desk.found(within[0]) if within and not found else []
    guessed = near if 0 < len(near) <= MOST_PLACES else desk.named(homes)
    if guessed and not found:
        told = [*_about_all(desk, guessed, lang), nobody]
        return Reply(printed(desk, lang, told), red=True, place=str(guessed[0]["code"]))
    asked = desk.say(lang, "which_one", each=names(found)) if found else desk.say(lang, "unknown_place")
    return Reply(printed(desk, lang, [_meanwhile(desk, lang), asked, nobody]), red=not found)


def _meanwhile(desk: Reception, lang: str) -> str:
    """What anybody anywhere can do."""
    if desk.outage:
        return desk.say(lang, "if_fails_walk_in")
    book = desk.books.book(lang)
    return (book if desk.books.may_speak(book.lang) else desk.books.book(FALLBACK)).word("call_911")


def _about_all(desk: Reception, towns: Sequence[Row], lang: str) -> list[str]:
    return [about(desk, town, lang) for town in towns[:MOST_PLACES]]


def about(desk: Reception, town: Row, lang: str) -> str:
    """What the people of a town are told now: number and place first while 911 fails there, then the approved text."""
    book, name = desk.books.book(lang), plain(str(town["name"]))
    if town["state"] == TownState.WORKS.value:
        works = desk.say(lang, "works", place=name)
        number = isolated(str(town["line"]), desk.phrases.book(lang))
        return f"{works} {desk.say(lang, 'if_fails', number=number) if number else desk.say(lang, 'if_fails_walk_in')}"
    approved = desk.texts.get((str(town["code"]), book.lang)) or desk.texts.get((str(town["code"]), "en"), "")
    if town["unsure"] or not approved:
        spoken = book if desk.books.may_speak(book.lang) else desk.books.book(FALLBACK)
        approved = tongues.tongue(spoken).answer(town)
    number = isolated(str(town["number"]), book)
    return f"{number} {name}\n{approved}" if number else f"{name}: {approved}"


def spoken(desk: Reception, towns: Sequence[Row], lang: str) -> Iterator[str]:
    """What a caller hears about towns, sentence by sentence: each number twice, then that nobody is on this line."""
    for town in towns[:MOST_PLACES]:
        name, number = plain(str(town["name"])), str(town["number"] or town["line"])
        if town["state"] != TownState.DOWN.value:
            yield as_said(desk.say(lang, "works", place=name))
        if number:
            call = desk.say(lang, "voice_call", place=name, number=number)
            fails = desk.say(lang, "if_fails", number=number)
            down = town["state"] == TownState.DOWN.value
            yield from (as_said(call if down else fails),) * 2
        else:
            yield as_said(desk.say(lang, "if_fails_walk_in"))
    yield as_said(desk.say(lang, "voice_nobody"))


def joined(desk: Reception, lang: str, codes: Sequence[str]) -> str:
    """What somebody is told whose sign-up is done: for which places, and what holds there now."""
    towns = desk.named(codes)
    now = _about_all(desk, [town for town in towns if town["state"] != TownState.WORKS.value], lang)
    return printed(desk, lang, [desk.say(lang, "joined", place=names(towns)), *now, *cards(desk, lang, towns)])


def names(found: Sequence[Row]) -> str:
    """The names of towns, of many only the first ones."""
    return ", ".join(plain(str(town["name"])) for town in found[:MOST_NAMED])


def _first(homes: Sequence[str]) -> str:
    return homes[0] if homes else ""


def cards(desk: Reception, lang: str, towns: Sequence[Row]) -> list[str]:
    """For each town the number to keep, and where its card is to be printed."""
    made = []
    for town in towns[:MOST_PLACES]:
        if town["line"]:
            number, link = (
                shown(desk, lang, str(town["line"])),
                shown(desk, lang, f"{desk.base}/card/{town['code']}.html"),
            )
            made.append(desk.say(lang, "card_text", place=plain(str(town["name"])), number=number, link=link))
    return made


def not_connected(desk: Reception, lang: str, towns: Sequence[Row]) -> list[str]:
    """What a phone is texted whose 911 call did not get through; nothing where no number is known. It asks for no
    answer: whoever hides must not have to write or to be heard."""
    found = next(((town, number) for town in towns if (number := str(town["number"] or town["line"]))), None)
    if found is None:
        return []
    number = shown(desk, lang, found[1])
    return [desk.say(lang, "missed", number=number, place=plain(str(found[0]["name"])))]


def shown(desk: Reception, lang: str, text: str) -> str:
    """A number or a link as it stands in the words of a language."""
    return isolated(text, desk.phrases.book(lang))


def printed(desk: Reception, lang: str, lines: Sequence[str]) -> str:
    """Lines as a text: what GSM-7 has letters for is said in them."""
    text = "\n".join(line for line in lines if line)
    return to_gsm(text) if desk.phrases.book(lang).in_gsm else text
