"""From what the API was sent to a content, or to a sentence for each field that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from broadcaster import audience
from broadcaster.alert.alert import LONGEST_LIFE, Area, Confirmation, Content, FailureKind, Problem
from broadcaster.alert.phone import AlternateNumber, PhoneRefused, parse
from broadcaster.directory import Directory, UnknownCommunity
from broadcaster.dispatch.actions import DEFAULT_LIFE, DEFAULT_NEXT_UPDATE
from broadcaster.messages.book import normal
from broadcaster.web.api.models import ChangeIn
from broadcaster.web.api.problem import Refused
from broadcaster.web.release import agency_lists

SLACK = timedelta(minutes=5)
"""Clocks differ."""
PLAIN = ("failure", "provider", "certainty", "began", "expires", "next_update", "expected_restoration", "note", "cause")


def blank(now: datetime) -> Content:
    """A content in which nothing is decided but the usual times."""
    return Content(
        FailureKind.ALL_CALLS, Area(), began=now, expires=now + DEFAULT_LIFE, next_update=now + DEFAULT_NEXT_UPDATE
    )


def changed(base: Content, body: ChangeIn, directory: Directory, now: datetime) -> Content:
    """The content with what was sent; Refused names every field that cannot be used."""
    found: list[Problem] = []
    content = replace(base, **dict(_decided(body, directory, found)), answers=())
    if not found:
        found += _contradictions(content, body, directory, now)
    if found:
        raise Refused(*found)
    inside = audience.affected(content.area, directory)
    return replace(content, restored=tuple(code for code in content.restored if code in inside))


def _decided(body: ChangeIn, directory: Directory, found: list[Problem]) -> Iterator[tuple[str, Any]]:
    sent = body.model_fields_set
    for name in PLAIN:
        if name in sent:
            value = getattr(body, name)
            if value is None and name not in ("next_update", "expected_restoration"):
                found.append(Problem(name, "Leave this field out, or give it a value."))
            yield name, value.replace(microsecond=0) if isinstance(value, datetime) else value
    if body.area is not None:
        area = body.area
        yield "area", Area(area.statewide, tuple(area.counties), tuple(area.communities), tuple(area.psaps))
    if body.overrides is not None:
        yield "overrides", tuple(_overrides(body, directory, found))
    if body.languages is not None:
        yield "languages", tuple(dict.fromkeys(normal(lang) or lang for lang in body.languages))
    for name in ("channels", "restored"):
        if (listed := getattr(body, name)) is not None:
            yield name, tuple(listed)
    if body.withheld is not None:
        left = body.withheld
        chosen, wrong = agency_lists.read(left.lists, "\n".join(left.agencies), left.reason, directory)
        if wrong:
            found.append(Problem("withheld", wrong))
        yield "withheld", chosen
    if body.confirmations is not None:
        yield (
            "confirmations",
            tuple(Confirmation(tuple(sorted(c.communities)), c.who, c.how, c.at) for c in body.confirmations),
        )


def _overrides(
    body: ChangeIn, directory: Directory, found: list[Problem]
) -> Iterator[tuple[str, AlternateNumber]]:  # fmt: skip
    hidden = audience.restricted(directory)
    for code, given in (body.overrides or {}).items():
        try:
            directory.community(code)
            number = AlternateNumber(parse(given.number), given.label, given.visibility, sms=given.sms)
            if number.e164 in hidden:
                found.append(Problem(f"overrides.{code}", f"{number.display} is restricted and cannot be published."))
            yield code, number
        except (PhoneRefused, UnknownCommunity) as error:
            found.append(Problem(f"overrides.{code}", str(error)))


def _contradictions(content: Content, body: ChangeIn, directory: Directory, now: datetime) -> Iterator[Problem]:
    try:
        inside = audience.affected(content.area, directory)
    except UnknownCommunity as error:
        yield Problem("area", str(error))
        return
    restored = content.restored if "restored" in body.model_fields_set else ()
    named = {code for confirmation in content.confirmations for code in confirmation.communities}
    for name, codes in (("restored", set(restored)), ("confirmations", named)):
        if outside := sorted(codes - set(inside)):
            yield Problem(name, f"{', '.join(outside[:5])} is not in the alert's area.")
    if "began" in body.model_fields_set and content.began > now + SLACK:
        yield Problem("began", "That is in the future: say since when 911 has failed.")
    if "expires" in body.model_fields_set and content.expires > now + LONGEST_LIFE + SLACK:
        yield Problem("expires", "An alert lives at most 4 hours and is then renewed: choose an earlier end.")
    if content.failure is FailureKind.ONE_CARRIER and not content.provider:
        yield Problem("provider", "Name the carrier or service whose customers cannot reach 911.")
    if not content.channels:
        yield Problem("channels", "Choose at least one channel.")


def everywhere(content: Content, directory: Directory) -> Content:
    """Confirmations without communities mean the whole area of the alert."""
    inside = audience.affected(content.area, directory)
    return replace(
        content,
        confirmations=tuple(c if c.communities else replace(c, communities=inside) for c in content.confirmations),
    )
