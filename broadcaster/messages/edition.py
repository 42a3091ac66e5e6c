"""One edition of an alert, and the values that its texts print: times in local words, places, numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from broadcaster.alert.alert import CommunityAnswer, Content, FailureKind, RevisionKind, Rung
from broadcaster.alert.phone import Visibility, display
from broadcaster.directory import Community, Directory
from broadcaster.messages.book import Book, Books, shipped
from broadcaster.messages.reception import phrases
from broadcaster.messages.template import plain


class RestrictedNumber(ValueError):
    """A restricted number was about to be printed; the message names its community, never the number."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, in which zone, and the one door where anyone finds the number of their community."""

    authority: str
    authority_short: str
    state_name: str
    timezone: str
    lookup_url: str = ""
    lookup_sms: str = ""
    lookup_voice: str = ""
    watch_phone: str = ""
    watch_email: str = ""
    training: bool = False


@dataclass(frozen=True, slots=True)
class Also:
    """What fails in a community besides what an edition speaks of first, by another alert; `is_new` if it was not told
    before."""

    failure: FailureKind
    provider: str
    answer: CommunityAnswer
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """What is said: the kind, the content, who speaks, and when it was issued (at submit; aware).

    `earlier` is when the message that a false-alarm takes back was issued; `previous` the content that a revision
    follows; `reference` the outage's own number; `is_test` a test of the system, which is no outage; `books` the words;
    `phrases` those for residents, of which the line for people who cannot make voice calls is; `also` what other alerts
    say of the one community that it is for (`messages.together`).
    """

    kind: RevisionKind
    content: Content
    voice: Voice
    issued: datetime
    earlier: datetime | None = None
    previous: Content | None = None
    reference: str = ""
    is_test: bool = False
    books: Books = field(default_factory=shipped, compare=False)
    phrases: Books = field(default_factory=phrases, compare=False)
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """Local words for a moment: ``2:30 PM``, with its zone and, on another day than `today`, its date."""

    zone: ZoneInfo
    book: Book
    today: datetime
    named: bool

    def bare(self, moment: datetime) -> str:
        """``2:30 PM`` or ``2:30 PM EDT``."""
        local = moment.astimezone(self.zone)
        half = "am" if local.hour < 12 else "pm"
        shown = self.book.word(half, clock=f"{local.hour % 12 or 12}:{local.minute:02}")
        return f"{shown} {local.tzname()}" if self.named else shown

    def dated(self, moment: datetime | None) -> str:
        """``June 18, 2024, 1:15 PM EDT``, for a record; empty without a moment."""
        if moment is None:
            return ""
        local = moment.astimezone(self.zone)
        return f"{format_date(local.date(), 'long', locale=self._locale)}, {self.bare(moment)}"

    def words(self, moment: datetime | None) -> str:
        """The same as it stands in a sentence (``las 2:30 PM``); empty without a moment."""
        if moment is None:
            return ""
        local, clock = moment.astimezone(self.zone), self.bare(moment)
        time = self.book.word("time_one" if local.hour % 12 == 1 else "time", clock=clock)
        if local.date() == self.today.astimezone(self.zone).date():
            return time
        return self.book.word("dated", clock=time, date=format_skeleton("MMMMd", local, locale=self._locale))

    @property
    def _locale(self) -> str:
        return "en" if self.book.lang == "agency" else self.book.lang.replace("-", "_")


def values(edition: Edition, book: Book, place: str, timezone: str = "") -> dict[str, str]:
    """The values that every text may print; times are in `timezone` and unnamed, or in the voice's and named."""
    content = edition.content
    told = _Told(
        edition.issued,
        edition.earlier,
        edition.reference,
        content.provider,
        content.note,
        content.cause,
        content.began,
        content.expires,
        content.next_update,
        content.expected_restoration,
    )
    return {**_everywhere(told, edition.voice, book, timezone), "place": plain(place)}


