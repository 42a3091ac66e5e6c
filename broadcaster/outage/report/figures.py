"""The after-action report: a timeline, figures and minutes, pure values made from what the ledger and the store say.

A figure says where it is from, and why it is preliminary until everything has an outcome and the sums close.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from broadcaster.alert import reach
from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.delivery import State
from broadcaster.alert.reach import CountyCount
from broadcaster.outage.report.moments import CARRIERS, Moment, Source, moments
from broadcaster.outage.report.references import INTERVALS, Interval
from broadcaster.said import Counted, Said
from broadcaster.store.outage.report import Agency, Pace, Place, Run
from broadcaster.store.timeline.ledger_reading import Event

SHARES = (50, 95, 100)
PHONES_REPORT_FOR = timedelta(hours=72)
"""A phone that was off may still report so long after: until then the delivered are a lower bound."""
LEDGER, TALLIES = Said("the ledger"), Said("the tallies of the deliveries")


@dataclass(frozen=True, slots=True)
class Chain:
    """What was found when the whole ledger was read again at `at`: `why` it is broken, or empty; `unread` where it is
    too long for that; and the newest signed checkpoint."""

    at: datetime
    events: int
    why: str = ""
    unread: bool = False
    size: int = 0
    root: str = ""
    sealed_at: datetime | None = None

    @property
    def sentence(self) -> str:
        """What is printed on the report."""
        if self.unread:
            return Said("The ledger is too long to be read again here: `broadcaster audit verify` does it.")
        if self.why:
            return Said("The ledger is broken: %(why)s.", why=self.why)
        read = f"{self.events:,}"
        return Said("All %(number)s events of the ledger were read again: the chain is whole.", number=read)


@dataclass(frozen=True, slots=True)
class MissedFigures:
    """People who dialled 911 in vain, by what became of them; `open` have not been reached yet, and `source` says who
    gave the list."""

    people: int
    outcomes: Mapping[str, int]
    open: int
    source: str


@dataclass(frozen=True, slots=True)
class Story:
    """What a report is about: the ledger's name of it, when it was known, restored and ended; why it is a drill, or
    empty."""

    about: str
    title: str
    place: str
    known_at: datetime
    known_from: str
    restored_at: datetime | None = None
    restored_from: str = ""
    ended_at: datetime | None = None
    drill: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store counts of it: `first` is the pace of the first texts."""

    kinds: Mapping[tuple[str, int], str] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    first: Pace = field(default_factory=Pace)
    ending: Pace = field(default_factory=Pace)
    places: tuple[Place, ...] = ()
    agencies: tuple[Agency, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def first_texts(self) -> list[Run]:
        """The first texts of each alert."""
        return first_texts(self.runs)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit (people, seconds, minutes, messages), its source, and why it is preliminary, or empty."""

    key: str
    label: str
    value: float | None
    unit: str
    source: str
    preliminary: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """Our minutes of an interval, None where there are none (yet), beside the target and those of others."""

    interval: Interval
    minutes: float | None
    preliminary: str = ""

    @property
    def in_time(self) -> bool:
        """Whether it was as fast as it should be."""
        return self.minutes is not None and self.minutes <= self.interval.target


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is printed, in HTML, PDF, CSV and JSON alike."""

    story: Story
    as_of: datetime
    moments: tuple[Moment, ...]
    figures: tuple[Figure, ...]
    measures: tuple[Measure, ...]
    facts: Facts
    chain: Chain
    missed: MissedFigures | None = None

    @property
    def preliminary(self) -> tuple[str, ...]:
        """Why figures are preliminary, each reason once; nothing once everything is reconciled."""
        whys = [*(one.preliminary for one in self.figures), *(one.preliminary for one in self.measures)]
        return tuple(dict.fromkeys(filter(None, whys)))

    @property
    def is_false_alarm(self) -> bool:
        """Whether an alert was taken back as one that should never have gone out."""
        return any(one.key == "corrected" for one in self.moments)

    def figure(self, key: str) -> Figure:
        """The figure of this name."""
        return next(one for one in self.figures if one.key == key)

    def moment(self, key: str) -> Moment | None:
        """The moment of this name, if it has come."""
        return next((one for one in self.moments if one.key == key), None)


def build(story: Story, facts: Facts, chain: Chain, now: datetime, missed: MissedFigures | None = None) -> Report:
    """The report as of `now`."""
    known = Source(story.known_at, story.known_from, story.restored_at, story.restored_from)
    found = moments(known, facts.events, facts.kinds, facts.runs, (facts.first, facts.ending))
    return Report(
        story=story,
        as_of=now,
        moments=found,
        figures=(*_figures(facts, found, now), *_missed(missed)),
        measures=tuple(measures(found, story)),
        facts=facts,
        chain=chain,
        missed=missed,
    )


def first_texts(runs: Sequence[Run]) -> list[Run]:
    """The texts with which each alert began."""
    texts = [run for run in runs if run.is_text]
    first = {alert: min(run.no for run in texts if run.alert == alert) for alert in {run.alert for run in texts}}
    return [run for run in texts if run.no == first[run.alert]]


def ending_texts(runs: Sequence[Run]) -> list[Run]:
    """The texts of the all-clears."""
    return [run for run in runs if run.is_text and run.kind == RevisionKind.ALL_CLEAR]


def base(runs: Sequence[Run]) -> int:
    """How many people some fan-outs were to tell."""
    return sum(run.base for run in runs)


def unreconciled(runs: Sequence[Run]) -> str:
    """Why the counts of some fan-outs may still change, or empty: over, every outcome known, every sum closed."""
    if any(run.planned is None for run in runs):
        return Said("who is to be told is still being counted")
    if any(run.state in ("running", "held") for run in runs):
        return Said("texts are still going out")
    if unsure := sum(run.open for run in runs):
        return Said("%(number)s of the texts have no known outcome yet", number=f"{unsure:,}")
    if any(run.count.total != run.planned for run in runs):
        return Said("the sums do not close: the outcomes are not as many as were planned")
    return ""


def measures(found: Sequence[Moment], story: Story) -> Iterator[Measure]:
    """Our minutes beside the others'; an interval without an end yet is left out once the outage is over."""
    at = {one.key: one.at for one in found}
    for interval in INTERVALS:
        ends = [at[name] for name in interval.until if name in at]
        if interval.since in at and ends:
            yield Measure(interval, round((min(ends) - at[interval.since]).total_seconds() / 60, 1))
        elif interval.since in at and story.ended_at is None and interval.key != "corrected":
            yield Measure(interval, None, Said("it is not over yet"))


def _figures(facts: Facts, found: Sequence[Moment], now: datetime) -> Iterator[Figure]:
    runs = facts.first_texts
    why = unreconciled(runs)
    whole = Counter[str]()
    phones = Counter[str]()
    for run in runs:
        whole.update(run.count.states)
        phones.update(run.count.handsets)
    accepted, people = whole[State.ACCEPTED], base(runs)
    yield Figure("people", Said("People who were to get the first text"), people, "people", TALLIES, why)
    yield Figure("accepted", Said("Texts that a carrier accepted"), accepted, "people", CARRIERS, why)
    late = why or _late_phones(runs, accepted - sum(_final(phones)), now)
    yield Figure("delivered", Said("Texts that phones reported as delivered"), phones["delivered"], "people",
                 Said("the phones' reports"), late)  # fmt: skip
    yield Figure("unreached", Said("Not reached by text"), people - accepted, "people", TALLIES, why)
    yield Figure("stopped", Said("Had said STOP, and were not texted"), whole[State.SUPPRESSED], "people", TALLIES, why)
    yield from _paces(facts, found, why)
    every = [run for run in facts.runs if run.channel == "sms"]
    over = unreconciled(every)
    yield Figure("doubled", Said("Texts that came twice for certain"), sum(run.confirmed for run in every), "messages",
                 CARRIERS, over)  # fmt: skip
    yield Figure("perhaps", Said("Texts that may have come twice"), sum(run.possible for run in every), "messages",
                 CARRIERS, over)  # fmt: skip
    yield from _agency_figures(facts, now)


def _final(phones: Mapping[str, int]) -> list[int]:
    return [phones.get(word, 0) for word in ("delivered", "undelivered", "failed")]


def _late_phones(runs: Sequence[Run], silent: int, now: datetime) -> str:
    started = max((run.started_at for run in runs), default=None)
    if started is None or silent <= 0 or now - started > PHONES_REPORT_FOR:
        return ""
    return Said("%(number)s of the phones have not reported, and may for three days", number=f"{silent:,}")


def _paces(facts: Facts, found: Sequence[Moment], why: str) -> Iterator[Figure]:
    at = {one.key: one.at for one in found}
    start = at.get("approved")
    gone = any(run.pruned for run in facts.first_texts)
    source = Said("its deliveries were deleted by age") if gone else CARRIERS
    shares = ((f"share_{n}", Said("%(share)s %% accepted, after the approval", share=n)) for n in SHARES)
    for key, label in (("first_text", Said("First text accepted, after the approval")), *shares):
        seconds = round((at[key] - start).total_seconds(), 1) if start and key in at else None
        yield Figure(key, label, seconds, "seconds", source, why)


def _agency_figures(facts: Facts, now: datetime) -> Iterator[Figure]:
    waits = sum(1 for one in facts.agencies if one.answered_at is None and not one.exhausted)
    some = Counted("%(num)s agency may still answer", "%(num)s agencies may still answer", waits)
    why = some if waits and _is_fresh(facts, now) else ""
    answered = sum(1 for one in facts.agencies if one.answered_at)
    yield Figure("agencies", Said("Agencies told"), len(facts.agencies), "agencies", LEDGER)
    yield Figure("acknowledged", Said("Agencies that acknowledged"), answered, "agencies", LEDGER, why)


def _is_fresh(facts: Facts, now: datetime) -> bool:
    return any(now - run.started_at < timedelta(days=1) for run in facts.runs)


def _missed(missed: MissedFigures | None) -> Iterator[Figure]:
    if missed is not None:
        why = Said("%(number)s of them have not been reached yet", number=f"{missed.open:,}") if missed.open else ""
        yield Figure("missed", Said("People who dialled 911 in vain"), missed.people, "people", missed.source, why)


def counties(places: Sequence[Place]) -> list[CountyCount]:
    """The counties in which somebody was to be told, by name, in the four groups of the board."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for one in places:
        people = reach.groups(one.count.states, one.count.handsets, one.count.total)
        if one.count.total:
            sums.setdefault((one.county_name, one.county), Counter()).update(people)
    return [CountyCount(fips, name, people) for (name, fips), people in sorted(sums.items())]
