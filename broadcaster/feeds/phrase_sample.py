"""What people are told in the words of one book, made by the code that answers them: for whoever edits a phrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.feeds import replies
from broadcaster.feeds.replies import Reception, Row
from broadcaster.feeds.snapshot import TownState
from broadcaster.messages import sample
from broadcaster.messages.book import Books
from broadcaster.messages.compose import as_said
from broadcaster.messages.edition import Voice, isolated
from broadcaster.messages.keywords import Asked, Wish
from broadcaster.messages.sample import NUMBER, Case, Sample
from broadcaster.said import Said

MOST_PLACES = 10
ZIP = "00001"
"""The ZIP code that all four places of the sample share: too many to answer for each."""
OWN_PAGE = "/subscribe/me/1234567.1790000000.cFeISWKKSSKlybcAlQLE3g"
"""As long as the link to somebody's own page is."""
FORM = ("page_title", "page_intro", "page_by_text", "phone_label", "phone_hint", "places_label", "places_hint",
        "point_label", "point_hint", "point_find", "point_locate", "point_found", "point_none", "lang_label",
        "landline", "no_voice", "agree", "send")  # fmt: skip
AFTER = ("sent_title", "sent", "sent_landline", "change_title", "change_intro", "phone_label", "send_link", "link_sent",
         "mine_title", "save", "saved", "leave", "left")  # fmt: skip
REFUSED = ("problem", "bad_phone", "bad_place", "too_many", "which_one", "bad_link")
PAPER = ("card_title", "if_fails", "if_fails_walk_in", "card_keep", "card_print", "real_title", "real_hint")


def desk_of(phrases: Books, books: Books, lang: str, place: str, voice: Voice, base: str) -> Reception:
    """The reception of a quiet day in the place, at the address of the installation.

    MissingValue or BadTemplate when the words of the alert cannot be made.
    """
    case = Case(RevisionKind.INITIAL, FailureKind.ALL_CALLS)
    alert = next(iter(sample.rendered(case, books, lang, place, voice))).text
    return Reception(
        towns=[_town("here", place), *(_town(where, f"{where} {place}") for where in ("North", "South", "West"))],
        texts={("here", lang): alert},
        outage=False,
        phrases=phrases,
        books=replace(books, strict=False),
        voice=replace(voice, lookup_url=voice.lookup_url or base),
        base=base,
    )


def _town(code: str, name: str) -> Row:
    works, line = TownState.WORKS.value, NUMBER.display
    more = {"number": "", "unsure": False, "line": line}
    return {"code": code, "name": name, "county": "", "zips": [ZIP], "places": [], "state": works, **more}


def _while_it_fails(desk: Reception, number: str) -> Reception:
    here = {**desk.towns[0], "state": TownState.DOWN.value, "number": number}
    return replace(desk, towns=[here, *desk.towns[1:]], outage=True)


def texts(desk: Reception, lang: str) -> Iterator[Sample]:
    """Every text that answers a phone or is about its sign-up, with its segments, by what the person did."""
    here, down = desk.towns[0], _while_it_fails(desk, NUMBER.display)
    none = replace(desk, towns=[{**here, "line": ""}, *desk.towns[1:]])
    town, place = Asked(Wish.OTHER, rest=str(here["name"])), str(here["name"])
    join = Asked(Wish.JOIN, rest=place)
    asked: Sequence[tuple[str, Reception, Asked]] = (
        (Said("Texts the town"), desk, town),
        (Said("Texts a town without a number"), none, town),
        (Said("Texts the town while 911 fails there"), down, town),
        (Said("Texts something else"), desk, Asked(Wish.OTHER, rest="?!")),
        (Said("Texts something else during an outage"), down, Asked(Wish.OTHER, rest="?!")),
        (Said("Texts a ZIP code of many places"), desk, Asked(Wish.OTHER, rest=ZIP)),
        (Said("Texts JOIN and the town"), desk, join),
        (Said("Texts JOIN alone"), desk, Asked(Wish.JOIN)),
        (Said("Texts HELP"), desk, Asked(Wish.HELP)),
        (Said("Texts STOP"), desk, Asked(Wish.STOP, ours=True)),
        (Said("Texts START"), desk, Asked(Wish.START, ours=True)),
    )
    for what, at, said in asked:
        yield sample.texted(what, replies.reply(at, said, lang, ()).text)
    link, number = (replies.shown(desk, lang, text) for text in (f"{desk.base}{OWN_PAGE}", NUMBER.display))
    for what, name, values in (
        (Said("Signs up on the page"), "verify", {"place": place}),
        (Said("Asks for a link"), "link_text", {"link": link}),
        (Said("Is asked once a year"), "yearly", {"place": place, "link": link}),
        (Said("Cannot call, and texts to 911 work"), "text_911", {}),
        (Said("Cannot call, and a line takes texts"), "text_number", {"number": number}),
        (Said("Cannot call, and no line takes texts"), "text_relay", {"number": number}),
    ):
        yield sample.texted(what, replies.printed(desk, lang, [desk.say(lang, name, **values)]))
    in_vain = replies.printed(desk, lang, replies.not_connected(desk, lang, [here]))
    yield sample.texted(Said("Called 911 in vain, where texts to missed callers are on"), in_vain)
    yield sample.texted(
        Said("Lives where the number changed"), replies.printed(desk, lang, replies.cards(desk, lang, [here]))
    )


def calls(desk: Reception, lang: str) -> Iterator[Sample]:
    """What a caller hears in this language, if the carrier has a voice for it."""
    here, down = desk.towns[:1], _while_it_fails(desk, NUMBER.display)
    ask = as_said(desk.say(lang, "voice_zip"))
    yield sample.spoken(Said("Calls from the town"), "\n".join((*replies.spoken(desk, here, lang), ask)))
    yield sample.spoken(Said("Calls while 911 fails there"), "\n".join(replies.spoken(down, down.towns[:1], lang)))
    confirm = desk.say(lang, "voice_confirm", place=str(here[0]["name"]))
    for what, said in (
        (Said("Gives an unknown ZIP code"), desk.say(lang, "voice_unknown")),
        (Said("Signed up and calls to confirm"), confirm),
        (Said("Is called in an outage"), f"{desk.say(lang, 'voice_leave')}\n{desk.say(lang, 'voice_left')}"),
    ):
        yield sample.spoken(what, as_said(said))


def pages(desk: Reception, lang: str) -> Iterator[Sample]:
    """The sentences of the sign-up page and of the card, from top to bottom."""
    place, book = str(desk.towns[0]["name"]), desk.phrases.book(lang)
    own = {
        "authority": desk.voice.authority,
        "place": place,
        "each": f"{place}, {desk.towns[1]['name']}",
        "number": isolated(NUMBER.display, book),
        "lookup_sms": isolated(desk.voice.lookup_sms or NUMBER.display, book),
        "lookup_voice": isolated(desk.voice.lookup_voice or NUMBER.display, book),
    }
    parts = {
        Said("The form"): FORM,
        Said("After the form"): AFTER,
        Said("When something is wrong"): REFUSED,
        Said("The card"): PAPER,
    }
    for what, names in parts.items():
        yield Sample(what, "\n".join(_line(desk, lang, name, own) for name in names), "")


def _line(desk: Reception, lang: str, name: str, own: Mapping[str, str]) -> str:
    return desk.say(lang, name, **{**own, "each": str(MOST_PLACES)} if name == "too_many" else own)
