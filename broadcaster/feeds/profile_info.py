"""Findings on one info block: its language, codes, times, channels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from broadcaster.feeds.capvalues import Alert, Info, MsgType, Severity, Sureness, Urgency
from broadcaster.feeds.finding import Finding, error, warning
from broadcaster.feeds.profile_area import area_findings
from broadcaster.feeds.profile_words import word_findings

IPAWS = "IPAWS USA Profile v1.0"
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_ORIGINATORS = frozenset({"CIV", "WXR", "PEP", "EAS"})
_HANDLINGS = frozenset({"Imminent Threat", "Public Safety", "WEA Test"})
_BLOCKABLE = frozenset({"EAS", "NWEM", "CMAS", "PUBLIC"})
_KNOWN = frozenset(
    {
        "EAS-ORG",
        "EASText",
        "EAS-Must-Carry",
        "timezone",
        "WEAHandling",
        "CMAMtext",
        "CMAMlongtext",
        "BLOCKCHANNEL",
    }
)
WEA_DAY = timedelta(hours=24)


def info_findings(alert: Alert, info: Info, at: str) -> list[Finding]:
    """Everything about one info block; `at` is its XPath."""
    return [
        *_language(info, at),
        *_codes(info, at),
        *_times(alert, info, at),
        *_parameters(info, at),
        *_wea_class(alert, info, at),
        *area_findings(info, at),
        *word_findings(info, at),
    ]


def _language(info: Info, at: str) -> Iterator[Finding]:
    if info.language and not _LANGUAGE.fullmatch(info.language):
        sentence = f"“{info.language}” is no language tag: write en-US or es-US."
        yield error("language", f"{at}/language", sentence, "RFC 3066")
    if not info.categories:
        yield error("category", at, "At least one category is needed.", "CAP 1.2 section 3.2.2")
    if info.web and not (urlsplit(info.web).scheme and urlsplit(info.web).netloc):
        sentence = "The web address must be whole, with https://."
        yield error("web", f"{at}/web", sentence, "CAP validator: INVALID_WEB")


def _codes(info: Info, at: str) -> Iterator[Finding]:
    same = [code.value for code in info.event_codes if code.name == "SAME"]
    if len(same) != 1:
        sentence = f"Exactly one SAME event code is needed; there are {len(same)}."
        yield error("same-event", f"{at}/eventCode", sentence, f"{IPAWS}, rule 6")
    for value in same:
        if not re.fullmatch(r"[A-Z]{3}", value):
            sentence = f"“{value}” is no three-letter event code."
            yield error("same-event-form", f"{at}/eventCode", sentence, "47 CFR 11.31(e)")


def _times(alert: Alert, info: Info, at: str) -> Iterator[Finding]:
    times = {"effective": info.effective, "onset": info.onset, "expires": info.expires}
    naive = [tag for tag, moment in times.items() if moment and moment.tzinfo is None]
    for tag in naive:
        yield error("time-offset", f"{at}/{tag}", f"The time in {tag} needs an offset.", f"{IPAWS}, rule 2")
    if info.expires is None:
        yield error("expires-missing", f"{at}/expires", "Every info block must say when it ends.", f"{IPAWS}, rule 5")
    elif not naive and alert.sent.tzinfo and info.expires <= alert.sent:
        sentence = "It has ended before it is sent: choose a later end."
        yield error("expires-past", f"{at}/expires", sentence, "ECIG CAP-to-EAS guide")
    elif not naive and alert.sent.tzinfo and info.parameter("CMAMtext") and info.expires - alert.sent > WEA_DAY:
        sentence = "A text to all phones may last 24 hours at most."
        yield error("wea-expires", f"{at}/expires", sentence, "47 CFR 10.450; FEMA guidance")


def _parameters(info: Info, at: str) -> Iterator[Finding]:
    where, guide = f"{at}/parameter", f"{IPAWS}, rule 10"
    if info.parameter("EAS-ORG") not in _ORIGINATORS:
        yield error("eas-org", where, "EAS-ORG must name the originator: CIV for a 911 authority.", guide)
    for blocked in info.parameters_named("BLOCKCHANNEL"):
        if blocked not in _BLOCKABLE:
            yield error("blockchannel", where, f"“{blocked}” is no channel that can be blocked.", guide)
    for name in {pair.name for pair in info.parameters} - _KNOWN:
        sentence = f"Nobody reads the parameter “{name}”: check its spelling and case."
        yield warning("parameter-unknown", where, sentence, IPAWS)
    handling = info.parameter("WEAHandling")
    if handling and handling not in _HANDLINGS:
        yield error("wea-handling", where, f"“{handling}” is no class of WEA.", "47 CFR 10.400")
    if info.parameter("CMAMtext") and not handling:
        yield error("wea-handling-missing", where, "A text to all phones needs WEAHandling.", "47 CFR 10.400")


def _wea_class(alert: Alert, info: Info, at: str) -> Iterator[Finding]:
    """Imminent Threat needs all three grades; otherwise the gateway refuses the text."""
    if info.parameter("WEAHandling") != "Imminent Threat" or alert.msg_type is MsgType.CANCEL:
        return
    soon = info.urgency in (Urgency.IMMEDIATE, Urgency.EXPECTED)
    bad = info.severity in (Severity.EXTREME, Severity.SEVERE)
    sure = info.certainty in (Sureness.OBSERVED, Sureness.LIKELY)
    if not (soon and bad and sure):
        sentence = "An imminent threat must be immediate or expected, severe or extreme, and observed or likely."
        yield error("wea-class", at, sentence, "47 CFR 10.400")
