"""How soon the detector proposes what has happened, beside the physical limit; and what it proposes when nothing has.

The limit is that of a gap which lasts until ln(L x 525,600) further calls were due (one false proposal a year); the
rate is integrated from the moment of the outage on, so that it is as fair at 4 a.m., when calls soon become more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from broadcaster.outage.detector import expected, judge, pools
from broadcaster.outage.detector.expected import WEEK_H, WEEK_MIN, History, Hour, Profile
from broadcaster.outage.detector.judge import Judge
from broadcaster.outage.detector.pools import Kind, Unit
from broadcaster.outage.detector.watch import YEAR_MIN, Sign
from tests import switchboard
from tests.switchboard import Call, Switchboard, counted

WARM_MIN = 180
"""Minutes that are heard before an outage, so that the level of the day is known."""
LONGEST_MIN = 3 * 1440
RELEARN_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """One outage that was found: after how many minutes and by which test, and where the limit was."""

    minutes: float
    limit: float
    sign: Sign

    @property
    def ratio(self) -> float:
        """Beside the limit."""
        return self.minutes / self.limit


@dataclass
class Ground:
    """A simulated state whose weeks were learnt; `step` are the seconds between two pushes of a feed, and `exact` feeds
    say when their last call was."""

    dice: Random
    step: int = 10
    exact: bool = True
    board: Switchboard = field(init=False)
    units: tuple[Unit, ...] = field(init=False)
    profiles: dict[str, Profile] = field(init=False)

    def __post_init__(self) -> None:
        self.board = Switchboard(self.dice)
        self.units = pools.units(switchboard.places())
        self.learn(self.board.history())

    def learn(self, history: History) -> None:
        """Take a history for what is usual."""
        self.profiles = expected.learn(history)
        self.spreads = {unit.key: expected.spread(history, self.profiles, unit.psaps) for unit in self.units}

    def unit(self, kind: Kind, psap: str) -> Unit:
        """The unit of a kind that holds a PSAP."""
        return next(unit for unit in self.units if unit.kind is kind and psap in unit.psaps)

    def judge(self, *units: Unit) -> Judge:
        """Somebody who has heard nothing yet; without units of all of them."""
        return Judge(units or self.units, self.profiles, self.spreads)

    def outage(self, unit: Unit, hour: int, kept: float = 0.0) -> Found:
        """An outage of a unit at an hour of some day in which a share of the calls is `kept`; LookupError when nobody
        has proposed anything within days."""
        state = self.units[0]
        judging = self.judge(state) if unit is state else self.judge(state, unit)
        week = self.board.minute // WEEK_MIN + 1
        begins = week * WEEK_MIN + self.dice.randrange(7) * 1440 + hour * 60 + self.dice.randrange(60)
        self.board.skip(begins - WARM_MIN - self.board.minute)
        while self.board.minute < begins:
            judging.hear(self.board.minute % WEEK_MIN, counted(self.board.calls(), self.board.codes, exact=self.exact))
        second = self.dice.random() * 60.0
        limit = self.limit(unit, begins)
        for calls in self._cut(unit, second, kept):
            minute = self.board.minute - 1
            for through in range(self.step, 61, self.step):
                minutes = minute - begins + (through - second) / 60.0
                sign = self._said(judging, unit, calls, through)
                if sign is not None and minutes > 0.0:
                    return Found(minutes, limit, sign)
        raise LookupError("Nobody has noticed.")

    def _cut(self, unit: Unit, second: float, kept: float) -> Iterator[list[Call]]:
        for no in range(LONGEST_MIN):
            calls = self.board.calls()
            yield [
                call
                for call in calls
                if call.psap not in unit.psaps or (no == 0 and call.second < second) or self.dice.random() < kept
            ]

    def _said(self, judging: Judge, unit: Unit, calls: list[Call], through: int) -> Sign | None:
        at = (self.board.minute - 1) % WEEK_MIN
        minute = counted(calls, self.board.codes, float(through), exact=self.exact)
        found = (judging if through == 60 else judging.ahead()).hear(at, minute)
        return next((one.verdict.sign for one in found if one.unit == unit.key), None)

    def limit(self, unit: Unit, minute: int) -> float:
        """The physical limit in minutes for an outage that begins then."""
        start = sum(self.board.rate(code, minute) for code in unit.psaps)
        left, waited = math.log(start * YEAR_MIN), 0
        while (rate := sum(self.board.rate(code, minute + waited) for code in unit.psaps)) < left:
            left, waited = left - rate, waited + 1
        return waited + left / rate


@dataclass
class Quiet:
    """Weeks in which nothing failed, and what was proposed all the same, by kind and test."""

    proposed: Counter[tuple[Kind, Sign]] = field(default_factory=Counter)
    weeks: Counter[Kind] = field(default_factory=Counter)

    def of(self, kind: Kind) -> int:
        """All proposals of a kind."""
        return sum(many for (one, _), many in self.proposed.items() if one is kind)


def quiet_year(seed: int, weeks: int = 52, psap_weeks: int = 12) -> Quiet:
    """Listen to a year minute by minute, to its first weeks with every PSAP by itself too; what is usual is learnt anew
    every four weeks, from the eight before."""
    ground, found = Ground(Random(seed)), Quiet()
    history: dict[str, list[Hour]] = {code: [] for code in ground.board.codes}
    for begun in range(0, weeks, RELEARN_WEEKS):
        kinds = set(Kind) if begun < psap_weeks else {Kind.STATE, Kind.POOL}
        found.weeks.update(dict.fromkeys(kinds, RELEARN_WEEKS))
        judging = ground.judge(*(unit for unit in ground.units if unit.kind in kinds))
        for code, hours in _listened(ground, judging, found).items():
            history[code] = [*history[code], *hours][-switchboard.WEEKS_LEARNT * WEEK_H :]
        if begun >= RELEARN_WEEKS:
            ground.learn(history)
    return found


def _listened(ground: Ground, judging: Judge, found: Quiet) -> dict[str, list[Hour]]:
    """Four weeks, minute after minute, as feeds that push once a minute tell them."""
    made: dict[str, list[Hour]] = {code: [] for code in ground.board.codes}
    kinds = {unit.key: unit.kind for unit in judging.units}
    for _ in range(RELEARN_WEEKS * WEEK_H):
        no, sums = ground.board.minute // 60, Counter[str]()
        for _ in range(60):
            at = ground.board.minute % WEEK_MIN
            minute = counted(ground.board.calls(), ground.board.codes)
            sums.update({code: one.calls for code, one in minute.items() if one.calls})
            for one in judge.widest(judging.hear(at, minute), judging.units):
                found.proposed[kinds[one.unit], one.verdict.sign] += 1
        for code, hours in made.items():
            hours.append(Hour(no, 60, sums[code]))
    return made
