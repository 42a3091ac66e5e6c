"""What an alert says: its content, its area, its numbers; frozen and hashed when it is submitted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

import rfc8785
from pydantic import TypeAdapter

from broadcaster.alert.phone import AlternateNumber, PhoneRefused, Visibility, parse
from broadcaster.said import Said

LONGEST_LIFE = timedelta(hours=4)
"""An alert is renewed by a person, never left alone for longer (cap-ipaws.md section 9)."""


class FailureKind(StrEnum):
    """What fails; the wording follows it."""

    ALL_CALLS = "all_calls"
    INTERMITTENT = "intermittent"
    ONE_CARRIER = "one_carrier"
    NO_LOCATION = "no_location"
    TEXT_TO_911 = "text_to_911"


class RevisionKind(StrEnum):
    """The kinds of revision of one alert, in the order in which a day may need them."""

    INITIAL = "initial"
    UPDATE = "update"
    NUMBER_CHANGE = "number_change"
    RESTORED_IN_PART = "restored_in_part"
    ALL_CLEAR = "all_clear"
    FALSE_ALARM = "false_alarm"


ENDINGS = frozenset({RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM})
"""The kinds that end an alert."""
NUMBERED = frozenset({RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE})
"""The kinds in which a number can be given by hand."""


class Certainty(StrEnum):
    """How sure we are; agencies may be told of a reported outage before it is confirmed."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"


class ChannelName(StrEnum):
    """The ways out, as the registry of channels names them."""

    SMS = "sms"
    EMAIL = "email"
    FEED = "feed"
    IPAWS = "ipaws"


@dataclass(frozen=True, slots=True)
class Area:
    """Where: the whole state, or counties (FIPS), communities and PSAPs by code."""

    statewide: bool = False
    counties: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    psaps: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody at all is meant."""
        return not (self.statewide or self.counties or self.communities or self.psaps)


class Rung(StrEnum):
    """Which rung of the ladder a community's answer stands on."""

    OVERRIDE = "override"
    COMMUNITY = "community"
    SECOND = "second"
    COUNTY = "county"
    STATE = "state"
    WALK_IN = "walk_in"


@dataclass(frozen=True, slots=True)
class CommunityAnswer:
    """What the people of one community are told to do instead of dialling 911."""

    community: str
    rung: Rung
    number: AlternateNumber | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody who knows says that 911 works again: the vendor, or a PSAP that took a 911 call."""

    communities: tuple[str, ...]
    who: str
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Withheld:
    """Agencies that are not told of this alert, and why: whole lists (a role, or ``role/county FIPS``) and codes of
    single agencies. Whoever was told before hears the end in any case."""

    lists: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether everybody is in, which is the rule."""
        return not (self.lists or self.agencies)


@dataclass(frozen=True, slots=True)
class Beside:
    """Another alert on air in places of this one, as the public heard of it last: what fails there and what people do
    instead (`answers`, only of places that both name); `no` is its revision."""

    alert: str
    no: int
    failure: FailureKind
    began: datetime
    provider: str = ""
    next_update: datetime | None = None
    answers: tuple[CommunityAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a person decides about one revision; all times are aware and in whole seconds."""

    failure: FailureKind
    area: Area
    began: datetime
    expires: datetime
    certainty: Certainty = Certainty.CONFIRMED
    provider: str = ""
    next_update: datetime | None = None
    expected_restoration: datetime | None = None
    note: str = ""
    cause: str = ""
    overrides: tuple[tuple[str, AlternateNumber], ...] = ()
    answers: tuple[CommunityAnswer, ...] = ()
    restored: tuple[str, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    channels: tuple[ChannelName, ...] = tuple(ChannelName)
    languages: tuple[str, ...] = ("en", "es")
    withheld: Withheld = Withheld()
    beside: tuple[Beside, ...] = ()


_CONTENT = TypeAdapter(Content)


def content_to_json(content: Content) -> dict[str, object]:
    """A content as plain JSON values, for the database and the hash."""
    plain: dict[str, object] = _CONTENT.dump_python(content, mode="json")
    if not content.cause:  # what was hashed before there was a cause keeps its hash
        del plain["cause"]
    if content.withheld == Withheld():  # nor does what was hashed before anybody could be left out
        del plain["withheld"]
    if not content.beside:  # nor what went out alone
        del plain["beside"]
    return plain


def content_from_json(plain: Mapping[str, object]) -> Content:
    """The content that `content_to_json` wrote."""
    return _CONTENT.validate_python(dict(plain))


@dataclass(frozen=True, slots=True)
class Revision:
    """One frozen revision: `texts` maps ``audience/lang/form`` to the SHA-256 of the rendered words."""

    alert: str
    no: int
    kind: RevisionKind
    content: Content
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON (RFC 8785) of everything that will go out."""
        whole = {
            "alert": self.alert,
            "no": self.no,
            "kind": self.kind.value,
            "content": content_to_json(self.content),
            "texts": dict(self.texts),
        }
        return hashlib.sha256(rfc8785.dumps(cast(Any, whole))).hexdigest()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an alert cannot go as it is: the field of the form, and a sentence that says what to do."""

    field: str
    sentence: str


def problems(kind: RevisionKind, content: Content, affected: tuple[str, ...]) -> list[Problem]:
    """The few things that stop an alert (design law 7); every other finding blocks at most its own channel.

    `affected` are the codes of the communities that the area resolves to.
    """
    found = [*_area_problems(content, affected), *_time_problems(content), *_number_problems(content)]
    if not content.withheld.is_empty and not content.withheld.reason.strip():
        found.append(Problem("withheld", Said("Say why these agencies are not told: the second person reads it.")))
    if kind is RevisionKind.ALL_CLEAR:
        found += _confirmation_problems(content, affected)
    return found


def _area_problems(content: Content, affected: tuple[str, ...]) -> list[Problem]:
    if content.area.is_empty:
        return [Problem("area", Said("Choose where 911 fails: the whole state, counties, communities or PSAPs."))]
    if not affected:
        return [Problem("area", Said("The chosen area holds no community: choose at least one."))]
    return []


def _time_problems(content: Content) -> list[Problem]:
    found = []
    if content.expires <= content.began:
        found.append(Problem("expires", Said("The alert would end before the outage began: choose a later end.")))
    if content.expires - content.began > timedelta(days=7):
        found.append(Problem("began", Said("The outage is said to have begun more than a week ago: check the date.")))
    if content.expected_restoration and content.expected_restoration <= content.began:
        found.append(Problem("expected_restoration", Said("911 cannot be restored before it failed: check the time.")))
    return found


def _number_problems(content: Content) -> list[Problem]:
    found = []
    given = [*content.overrides, *((answer.community, answer.number) for answer in content.answers if answer.number)]
    for community, number in given:
        try:
            parse(number.e164)
        except PhoneRefused as error:
            found.append(Problem(f"number-{community}", str(error)))
        if number.visibility is Visibility.RESTRICTED:
            found.append(
                Problem(
                    f"number-{community}",
                    Said("%(number)s is restricted and cannot be published.", number=number.display),
                )
            )
    return found


def _confirmation_problems(content: Content, affected: tuple[str, ...]) -> list[Problem]:
    confirmed = {code for confirmation in content.confirmations for code in confirmation.communities}
    missing = [code for code in affected if code not in confirmed]
    if not missing:
        return []
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    sentence = Said(
        "Nobody has confirmed that 911 works again in %(shown)s: name the vendor or the PSAP that took a call.",
        shown=shown,
    )
    return [Problem("confirmations", sentence)]
