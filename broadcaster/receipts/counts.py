"""What the board is made of: plain values, and how they read as JSON. Accepted and delivered never share a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from broadcaster.alert.delivery import State
from broadcaster.alert.phone import is_stale
from broadcaster.receipts.seat import Seat

STATES = tuple(state.value for state in State)
HANDSETS = ("sent", "delivered", "undelivered", "failed")


def json_of(value: Any) -> Any:
    """A plain value as JSON: moments and days in ISO 8601, tuples as lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: json_of(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_of(each) for each in value]
    return value


@dataclass(frozen=True, slots=True)
class CommunityCount:
    """One community in one fan-out. `waiting` stand behind the cursor: an upper bound while the fan-out runs,
    because people may have left, or live in two towns."""

    code: str
    name: str
    counts: Mapping[str, int] = field(default_factory=dict)
    handsets: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0

    @property
    def planned(self) -> int:
        """Everybody counted, and everybody behind the cursor."""
        return sum(self.counts.values()) + self.waiting

    @property
    def unreached(self) -> int:
        """Whom no carrier has accepted a message for, and who did not ask us to stop."""
        return self.planned - self.counts.get(State.ACCEPTED, 0) - self.counts.get(State.SUPPRESSED, 0)

    def json(self) -> dict[str, Any]:
        """Every state is there, also at 0."""
        return {
            "code": self.code,
            "name": self.name,
            "planned": self.planned,
            **{state: self.counts.get(state, 0) for state in STATES},
            "handset": {name: self.handsets.get(name, 0) for name in HANDSETS},
            "waiting": self.waiting,
            "unreached": self.unreached,
        }


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """One fan-out: a channel's share of a revision in a tier. `planned` is None while it is being counted. Landlines
    that did not answer are called again: `call_round` counts the rounds of a revision from 1."""

    fanout: int
    channel: str
    tier: str
    revision_no: int
    revision_kind: str
    state: str
    ended_as: str
    planned: int | None
    expires_at: datetime
    counts: Mapping[str, int]
    handsets: Mapping[str, int]
    started_at: datetime | None = None
    first_accepted_at: datetime | None = None
    rejected_by_reason: Mapping[str, int] = field(default_factory=dict)
    possible_doubles: int = 0
    confirmed_doubles: int = 0
    agencies_acknowledged: int = 0
    drain_seconds: float | None = None
    per_community: tuple[CommunityCount, ...] = ()
    call_round: int = 1

    @property
    def counted(self) -> int:
        """Everybody for whom a row or a rest is written."""
        return sum(self.counts.values())

    @property
    def not_yet_reached(self) -> int | None:
        """Planned, and nothing is written for them yet; None while the plan is being counted."""
        return None if self.planned is None else max(0, self.planned - self.counted)

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen any more."""
        return self.state == "done"

    def json(self) -> dict[str, Any]:
        """Every state is there, also at 0; with `not_yet_reached` their sum is `planned`."""
        plain = asdict(self)
        for name in ("counts", "handsets", "per_community", "expires_at"):
            plain.pop(name)
        return {
            **{name: json_of(value) for name, value in plain.items()},
            "expires_at": self.expires_at.isoformat(),
            **{state: self.counts.get(state, 0) for state in STATES},
            "handset": {name: self.handsets.get(name, 0) for name in HANDSETS},
            "not_yet_reached": self.not_yet_reached,
            "per_community": [place.json() for place in self.per_community],
        }


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the last further contact of an agency: by which channel, and what was heard of it."""

    channel: str
    state: str
    handset: str
    reason: str
    verified_on: date | None = None

    def is_unverified(self, today: date) -> bool:
        """Whether nobody verified this contact within the last year."""
        return is_stale(self.verified_on, today)


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """An agency that was told: what became of its newest mail (or text, where it has no mail), and what the agency
    answered to which revision. `acknowledged_no` is the newest revision that it acknowledged, or None; `handset` is
    what came back later. `channel` is empty where no contact of it could be used; `since` is when the oldest notice
    went out that it has not acknowledged; `steps` counts the further contacts that were tried, `next_step` is when
    the next one is, and `exhausted` says that nobody is left: somebody must call. `tried` is what became of the last
    of them."""

    name: str
    role: str
    state: str
    reason: str
    revision_no: int
    acknowledged_no: int | None
    answer: str
    note: str
    acknowledged_at: datetime | None
    handset: str = "none"
    channel: str = "email"
    since: datetime | None = None
    steps: int = 0
    exhausted: bool = False
    next_step: datetime | None = None
    tried: Tried | None = None
    verified_on: date | None = None

    def is_unverified(self, today: date) -> bool:
        """Whether nobody verified the contact of the newest notice within the last year; none was used without one."""
        return bool(self.channel) and is_stale(self.verified_on, today)

    def but_its_name(self, today: date) -> tuple[object, ...]:
        """Everything that there is to say of it today: hundreds of agencies are told of in the same words, for seconds
        are not said, nor the day of a check within the last year."""
        unverified = self.is_unverified(today)
        checked = (unverified, self.verified_on if unverified else None)
        return _BUT_ITS_NAME(self), checked, _minute(self.since), _minute(self.next_step)

    @property
    def came_back(self) -> bool:
        """Whether the newest mail was taken by the relay and then reported as undeliverable."""
        return self.handset in ("undelivered", "failed")

    @property
    def is_current(self) -> bool:
        """Whether the newest mail to this agency is acknowledged."""
        return self.acknowledged_no == self.revision_no


