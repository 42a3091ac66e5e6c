"""One revision as a CAP 1.2 message by the IPAWS USA profile, live as TOE, 911 Telephone Outage Emergency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from broadcaster.alert.alert import ENDINGS, Certainty, Content, FailureKind, RevisionKind
from broadcaster.directory import Community
from broadcaster.feeds import outlets
from broadcaster.feeds.capvalues import (
    Alert,
    AreaBlock,
    CapRefused,
    Category,
    Info,
    NameValue,
    Reference,
    ResponseType,
    Severity,
    Status,
    Sureness,
    Urgency,
)
from broadcaster.feeds.capxml import format_time, parse, serialise
from broadcaster.feeds.facts import LANGUAGES, SEVERE, Facts, InfoTexts, msg_type
from broadcaster.feeds.places import county_title

__all__ = [
    "Alert",
    "AreaBlock",
    "CapRefused",
    "Facts",
    "Info",
    "InfoTexts",
    "Reference",
    "Status",
    "build",
    "format_time",
    "identifier",
    "parse",
    "serialise",
    "unexpired",
]

MOST_SAME_CODES = 31
"""47 CFR 11.31(c): an EAS header holds at most 31 locations."""

NOTES = {
    Status.EXERCISE: "Demonstration of the alerting software. 911 is not down because of this message.",
    Status.TEST: "Training message. 911 is not down because of this message.",
}
FALSE_ALARM_NOTE = "Issued in error: 911 was not down as the referenced messages said. They are void."


def identifier(prefix: str, alert: str, seq: int) -> str:
    """``prefix-alert-seq``, unique for ever; CapRefused unless it is made of letters, digits, ``-`` and ``_``."""
    made = f"{prefix}-{alert}-{seq}"
    if not re.fullmatch(r"[-_a-zA-Z0-9]+", made):
        raise CapRefused(f"“{made}” cannot be a CAP identifier: use letters, digits, - and _ only.")
    return made


def unexpired(earlier: Iterable[Alert], at: datetime) -> tuple[Reference, ...]:
    """References to every message that has not expired (IPAWS profile: an Update or Cancel lists them all)."""
    alive = (alert for alert in earlier if alert.expires is None or alert.expires > at)
    return tuple(Reference(alert.sender, alert.identifier, format_time(alert.sent)) for alert in alive)


def build(facts: Facts) -> Alert:
    """The message of one revision. A follow-up without anything to refer to is an Alert tied by `incidents`."""
    false_alarm = facts.kind is RevisionKind.FALSE_ALARM
    notes = [NOTES.get(facts.status, ""), FALSE_ALARM_NOTE if false_alarm else ""]
    return Alert(
        identifier=facts.identifier,
        sender=facts.sender,
        sent=facts.local(facts.sent),
        status=facts.status,
        msg_type=msg_type(facts),
        source=facts.sender_name,
        codes=("IPAWSv1.0",),
        note=" ".join(note for note in notes if note),
        references=() if facts.kind is RevisionKind.INITIAL else facts.references,
        incidents=facts.incident,
        infos=tuple(_info(facts, texts) for texts in facts.texts),
    )


def _info(facts: Facts, texts: InfoTexts) -> Info:
    urgency, severity, certainty = _grades(facts)
    ended = facts.kind in ENDINGS
    return Info(
        language=LANGUAGES.get(texts.lang, texts.lang),
        categories=(Category.INFRA, Category.SAFETY),
        event=outlets.event(facts, texts),
        response_types=(ResponseType.ALL_CLEAR,) if ended else (ResponseType.EXECUTE, ResponseType.MONITOR),
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        event_codes=(NameValue("SAME", outlets.same_event(facts)),),
        onset=facts.local(facts.content.began),
        expires=facts.local(facts.content.expires),
        sender_name=facts.sender_name,
        headline=texts.headline,
        description=texts.description,
        instruction=texts.instruction,
        web=facts.web,
        parameters=outlets.parameters(facts, texts),
        areas=_areas(facts),
    )


def _grades(facts: Facts) -> tuple[Urgency, Severity, Sureness]:
    """How soon, how bad, how sure; within WEA's Imminent Threat class (47 CFR 10.400) where calls fail."""
    content = facts.content
    if facts.kind is RevisionKind.ALL_CLEAR:
        return Urgency.PAST, Severity.MINOR, Sureness.OBSERVED
    if facts.kind is RevisionKind.FALSE_ALARM:
        return Urgency.PAST, Severity.MINOR, Sureness.UNLIKELY
    certainty = Sureness.OBSERVED if content.certainty is Certainty.CONFIRMED else Sureness.LIKELY
    if content.failure not in SEVERE:
        return Urgency.EXPECTED, Severity.MODERATE, certainty
    extreme = content.failure is FailureKind.ALL_CALLS and _is_statewide(facts)
    return Urgency.IMMEDIATE, Severity.EXTREME if extreme else Severity.SEVERE, certainty


