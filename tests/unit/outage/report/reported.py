"""A report of a small night, made of plain values: what the tests of the report take apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from broadcaster.outage.report import figures as report
from broadcaster.outage.report.figures import Chain, Facts, MissedFigures, Report, Story
from broadcaster.store.fanout.tallies import Count
from broadcaster.store.outage.report import Agency, Pace, Place, Run
from broadcaster.store.timeline.ledger_reading import Event

KNOWN = datetime(2026, 6, 18, 17, 15, tzinfo=UTC)
"""1:15 p.m. in Massachusetts."""
CHAIN = Chain(KNOWN, 12, size=12, root="ab" * 32, sealed_at=KNOWN)
KINDS = {("a", 1): "initial", ("a", 2): "update", ("a", 3): "all_clear", ("a", 4): "false_alarm"}


def at(minutes: float) -> datetime:
    """So many minutes after it was known."""
    return KNOWN + timedelta(minutes=minutes)


def event(seq: int, minutes: float, action: str, **data: object) -> Event:
    """One event of the alert."""
    written = json.dumps({"seq": seq, "action": action, "data": data})
    return Event(seq, at(minutes), "user:1", "ida@desk.example", action, "alert:a", dict(data), written)


def run(fanout: int, kind: str, minutes: float, **changes: object) -> Run:
    """A finished fan-out of texts to the public: 20 people, one said STOP, 18 accepted, 15 delivered."""
    count = Count({"accepted": 18, "suppressed": 1, "rejected": 1}, {"delivered": 15, "sent": 3}, {"30006": 1})
    made = Run(
        fanout=fanout,
        alert="a",
        no={"initial": 1, "update": 2, "all_clear": 3, "false_alarm": 4}[kind],
        kind=kind,
        tier="public",
        channel="sms",
        purpose="alert",
        state="done",
        planned=20,
        started_at=at(minutes),
        first_accepted_at=at(minutes + 0.1),
        count=count,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def place(name: str, county: str, accepted: int, delivered: int, lost: int = 0) -> Place:
    """A community."""
    return Place(
        name.lower(),
        name,
        {"Essex": "25009", "Middlesex": "25017", "Worcester": "25027"}[county],
        county,
        Count({"accepted": accepted, "rejected": lost}, {"delivered": delivered}),
    )


EVENTS: Sequence[Event] = (
    event(1, 2, "draft", no=1),
    event(2, 4, "submitted", no=1),
    event(3, 4.5, "released_to_agencies", no=1),
    event(4, 5, "acknowledged", agency="Ayer Police"),
    event(5, 8, "approved", no=1),
    event(6, 40, "approved", no=2),
)
FIRST = Pace(
    tuple((at(8 + no / 10), no * 2) for no in range(1, 10)),
    {50: at(8.5), 95: at(8.9)},
)


def facts(**changes: object) -> Facts:
    """A night of one alert whose first texts are done."""
    made = Facts(
        kinds=KINDS,
        runs=(run(1, "initial", 8), run(2, "initial", 8, channel="feed", planned=1, count=Count({"accepted": 1}))),
        first=FIRST,
        places=(
            place("Ayer", "Middlesex", 9, 9),
            place("Groton", "Middlesex", 5, 5),
            place("Harvard", "Worcester", 3, 1),
            place("Salem", "Essex", 1, 0, lost=4),
        ),
        agencies=(
            Agency("Ayer Police", "police", at(4.5), at(5), 0, False),
            Agency("State Police", "state_police", at(4.5), None, 2, True),
        ),
        events=tuple(EVENTS),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def made(
    story: Story | None = None,
    given: Facts | None = None,
    now: float = 60 * 24 * 5,
    missed: MissedFigures | None = None,
) -> Report:
    """The report as of so many minutes after it was known; five days later by default."""
    told = story or Story("alert:a", "911 outage", "Ayer, Groton and 2 more", KNOWN, "the officer who drafted it")
    return report.build(told, given or facts(), CHAIN, at(now), missed)


def ended() -> Report:
    """The same night after its all-clear, with the callers who came in vain."""
    story = Story(
        "alert:a", "911 outage", "the whole state", KNOWN, "the provider", at(120), "Verizon, a test call", at(125)
    )
    clear = run(3, "all_clear", 125)
    some = facts(
        runs=(*facts().runs, clear),
        ending=Pace(((at(125.2), 18),), {50: at(125.2)}),
        events=(*EVENTS, event(7, 125, "approved", no=3)),
    )
    missed = MissedFigures(12, {"safe": 9, "needed help": 2, "not reached": 1}, 0, "the provider's log of calls")
    return made(story, some, missed=missed)
