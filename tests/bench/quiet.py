"""A year in which nothing fails, as the detector hears it: every unit at every minute, and what it proposes.

It is judged by the detector's own `Watch`. What heard no call is judged at its next one, or when the hour is over:
silence only adds up, so that whatever is found minute by minute is found so too, and a year takes minutes.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from broadcaster.outage.detector.expected import WEEK_H, WEEK_MIN, Hour, Profile
from broadcaster.outage.detector.judge import ceiling
from broadcaster.outage.detector.pools import Kind, Unit
from broadcaster.outage.detector.watch import Heard, Verdict, Watch
from tests import switchboard
from tests.bench.operating_curve import Ground
from tests.switchboard import Call

RELEARN_WEEKS = 4
NEAR = 6.0
"""Calls due in a gap from which on it is judged right before the call that ends it, as a feed of seconds would."""
SAME_MIN = 2 * 1440
"""What was proposed before this is not the same thing any more."""


@dataclass(slots=True)
class Tally:
    """The calls of a unit in a minute: the seconds of the first and the last, and as many of each PSAP as chance
    explains."""

    calls: int = 0
    retries: int = 0
    breadth: int = 0
    first: float = 60.0
    last: float = 0.0

    def add(self, other: Tally) -> None:
        """Those of a part."""
        self.calls += other.calls
        self.retries += other.retries
        self.breadth += other.breadth
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)


@dataclass(slots=True)
class Ear:
    """A unit that is listened to; `due` are the calls that are expected from Monday on until each minute."""

    unit: Unit
    watch: Watch
    due: array[float]
    base: int = 0
    upto: int = 0

    def begin(self, base: int) -> None:
        """An hour begins, at a minute of the week."""
        self.base, self.upto = base, 0

    def rest(self, until: int, wider: float) -> list[Verdict]:
        """Nothing was heard until a minute of this hour."""
        if until == self.upto:
            return []
        heard = Heard(
            0, self.due[self.base + until] - self.due[self.base + self.upto], minutes=float(until - self.upto)
        )
        self.upto = until
        return self.watch.hear(heard, wider)

    def hear(self, minute: int, tally: Tally, wider: float, *, exact: bool) -> list[Verdict]:
        """A minute of this hour with calls."""
        found = self.rest(minute, wider)
        rate = self.due[self.base + minute + 1] - self.due[self.base + minute]
        before = tally.first / 60.0
        if exact and self.watch.gap + rate * before > NEAR:
            found += self.watch.copy().hear(Heard(0, rate * before, minutes=before), wider)
        after = rate * (60.0 - tally.last) / 60.0 if exact else 0.0
        self.upto = minute + 1
        heard = Heard(tally.calls, rate, after, tally.breadth, tally.retries, 1.0, exact)
        return [*found, *self.watch.hear(heard, wider)]


@dataclass
class Quiet:
    """What was proposed in weeks in which nothing failed, with the minute and the unit; only units of these kinds were
    judged."""

    weeks: int = 0
    kinds: frozenset[Kind] = frozenset(Kind)
    proposed: list[tuple[int, Unit, Verdict]] = field(default_factory=list)

    def add(self, minute: int, unit: Unit, verdicts: Iterable[Verdict]) -> None:
        """What a unit found, unless it, or a wider one, was proposed since this began: the rule of `proposing`."""
        for one in verdicts:
            told = (
                other.holds(unit) and at >= minute - one.minutes
                for at, other, _ in reversed(self.proposed)
                if at > minute - SAME_MIN
            )
            if not any(told):
                self.proposed.append((minute, unit, one))


class Hearing:
    """Units of a state, with ears; the state itself is the first."""

    def __init__(self, ground: Ground, found: Quiet, *units: Unit, exact: bool = True) -> None:
        self.ground, self.found, self.exact = ground, found, exact
        judging = ground.judge(*units)
        sums = {code: until(profile) for code, profile in judging.profiles.items()}
        self.rates = judging.profiles
        self.ears = [
            Ear(unit, judging.watches[unit.key], together(sums[code] for code in unit.psaps if code in sums))
            for unit in judging.units
        ]
        self.parts = {
            code: [ear for ear in self.ears if ear.unit.kind is not Kind.STATE and code in ear.unit.psaps]
            for code in sums
        }

    def hour(self, elapsed: int) -> dict[str, int]:
        """Listen for the hour that begins now, so many minutes after the year did; the calls of each PSAP."""
        at, sums = self.ground.board.minute % WEEK_MIN, Counter[str]()
        for ear in self.ears:
            ear.begin(at)
        state = self.ears[0]
        for no in range(60):
            heard = tallied(self.ground.board.calls(), self.rates, at + no)
            whole: dict[int, tuple[Ear, Tally]] = {}
            for code, tally in heard.items():
                sums[code] += tally.calls
                for ear in (state, *self.parts[code]):
                    whole.setdefault(id(ear), (ear, Tally()))[1].add(tally)
            for ear, tally in whole.values():
                verdicts = ear.hear(no, tally, 1.0 if ear is state else state.watch.level(), exact=self.exact)
                self.found.add(elapsed + no, ear.unit, verdicts)
        for ear in self.ears:
            self.found.add(elapsed + 60, ear.unit, ear.rest(60, 1.0 if ear is state else state.watch.level()))
        return sums


def until(profile: Profile) -> array[float]:
    """The calls expected from Monday 00:00 until each minute of the week."""
    return array("d", accumulate((profile.at(minute + 0.5) for minute in range(WEEK_MIN)), initial=0.0))


def together(sums: Iterable[array[float]]) -> array[float]:
    """The same of several PSAPs."""
    return array("d", map(sum, zip(*sums, strict=True)))


def tallied(calls: Iterable[Call], rates: dict[str, Profile], at: int) -> dict[str, Tally]:
    """The calls of a minute of the week by PSAP, counted as `judge.summed` counts them."""
    found: dict[str, Tally] = {}
    for call in calls:
        if call.psap in rates:
            found.setdefault(call.psap, Tally()).add(Tally(1, call.again, 0, call.second, call.second))
    for code, one in found.items():
        one.retries = min(one.retries, 2)
        one.breadth = min(one.calls, ceiling(rates[code].at(at + 0.5)))
    return found


def quiet_year(seed: int, weeks: int = 52, kinds: frozenset[Kind] = frozenset(Kind), *, exact: bool = True) -> Quiet:
    """Listen to a year, by feeds that say when the last call was or by whole minutes; what is usual is learnt anew
    every four weeks, from the eight before."""
    ground, found, elapsed = Ground(Random(seed), exact=exact), Quiet(weeks, kinds), 0
    units = [unit for unit in ground.units if unit.kind in kinds]
    history: dict[str, list[Hour]] = {code: [] for code in ground.board.codes}
    for begun in range(0, weeks, RELEARN_WEEKS):
        hearing = Hearing(ground, found, *units, exact=exact)
        for _ in range(min(RELEARN_WEEKS, weeks - begun) * WEEK_H):
            ground.board.change_clocks()
            no = ground.board.minute // 60
            sums = hearing.hour(elapsed)
            elapsed += 60
            for code, hours in history.items():
                hours.append(Hour(no, 60, sums.get(code, 0)))
        history = {code: hours[-switchboard.WEEKS_LEARNT * WEEK_H :] for code, hours in history.items()}
        ground.learn(history)
    return found
