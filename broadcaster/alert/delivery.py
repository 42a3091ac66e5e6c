"""One message to one place: its states, and the one table of moves between them.

`accepted` means that the carrier has it; only `handset` says what the phone reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands; the three open states are 0 when a fan-out is done."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    QUEUED = "queued"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


OPEN = frozenset({State.SENDING, State.UNKNOWN, State.QUEUED})
"""States from which something must still happen."""

TERMINAL = frozenset(State) - OPEN
"""States that end a delivery; their counts sum up to what was planned."""


class Handset(StrEnum):
    """What the carrier last said about the phone, by rank: a late `sent` never hides a `delivered`."""

    NONE = "none"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


RANK: dict[Handset, int] = {
    Handset.NONE: 0,
    Handset.SENT: 1,
    Handset.FAILED: 2,
    Handset.UNDELIVERED: 3,
    Handset.DELIVERED: 4,
}
"""A receipt moves `handset` upwards only, so any order and repetition ends in the same state."""


@dataclass(frozen=True, slots=True)
class StatusItem:
    """What a carrier that passes a message on over several channels said of one of them, in its own words.

    `gateway` names the one of a channel's many gateways that spoke, or is empty.
    """

    channel: str
    code: str
    error: bool
    text: str = ""
    gateway: str = ""


class Event(StrEnum):
    """What can happen to a delivery."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"
    NOT_SENT = "not_sent"
    LEASE_LOST = "lease_lost"
    PROVED_ABSENT = "proved_absent"
    BLIND = "blind"
    RETRIED = "retried"
    OPTED_OUT = "opted_out"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


MOVES: dict[tuple[State, Event], State] = {
    (State.SENDING, Event.ACCEPTED): State.ACCEPTED,
    (State.SENDING, Event.REJECTED): State.REJECTED,
    (State.SENDING, Event.AMBIGUOUS): State.UNKNOWN,
    (State.SENDING, Event.LEASE_LOST): State.UNKNOWN,
    (State.SENDING, Event.NOT_SENT): State.QUEUED,
    (State.UNKNOWN, Event.ACCEPTED): State.ACCEPTED,
    (State.UNKNOWN, Event.REJECTED): State.REJECTED,
    (State.UNKNOWN, Event.NOT_SENT): State.QUEUED,
    (State.UNKNOWN, Event.PROVED_ABSENT): State.QUEUED,
    (State.UNKNOWN, Event.BLIND): State.QUEUED,
    (State.QUEUED, Event.ACCEPTED): State.ACCEPTED,
    (State.QUEUED, Event.RETRIED): State.SENDING,
    (State.QUEUED, Event.OPTED_OUT): State.SUPPRESSED,
    (State.QUEUED, Event.SUPERSEDED): State.SUPERSEDED,
    (State.QUEUED, Event.EXPIRED): State.EXPIRED,
}
"""The one table of moves. An ambiguous answer on an unknown row changes nothing.

A late word of the carrier settles a row that only waits to go again: nobody who is known to have it is sent it twice.
"""


def sources(event: Event) -> frozenset[State]:
    """The states in which an event moves a delivery: the WHERE of its UPDATE."""
    return frozenset(state for (state, happened) in MOVES if happened is event)


def target(event: Event) -> State:
    """The one state an event leads to: the SET of its UPDATE."""
    return next(after for (_, happened), after in MOVES.items() if happened is event)
