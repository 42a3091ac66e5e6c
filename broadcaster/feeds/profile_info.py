"""Findings on one info block: its language, times, resources; its codes, areas and words have modules of their own."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from broadcaster.feeds.capvalues import Alert, Info, Resource, ResponseType, Scope
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.profile_area import area_findings
from broadcaster.feeds.profile_codes import code_findings
from broadcaster.feeds.profile_words import word_findings
from broadcaster.feeds.rules import found

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_MEDIA = re.compile(r"(text|image|audio|video|application|multipart|message|model|font)/[\w.+*-]+(\s*;.*)?", re.ASCII)
EAS_AUDIO = "EAS Broadcast Content"
EAS_MEDIA = ("audio/x-ipaws-audio-mp3", "audio/x-ipaws-audio-wav", "audio/x-ipaws-streaming-audio-mp3")
WEA_DAY, EAS_DAY = timedelta(hours=24), timedelta(hours=6)


def info_findings(alert: Alert, info: Info, at: str) -> list[Finding]:
    """Everything about one info block; `at` is its XPath."""
    resources = enumerate(info.resources, 1)
    return [
        *_head(alert, info, at),
        *_times(alert, info, at),
        *code_findings(alert, info, at),
        *(finding for no, one in resources for finding in _resource(one, f"{at}/resource[{no}]")),
        *area_findings(info, at),
        *word_findings(info, at),
    ]


def _head(alert: Alert, info: Info, at: str) -> Iterator[Finding]:
    if info.language and not _LANGUAGE.fullmatch(info.language):
        sentence = f"“{info.language}” is no language tag: write en-US or es-US."
        yield found("language", f"{at}/language", sentence)
    if not info.event.strip():
        yield found("event-empty", f"{at}/event", "The event needs a name.")
    if ResponseType.ASSESS in info.response_types and alert.scope is Scope.PUBLIC:
        sentence = "Assess is for those who respond: a public message should ask for something else."
        yield found("assess-public", f"{at}/responseType", sentence)
    parts = urlsplit(info.web) if _splits(info.web) else None
    if info.web and not (parts and parts.scheme and (parts.netloc or parts.path)):
        yield found("web", f"{at}/web", "The web address must be whole, with https://.")
    elif parts and parts.scheme and parts.scheme.lower() != "https":
        yield found("web-plain", f"{at}/web", "The web address should begin with https.")


def _splits(address: str) -> bool:
    """Whether an address can be taken apart at all: a bracket that opens nothing cannot."""
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True


def _times(alert: Alert, info: Info, at: str) -> Iterator[Finding]:
    for tag, moment in (("effective", info.effective), ("onset", info.onset)):
        if moment and moment > alert.sent:
            sentence = f"The time in {tag} is not read: the message holds at once. Send it when it shall hold."
            yield found("effective-later", f"{at}/{tag}", sentence)
        if moment and info.expires and info.expires <= moment:
            yield found("expires-early", f"{at}/expires", f"It ends before its {tag}: check both times.")
    if info.expires is None:
        yield found("expires-missing", f"{at}/expires", "Every info block must say when it ends.")
        return
    life = info.expires - alert.sent
    if life <= timedelta(0):
        yield found("expires-past", f"{at}/expires", "It has ended before it is sent: choose a later end.")
    if life > EAS_DAY and "EAS" not in info.parameters_named("BLOCKCHANNEL"):
        sentence = "An EAS header says six hours at most: boxes end it then. Renew it with an update."
        yield found("eas-lifetime", f"{at}/expires", sentence)
    if life > WEA_DAY and info.parameter("WEAHandling"):
        yield found("wea-expires", f"{at}/expires", "A text to all phones may last 24 hours at most.")


def _resource(resource: Resource, at: str) -> Iterator[Finding]:
    if not _MEDIA.fullmatch(resource.mime_type):
        yield found("resource-type", f"{at}/mimeType", f"“{resource.mime_type[:40]}” is no media type.")
    if resource.uri and not resource.deref_uri and not (_splits(resource.uri) and urlsplit(resource.uri).scheme):
        sentence = "The address is relative and the bytes did not come along: nobody finds it."
        yield found("resource-uri", f"{at}/uri", sentence)
    if resource.size is not None and resource.size < 0:
        yield found("resource-size", f"{at}/size", "The size in bytes cannot be negative.")
    if resource.desc == EAS_AUDIO and resource.mime_type not in EAS_MEDIA:
        sentence = f"Boxes do not play {resource.mime_type[:40]}: the media type must be one of {', '.join(EAS_MEDIA)}."
        yield found("eas-audio", f"{at}/mimeType", sentence)
    yield from _bytes(resource, at)


def _bytes(resource: Resource, at: str) -> Iterator[Finding]:
    known = None
    try:
        known = base64.b64decode("".join(resource.deref_uri.split()), validate=True)
    except (binascii.Error, ValueError):
        yield found("resource-bytes", f"{at}/derefUri", "The bytes in derefUri are no base64.")
    digest = resource.digest.strip().lower()
    wrong = known and hashlib.sha1(known, usedforsecurity=False).hexdigest() != digest
    if digest and (not re.fullmatch(r"[0-9a-f]{40}", digest) or wrong):
        sentence = "The digest does not fit: it is the SHA-1 of the bytes in 40 hex digits."
        yield found("resource-digest", f"{at}/digest", sentence)
