"""A notice for the machines of agencies: the ten fields of 47 CFR 4.9(h), and each community with its number, as JSON.

The same for every receiver but for its link of acknowledgement. What is not known is null, never a word for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from broadcaster.alert.alert import ENDINGS
from broadcaster.directory import Community, Directory
from broadcaster.messages import together
from broadcaster.messages.book import FALLBACK
from broadcaster.messages.book import agency as desk_words
from broadcaster.messages.bulletin import bulletin, failing, post
from broadcaster.messages.edition import Edition, answer_values, answers_of
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.template import plain

VERSION = 1
"""Of this document: raised when a field goes or changes its meaning, not when one comes."""


def machine_notice(edition: Edition, affected: Sequence[Community], directory: Directory) -> str:
    """The document, with ACK_TOKEN where the receiver's own link goes; RestrictedNumber when an answer must not be
    seen."""
    content, voice = edition.content, edition.voice
    fails = {community.code for community in failing(edition, affected)} if edition.kind not in ENDINGS else set()
    down = {community.code for community in affected if together.goes_on(edition, community.code)} | fails
    return json.dumps(
        {
            "version": VERSION,
            "type": "911_outage",
            "is_test": edition.is_test or voice.training,
            "outage": edition.reference,
            "issued": _moment(edition.issued),
            "stage": edition.kind.value,
            "is_final": edition.kind in ENDINGS,
            "certainty": content.certainty.value,
            "contact": {
                "name": plain(voice.authority),
                "phone": voice.watch_phone or None,
                "email": voice.watch_email or None,
            },
            "provider": plain(content.provider) or None,
            "service": content.failure.value,
            "effect": desk_words().word("effect", content.failure.value) if fails else None,
            "area": bulletin(edition, affected, directory, FALLBACK).ways[0]["place"],
            "began": _moment(content.began),
            "expires": _moment(content.expires),
            "expected_restoration": _moment(content.expected_restoration),
            "next_update": _moment(content.next_update),
            "cause": plain(content.cause) or None,
            "note": plain(content.note) or None,
            "post": post(edition, affected, directory),
            "communities": _communities(edition, affected, directory, down),
            "acknowledge": ACK_TOKEN,
        },
        ensure_ascii=False,
    )


def _communities(
    edition: Edition, affected: Sequence[Community], directory: Directory, down: set[str]
) -> list[dict[str, Any]]:
    english = edition.books.book(FALLBACK)
    found = []
    for place, answer in zip(affected, answers_of(edition.content, affected, directory), strict=True):
        now = together.goes_on(edition, place.code) or answer
        answer_values(now, english)  # refuses a restricted number
        fails = place.code in down
        number = now.number if fails else None
        verified = number.verified_on if number else None
        found.append(
            {
                "code": place.code,
                "name": plain(place.name),
                "county_fips": place.county_fips,
                "is_down": fails,
                "call_instead": number.e164 if number else None,
                "verified_on": verified.isoformat() if verified else None,
            }
        )
    return found


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