def still_down(kind: RevisionKind, content: Content, affected: Sequence[Community]) -> list[Community]:
    """Where a message holds: one about a partial restoration holds for those still without 911."""
    restored = set(content.restored)
    down = [place for place in affected if place.code not in restored]
    return down if down and kind not in ENDINGS else list(affected)


def is_statewide(kind: RevisionKind, content: Content, affected: Sequence[Community]) -> bool:
    """Whether a message holds for the whole state, so that its code is 0SS000."""
    return content.area.statewide and len(still_down(kind, content, affected)) == len(affected)


def _still_down(facts: Facts) -> list[Community]:
    return still_down(facts.kind, facts.content, facts.communities)


def _is_statewide(facts: Facts) -> bool:
    return is_statewide(facts.kind, facts.content, facts.communities)


def _areas(facts: Facts) -> tuple[AreaBlock, ...]:
    """The state as 0SS000, else a 0SSCCC for each county touched.

    EAS and WEA take 31 codes: the counties with the most people affected get them. Those beyond stand in an area of
    their own without codes, and `profile.check` says so: nothing is dropped silently.
    """
    if _is_statewide(facts):
        code = NameValue("SAME", f"0{facts.state_fips}000")
        return (AreaBlock(facts.state_name, polygons=facts.polygons, geocodes=(code,)),)
    towns: dict[str, list[str]] = {}
    for place in _still_down(facts):
        towns.setdefault(place.county_fips, []).append(place.name)
    names = {county.fips: county.name for county in facts.counties}
    whole = {fips for fips in facts.content.area.counties if not _restored_in(facts, fips)}
    if facts.content.area.statewide:
        whole |= {fips for fips in towns if not _restored_in(facts, fips)}
    words = {fips: _county_words(names.get(fips, fips), fips in whole, places) for fips, places in towns.items()}
    coded = sorted(_largest(facts, towns)[:MOST_SAME_CODES])
    codes = tuple(NameValue("SAME", f"0{fips}") for fips in coded)
    first = AreaBlock("; ".join(words[fips] for fips in coded), facts.polygons, geocodes=codes)
    rest = [words[fips] for fips in sorted(towns) if fips not in coded]
    return (first, AreaBlock("; ".join(rest))) if rest else (first,)


def _largest(facts: Facts, counties: Iterable[str]) -> list[str]:
    """Counties by how many people of theirs are affected, most first."""
    people = dict.fromkeys(counties, 0)
    for place in _still_down(facts):
        people[place.county_fips] += place.population
    return sorted(people, key=lambda fips: (-people[fips], fips))


def _restored_in(facts: Facts, fips: str) -> bool:
    return any(place.county_fips == fips and place.code in facts.content.restored for place in facts.communities)


def _county_words(county: str, whole: bool, towns: list[str]) -> str:
    title = county_title(county)
    return title if whole else f"{', '.join(sorted(towns))} ({title})"
