"""One revision as a CAP 1.2 message by the IPAWS USA profile, live as TOE, 911 Telephone Outage Emergency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from broadcaster.alert.alert import ENDINGS, Certainty, Content, FailureKind, RevisionKind
from broadcaster.directory import Community, County
from broadcaster.feeds.capvalues import (
    Alert,
    AreaBlock,
    CapRefused,
    Category,
    Info,
    MsgType,
    NameValue,
    Reference,
    ResponseType,
    Severity,
    Status,
    Sureness,
    Urgency,
)
from broadcaster.feeds.capxml import format_time, parse, serialise
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

LANGUAGES = {"en": "en-US", "es": "es-US"}
TEST_EVENTS = {"en": "Practice/Demo Warning", "es": "Aviso de práctica/demostración"}
NOTES = {
    Status.EXERCISE: "Demonstration of the alerting software. 911 is not down because of this message.",
    Status.TEST: "Training message. 911 is not down because of this message.",
}
FALSE_ALARM_NOTE = "Issued in error: 911 was not down as the referenced messages said. They are void."
SEVERE = frozenset({FailureKind.ALL_CALLS, FailureKind.INTERMITTENT, FailureKind.ONE_CARRIER})
"""Failures that keep people from reaching 911 by voice: Immediate and Severe, so within the class that WEA carries."""


@dataclass(frozen=True, slots=True)
class InfoTexts:
    """The words of one language, already rendered and frozen; `lang` is ``en`` or ``es``. Nothing is cut here."""

    lang: str
    event: str
    headline: str
    description: str
    instruction: str
    wea90: str = ""
    wea360: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a CAP message is made of.

    `communities` are the affected ones; `counties` are all that they lie in; `state_name` is what a statewide area is
    called. `references` name every earlier message of this alert that has not expired (see `unexpired`).
    `is_test` marks a test of a live installation: DMO, never TOE. `polygons` are ``lat,lon`` rings, may be empty.
    """

    kind: RevisionKind
    content: Content
    communities: Sequence[Community]
    counties: Sequence[County]
    texts: Sequence[InfoTexts]
    identifier: str
    sent: datetime
    sender: str
    sender_name: str
    status: Status
    incident: str
    web: str
    state_fips: str
    state_name: str
    timezone: str
    references: tuple[Reference, ...] = ()
    is_test: bool = False
    polygons: tuple[str, ...] = ()

    @property
    def is_drill(self) -> bool:
        """Whether nothing here may look like an outage to a machine."""
        return self.is_test or self.status is Status.TEST

    def local(self, moment: datetime) -> datetime:
        """The moment in the authority's zone, with a fixed offset and in whole seconds."""
        there = moment.astimezone(ZoneInfo(self.timezone))
        offset = there.utcoffset()
        if offset is None:
            raise CapRefused(f"The time {moment.isoformat()} has no offset.")
        return there.replace(microsecond=0, tzinfo=timezone(offset))


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
        msg_type=_msg_type(facts),
        source=facts.sender_name,
        codes=("IPAWSv1.0",),
        note=" ".join(note for note in notes if note),
        references=() if facts.kind is RevisionKind.INITIAL else facts.references,
        incidents=facts.incident,
        infos=tuple(_info(facts, texts) for texts in facts.texts),
    )


def _msg_type(facts: Facts) -> MsgType:
    if facts.kind is RevisionKind.INITIAL or not facts.references:
        return MsgType.ALERT
    return MsgType.CANCEL if facts.kind is RevisionKind.FALSE_ALARM else MsgType.UPDATE


def _info(facts: Facts, texts: InfoTexts) -> Info:
    urgency, severity, certainty = _grades(facts)
    ended = facts.kind in ENDINGS
    return Info(
        language=LANGUAGES.get(texts.lang, texts.lang),
        categories=(Category.INFRA, Category.SAFETY),
        event=TEST_EVENTS.get(texts.lang, TEST_EVENTS["en"]) if facts.is_drill else texts.event,
        response_types=(ResponseType.ALL_CLEAR,) if ended else (ResponseType.EXECUTE, ResponseType.MONITOR),
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        event_codes=(NameValue("SAME", same_event(facts)),),
        onset=facts.local(facts.content.began),
        expires=facts.local(facts.content.expires),
        sender_name=facts.sender_name,
        headline=texts.headline,
        description=texts.description,
        instruction=texts.instruction,
        web=facts.web,
        parameters=_parameters(facts, texts),
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


def same_event(facts: Facts) -> str:
    """TOE while 911 fails; ADR for what is over, so that no siren repeats the outage; DMO for every drill.

    A Cancel keeps TOE: boxes log it and never air it (ECIG guide).
    """
    if facts.is_drill:
        return "DMO"
    return "ADR" if facts.kind in ENDINGS and _msg_type(facts) is not MsgType.CANCEL else "TOE"


def _is_wea(facts: Facts) -> bool:
    """WEA carries an outage that keeps calls from 911. It has no class for an all-clear (47 CFR 10.400)."""
    return facts.kind not in ENDINGS and facts.content.failure in SEVERE


def _parameters(facts: Facts, texts: InfoTexts) -> tuple[NameValue, ...]:
    pairs = [NameValue("EAS-ORG", "CIV")]
    zone = facts.sent.astimezone(ZoneInfo(facts.timezone)).tzname()
    if zone and zone.isalpha():
        pairs.append(NameValue("timezone", zone))
    if _is_wea(facts) and texts.wea90:
        pairs.append(NameValue("WEAHandling", "WEA Test" if facts.is_drill else "Imminent Threat"))
        pairs.append(NameValue("CMAMtext", texts.wea90))
        if texts.wea360:
            pairs.append(NameValue("CMAMlongtext", texts.wea360))
    else:
        pairs.append(NameValue("BLOCKCHANNEL", "CMAS"))
    return tuple(pairs)


def _still_down(facts: Facts) -> list[Community]:
    """Where the message holds: a message about a partial restoration holds for those still without 911."""
    down = [place for place in facts.communities if place.code not in set(facts.content.restored)]
    return down if down and facts.kind not in ENDINGS else list(facts.communities)


def _is_statewide(facts: Facts) -> bool:
    return facts.content.area.statewide and len(_still_down(facts)) == len(facts.communities)


def _areas(facts: Facts) -> tuple[AreaBlock, ...]:
    """The state as 0SS000, else a 0SSCCC for each county touched.

    EAS and WEA take the first 31 codes; counties beyond them stand in an area of their own without codes, and
    `profile.check` says so: nothing is dropped silently.
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
    words = [_county_words(names.get(fips, fips), fips in whole, places) for fips, places in sorted(towns.items())]
    codes = [NameValue("SAME", f"0{fips}") for fips in sorted(towns)]
    first = AreaBlock("; ".join(words[:MOST_SAME_CODES]), facts.polygons, geocodes=tuple(codes[:MOST_SAME_CODES]))
    rest = words[MOST_SAME_CODES:]
    return (first, AreaBlock("; ".join(rest))) if rest else (first,)


def _restored_in(facts: Facts, fips: str) -> bool:
    return any(place.county_fips == fips and place.code in facts.content.restored for place in facts.communities)


def _county_words(county: str, whole: bool, towns: list[str]) -> str:
    title = county_title(county)
    return title if whole else f"{', '.join(sorted(towns))} ({title})"
