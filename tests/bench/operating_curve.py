"""How soon the detector proposes what has happened, beside the physical limit.

The limit is that of a gap which lasts until ln(L x 525,600 / b) further calls were due: b false proposals a year, one
for whatever is judged by itself, and of one PSAP alone its share of those of all. The rate is integrated from the
moment of the outage on, so that it is as fair at 4 a.m., when calls soon become more. What a feed has not told nobody
can judge: the limit of a feed is its first push after that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median

from broadcaster.outage.detector import expected, pools
from broadcaster.outage.detector.expected import WEEK_MIN, History, Profile
from broadcaster.outage.detector.judge import Judge
from broadcaster.outage.detector.pools import Kind, Unit
from broadcaster.outage.detector.watch import YEAR_MIN, Sign
from tests import switchboard
from tests.bench.gauge import quantile
from tests.switchboard import Call, Switchboard, counted

WARM_MIN = 180
"""Minutes that are heard before an outage, so that the level of the day is known."""
LONGEST_MIN = 3 * 1440
FEEDS = {"10 s": (10, True), "minute": (60, False)}
"""How often a feed pushes, in seconds, and whether it says when the last call was."""


@dataclass(frozen=True, slots=True)
class Found:
    """One outage that was found: after how many minutes, by which test; where the limit was, and that of the feed."""

    minutes: float
    limit: float
    pushed: float
    sign: Sign


@dataclass(frozen=True, slots=True)
class Size:
    """What is judged: its name, its unit, and the false proposals a year that its limit allows."""

    name: str
    unit: Unit
    yearly: float = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """One cell of the curve."""

    name: str
    hour: int
    feed: str
    found: tuple[Found, ...]

    @property
    def ratio(self) -> float:
        """The median delay beside the limit."""
        return median(one.minutes / one.limit for one in self.found)

    @property
    def ratio_of_feed(self) -> float:
        """The median delay beside the limit of its feed."""
        return median(one.minutes / one.pushed for one in self.found)

    @property
    def limit(self) -> float:
        """The median limit in minutes."""
        return median(one.limit for one in self.found)

    @property
    def pushed(self) -> float:
        """The median limit of the feed, in minutes."""
        return median(one.pushed for one in self.found)

    def minutes(self, share: float) -> float:
        """A quantile of the delays."""
        return quantile(sorted(one.minutes for one in self.found), share)


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

    def sizes(self) -> dict[str, Size]:
        """The sizes that are judged, by a short name."""
        city, village = switchboard.city(), switchboard.village()
        alone = self.unit(Kind.PSAP, village)
        return {
            "state": Size("the state, 8,800 calls a day", self.units[0]),
            "city": Size("a city of 1,500", self.unit(Kind.PSAP, city)),
            "pooled": Size("a PSAP of 40, pooled", self.unit(Kind.POOL, village)),
            "alone": Size("a PSAP of 40, alone", alone, alone.yearly),
        }

    def judge(self, *units: Unit) -> Judge:
        """Somebody who has heard nothing yet; without units of all of them."""
        return Judge(units or self.units, self.profiles, self.spreads)

    def outage(self, size: Size, hour: int, kept: float = 0.0) -> Found:
        """An outage at an hour of some day in which a share of the calls is `kept`; LookupError when nobody has
        proposed anything within days."""
        unit, state = size.unit, self.units[0]
        judging = self.judge(state) if unit is state else self.judge(state, unit)
        week = self.board.minute // WEEK_MIN + 1
        begins = week * WEEK_MIN + self.dice.randrange(7) * 1440 + hour * 60 + self.dice.randrange(60)
        self.board.skip(begins - WARM_MIN - self.board.minute)
        while self.board.minute < begins:
            judging.hear(self.board.minute % WEEK_MIN, counted(self.board.calls(), self.board.codes, exact=self.exact))
        second = self.dice.random() * 60.0
        minutes, sign = self._found(judging, unit, begins + second / 60.0, kept)
        limit = self.limit(size, begins)
        pushes = math.ceil((second + 60.0 * limit) / self.step)
        return Found(minutes, limit, (pushes * self.step - second) / 60.0, sign)

    def _found(self, judging: Judge, unit: Unit, begins: float, kept: float) -> tuple[float, Sign]:
        """After how many minutes, and by which test. A minute without calls is looked into only if it was enough."""
        for calls in self._cut(unit, begins % 1.0 * 60.0, kept):
            before, minute = judging.ahead(), self.board.minute - 1 - begins
            whole = self._said(judging, unit, calls)
            for through in range(self.step, 60, self.step) if whole or kept else ():
                sign = self._said(before.ahead(), unit, calls, through)
                if sign is not None and minute + through / 60.0 > 0.0:
                    return minute + through / 60.0, sign
            if whole is not None:
                return minute + 1.0, whole
        raise LookupError("Nobody has noticed.")

    def _cut(self, unit: Unit, second: float, kept: float) -> Iterator[list[Call]]:
        for no in range(LONGEST_MIN):
            calls = self.board.calls()
            yield [
                call
                for call in calls
                if call.psap not in unit.psaps or (no == 0 and call.second < second) or self.dice.random() < kept
            ]

    def _said(self, judging: Judge, unit: Unit, calls: list[Call], through: float = 60.0) -> Sign | None:
        at = (self.board.minute - 1) % WEEK_MIN
        found = judging.hear(at, counted(calls, self.board.codes, through, exact=self.exact))
        return next((one.verdict.sign for one in found if one.unit == unit.key), None)

    def limit(self, size: Size, minute: int) -> float:
        """The physical limit in minutes for an outage that begins then."""
        start = sum(self.board.rate(code, minute) for code in size.unit.psaps)
        left, waited = math.log(start * YEAR_MIN / size.yearly), 0
        while (rate := sum(self.board.rate(code, minute + waited) for code in size.unit.psaps)) < left:
            left, waited = left - rate, waited + 1
        return waited + left / rate


def points(case: tuple[str, str], hours: Sequence[int], outages: int, seed: int = 911) -> list[Point]:
    """A size, by its short name, at every hour, by one feed: (size, feed)."""
    name, feed = case
    ground = Ground(Random(seed), *FEEDS[feed])
    size = ground.sizes()[name]
    return [Point(size.name, hour, feed, tuple(ground.outage(size, hour) for _ in range(outages))) for hour in hours]


def falls(outages: int, seed: int = 912) -> Iterator[tuple[str, list[float]]]:
    """How many minutes a fall of the whole state takes to be seen, at noon."""
    ground = Ground(Random(seed))
    state = ground.sizes()["state"]
    for kept, name in ((0.2, "to a fifth"), (0.5, "to a half")):
        yield name, [ground.outage(state, 12, kept).minutes for _ in range(outages)]
