"""Whether a unit's calls have stopped, fallen or flooded: sequential tests over minutes or parts of one.

Silence. At a rate of L calls a minute a gap that lasts until g further calls were expected is chance once in e^g gaps,
and L x 525,600 gaps begin in a year: b false proposals a year need ``g = ln(L x 525,600 / b)``, and with b = 1 the
wait g / L is the physical limit. The rate is integrated as it rises and falls, so that the limit holds at every hour.
How sure we are of the rate counts: it is believed to be gamma-distributed about the level of the last hours, and a gap
is worth ``a ln(1 + g/a)`` nats (a = 1 / its squared coefficient of variation), which is g where the rate is known.
A feed of whole minutes hides where in the minute before the gap the last call was. That so few came in it, n where m
were due, is worth ``-ln P(N <= n; m)`` more. With n > 0 that is less than m, so that of all gaps only those which are
a minute too short can be lifted: each of two patterns crosses at most once in e^h minutes, ``h = ln(2 x 525,600 / b)``.

Fall and flood. Page's CUSUM of Poisson log-likelihood ratios: the level is a half or a fifth (twice or four times)
against what a bad (good) hour still is. A false alarm within n minutes has at most the probability n e^-h (Lorden
1971), hence ``h = ln(525,600 / b)``.

Of the rates of a unit only what was heard counts: a feed that is missing is expected to say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

YEAR_MIN = 525_600.0
PRIOR_CALLS = 100.0
"""How firmly the level is held at that of the wider unit: a coefficient of variation of 0.1."""
HALF_LIFE_MIN = 90.0
FORGET = 0.5 ** (1.0 / HALF_LIFE_MIN)
SUSPICION = 2.0
"""Nats from which on the level learns nothing: an outage must not become what is usual."""
LONGEST_SUSPICION_MIN = 360.0
LEAST_LOW = 2.0
"""Calls due in a minute from which on it says something that few came in it."""
MARGIN = 1.5
"""A bad hour is so many standard deviations off, and is nothing yet."""


TURNED_SPREAD = 0.3
"""What is believed of the hours after clocks were changed: some people live on by the old ones."""


class Sign(StrEnum):
    """What a test has found."""

    SILENCE = "silence"
    FALL = "fall"
    FLOOD = "flood"
    RETRIES = "retries"


SHARES = {Sign.SILENCE: 0.6, Sign.FALL: 0.2, Sign.FLOOD: 0.1, Sign.RETRIES: 0.1}
"""Of the false proposals that a unit may make. Where a flood is not looked for, its share is the silence's."""
STRICTER = 3.0
"""The state takes so much less than its share. Levels move more than is believed of them: in 12 simulated years it made
18 false proposals where 12 were allowed (`make bench`), and it is the one proposal that everybody is woken for."""
FALLS, FLOODS = (0.5, 0.2), (2.0, 4.0)
RETRY_SHARE = 0.05
"""Of all calls, those of somebody who called a moment ago and was cut off, on a usual day."""
RETRIES_USUAL, RETRIES_BAD = 2.0, 8.0
"""Times that share: what a bad hour still is, and what an outage makes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a unit heard in a minute or a part of one. `expected` is by its profile; `after` is the part of it after the
    last call, None where there was none; `breadth` are its calls, of each PSAP no more than chance allows; `exact` says
    that the moment of the last call is known to the second."""

    calls: int
    expected: float
    after: float | None = None
    breadth: int = 0
    retries: int = 0
    minutes: float = 1.0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A test that has crossed its threshold, both in nats; `minutes` ago it began, and since then `calls` of the
    `expected` were heard."""

    sign: Sign
    nats: float
    threshold: float
    minutes: float
    calls: int
    expected: float


@dataclass(slots=True)
class Sum:
    """A CUSUM: its nats, and how long it has run, with how much."""

    nats: float = 0.0
    minutes: float = 0.0
    calls: int = 0
    expected: float = 0.0

    def add(self, nats: float, heard: Heard, expected: float) -> None:
        """One more observation; below nothing it begins again."""
        if nats <= 0.0 and self.nats == 0.0:
            return
        self.nats += nats
        self.minutes += heard.minutes
        self.calls += heard.calls
        self.expected += expected
        if self.nats <= 0.0:
            self.nats, self.minutes, self.calls, self.expected = 0.0, 0.0, 0, 0.0


TESTS: tuple[tuple[Sign, float], ...] = (
    *((Sign.FALL, ratio) for ratio in FALLS),
    *((Sign.FLOOD, ratio) for ratio in FLOODS),
    (Sign.RETRIES, RETRIES_BAD),
)
"""The CUSUMs of a unit, in the order of its sums: what is tested, and for which share of the usual level."""
_LOG = {ratio: math.log(ratio) for _, ratio in TESTS}
_AGAIN = math.log(RETRIES_BAD / RETRIES_USUAL)


def _sums() -> list[Sum]:
    return [Sum() for _ in TESTS]


@dataclass(slots=True)
class Watch:
    """A unit as it was heard until now. `spread` is by how much an hour differs from the ones before, beyond chance;
    `wide` that it takes several PSAPs, so that one crash on a road is no flood; `low` are the calls of the minute
    before the gap, and how many were due, where nobody says when the last one was."""

    yearly: float
    spread: float = 0.05
    wide: bool = True
    gap: float = 0.0
    gap_min: float = 0.0
    gap_rate: float = 0.0
    exact: bool = True
    turned: bool = False
    low: tuple[int, float] = (0, 0.0)
    calls: float = 0.0
    expected: float = 0.0
    held: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    sums: list[Sum] = field(default_factory=_sums)
    told: set[Sign] = field(default_factory=set)

    def level(self, wider: float = 1.0) -> float:
        """Today's level beside the profile; what little was heard is held at that of the wider unit."""
        return (PRIOR_CALLS * wider + self.calls) / (PRIOR_CALLS + self.expected)

    @property
    def doubt(self) -> float:
        """The squared coefficient of variation of the rate, as far as it is known."""
        spread = max(self.spread, TURNED_SPREAD) if self.turned else self.spread
        return spread * spread + 1.0 / (PRIOR_CALLS + self.expected)

    def hear(self, heard: Heard, wider: float = 1.0, beside: float = 0.0, *, turned: bool = False) -> list[Verdict]:
        """One more minute, or part of one; what has crossed its threshold now and was not told yet. `wider` is the
        level of the wider unit, `beside` are the nats of what speaks for an outage beside the counts; `turned` says
        that clocks were changed within hours."""
        self.turned = turned
        level = self.level(wider)
        self._gap(heard, level)
        self._cusums(heard, level)
        self._learn(heard)
        found = [one for one in (self._silence(beside), *self._crossed(beside)) if one is not None]
        fresh = [one for one in found if one.sign not in self.told]
        self.told = {one.sign for one in found}
        return fresh

    def copy(self) -> Watch:
        """Another one that goes on from here."""
        return replace(self, sums=[replace(one) for one in self.sums], told=set(self.told), held=list(self.held))

    def forget(self) -> None:
        """Begin every test again, as after planned work; the level of the hours before stays."""
        self.gap, self.gap_min, self.low = 0.0, 0.0, (0, 0.0)
        self.sums, self.told, self.held = _sums(), set(), [0.0, 0.0, 0.0]

    def threshold(self, sign: Sign) -> float:
        """In nats. Without the second of the last call a gap can only begin with a minute: fewer begin in a year."""
        begun = self._begun() if sign is Sign.SILENCE else 1.0
        share = SHARES[sign] / STRICTER if self.wide else SHARES[sign]
        if sign is Sign.SILENCE and not self.wide:
            share += SHARES[Sign.FLOOD]
        return math.log(max(begun * YEAR_MIN / (share * self.yearly), math.e))

    def _begun(self) -> float:
        """How many gaps can begin in a minute."""
        rate = max(self.gap_rate, 1e-4)
        if self.exact:
            return rate
        return 2.0 if self.low[1] >= LEAST_LOW else min(rate, 1.0)

    def _gap(self, heard: Heard, level: float) -> None:
        rate = heard.expected * level / heard.minutes if heard.minutes else 0.0
        if not heard.calls:
            self.gap_rate = rate if not self.gap else self.gap_rate
            self.gap += heard.expected * level
            self.gap_min += heard.minutes
            return
        after = min(heard.after or 0.0, heard.expected)
        self.gap, self.gap_rate, self.exact = after * level, rate, heard.exact
        self.low = (0, 0.0) if heard.exact else (heard.calls, heard.expected * level)
        self.gap_min = heard.minutes * after / heard.expected if heard.expected else 0.0

    def _silence(self, beside: float) -> Verdict | None:
        sure = 1.0 / self.doubt
        nats = sure * math.log1p(self.gap / sure)
        if self.gap:
            nats += beside + self._few(sure * math.log1p((self.gap + self.low[1]) / sure) - nats)
        limit = self.threshold(Sign.SILENCE)
        return Verdict(Sign.SILENCE, nats, limit, self.gap_min, 0, self.gap) if nats >= limit else None

    def _few(self, due: float) -> float:
        """What it is worth, in nats, that so few came in the minute before the gap, where so many were due."""
        calls, before = self.low
        return -math.log(chance(calls, due)) if before >= LEAST_LOW and calls < due else 0.0

    def _cusums(self, heard: Heard, level: float) -> None:
        off = MARGIN * math.sqrt(self.doubt)
        due = heard.expected * level
        low, high = min(max(1.0 - off, 0.6), 0.9), min(max(1.0 + off, 1.15), 1.6)
        log_low, log_high = math.log(low), math.log(high)
        for one, (sign, ratio) in zip(self.sums, TESTS, strict=True):
            if sign is Sign.FALL:
                one.add(heard.calls * (_LOG[ratio] - log_low) - (ratio - low) * due, heard, due)
            elif sign is Sign.RETRIES:
                again = heard.retries * _AGAIN - (RETRIES_BAD - RETRIES_USUAL) * RETRY_SHARE * due
                one.add(again, heard, due)
            elif self.wide:
                one.add(heard.breadth * (_LOG[ratio] - log_high) - (ratio - high) * due, heard, due)

    def _crossed(self, beside: float) -> list[Verdict]:
        found: dict[Sign, Verdict] = {}
        for one, (sign, _) in zip(self.sums, TESTS, strict=True):
            if one.nats == 0.0:
                continue
            limit = self.threshold(sign)
            nats = one.nats + (beside if sign is Sign.FALL else 0.0)
            if nats >= limit:
                found.setdefault(sign, Verdict(sign, nats, limit, one.minutes, one.calls, one.expected))
            one.nats = min(one.nats, limit + SUSPICION)  # it must be able to come back when the calls do
        return list(found.values())

    def _learn(self, heard: Heard) -> None:
        """Follow the level of the hours; what is suspected to be an outage is kept aside until it is none."""
        for no, more in enumerate((heard.calls, heard.expected, heard.minutes)):
            self.held[no] += more
        worst = max(one.nats for one in self.sums)
        if max(worst, self.gap) > SUSPICION + 3.0 and self.held[2] < LONGEST_SUSPICION_MIN:
            return
        kept = FORGET ** self.held[2]
        self.calls = self.calls * kept + self.held[0]
        self.expected = self.expected * kept + self.held[1]
        self.held = [0.0, 0.0, 0.0]


def chance(most: int, mean: float) -> float:
    """That a Poisson count is no more than that."""
    return math.fsum(math.exp(no * math.log(mean) - mean - math.lgamma(no + 1)) for no in range(most + 1))


def limit_min(rate: float, yearly: float = 1.0) -> float:
    """The physical limit for silence, in minutes, at a steady rate of calls a minute and `yearly` false proposals. Of
    one PSAP among many it is that of its share of their false proposals (`pools.YEARLY`)."""
    return math.log(rate * YEAR_MIN / yearly) / rate


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict about a unit, with what spoke for it beside the counts, in nats by its name."""

    unit: str
    verdict: Verdict
    beside: Mapping[str, float] = field(default_factory=dict)