_BY_ITSELF = ("name", "verified_on", "since", "next_step")
_BUT_ITS_NAME = attrgetter(*(each.name for each in fields(AgencyLine) if each.name not in _BY_ITSELF))


def _minute(moment: datetime | None) -> datetime | None:
    return moment.replace(second=0, microsecond=0) if moment else None


@dataclass(frozen=True, slots=True)
class Clocks:
    """The moments of an alert, all aware; None for what has not happened or is not promised."""

    known_since: datetime
    first_agency_release: datetime | None
    first_public_release: datetime | None
    first_text: datetime | None
    next_update: datetime | None
    expires: datetime | None
    closed_at: datetime | None
    update_overdue: bool
    expired_without_all_clear: bool


@dataclass(frozen=True, slots=True)
class Board:
    """One alert at one moment."""

    alert: str
    kind: str
    state: str
    as_of: datetime
    clocks: Clocks
    channels: tuple[ChannelCount, ...]
    agencies: tuple[AgencyLine, ...]
    seat: Seat = field(default_factory=Seat)

    @property
    def since_known(self) -> timedelta:
        """How long the outage has been known, until now or until the alert ended."""
        return (self.clocks.closed_at or self.as_of) - self.clocks.known_since

    @property
    def newest(self) -> tuple[ChannelCount, ...]:
        """The newest fan-out of each tier and channel, texts first."""
        found: dict[tuple[str, str], ChannelCount] = {}
        for each in self.channels:
            found.setdefault((each.tier, each.channel), each)
        return tuple(sorted(found.values(), key=lambda each: (each.channel != "sms", each.tier == "agency")))

    def rounds(self, first: ChannelCount) -> list[ChannelCount]:
        """The rounds of calls of a revision, the first one first; nothing where there was only one."""
        same = (first.channel, first.tier, first.revision_no)
        found = [each for each in self.channels if (each.channel, each.tier, each.revision_no) == same]
        return sorted(found, key=lambda each: each.call_round) if len(found) > 1 else []

    @property
    def texts(self) -> ChannelCount | None:
        """The newest fan-out of texts to the public."""
        return next((each for each in self.newest if (each.channel, each.tier) == ("sms", "public")), None)

    def json(self) -> dict[str, Any]:
        """The whole board as JSON values."""
        return {
            "alert": self.alert,
            "kind": self.kind,
            "state": self.state,
            "as_of": self.as_of.isoformat(),
            "clocks": json_of(asdict(self.clocks)),
            "seconds_since_known": int(self.since_known.total_seconds()),
            "channels": [each.json() for each in self.channels],
            "agencies": [{**json_of(asdict(each)), "is_current": each.is_current} for each in self.agencies],
            "ipaws": json_of(self.seat.json()),
        }


@dataclass(frozen=True, slots=True)
class Sums:
    """Whether the sums of a fan-out close, and a sentence for each that does not."""

    fanout: int
    counted: int
    planned: int | None
    differences: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether every sum closes."""
        return not self.differences