class _Told(NamedTuple):
    """What of an edition is printed the same in every place."""

    issued: datetime
    earlier: datetime | None
    reference: str
    provider: str
    note: str
    cause: str
    began: datetime
    expires: datetime
    next_update: datetime | None
    expected: datetime | None


@lru_cache(maxsize=256)
def _everywhere(told: _Told, voice: Voice, book: Book, timezone: str) -> Mapping[str, str]:
    """All values but the place: made once for the hundreds of communities of a language."""
    clock = Clock(ZoneInfo(timezone or voice.timezone), book, told.issued, named=not timezone)
    provider = plain(told.provider)
    return {
        "authority": plain(voice.authority),
        "authority_short": plain(voice.authority_short),
        "state": plain(voice.state_name),
        "provider": provider,
        "phones": book.word("phones", provider=provider) if provider else book.word("phones_unknown"),
        "phones_again": book.word("phones", provider=provider) if provider else book.word("phones_again_unknown"),
        "note": plain(told.note),
        "issued": clock.bare(told.issued),
        "began": clock.words(told.began),
        "expires": clock.words(told.expires),
        "next_update": clock.words(told.next_update),
        "expected": clock.words(told.expected),
        "earlier": clock.words(told.earlier),
        "watch": display(plain(voice.watch_phone)),
        "watch_email": plain(voice.watch_email),
        "cause": plain(told.cause),
        "reference": plain(told.reference),
        "also": "",
        **{name: isolated(text, book) for name, text in door(voice).items()},
    }


def isolated(text: str, book: Book) -> str:
    """A number or an address within words that run from right to left: in isolation (Unicode UAX 9), because its
    parts would otherwise be shown in the wrong order after an Arabic letter."""
    return f"\u2066{text}\u2069" if book.rtl and text else text


def door(voice: Voice) -> dict[str, str]:
    """The one door as people read it; `link` is its page."""
    url = re.sub(r"^https?://|/$", "", plain(voice.lookup_url))
    sms, call = display(plain(voice.lookup_sms)), display(plain(voice.lookup_voice))
    return {"link": url, "lookup_url": url, "lookup_sms": sms, "lookup_voice": call}


def answer_values(answer: CommunityAnswer | None, book: Book) -> dict[str, str]:
    """Number and label (who answers, up to the first comma) of an answer; both empty without one.

    RestrictedNumber when nobody may see it.
    """
    if answer is None or answer.number is None:
        return {"number": "", "label": ""}
    if answer.number.visibility is Visibility.RESTRICTED:
        raise RestrictedNumber(f"The number chosen for {answer.community} is restricted and cannot be published.")
    return {"number": isolated(answer.number.display, book), "label": plain(answer.number.label.partition(",")[0])}


def door_of(voice: Voice) -> str:
    """Which door of `wording.DIALS` this installation has: its page, a number to text, one to call, or none."""
    doors = {"door": voice.lookup_url, "door_text": voice.lookup_sms, "door_call": voice.lookup_voice}
    return next((name for name, given in doors.items() if given), "door_none")


def dial_of(answer: CommunityAnswer) -> str:
    """Which way out of `wording.DIALS` an answer is."""
    if answer.number is None:
        return "walk_in"
    return _DIALS.get(answer.rung, "community")


_DIALS = {Rung.COUNTY: "county", Rung.STATE: "state"}


def answers_of(content: Content, affected: Sequence[Community], directory: Directory) -> list[CommunityAnswer]:
    """The answer of each community: as frozen in the content, else the directory's."""
    frozen: Mapping[str, CommunityAnswer] = {answer.community: answer for answer in content.answers}
    return [frozen.get(place.code) or directory.ladder(place.code).frozen for place in affected]


def shared(answers: Sequence[CommunityAnswer]) -> CommunityAnswer | None:
    """The one answer that a whole area shares, if it does."""
    kinds = ((dial_of(answer), answer.number.e164 if answer.number else "") for answer in answers)
    first = next(kinds, None)
    return answers[0] if first and all(kind == first for kind in kinds) else None
