"""The state of the model: one message to one phone, two workers, a carrier, and the clock in ticks of 20 s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from math import ceil, floor
from typing import NamedTuple

from broadcaster.alert.delivery import MOVES, Event, State
from broadcaster.dispatch.engine import Scales
from broadcaster.dispatch.waves.window import START_WITHIN_S
from broadcaster.store.fanout.deliveries import FanoutState
from broadcaster.store.fanout.evidence import ABSENCE_GAP_S, USUAL_SETTLE_S

TICK_S = 20.0
CARRIERS_OWN_TIMEOUT_S = 26.0
"""How long Twilio itself may work on a request before it accepts or drops it (reliability.md 2.1)."""


@dataclass(frozen=True)
class Times:
    """The product's times in whole ticks: what we wait for is rounded up, what the carrier may take is rounded down.

    `wire` is the longest that a request is on its way, `lag` the longest until an accepted message is listed.
    """

    start: int
    lease: int
    settle: int
    gap: int
    blind: int
    wire: int
    lag: int


def times_of(scales: Scales, tick_s: float = TICK_S) -> Times:
    """The times of an installation; the listing may lag as long as SETTLE leaves room for (assumption A2)."""
    latest = START_WITHIN_S + CARRIERS_OWN_TIMEOUT_S
    return Times(
        start=floor(START_WITHIN_S / tick_s),
        lease=ceil(scales.lease / tick_s),
        settle=ceil(scales.settle / tick_s),
        gap=ceil(ABSENCE_GAP_S * scales.settle / USUAL_SETTLE_S / tick_s),
        blind=ceil(scales.blind / tick_s),
        wire=floor(latest / tick_s),
        lag=floor((scales.settle - latest) / tick_s),
    )


@dataclass(frozen=True)
class Rules:
    """The algorithm as it is, or weakened in one place; and which faults of the world are switched on."""

    times: Times = field(default_factory=lambda: times_of(Scales()))
    moves: Mapping[tuple[State, Event], State] = field(default_factory=lambda: MOVES)
    lanes: int = 1
    attempts: int = 2
    # what the algorithm does
    settle_wait: bool = True
    deadline_check: bool = True
    reconcile: bool = True
    retry_any_error: bool = False
    mark_sent_first: bool = False
    fence: bool = True
    listings: int = 2
    consent_again: bool = True
    retry_when_ended: bool = False
    finish_early: bool = False
    note_all_seen: bool = True
    note_whatever_is_seen: bool = False
    count_blind: bool = True
    keep_strange: bool = True
    # what the world does
    people_act: bool = True
    listing_fails: bool = False
    listing_misses: bool = False
    commits_unheard: bool = False
    writes_freeze: bool = False


class Phase(StrEnum):
    """Where a worker stands with an attempt; after its answer it holds the event that it will record."""

    CLAIMED = "claimed"
    CHECKED = "checked"
    POSTED = "posted"


class Where(StrEnum):
    """Where the text of an attempt is."""

    NOWHERE = "nowhere"
    WIRE = "wire"
    HIDDEN = "hidden"
    LISTED = "listed"


class Text(NamedTuple):
    """The text of one attempt, and for how many ticks it may stay where it is."""

    where: Where = Where.NOWHERE
    left: int = 0


class Job(NamedTuple):
    """What a worker holds: an attempt and how far it is. 0 is nothing."""

    n: int = 0
    at: Phase | Event | None = None


class Question(NamedTuple):
    """A sweep that asks: what it read of the row when it began, and then the attempts that the listing showed it."""

    n: int
    settled: bool
    gap_over: bool
    seen: int | None = None


class World(NamedTuple):
    """Everything that is true at one moment. Attempts are bits in masks: attempt n is `bit(n)`."""

    texts: tuple[Text, ...]
    lanes: tuple[bool, ...]
    jobs: tuple[Job, ...] = (Job(), Job())
    row: State | None = None
    n: int = 0
    ref: int = 0
    ages: tuple[int, ...] = ()
    waves: int = 0
    follow: str = ""
    absences: int = 0
    gap_left: int = 0
    question: Question | None = None
    fanout: FanoutState = FanoutState.RUNNING
    ended: int = 0
    stopped: int = 0
    done: bool = False
    listing: bool = True
    misses: int = 0
    blind: int = 0
    possible: int = 0
    sightings: int = 0
    heard: int = 0
    wrong: str = ""


NO, NOW, BEFORE = 0, 1, 2
"""Whether something (a STOP, an ending, a miss of the listing) happened: never, in this tick, before it."""


def bit(n: int) -> int:
    """The bit of an attempt in a mask."""
    return 1 << n


def start(rules: Rules) -> World:
    """A fan-out that was just released."""
    return World(texts=(Text(),) * rules.attempts, lanes=(True,) * rules.lanes)


def at_carrier(world: World) -> int:
    """The mask of the attempts whose text the carrier has."""
    return where(world.texts, Where.HIDDEN) | where(world.texts, Where.LISTED)


@cache
def where(texts: tuple[Text, ...], place: Where) -> int:
    """The mask of the attempts whose text is somewhere; asked millions of times, with few different answers."""
    return sum(bit(n) for n, text in enumerate(texts, 1) if text.where is place)


def with_text(world: World, n: int, text: Text) -> World:
    """The text of an attempt is somewhere else now."""
    return world._replace(texts=(*world.texts[: n - 1], text, *world.texts[n:]))


def with_job(world: World, old: Job, new: Job) -> World:
    """A worker goes on; the two are alike, so they are kept in order."""
    one, other = world.jobs
    kept = other if one == old else one
    return world._replace(jobs=(kept, new) if kept <= new else (new, kept))
