"""The timeline: what stands in the ledger, what the carriers answered, and what somebody named has said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from broadcaster.alert.alert import RevisionKind
from broadcaster.said import Said
from broadcaster.store.outage.report import Pace, Run
from broadcaster.store.timeline.ledger_reading import Event

PUBLIC = ("approved", "broke_glass", "withdrawn_as_own_error")
"""The events by which a revision goes out to the public."""
SHARE = "share_"
CARRIERS = Said("the carriers' answers")


@dataclass(frozen=True, slots=True)
class Source:
    """Who says since when it was known, and since when 911 works again."""

    known_at: datetime
    known_from: str
    restored_at: datetime | None = None
    restored_from: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `event` is its number in the ledger, None where another source has it."""

    key: str
    label: str
    at: datetime
    source: str
    event: int | None = None


Kinds = Mapping[tuple[str, int], str]


def moments(
    known: Source, events: Sequence[Event], kinds: Kinds, runs: Sequence[Run], paces: tuple[Pace, Pace]
) -> tuple[Moment, ...]:
    """The moments that have come, in their order; of several alerts the first of each kind, and the last ending."""
    found = [Moment("known", Said("911 is known to fail"), known.known_at, known.known_from)]
    found += _of_the_ledger(events, kinds)
    found += _of_the_carriers(runs, paces)
    if known.restored_at:
        found.append(Moment("restored", Said("911 works again"), known.restored_at, known.restored_from))
    return tuple(sorted(found, key=lambda one: one.at))


def _of_the_ledger(events: Sequence[Event], kinds: Kinds) -> Iterator[Moment]:
    out = [(one, _kind(one, kinds)) for one in events if one.action in PUBLIC]
    false = [one for one, kind in out if kind == RevisionKind.FALSE_ALARM]
    first = [
        ("drafted", Said("First draft"), [one for one in events if one.action == "draft"]),
        ("agencies", Said("Agencies told"), [one for one in events if one.action == "released_to_agencies"]),
        ("approved", Said("Approved for the public"), [one for one, kind in out if kind == RevisionKind.INITIAL]),
        ("corrected", Said("Taken back as a false alarm"), false),
    ]
    for key, label, some in first:
        if some:
            alone = some[0].action == "broke_glass"
            said = Said("%(what)s by one person alone", what=label) if alone else label
            yield Moment(key, said, some[0].at, _by(some[0]), some[0].seq)
    if ended := [one for one, kind in out if kind == RevisionKind.ALL_CLEAR]:
        yield Moment("ended", Said("All-clear approved"), ended[-1].at, _by(ended[-1]), ended[-1].seq)


def _by(event: Event) -> Said:
    return Said("ledger, %(who)s", who=event.who)


def _kind(event: Event, kinds: Kinds) -> str:
    no = event.data.get("no")
    return kinds.get((event.object.partition(":")[2], no), "") if isinstance(no, int) else ""


def _of_the_carriers(runs: Sequence[Run], paces: tuple[Pace, Pace]) -> Iterator[Moment]:
    ways = (
        ("feed", Said("Public page and CAP feed written"), Said("the publisher"), ("feed",)),
        ("first_text", Said("First text accepted"), Said("the carrier's answer"), ("sms",)),
        ("ipaws", Said("On IPAWS"), Said("IPAWS's answer"), ("ipaws",)),
    )
    for key, label, source, channels in ways:
        mine = [run for run in runs if run.tier == "public" and run.channel in channels and run.first_accepted_at]
        if times := [run.first_accepted_at for run in mine if run.first_accepted_at]:
            yield Moment(key, label, min(times), source)
    first, ending = paces
    for share, at in sorted(first.marks.items()):
        yield Moment(f"{SHARE}{share}", Said("%(share)s %% of the first texts accepted", share=share), at, CARRIERS)
    for share, at in sorted(ending.marks.items()):
        yield Moment(f"ended_{share}", Said("%(share)s %% of the all-clears accepted", share=share), at, CARRIERS)
