"""What an officer and an approver should look at before an alert goes: each with a code and a sentence. Pure.

Nothing in here stops anything (design law 7). Each is the lesson of a night: a lost polygon, an audience a hundred
times too large, a text of five segments, an alert that never ended (outage-domain.md section 1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from broadcaster.said import Counted, Said, joined

FAR_BEYOND = 3.0
"""How many times the largest audience so far is said aloud, and how many times the usual one."""
DOUBLE = 1.5
"""Segments a text from which the carrier needs about twice as long."""
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Guard:
    """Something to look at; `loud` stands in red, and is said first."""

    code: str
    sentence: str
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another alert that is open where this one speaks; `ended` once its time has run out without an all-clear."""

    alert: str
    place: str
    shared: Sequence[str]
    since: datetime
    heard: bool
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards judge: counts of people, seconds at the carrier's rate, names of communities and languages.

    `before` are the audiences of earlier alerts and tests, in people; `unanswered` may say what people there are told;
    `unverified` are agencies with a contact that nobody verified within a year.
    """

    people: int = 0
    before: Sequence[int] = ()
    seconds: float = 0.0
    each: float = 1.0
    long_languages: Sequence[tuple[str, int]] = ()
    unanswered: Sequence[str] = ()
    stale: Sequence[str] = ()
    unverified: Sequence[str] = ()
    untranslated: Sequence[str] = ()
    spill: str = ""
    earlier: Sequence[Earlier] = ()
    is_ending: bool = False
    is_test: bool = False


def guards(facts: Facts) -> list[Guard]:
    """Everything to look at, the loud first; empty when nothing is unusual."""
    found = [*_reach(facts), *_earlier(facts), *_numbers(facts), *_pace(facts), *_words(facts)]
    return sorted(found, key=lambda guard: not guard.loud)


def _reach(facts: Facts) -> Iterator[Guard]:
    """Los Angeles, 9 January 2025: ten million people instead of a small area, and no warning."""
    if facts.spill:
        yield Guard("spill", facts.spill)
    if not facts.before or not facts.people:
        return
    largest, usual = max(facts.before), sorted(facts.before)[len(facts.before) // 2]
    if facts.people > largest:
        loud = facts.people >= FAR_BEYOND * largest
        yield Guard(
            "reach-largest",
            Said(
                "%(people)s; the largest so far was %(largest)s.", people=_people(facts.people), largest=_count(largest)
            ),
            loud,
        )
    elif facts.people >= FAR_BEYOND * max(1, usual):
        yield Guard(
            "reach-unusual", Said("%(people)s; usual are %(usual)s.", people=_people(facts.people), usual=_count(usual))
        )


def _earlier(facts: Facts) -> Iterator[Guard]:
    for one in facts.earlier:
        at = {"place": one.place, "where": named(one.shared)}
        if facts.is_test:
            sentence = Said(
                "911 fails in %(where)s by the alert for %(place)s, and this test says that it works there: it goes to"
                " nobody until you take these places out, or until the all-clear.",
                **at,
            )
            yield Guard("test-in-outage", sentence, True)
        elif facts.is_ending:
            told = Said("people there read that it goes on") if one.heard else Said("this one says that it works")
            sentence = Said(
                "The alert for %(place)s still says that 911 fails in %(where)s: %(told)s.", told=told, **at
            )
            yield Guard("still-failing", sentence, True)
        elif one.ended:
            sentence = Said(
                "The alert for %(place)s ran out without an all-clear, and people in %(where)s were told."
                " End it, or go on with it.",
                **at,
            )
            yield Guard("all-clear-missing", sentence, True)
        else:
            yield Guard("on-air", Said("An alert for %(place)s is still on air in %(where)s.", **at), True)


def _numbers(facts: Facts) -> Iterator[Guard]:
    if facts.unanswered:
        sentence = Counted(
            "%(num)s community has no number of its own: %(names)s.",
            "%(num)s communities have no number of their own: %(names)s.",
            len(facts.unanswered),
            names=named(facts.unanswered),
        )
        yield Guard("number-none", sentence, True)
    if facts.stale:
        sentence = Counted(
            "%(num)s number was not verified within a year: %(names)s.",
            "%(num)s numbers were not verified within a year: %(names)s.",
            len(facts.stale),
            names=named(facts.stale),
        )
        yield Guard("number-stale", sentence)
    if facts.unverified:
        sentence = Counted(
            "%(num)s agency has a contact that nobody verified within a year: %(names)s.",
            "%(num)s agencies have a contact that nobody verified within a year: %(names)s.",
            len(facts.unverified),
            names=named(facts.unverified),
        )
        yield Guard("contact-stale", sentence)


def _pace(facts: Facts) -> Iterator[Guard]:
    """A carrier's rate counts segments (outage-domain.md section 2.5)."""
    if facts.each >= DOUBLE and facts.seconds:
        times = f"{facts.each:.1f}".removesuffix(".0")
        sentence = Said(
            "A text takes %(times)s segments: everybody is told in %(takes)s instead of %(would)s.",
            times=times,
            takes=_minutes(facts.seconds),
            would=_minutes(facts.seconds / facts.each),
        )
        yield Guard("segments", sentence)
    if facts.long_languages:
        each = (Said("%(name)s %(segments)s", name=name, segments=many) for name, many in facts.long_languages)
        languages = joined(", ", each)
        yield Guard("segments-languages", Said("More segments than English, so later: %(said)s.", said=languages))


def _words(facts: Facts) -> Iterator[Guard]:
    if facts.untranslated:
        sentence = Said("Nothing is worded in %(names)s: people there read English.", names=named(facts.untranslated))
        yield Guard("language-none", sentence)


def named(names: Sequence[str]) -> str:
    """``Ayer, Groton and 3 more``."""
    more = len(names) - MOST_NAMED
    if more <= 0:
        return ", ".join(names)
    return Said("%(names)s and %(more)s more", names=", ".join(names[:MOST_NAMED]), more=more)


def _people(many: int) -> str:
    return Said("One person") if many == 1 else Said("%(many)s people", many=_count(many))


def _count(many: int) -> str:
    """``4.1 million``, ``90,000``: three digits are enough to be startled by."""
    return Said("%(many)s million", many=f"{many / 1e6:.1f}") if many >= 1_000_000 else f"{many:,}"


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:
        return Said("%(number)s seconds", number=max(1, round(seconds)))
    return Said("%(number)s minutes", number=minutes)
