"""An outage that never was, in which every wording is rendered: for the linter, and for whoever edits one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broadcaster.alert.alert import Area, CommunityAnswer, Content, FailureKind, RevisionKind, Rung
from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Community, CommunityKind, County, Directory, Psap
from broadcaster.messages.book import Books
from broadcaster.messages.compose import cap_texts, page, sms, voice
from broadcaster.messages.edition import Edition, Voice
from broadcaster.messages.fit import fit, septets
from broadcaster.said import Counted, Said, joined

NUMBER = AlternateNumber("+19785550100", "Example Police")
VOICE = Voice("Example State 911 Department", "State 911", "Example State", "UTC", "https://911.example/find")
ISSUED = datetime(2026, 6, 18, 18, 30, tzinfo=UTC)
BEGAN, NEXT, EXPIRES = (ISSUED + timedelta(minutes=minutes) for minutes in (-75, 41, 133))
EARLIER = ISSUED - timedelta(minutes=21)
KINDS: Mapping[RevisionKind, str] = {
    RevisionKind.INITIAL: Said("initial"),
    RevisionKind.UPDATE: Said("update"),
    RevisionKind.NUMBER_CHANGE: Said("number change"),
    RevisionKind.RESTORED_IN_PART: Said("restored in part"),
    RevisionKind.ALL_CLEAR: Said("all clear"),
    RevisionKind.FALSE_ALARM: Said("false alarm"),
}
FAILURES: Mapping[FailureKind, str] = {
    FailureKind.ALL_CALLS: Said("all calls"),
    FailureKind.INTERMITTENT: Said("intermittent"),
    FailureKind.ONE_CARRIER: Said("one carrier"),
    FailureKind.NO_LOCATION: Said("no location"),
    FailureKind.TEXT_TO_911: Said("text to 911"),
}
"""What is said, as sentences about a wording name it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can be said: a kind of revision and what fails, or that it is only a test."""

    kind: RevisionKind
    failure: FailureKind
    is_test: bool = False

    @property
    def name(self) -> str:
        """``all clear, no location``, for sentences about it."""
        return Said("test") if self.is_test else joined(", ", (KINDS[self.kind], FAILURES[self.failure]))


CASES = (
    *(Case(kind, failure) for kind in RevisionKind for failure in FailureKind),
    Case(RevisionKind.INITIAL, FailureKind.ALL_CALLS, is_test=True),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A text that was rendered: its part, its words, and its size in words."""

    part: str
    text: str
    size: str
    segments: int = 1


def edition(case: Case, books: Books, voice: Voice = VOICE) -> Edition:
    """The sample outage as this case has it."""
    restored = ("here",) if case.kind is RevisionKind.RESTORED_IN_PART else ()
    content = Content(case.failure, Area(communities=("here",)), BEGAN, EXPIRES, next_update=NEXT, restored=restored)
    return Edition(case.kind, content, voice, ISSUED, earlier=EARLIER, is_test=case.is_test, books=books)


def directory(place: str) -> Directory:
    """The community that fails, with its number, and another one that does not."""

    def town(code: str, name: str) -> Community:
        return Community(code, name, CommunityKind.MUNICIPALITY, "25001", "UTC", "psap")

    return Directory(
        counties=(County("25001", "Example"),),
        communities=(town("here", place), town("elsewhere", "Elsewhere")),
        psaps=(Psap("psap", "Example dispatch", "25001"),),
        agencies=(),
        numbers={"here": (NUMBER,)},
    )


def rendered(case: Case, books: Books, lang: str, place: str, voice_of: Voice = VOICE) -> Iterator[Sample]:
    """Every form of a case in a language; MissingValue or BadTemplate when one cannot be made."""
    told, places = edition(case, books, voice_of), directory(place)
    here = places.community("here")
    answer = CommunityAnswer("here", Rung.COMMUNITY, NUMBER)
    yield texted("sms", sms(told, here, answer, lang))
    yield spoken("voice", voice(told, here, answer, lang))
    shown = page(told, [here], places, lang)
    yield Sample("page", "\n".join((shown.headline, *shown.paragraphs)), "")
    made, in_gsm = cap_texts(told, [here], places, lang), books.book(lang).in_gsm
    for part, words, most in (("wea-90", made.wea90, 90), ("wea-360", made.wea360, 360)):
        yield Sample(part, words, _of(septets(words) if in_gsm else len(words), most))
    yield Sample("cap-headline", made.headline, _of(len(made.headline), 160))
    yield Sample("cap-description", made.description, "")
    yield Sample("cap-instruction", made.instruction, "")


def _of(units: int, most: int) -> Said:
    return Said("%(number)s of %(all)s", number=units, all=most)


def texted(part: str, text: str) -> Sample:
    """A text message with its size."""
    size = fit(text)
    words = Counted(
        "%(units)s units of %(encoding)s, %(num)s segment",
        "%(units)s units of %(encoding)s, %(num)s segments",
        size.segments,
        units=size.units,
        encoding=size.encoding.value,
    )
    return Sample(part, text, words, size.segments)


def spoken(part: str, words: str) -> Sample:
    """Words of a call with the time that they take."""
    return Sample(part, words, Said("about %(number)s seconds", number=round(len(words) / 14)))


def hours() -> tuple[str, ...]:
    """The digits of the hours of the sample, which every language prints."""
    return tuple(f"{moment.hour % 12 or 12}:{moment.minute:02}" for moment in (ISSUED, BEGAN, NEXT, EXPIRES, EARLIER))
