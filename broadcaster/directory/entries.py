"""What stands in a directory, row by row: places, answering points, agencies and how they are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from broadcaster.alert.alert import CommunityAnswer, Rung
from broadcaster.alert.phone import AlternateNumber
from broadcaster.said import Said

WALK_IN = Said("go to the nearest fire or police station")
"""The last rung: what people are told where no number is left."""


class UnknownCommunity(LookupError):
    """Nothing in the directory goes by that code or name; the message is a sentence for whoever asked."""


class BrokenDirectory(ValueError):
    """The parts of a directory contradict each other; the message says which."""


class CommunityKind(StrEnum):
    """What a community is; municipalities are counted apart from the rest."""

    MUNICIPALITY = "municipality"
    TRIBAL_NATION = "tribal_nation"
    CAMPUS = "campus"
    MILITARY = "military"
    UNINCORPORATED = "unincorporated"
    HIGHWAY = "highway"


class AgencyRole(StrEnum):
    """Why an agency must hear of a 911 outage."""

    POLICE = "police"
    FIRE = "fire"
    EMS = "ems"
    HOSPITAL = "hospital"
    PSAP = "psap"
    VENDOR_911 = "vendor_911"
    NEIGHBOUR_STATE = "neighbour_state"
    STATE_POLICE = "state_police"
    EMERGENCY_MANAGEMENT = "emergency_management"
    TRIBAL_POLICE = "tribal_police"
    CAMPUS_POLICE = "campus_police"
    CRISIS_LINE_988 = "crisis_line_988"
    LINE_211 = "line_211"
    POISON_CENTRE = "poison_centre"
    ALARM_CENTRE = "alarm_centre"
    TELEMATICS_CENTRE = "telematics_centre"
    RELAY_CENTRE = "relay_centre"
    NEWSROOM = "newsroom"


class ContactChannel(StrEnum):
    """How an agency is reached."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    WEBHOOK = "webhook"


CHANNELS: Mapping[str, str] = {
    ContactChannel.EMAIL: Said("email"),
    ContactChannel.SMS: Said("sms"),
    ContactChannel.VOICE: Said("voice"),
    ContactChannel.WEBHOOK: Said("webhook"),
}
"""How an agency is reached, as pages say it."""


@dataclass(frozen=True, slots=True)
class County:
    """A county by its five-digit FIPS code."""

    fips: str
    name: str

    @property
    def same(self) -> str:
        """The county's SAME location code, all of it: ``0`` before the FIPS code (47 CFR 11.31)."""
        return f"0{self.fips}"


@dataclass(frozen=True, slots=True)
class Community:
    """A place whose people share an alternate number; `psap_code` answers its 911 calls first.

    `zips` are five digits each and may be shared with other communities; `places` are villages and quarters
    by which its people may look for it.
    """

    code: str
    name: str
    kind: CommunityKind
    county_fips: str
    timezone: str
    psap_code: str
    zips: tuple[str, ...] = ()
    population: int = 0
    other_psaps: tuple[str, ...] = ()
    note: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Psap:
    """A public safety answering point: the room where 911 rings, and whether it takes texts to 911."""

    code: str
    name: str
    county_fips: str
    text_to_911: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach an agency; the lowest `order` is tried first.

    `consent_on` is when somebody consented in writing to automated checks of it, `consent` who that was and where the
    paper is; without them nothing but an alert and the monthly mail goes there by itself.
    """

    channel: ContactChannel
    value: str
    order: int
    verified_on: date | None = None
    consent_on: date | None = None
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Agency:
    """Somebody who must hear of an outage in any of `communities`, or of every one if `statewide`."""

    code: str
    name: str
    role: AgencyRole
    contacts: tuple[Contact, ...]
    communities: tuple[str, ...] = ()
    statewide: bool = False
    county_fips: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the people of one community are told to do instead of dialling 911; no number only at WALK_IN."""

    community: str
    rung: Rung
    number: AlternateNumber | None
    why: str

    @property
    def frozen(self) -> CommunityAnswer:
        """The part of the answer that a revision freezes."""
        return CommunityAnswer(self.community, self.rung, self.number)
