"""Findings on the envelope of a message: its names, status and scope, what it refers to, its info blocks together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from broadcaster.feeds.capvalues import Alert, CapRefused, Info, MsgType, Reference, Scope, Status
from broadcaster.feeds.capxml import format_time, parse_time
from broadcaster.feeds.events import DRILLS
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.rules import found

_NAME = re.compile(r"[^\s,&<]+")
_PLAIN = re.compile(r"[-_.:a-zA-Z0-9]+")
_SENDER = re.compile(r"[^@\s]+@[^@\s]+|[^@\s]+\.[^@\s]+|urn:\S+")
FRESH = timedelta(minutes=5)
"""How old a message may be when it comes to IPAWS-OPEN."""


def alert_findings(alert: Alert, arrived: datetime | None) -> list[Finding]:
    """Everything about the message as a whole."""
    return [
        *_names(alert),
        *_status(alert),
        *_scope(alert),
        *_quotes(alert),
        *_sent(alert, arrived),
        *_references(alert),
        *_together(alert),
    ]


def _names(alert: Alert) -> Iterator[Finding]:
    if not _NAME.fullmatch(alert.identifier):
        sentence = f"The identifier “{alert.identifier}” must be one word without spaces, commas, & or <."
        yield found("identifier", "/alert/identifier", sentence)
    elif not _PLAIN.fullmatch(alert.identifier):
        sentence = f"Some readers refuse the identifier “{alert.identifier}”: use letters, digits, - and _."
        yield found("identifier-plain", "/alert/identifier", sentence)
    if not _NAME.fullmatch(alert.sender):
        sentence = "The sender must be one word without spaces, commas, & or <: set CAP_SENDER."
        yield found("sender", "/alert/sender", sentence)
    elif not _SENDER.fullmatch(alert.sender):
        sentence = f"The sender “{alert.sender}” is no domain name and no mail address: nobody can tell whose it is."
        yield found("sender-plain", "/alert/sender", sentence)
    if alert.codes.count("IPAWSv1.0") != 1:
        yield found("ipaws-code", "/alert/code", "The message must carry the code IPAWSv1.0 exactly once.")


def _status(alert: Alert) -> Iterator[Finding]:
    if alert.status is not Status.ACTUAL:
        sentence = f"The status is {alert.status}: IPAWS and EAS boxes do not pass it on to the public."
        yield found("status", "/alert/status", sentence)
    if alert.status is Status.EXERCISE and not alert.note:
        yield found("exercise-note", "/alert/note", "An exercise should be explained in a note.")
    if alert.msg_type is MsgType.ERROR and not alert.note:
        yield found("error-note", "/alert/note", "An Error should say in a note what was wrong.")
    if alert.status is Status.TEST:
        for number, info in enumerate(alert.infos, 1):
            if info.same_event not in DRILLS:
                sentence = f"A test must never carry {info.same_event or 'no code'}: use DMO, RWT or RMT."
                yield found("live-code-in-test", f"/alert/info[{number}]/eventCode", sentence)


def _scope(alert: Alert) -> Iterator[Finding]:
    if (alert.scope is Scope.RESTRICTED) != bool(alert.restriction):
        sentence = "A restriction belongs to a restricted message, and only there."
        yield found("restriction-scope", "/alert/restriction", sentence)
    if alert.scope is Scope.PRIVATE and not alert.addresses.strip():
        yield found("addresses", "/alert/addresses", "A private message needs addresses.")
    if alert.scope is not Scope.PUBLIC:
        yield found("scope", "/alert/scope", "Only public messages are passed on to the public.")


def _quotes(alert: Alert) -> Iterator[Finding]:
    for tag, text in (("addresses", alert.addresses), ("incidents", alert.incidents)):
        if text.count('"') % 2:
            yield found("quotes", f"/alert/{tag}", f"A quotation mark in {tag} is not closed.")


def _sent(alert: Alert, arrived: datetime | None) -> Iterator[Finding]:
    if arrived and abs(arrived - alert.sent) > FRESH:
        sentence = f"It was sent at {format_time(alert.sent)}, more than 5 minutes from now: IPAWS refuses it."
        yield found("sent-stale", "/alert/sent", sentence)


def _references(alert: Alert) -> Iterator[Finding]:
    at = "/alert/references"
    if alert.msg_type is not MsgType.ALERT and not alert.references:
        sentence = f"A message of type {alert.msg_type} must name the messages it is about."
        yield found("references-missing", at, sentence)
    if alert.msg_type is MsgType.ALERT and alert.references:
        sentence = "A first message does not refer to earlier ones: make it an Update."
        yield found("references-in-alert", at, sentence)
    for reference in alert.references:
        yield from _reference(alert, reference)
    if len(set(alert.references)) != len(alert.references):
        yield found("reference-twice", at, "The same message is referred to twice.")


def _reference(alert: Alert, reference: Reference) -> Iterator[Finding]:
    at = "/alert/references"
    if not reference.is_triple:
        sentence = f"“{reference.identifier[:60]}” names no message: write sender,identifier,sent."
        yield found("references-form", at, sentence)
        return
    if (reference.sender, reference.identifier) == (alert.sender, alert.identifier):
        yield found("reference-circular", at, "The message refers to itself.")
    try:
        moment = parse_time(reference.sent)
    except CapRefused as refused:
        yield found("reference-time", at, str(refused))
        return
    if moment > alert.sent:
        sentence = f"It refers to a message sent later ({reference.sent}) than itself ({format_time(alert.sent)})."
        yield found("reference-postdated", at, sentence)


def _together(alert: Alert) -> Iterator[Finding]:
    """What the info blocks must share (IPAWS rule 4), and what they must not."""
    if not alert.infos:
        yield found("no-info", "/alert", "The message says nothing: it has no info block.")
        return
    first = alert.infos[0]
    for number, info in enumerate(alert.infos[1:], 2):
        at = f"/alert/info[{number}]"
        if set(info.categories) != set(first.categories):
            yield found("categories-differ", f"{at}/category", "All languages need the same categories.")
        if set(info.event_codes) != set(first.event_codes):
            yield found("event-codes-differ", f"{at}/eventCode", "All languages need the same event codes.")
        before = alert.infos[: number - 1]
        if any(other.spoken.lower() == info.spoken.lower() for other in before):
            sentence = f"The language {info.spoken} stands twice: boxes read the first one only."
            yield found("language-twice", f"{at}/language", sentence)
        elif _words(info) & {text for other in before for text in _words(other)}:
            sentence = "The same words stand in two languages: translate one of them."
            yield found("not-translated", at, sentence)


def _words(info: Info) -> set[str]:
    texts = (info.event, info.headline, info.description, info.instruction)
    return {text for text in texts if text}
