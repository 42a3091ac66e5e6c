"""Findings on a CAP message that the XML schema cannot see: CAP semantics and the IPAWS USA profile.

The rules of one info block are in `profile_info`, of its areas in `profile_area`, of its words in `profile_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from broadcaster.feeds.capvalues import Alert, CapRefused, Info, MsgType, Scope, Status
from broadcaster.feeds.capxml import format_time, parse_time
from broadcaster.feeds.finding import Finding, Level, error, warning
from broadcaster.feeds.profile_info import info_findings

__all__ = ["Finding", "Level", "blocking", "check"]

CAP = "CAP 1.2 section 3.2.1"
IPAWS = "IPAWS USA Profile v1.0"
_ID = re.compile(r"[-_a-zA-Z0-9]+")
_SENDER = re.compile(r"[^\s,&<]+")
_DRILLS = frozenset({"RWT", "RMT", "DMO", "NPT"})


def check(alert: Alert) -> list[Finding]:
    """Everything that is wrong or doubtful; errors first, then in document order."""
    found = [*_names(alert), *_status(alert), *_references(alert), *_same_in_every_info(alert)]
    for number, info in enumerate(alert.infos, 1):
        found += info_findings(alert, info, f"/alert/info[{number}]")
    return sorted(found, key=lambda finding: finding.level is not Level.ERROR)


def blocking(findings: list[Finding]) -> list[Finding]:
    """The findings that keep the document from its channel."""
    return [finding for finding in findings if finding.level is Level.ERROR]


def _names(alert: Alert) -> Iterator[Finding]:
    if not _ID.fullmatch(alert.identifier):
        sentence = f"The identifier “{alert.identifier}” may hold letters, digits, - and _ only."
        yield error("identifier", "/alert/identifier", sentence, CAP)
    if not _SENDER.fullmatch(alert.sender):
        sentence = "The sender must be one word without spaces, commas, & or <: set CAP_SENDER."
        yield error("sender", "/alert/sender", sentence, CAP)
    if alert.codes.count("IPAWSv1.0") != 1:
        sentence = "The message must carry the code IPAWSv1.0 exactly once."
        yield error("ipaws-code", "/alert/code", sentence, f"{IPAWS}, rule 1")
    if not alert.infos:
        yield error("no-info", "/alert", "The message says nothing: it has no info block.", IPAWS)


def _status(alert: Alert) -> Iterator[Finding]:
    if alert.sent.tzinfo is None:
        yield error("sent-offset", "/alert/sent", "The time of sending needs an offset.", f"{IPAWS}, rule 2")
    if alert.status is Status.EXERCISE and not alert.note:
        sentence = "An exercise should be explained in a note."
        yield warning("exercise-note", "/alert/note", sentence, CAP)
    if (alert.scope is Scope.RESTRICTED) != bool(alert.restriction):
        sentence = "A restriction belongs to a restricted message, and only there."
        yield error("restriction-scope", "/alert/restriction", sentence, CAP)
    if alert.scope is Scope.PRIVATE and not alert.addresses:
        yield error("addresses", "/alert/addresses", "A private message needs addresses.", CAP)
    if alert.scope is not Scope.PUBLIC:
        sentence = "Only public messages are passed on to the public."
        yield warning("scope", "/alert/scope", sentence, f"{IPAWS}, rule 11")
    if alert.status is Status.TEST:
        yield from _drill_codes(alert)


def _drill_codes(alert: Alert) -> Iterator[Finding]:
    for number, info in enumerate(alert.infos, 1):
        if info.same_event not in _DRILLS:
            sentence = f"A test must never carry {info.same_event or 'another code'}: use DMO, RWT or RMT."
            yield error("live-code-in-test", f"/alert/info[{number}]/eventCode", sentence, "47 CFR 11.31(e)")


def _references(alert: Alert) -> Iterator[Finding]:
    at = "/alert/references"
    if alert.msg_type is not MsgType.ALERT and not alert.references:
        sentence = f"A message of type {alert.msg_type} must name the messages it is about."
        yield error("references-missing", at, sentence, f"{IPAWS}, rule 3")
    if alert.msg_type is MsgType.ALERT and alert.references:
        sentence = "A first message cannot refer to earlier ones: it would have to be an Update."
        yield error("references-in-alert", at, sentence, CAP)
    for reference in alert.references:
        if reference.identifier == alert.identifier:
            yield error("reference-circular", at, "The message refers to itself.", "CAP validator: CIRCULAR_REFERENCE")
        yield from _reference_time(alert, reference.sent)
    if len(set(alert.references)) != len(alert.references):
        yield warning("reference-twice", at, "The same message is referred to twice.", CAP)


def _reference_time(alert: Alert, sent: str) -> Iterator[Finding]:
    at = "/alert/references"
    try:
        moment = parse_time(sent)
    except CapRefused as refused:
        yield error("reference-time", at, str(refused), CAP)
        return
    if alert.sent.tzinfo and moment > alert.sent:
        sentence = f"It refers to a message sent later ({sent}) than itself ({format_time(alert.sent)})."
        yield error("reference-postdated", at, sentence, "CAP validator: POSTDATED_REFERENCE")


def _same_in_every_info(alert: Alert) -> Iterator[Finding]:
    """IPAWS rule 4, and one block for each language with words of its own."""
    first, *others = alert.infos or (None,)
    seen: dict[str, Info] = {first.language: first} if first else {}
    for number, info in enumerate(others, 2):
        at = f"/alert/info[{number}]"
        if first and info and set(info.categories) != set(first.categories):
            yield error("categories-differ", f"{at}/category", "All languages need the same categories.", IPAWS)
        if first and info and set(info.event_codes) != set(first.event_codes):
            yield error("event-codes-differ", f"{at}/eventCode", "All languages need the same event codes.", IPAWS)
        if info and info.language in seen:
            sentence = f"The language {info.language or 'en-US'} stands twice: boxes read the first one only."
            yield warning("language-twice", f"{at}/language", sentence, "ECIG CAP-to-EAS guide")
        elif info and _words(info) & {text for other in seen.values() for text in _words(other)}:
            sentence = "The same words stand in two languages: is one of them not translated?"
            yield warning("not-translated", at, sentence, "CAP validator: SAME_TEXT_DIFFERENT_LANGUAGE")
        if info:
            seen[info.language] = info


def _words(info: Info) -> set[str]:
    return {text for text in (info.headline, info.description, info.instruction) if text}
