"""911 calls of a state as they might come: 204 PSAPs, the hours of day and week, holidays, storms, crashes, redialling,
PSAPs that are closed by night and forward their calls to a neighbour, clocks that change in March and November.

What is simulated is not what the detector believes: every day, hour and PSAP has a level of its own, and crashes make
bursts. Only the dice decide, so that a seed is a year.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import accumulate
from random import Random

from broadcaster.local.massachusetts import sample
from broadcaster.outage.detector.expected import WEEK_H, WEEK_MIN, Hour
from broadcaster.outage.detector.judge import Count
from broadcaster.outage.detector.pools import Place

DAILY, CITY, VILLAGE = 8_800.0, 1_500.0, 40.0
"""Calls a day: of the state, of its largest city, and of a small PSAP."""
WEEKS_LEARNT = 8
DAY = (0.55, 0.45, 0.36, 0.28, 0.245, 0.28, 0.45, 0.72, 0.98, 1.12, 1.2, 1.25)
DAY += (1.28, 1.3, 1.34, 1.42, 1.48, 1.52, 1.5, 1.42, 1.32, 1.18, 0.98, 0.75)
"""The level at the beginning of each hour of a workday, beside the average."""
NIGHTLIFE = {5: {22: 0.15, 23: 0.3}, 6: {0: 0.35, 1: 0.4, 2: 0.3, 7: -0.2, 8: -0.2, 22: 0.15, 23: 0.3}}
NIGHTLIFE[0] = {0: 0.0}
HOLIDAYS = {0: 1.15, 184: 1.35, 329: 0.8, 358: 0.75}
"""By the day of the year: New Year, 4 July, Thanksgiving, Christmas."""
SPRING, AUTUMN = (69 * 24 + 2) * 60, (307 * 24 + 2) * 60
"""The minutes of the year, on Sundays at 2, in which the clocks are changed."""
YEAR_MIN = 365 * 1440
NIGHT = frozenset((23, 0, 1, 2, 3, 4, 5))
CLOSED = 8
"""So many PSAPs forward their calls by night."""
ZERO = Count(0)
REDIALS, CROWDED = 0.03, 1.035
"""The chance that a call is followed by another of the same caller; how many more calls that and crashes make."""


def level(minute: float) -> float:
    """The level of a minute of the week, about 1 on average."""
    day, hour = divmod(minute / 60.0, 24.0)
    before, share = int(hour), hour % 1.0

    def at(day: int, hour: int) -> float:
        return DAY[hour % 24] + NIGHTLIFE.get((day + hour // 24) % 7, {}).get(hour % 24, 0.0)

    return (at(int(day), before) * (1.0 - share) + at(int(day), before + 1) * share) / 0.983


@cache
def places() -> Mapping[str, Place]:
    """Every PSAP of the sample with its calls: by the people it serves, one city and one village as they are named."""
    directory = sample.load(date(2026, 1, 1))
    people = {psap.code: 500.0 for psap in directory.psaps}
    for one in directory.communities:
        people[one.psap_code] += one.population
    by_size = sorted(people, key=lambda code: (people[code], code))
    fixed = {by_size[-1]: CITY, by_size[len(by_size) // 3]: VILLAGE}
    rest = (DAILY - sum(fixed.values())) / sum(many for code, many in people.items() if code not in fixed)
    return {
        psap.code: Place(psap.county_fips, fixed.get(psap.code, people[psap.code] * rest)) for psap in directory.psaps
    }


def city() -> str:
    """The PSAP with 1,500 calls a day."""
    return next(code for code, place in places().items() if place.daily == CITY)


def village() -> str:
    """The PSAP with 40 calls a day."""
    return next(code for code, place in places().items() if place.daily == VILLAGE)


@cache
def forwarded() -> Mapping[str, str]:
    """PSAPs that are closed by night, of all sizes but the largest; and the neighbour in the county who answers."""
    county = {code: place.county for code, place in places().items()}
    free = [code for code in sorted(county) if code not in (city(), village()) and places()[code].daily > 10.0]
    pairs = [(one, other) for one, other in zip(free[::2], free[1::2], strict=False) if county[one] == county[other]]
    return dict(pairs[:: max(1, len(pairs) // CLOSED)][:CLOSED])


@dataclass(frozen=True, slots=True)
class Call:
    """A call: at which PSAP, at which second of its minute, and whether somebody redials."""

    psap: str
    second: float
    again: bool = False


@dataclass
class Switchboard:
    """The calls of a state, minute after minute, from a Monday 00:00 on."""

    dice: Random
    codes: Sequence[str] = field(default_factory=lambda: list(places()))
    minute: int = 0

    def __post_init__(self) -> None:
        self._daily = [places()[code].daily / 1440.0 / CROWDED for code in self.codes]
        self._tilt = [self.dice.gauss(0.0, 0.08) for _ in self.codes]
        """Some PSAPs are livelier by night than others."""
        at = {code: no for no, code in enumerate(self.codes)}
        self._closed = [(at[one], at[other]) for one, other in forwarded().items() if one in at and other in at]
        self._drift, self._own = 0.0, [0.0] * len(self.codes)
        self._bursts: dict[int, list[tuple[int, int]]] = {}
        self._today = 1.0
        self._turned: set[int] = set()

    def rate(self, code: str, minute: int) -> float:
        """The calls a minute that are usual at a PSAP, as long as it is open."""
        no = self.codes.index(code)
        return CROWDED * self._daily[no] * self._usual(no, minute)

    def _usual(self, no: int, minute: int) -> float:
        now = level(minute % WEEK_MIN)
        return now * (1.0 + self._tilt[no] * (1.0 - min(now, 1.5)))

    def calls(self) -> list[Call]:
        """The next minute."""
        if self.minute % 1440 == 0:
            self._new_day()
        if self.minute % 60 == 0 or not self.minute:
            self._new_hour()
        now = level(self.minute % WEEK_MIN) / self._hour_level
        made = [
            Call(self.codes[bisect(self._upto, self.dice.random() * self._upto[-1])], self.dice.random() * 60.0)
            for _ in range(poisson(self.dice, self._upto[-1] * now))
        ]
        made += [one for call in made for one in self._redialled(call)]
        for no, many in self._bursts.pop(self.minute, ()):
            made += [Call(self.codes[no], self.dice.random() * 60.0) for _ in range(many)]
        self.minute += 1
        return made

    def _redialled(self, call: Call) -> Iterator[Call]:
        while self.dice.random() < REDIALS:
            call = Call(call.psap, min(59.99, call.second + self.dice.random() * 20.0), again=True)
            yield call

    def _new_day(self) -> None:
        day = self.minute // 1440 % 365
        self._today = math.exp(self.dice.gauss(0.0, 0.06)) * HOLIDAYS.get(day, 1.0)
        if self.dice.random() < 6 / 365:
            self._today *= self.dice.choice((0.75, 0.85, 1.25, 1.4))  # a storm or a blizzard

    def _new_hour(self) -> None:
        """The levels of this hour: of the state, and of each PSAP; and the crashes that will be."""
        self._drift = 0.7 * self._drift + self.dice.gauss(0.0, 0.03)
        self._own = [0.7 * one + self.dice.gauss(0.0, 0.05) for one in self._own]
        whole = self._today * math.exp(self._drift)
        middle = self.minute + 30
        rates = [
            daily * self._usual(no, middle) * whole * math.exp(own)
            for no, (daily, own) in enumerate(zip(self._daily, self._own, strict=True))
        ]
        if self.minute // 60 % 24 in NIGHT:
            for shut, neighbour in self._closed:
                rates[neighbour], rates[shut] = rates[neighbour] + rates[shut], 0.0
        self._upto = list(accumulate(rates))
        self._hour_level = level(middle % WEEK_MIN)
        for _ in range(poisson(self.dice, 3 / 24 * sum(self._daily) * 1440 / DAILY)):
            self._crash(big=self.dice.random() < 0.01)

    def _crash(self, *, big: bool) -> None:
        where = bisect(self._upto, self.dice.random() * self._upto[-1])
        start = self.minute + self.dice.randrange(60)
        for no in {where, (where + 1) % len(self.codes)} if big else {where}:
            for _ in range(self.dice.randint(20, 40) if big else self.dice.randint(3, 20)):
                at = start + int(self.dice.expovariate(1 / 6.0))
                self._bursts.setdefault(max(at, self.minute), []).append((no, 1))

    def change_clocks(self) -> None:
        """At the beginning of an hour, if it is time: from 2 to 3 in March, and once from 2 to 1 in November."""
        now = self.minute % YEAR_MIN
        if now == SPRING:
            self.minute += 60
        elif now == AUTUMN and self.minute not in self._turned:
            self._turned.add(self.minute)
            self.minute -= 60

    def history(self, weeks: int = WEEKS_LEARNT) -> dict[str, list[Hour]]:
        """The hours of the next weeks, as they are learnt from."""
        found: dict[str, list[Hour]] = {code: [] for code in self.codes}
        for _ in range(weeks * WEEK_H):
            sums = dict.fromkeys(self.codes, 0)
            no = self.minute // 60
            for _ in range(60):
                for call in self.calls():
                    sums[call.psap] += 1
            for code, calls in sums.items():
                found[code].append(Hour(no, 60, calls))
        return found

    def skip(self, minutes: int) -> None:
        """Let time pass in which nobody listens."""
        self.minute += minutes
        self._bursts.clear()
        self._new_day()
        self._new_hour()


def counted(
    calls: Sequence[Call], codes: Sequence[str], through: float = 60.0, *, exact: bool = True
) -> dict[str, Count]:
    """What the feeds say of a minute until a second of it; `exact`: with the second of the last call."""
    found = dict.fromkeys(codes, ZERO if through == 60.0 else Count(0, through=through))
    for call in calls:
        if call.second <= through and call.psap in found:
            before = found[call.psap]
            last = max(before.last or 0.0, call.second) if exact else None
            found[call.psap] = Count(before.calls + 1, before.retries + call.again, last, through)
    return found


def poisson(dice: Random, mean: float) -> int:
    """So many of a mean, by counting uniform numbers (Knuth); for means up to some hundreds."""
    if mean > 30.0:
        return poisson(dice, mean / 2.0) + poisson(dice, mean / 2.0)
    limit, product, many = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        many += 1
    return many
