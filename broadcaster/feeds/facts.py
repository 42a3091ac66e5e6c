"""What a CAP message is made of: the words, frozen, and everything that was decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from broadcaster.alert.alert import Content, FailureKind, RevisionKind
from broadcaster.directory import Community, County
from broadcaster.feeds.capvalues import CapRefused, MsgType, Reference, Status

LANGUAGES = {"en": "en-US", "es": "es-US"}
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
    `is_test` marks a test of a live installation, which goes as `test_event`, never as TOE. `polygons` are ``lat,lon``
    rings, may be empty. `blocked` are the outlets that findings keep it from (EAS, CMAS); `clear_on` those that an
    ending is sent to, as ADR over EAS and as a Public Safety text over CMAS.
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
    test_event: str = "DMO"
    blocked: frozenset[str] = frozenset()
    clear_on: frozenset[str] = frozenset()

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


def msg_type(facts: Facts) -> MsgType:
    """What the message does to the earlier ones; a follow-up to nothing that lives is an Alert (IPAWS error 307)."""
    if facts.kind is RevisionKind.INITIAL or not facts.references:
        return MsgType.ALERT
    return MsgType.CANCEL if facts.kind is RevisionKind.FALSE_ALARM else MsgType.UPDATE
