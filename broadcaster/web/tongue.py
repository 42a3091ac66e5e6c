"""The language in which the desk speaks to whoever reads it: English, or Spanish from the package's catalogue.

Only the desk's own words change. What the public, agencies and machines get is worded by `broadcaster.messages`, from
the alert's languages, and never by the reader's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from babel.dates import format_date
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request
from markupsafe import Markup

from broadcaster.feeds import public_page
from broadcaster.feeds.public_page import Wording
from broadcaster.messages.book import ENGLISH_NAMES
from broadcaster.said import Counted, Said
from broadcaster.web.vocabulary import SCRIPT_WORDS, SPOKEN, WORDS

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Each by its own name, as its switch says it."""
COOKIE = "desk-lang"
CHINESE = Said("Chinese")
CATALOGUE = Path(__file__).resolve().parents[1] / "locale" / "es" / "LC_MESSAGES" / "desk.po"
Words = TypeVar("Words", str, Markup)
TWO_STOPS = re.compile(r"([ap]\. ?m\.)\.(?!\.)")
LOCALE = "es_US"
"""Spanish of the United States: 4,100,000 and 2:31 p. m."""


def chosen() -> str:
    """The language that this reader wants: the one that was chosen, else what the browser asks for."""
    wanted = request.cookies.get(COOKIE, "")
    asked = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return wanted if wanted in LANGUAGES else next((lang for lang in asked if lang in LANGUAGES), "en")


def speaking() -> str:
    """The language of this request's page: the reader's, where the page is translated."""
    if not has_request_context():
        return "en"
    lang: str | None = g.get("desk_lang")  # asked thousands of times for a board: the proxy is gone through once
    if lang is None:
        in_frame = request.blueprint is None and request.path.startswith("/desk")
        lang = g.desk_lang = chosen() if request.blueprint in SPOKEN or in_frame else "en"
    return lang


def speak(lang: str) -> None:
    """Speak this language for the rest of the request: for a page that is made for somebody else."""
    g.desk_lang = lang if lang in LANGUAGES else "en"


@cache
def catalogue() -> Mapping[str, tuple[str, ...]]:
    """The Spanish of every sentence by its English: one form, or that for one and that for many."""
    with CATALOGUE.open("rb") as file:
        found = read_po(file, locale="es")
    said = [(_forms(each.id)[0], _forms(each.string)) for each in found]
    return {english: spanish for english, spanish in said if english}  # without the head, which stands under nothing


