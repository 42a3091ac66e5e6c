"""What an officer and an approver should look at before an alert goes: each with a code and a sentence. Pure.

Nothing in here stops anything (design law 7). Each is the lesson of a night: a lost polygon, an audience a hundred
times too large, a text of five segments, an alert that never ended (outage-domain.md section 1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

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
        yield Guard("reach-largest", f"{_people(facts.people)}; the largest so far was {_count(largest)}.", loud)
    elif facts.people >= FAR_BEYOND * max(1, usual):
        yield Guard("reach-unusual", f"{_people(facts.people)}; usual are {_count(usual)}.")


def _earlier(facts: Facts) -> Iterator[Guard]:
    for one in facts.earlier:
        where = named(one.shared)
        if facts.is_ending:
            told = "people there read that it goes on" if one.heard else "this one says that it works"
            sentence = f"The alert for {one.place} still says that 911 fails in {where}: {told}."
            yield Guard("still-failing", sentence, True)
        elif one.ended:
            sentence = f"The alert for {one.place} ran out without an all-clear, and people in {where} were told."
            yield Guard("all-clear-missing", f"{sentence} End it, or go on with it.", True)
        else:
            yield Guard("on-air", f"An alert for {one.place} is still on air in {where}.", True)


def _numbers(facts: Facts) -> Iterator[Guard]:
    if facts.unanswered:
        many = len(facts.unanswered)
        what = "community has no number of its own" if many == 1 else "communities have no number of their own"
        yield Guard("number-none", f"{many} {what}: {named(facts.unanswered)}.", True)
    if facts.stale:
        many = len(facts.stale)
        what = "number was" if many == 1 else "numbers were"
        yield Guard("number-stale", f"{many} {what} not verified within a year: {named(facts.stale)}.")
    if facts.unverified:
        many = len(facts.unverified)
        what = "agency has a contact" if many == 1 else "agencies have a contact"
        yield Guard("contact-stale", f"{many} {what} that nobody verified within a year: {named(facts.unverified)}.")


def _pace(facts: Facts) -> Iterator[Guard]:
    """A carrier's rate counts segments (outage-domain.md section 2.5)."""
    if facts.each >= DOUBLE and facts.seconds:
        times = f"{facts.each:.1f}".removesuffix(".0")
        takes, would = _minutes(facts.seconds), _minutes(facts.seconds / facts.each)
        yield Guard("segments", f"A text takes {times} segments: everybody is told in {takes} instead of {would}.")
    if facts.long_languages:
        said = ", ".join(f"{name} {segments}" for name, segments in facts.long_languages)
        yield Guard("segments-languages", f"More segments than English, so later: {said}.")


def _words(facts: Facts) -> Iterator[Guard]:
    if facts.untranslated:
        yield Guard("language-none", f"Nothing is worded in {named(facts.untranslated)}: people there read English.")


def named(names: Sequence[str]) -> str:
    """``Ayer, Groton and 3 more``."""
    more = len(names) - MOST_NAMED
    return f"{', '.join(names[:MOST_NAMED])} and {more} more" if more > 0 else ", ".join(names)


def _people(many: int) -> str:
    return "One person" if many == 1 else f"{_count(many)} people"


def _count(many: int) -> str:
    """``4.1 million``, ``90,000``: three digits are enough to be startled by."""
    return f"{many / 1e6:.1f} million" if many >= 1_000_000 else f"{many:,}"


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{max(1, round(seconds))} seconds" if seconds < 90 else f"{minutes} minutes"
