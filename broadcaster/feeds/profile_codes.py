"""Findings on the codes and parameters of an info block: which event, by which originator, over which outlets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from broadcaster.feeds.capvalues import Alert, Info, MsgType, Severity, Sureness, Urgency
from broadcaster.feeds.events import DRILLS, EVENTS, NEVER_ON_PHONES
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.rules import found

_ORIGINATORS = frozenset({"CIV", "WXR", "PEP", "EAS"})
_HANDLINGS = frozenset({"Imminent Threat", "Public Safety", "WEA Test"})
_CHILD_ABDUCTION = "CAE"
"""The one event that is a class of its own, without WEAHandling."""
BLOCKABLE = frozenset({"EAS", "NWEM", "CMAS", "PUBLIC"})
_KNOWN = frozenset(
    {
        "EAS-ORG", "EASText", "EAS-Must-Carry", "EAS-STN-ID", "timezone", "WEAHandling", "CMAMtext", "CMAMlongtext",
        "BLOCKCHANNEL",
    }
)  # fmt: skip
_ACRONYMS = frozenset({"SAME", "FIPS", "UGC", "ZIP"})


def code_findings(alert: Alert, info: Info, at: str) -> list[Finding]:
    """Everything about event codes and parameters; `at` is the info block's XPath."""
    return [
        *_event(info, at),
        *_names(info, at),
        *_channels(info, at),
        *_eas(info, f"{at}/parameter"),
        *_handling(info, at),
        *_wea_class(alert, info, at),
    ]


def _event(info: Info, at: str) -> Iterator[Finding]:
    where = f"{at}/eventCode"
    same = [code.value for code in info.event_codes if code.name == "SAME"]
    if len(same) != 1:
        yield found("same-event", where, f"Exactly one SAME event code is needed; there are {len(same)}.")
    for value in same:
        if not re.fullmatch(r"[A-Z]{3}", value):
            yield found("same-event-form", where, f"“{value}” is no three-letter event code.")
        elif value not in EVENTS:
            yield found("same-event-unknown", where, f"No EAS box knows the event {value}: choose one of Part 11.")


def _names(info: Info, at: str) -> Iterator[Finding]:
    groups = [("eventCode", info.event_codes), ("parameter", info.parameters)]
    groups += [(f"area[{no}]/geocode", area.geocodes) for no, area in enumerate(info.areas, 1)]
    for tag, pairs in groups:
        for pair in pairs:
            plain = pair.name.replace(".", "").upper()
            if plain in _ACRONYMS and pair.name != plain:
                sentence = f"“{pair.name}” must be written {plain}: it is not read as it stands."
                yield found("value-name", f"{at}/{tag}/valueName", sentence)
            if not pair.name.strip() or not pair.value.strip():
                yield found("value-empty", f"{at}/{tag}", f"A name or a value is empty ({pair.name or 'no name'}).")


def _channels(info: Info, at: str) -> Iterator[Finding]:
    where, blocked = f"{at}/parameter", info.parameters_named("BLOCKCHANNEL")
    for name in blocked:
        if name not in BLOCKABLE:
            yield found("blockchannel", where, f"“{name}” is no channel that can be blocked.")
    if set(blocked) >= BLOCKABLE:
        yield found("blocked-everywhere", where, "Every channel is blocked: IPAWS passes the message on to nobody.")
    for name in sorted({pair.name for pair in info.parameters} - _KNOWN):
        sentence = f"IPAWS does not read the parameter “{name}”: check its spelling and case."
        yield found("parameter-unknown", where, sentence)
    if not re.fullmatch(r"[A-Za-z]{1,6}", info.parameter("timezone")):
        yield found("timezone", where, "The parameter timezone should name the zone by letters, such as EST.")


def _eas(info: Info, where: str) -> Iterator[Finding]:
    times = Counter(pair.name for pair in info.parameters if pair.name != "BLOCKCHANNEL")
    for name in sorted(name for name, count in times.items() if count > 1):
        yield found("parameter-twice", where, f"The parameter {name} stands twice: the first one is read.")
    if info.parameters_named("EAS-STN-ID"):
        yield found("eas-stn-id", where, "EAS-STN-ID is not sent: every box puts in its own.")
    if info.parameters_named("EAS-Must-Carry") not in ((), ("True",)):
        sentence = "EAS-Must-Carry is True, where the state's EAS plan allows it, or is left out."
        yield found("eas-must-carry", where, sentence)
    if {"EAS", "NWEM"} <= set(info.parameters_named("BLOCKCHANNEL")):
        return
    if info.parameter("EAS-ORG") not in _ORIGINATORS:
        yield found("eas-org", where, "EAS-ORG must name the originator: CIV for a 911 authority.")


def _handling(info: Info, at: str) -> Iterator[Finding]:
    where, handling = f"{at}/parameter", info.parameter("WEAHandling")
    text = info.parameter("CMAMtext") or info.parameter("CMAMlongtext")
    if handling and handling not in _HANDLINGS:
        yield found("wea-handling", where, f"“{handling}” is no class of WEA.")
    if text and not handling and info.same_event != _CHILD_ABDUCTION:
        yield found("wea-handling-missing", where, "A text to all phones needs WEAHandling.")
    if not handling:
        return
    if not text:
        yield found("wea-text-missing", where, "Without CMAMtext IPAWS puts its own words on phones: write ours.")
    if info.same_event in NEVER_ON_PHONES:
        yield found("wea-event", f"{at}/eventCode", f"{info.same_event} does not go to phones: leave WEAHandling out.")
    if (info.same_event in DRILLS) != (handling == "WEA Test"):
        sentence = f"{info.same_event or 'No event'} as “{handling}”: tests, and only tests, go to phones as WEA Test."
        yield found("wea-drill", where, sentence)
    if not any(area.polygons or area.circles for area in info.areas) and not info.same_places:
        yield found("wea-area", f"{at}/area", "Phones are found by polygon, circle or SAME place: there is none.")


def _wea_class(alert: Alert, info: Info, at: str) -> Iterator[Finding]:
    """Imminent Threat needs all three grades; otherwise the gateway refuses the text."""
    if info.parameter("WEAHandling") != "Imminent Threat" or alert.msg_type is MsgType.CANCEL:
        return
    soon = info.urgency in (Urgency.IMMEDIATE, Urgency.EXPECTED)
    bad = info.severity in (Severity.EXTREME, Severity.SEVERE)
    sure = info.certainty in (Sureness.OBSERVED, Sureness.LIKELY)
    if not (soon and bad and sure):
        sentence = "An imminent threat must be immediate or expected, severe or extreme, and observed or likely."
        yield found("wea-class", at, sentence)
