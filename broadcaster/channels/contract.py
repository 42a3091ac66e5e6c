"""The only interface of the program to the outside: what every way out can do, and what crosses into it."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import NamedTuple, Protocol

from broadcaster.alert.delivery import Handset, StatusItem
from broadcaster.channels.errors import SendError
from broadcaster.messages.message import Message


@dataclass(frozen=True, slots=True)
class Traits:
    """What a channel can do, as data; the capability table of the README is made from it.

    `idempotent`: the same message handed over twice reaches its reader once. `in_flight`: more at once is no use.
    """

    receipts: bool
    listing: bool
    segments: bool
    cancels: bool
    idempotent: bool = False
    in_flight: int = 1000


START_BY: ContextVar[float] = ContextVar("START_BY", default=inf)
"""The monotonic second after which what is being sent must not leave any more: a door looks at it when the connection
is in hand, right before the first byte (reliability.md 2.2 step 2)."""


class Key(NamedTuple):
    """One attempt at one delivery: the attempt number `n` is the fence."""

    fanout: int
    address: int
    n: int

    def __str__(self) -> str:
        return f"{self.fanout}.{self.address}.{self.n}"

    @property
    def attempt(self) -> tuple[int, int, int]:
        """The same as the store names it."""
        return self.fanout, self.address, self.n


@dataclass(slots=True)
class Outgoing:
    """One message to one address, ready to go.

    `proof` is our MAC over the key, printed into links and callbacks; `life_s` is how long it may wait at the carrier.
    """

    key: Key
    to: str
    message: Message
    proof: str
    life_s: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has the message, under this reference. It is not delivered yet.

    `items` is what a carrier of several channels said of each.
    """

    ref: str
    items: tuple[StatusItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """An attempt whose outcome is unknown: did you get this text for this address since then?"""

    key: Key
    to: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A message in the carrier's own listing that fits an `Asked`."""

    key: Key
    ref: str
    made_at: datetime


class Progress(StrEnum):
    """How far the carrier is with an operation."""

    SCHEDULED = "SCHEDULED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class Operation:
    """A wave at the carrier: of its recipients, `messages` have one by now and `unaddressable` will never have one."""

    ref: str
    progress: Progress
    recipients: int
    messages: int = 0
    unaddressable: int = 0

    @property
    def whole(self) -> bool:
        """Whether every recipient is accounted for: one without a message, once the listing has caught up, has none."""
        ended = self.progress in {Progress.COMPLETED, Progress.CANCELED}
        return ended and self.messages + self.unaddressable >= self.recipients


@dataclass(frozen=True, slots=True)
class Told(Seen):
    """A message in the carrier's listing that fits a row, with what came of it.

    `answer` is what the per-message API would have answered, or raised; `code` is the carrier's, or empty.
    """

    answer: Accepted | SendError
    handset: Handset
    operation: str
    code: str = ""


class Channel(Protocol):
    """One way out. `send` raises a `SendError`; `find` raises one when the listing cannot be had."""

    name: str
    carrier: str
    traits: Traits

    async def send(self, out: Outgoing) -> Accepted:
        """Hand one message over, once, without retries."""

    async def find(self, asked: Sequence[Asked]) -> Sequence[Seen]:
        """What the carrier's listing holds of the asked attempts; Unsupported where there is no listing."""

    async def cancel(self, ref: str) -> bool:
        """Take back what waits at the carrier under a reference; False when it has left already. Raises a `SendError`
        when the carrier cannot be asked, Unsupported where nothing can be taken back."""

    async def close(self) -> None:
        """Close connections."""


class Bulk(Protocol):
    """A carrier that takes a whole wave in one request. Until its messages are asked after, each row is unknown.

    `most_rows` in a request; a row with less than `least_life_s` seconds of life left goes alone.
    """

    carrier: str
    most_rows: int
    least_life_s: float

    async def hand_over(self, rows: Sequence[Outgoing]) -> Operation:
        """Hand all rows over, once; raises a `SendError` for all of them together."""

    async def operation(self, ref: str) -> Operation:
        """How far an operation is."""

    async def messages(self, ref: str, asked: Sequence[Asked]) -> Sequence[Told]:
        """What became of rows in an operation."""

    async def find(self, asked: Sequence[Asked]) -> Sequence[Told]:
        """The messages of rows whose operation's reference was lost."""

    async def close(self) -> None:
        """Close connections."""


class Unsupported(NotImplementedError):
    """A channel was asked for what its traits say it cannot do."""