def _forms(words: str | Sequence[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def _in_spanish(pattern: str, many: str = "", count: int = 1) -> str:
    """The pattern in Spanish; in English what nobody has translated."""
    found = [form for form in catalogue().get(pattern, ()) if form]
    if not found:
        return many if many and count != 1 else pattern
    return found[0 if count == 1 else -1]


def _put(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown(part) for name, part in parts.items()}


def _agreeing(pattern: str, put: Mapping[str, Any]) -> str:
    """Spanish hours are plural but the first: ``a la 1:05``, ``a las 2:05``."""
    first = [name for name, part in put.items() if str(part).startswith("1:")]
    return re.sub(rf"\b([Ll])as ((?:<[^>]*>)*%\((?:{'|'.join(first)})\)s)", r"\1a \2", pattern) if first else pattern


def shown(value: Any) -> Any:
    """Anything as this page shows it: a sentence in the reader's language, everything else as it is."""
    if not isinstance(value, Said) or speaking() == "en":
        return value
    many, count = (value.many, value.number) if isinstance(value, Counted) else ("", 1)
    put = _put(value.parts)
    return _stopped(_agreeing(_in_spanish(value.pattern, many, count), put) % put)


def said(value: Any) -> str:
    """The same as plain text, for what is done to it next: capitals, a list."""
    return str(shown(value))


def headed(value: Any) -> str:
    """The same with a capital at its head, as it stands at the beginning of a line."""
    words = said(value)
    return words[:1].upper() + words[1:]


def kept(text: str) -> str:
    """A whole sentence of ours that was stored in English, in the reader's language; anything else as it is."""
    return said(Said(text.replace("%", "%%")))


def _(pattern: str, /, **parts: Any) -> str:
    """A sentence of a view in the reader's language, for what is kept as text: a message on the next page."""
    return said(Said(pattern, **parts))


def language(lang: str) -> str:
    """A language by its name in the reader's."""
    if lang == "zh":  # documents of two scripts are told in one
        return said(CHINESE)
    return said(ENGLISH_NAMES.get(lang, lang))


def word(code: object) -> str:
    """A word of one of our closed vocabularies (a role, a state, a channel) as people read it."""
    return said(WORDS.get(str(code), str(code)))


def marked(pattern: str, /, **parts: Any) -> Markup:
    """The ``_`` of templates: the pattern may hold markup, and what is put into it is escaped."""
    english = speaking() == "en"
    if english and not parts:
        return _plain(pattern)
    put = _put(parts)
    return _marked(pattern if english else _agreeing(_in_spanish(pattern), put), put)


def counted(pattern: str, many: str, count: int, /, **parts: Any) -> Markup:
    """The ``ngettext`` of templates; ``%(num)s`` is the number."""
    put = _put({"num": f"{count:,}", **parts})
    if speaking() == "en":
        return _marked(pattern if count == 1 else many, put)
    return _marked(_agreeing(_in_spanish(pattern, many, count), put), put)


def _marked(pattern: str, put: Mapping[str, Any]) -> Markup:
    """The pattern is a literal of a template, so its markup is ours; `Markup` escapes what is put into it."""
    return _stopped(Markup(pattern) % put)  # noqa: S704 - as above


@cache
def _plain(pattern: str) -> Markup:
    """A sentence of a template that nothing is put into; there are as many as literals in the templates."""
    return _marked(pattern, {})


def _stopped(words: Words) -> Words:
    """An hour that ends a sentence brings its full stop: ``12:01 p.m.``, ``12:01 p. m.``"""
    if "m.." not in words:  # nearly all are done here: a board asks thousands of times
        return words
    for hour in set(TWO_STOPS.findall(words)):
        words = words.replace(f"{hour}.", hour)
    return words


class Hours(Wording):
    """Times as the reader's language says them; those of the messages stay as the messages have them."""

    def hour(self, moment: datetime) -> str:
        """``2:31 p.m.``, ``2:31 p. m.``"""
        english = super().hour(moment)
        return english if speaking() == "en" else english.replace("a.m.", "a. m.").replace("p.m.", "p. m.")

    def second(self, moment: datetime) -> str:
        """``2:31:07 p.m.``"""
        clock, half = self.hour(moment).split(" ", 1)
        return f"{clock}:{moment.astimezone(self.zone):%S} {half}"

    def dated(self, moment: datetime) -> str:
        """``Jun 18, 2:31:07 p.m.``, ``18 jun, 2:31:07 p. m.``"""
        there = moment.astimezone(self.zone)
        day = f"{there:%b} {there.day}" if speaking() == "en" else format_date(there, "d MMM", locale=LOCALE)
        return f"{day}, {self.second(moment)}"

    def full(self, moment: datetime) -> str:
        """``2:31 p. m. EDT, martes, 18 de junio de 2024``"""
        if speaking() == "en":
            return super().full(moment)
        there = moment.astimezone(self.zone)
        return f"{self.hour(moment)} {there.tzname()}, {format_date(there, 'full', locale=LOCALE)}"

    def short(self, moment: datetime) -> str:
        """``2:31 p. m., 18 jun``"""
        if speaking() == "en":
            return super().short(moment)
        return f"{self.hour(moment)}, {format_date(moment.astimezone(self.zone), 'd MMM', locale=LOCALE)}"


def day(moment: date | str) -> str:
    """``May 2, 2024``, ``2 de mayo de 2024``; from a date or its ISO form."""
    if speaking() == "en":
        return public_page.day(moment)
    when = date.fromisoformat(moment) if isinstance(moment, str) else moment
    return str(format_date(when, "long", locale=LOCALE))


def install(app: Flask) -> None:
    """Read the catalogue, and let every template of the desk speak: ``_``, ``ngettext``, the filters `said`, `headed`,
    `kept`, `word` and `day`, and every sentence that is printed."""
    catalogue()
    app.jinja_env.finalize = shown
    app.jinja_env.globals.update(_=marked, ngettext=counted)
    app.jinja_env.filters.update(said=said, headed=headed, kept=kept, word=word, day=day)

    def shared() -> dict[str, Any]:
        wanted = chosen()
        return {
            "desk_lang": speaking(),
            "not_translated": wanted != speaking(),
            "other_tongue": next(pair for pair in LANGUAGES.items() if pair[0] != wanted),
            "script_words": {name: said(sentence) for name, sentence in SCRIPT_WORDS.items()},
        }

    app.context_processor(shared)
