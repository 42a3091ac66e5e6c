"""The values of a CAP 1.2 message (OASIS Standard, 1 July 2010, section 3.2), typed and frozen.

Field order is schema order. An absent optional text is ``""``, an absent time is ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"


class CapRefused(ValueError):
    """A document that is no CAP 1.2 message, or a value that cannot be written as one; the message is a sentence."""


class Status(StrEnum):
    """Whether it is meant: only `Actual` may ever air."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    """What the message does to the ones it references."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """Who may read it."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Category(StrEnum):
    """The kind of event."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class ResponseType(StrEnum):
    """What the reader is asked to do."""

    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Urgency(StrEnum):
    """How soon to act."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """How bad."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Sureness(StrEnum):
    """CAP's `certainty`; named apart from `alert.Certainty`, which is ours."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class NameValue:
    """An eventCode, a parameter or a geocode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to see or hear with the message; `size` in bytes, `digest` SHA-1 in hex."""

    desc: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class AreaBlock:
    """Where: the union of its shapes. Polygons are ``lat,lon lat,lon ...``; circles ``lat,lon km``; heights in feet."""

    desc: str
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    geocodes: tuple[NameValue, ...] = ()
    altitude: Decimal | None = None
    ceiling: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """One language's view of the event."""

    categories: tuple[Category, ...]
    event: str
    urgency: Urgency
    severity: Severity
    certainty: Sureness
    language: str = ""
    response_types: tuple[ResponseType, ...] = ()
    audience: str = ""
    event_codes: tuple[NameValue, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[NameValue, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[AreaBlock, ...] = ()

    @property
    def spoken(self) -> str:
        """The language of the block: en-US where none is named (CAP 1.2 section 3.2.2)."""
        return self.language or "en-US"

    def parameter(self, name: str) -> str:
        """The first value of a parameter (the first wins, ECIG guide), or ``""``."""
        return next((pair.value for pair in self.parameters if pair.name == name), "")

    def parameters_named(self, name: str) -> tuple[str, ...]:
        """Every value of a repeatable parameter, such as BLOCKCHANNEL."""
        return tuple(pair.value for pair in self.parameters if pair.name == name)

    @property
    def same_event(self) -> str:
        """The SAME event code, or ``""``."""
        return next((code.value for code in self.event_codes if code.name == "SAME"), "")

    @property
    def same_places(self) -> tuple[str, ...]:
        """The SAME location codes (PSSCCC) of all areas, in order, each once."""
        found = (code.value for area in self.areas for code in area.geocodes if code.name == "SAME")
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message, named exactly as it named itself: `sent` is its text, never a reformatted time.

    What stands in a document and is no triple is kept as an `identifier` alone, for the profile to find.
    """

    sender: str
    identifier: str
    sent: str

    @property
    def is_triple(self) -> bool:
        """Whether it names a message at all."""
        return bool(self.sender and self.identifier and self.sent)


@dataclass(frozen=True, slots=True)
class Alert:
    """A CAP 1.2 message; a signature, if there is one, is not part of the value."""

    identifier: str
    sender: str
    sent: datetime
    status: Status
    msg_type: MsgType
    scope: Scope = Scope.PUBLIC
    source: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: str = ""
    infos: tuple[Info, ...] = ()

    @property
    def expires(self) -> datetime | None:
        """When the last of its info blocks expires; None when one of them never says."""
        times = [info.expires for info in self.infos]
        return max((time for time in times if time), default=None) if all(times) else None
