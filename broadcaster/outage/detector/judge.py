"""All units of a state at once: minutes in, findings out, the widest that explains them.

No clock and no I/O: a minute of the week comes with what each PSAP heard of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache

from broadcaster.outage.detector import evidence
from broadcaster.outage.detector.evidence import Beat, Report
from broadcaster.outage.detector.expected import Profile
from broadcaster.outage.detector.pools import WIDTH, Kind, Unit
from broadcaster.outage.detector.watch import Finding, Heard, Watch, chance

CHANCE = 1e-3
"""More calls of one PSAP in a minute than chance gives once in a thousand are one event, and no flood."""
MOST_CAPPED = 60
LEAST_WEEKS = 2.0
"""A PSAP that was heard for less is not judged: its week is not known yet."""


@dataclass(frozen=True, slots=True)
class Count:
    """What one PSAP heard of a minute: until the second `through`; `last` is the second of its last call, if known."""

    calls: int
    retries: int = 0
    last: float | None = None
    through: float = 60.0


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside the counts at a moment, which PSAPs are muted by planned work, and whether clocks were just
    changed."""

    beats: Mapping[str, Beat] = field(default_factory=dict)
    reports: Sequence[Report] = ()
    muted: frozenset[str] = frozenset()
    turned: bool = False


Minute = Mapping[str, Count]
"""By PSAP; one that was not heard is not in it."""
NOTHING = Beside()


class Judge:
    """The units of a state and what each of them has heard. `spreads` are by the key of the unit."""

    def __init__(
        self, units: Sequence[Unit], profiles: Mapping[str, Profile], spreads: Mapping[str, float] | None = None
    ) -> None:
        known = {code: one for code, one in profiles.items() if one.weeks >= LEAST_WEEKS}
        self.profiles = known
        self.units = [unit for unit in units if any(code in known for code in unit.psaps)]
        self.weights = {code: one.daily for code, one in known.items()}
        self.watches = {
            unit.key: Watch(unit.yearly, (spreads or {}).get(unit.key, 0.06), wide=unit.kind is Kind.STATE)
            for unit in self.units
        }

    def hear(self, at: float, minute: Minute, known: Beside = NOTHING) -> list[Finding]:
        """A minute of the week, 0 to 10,079, or what is known of it; what every unit found, the widest first."""
        rates = self.rates(at + 0.5, (code for code in minute if code not in known.muted))
        found, wider = [], 1.0
        for unit in self.units:
            watch = self.watches[unit.key]
            if known.muted and known.muted.issuperset(unit.psaps):
                watch.forget()
                continue
            heard = summed(unit.psaps, minute, rates)
            if heard is None:
                continue
            said = self._said(unit, known)
            verdicts = watch.hear(heard, wider, sum(said.values()), turned=known.turned)
            found += [Finding(unit.key, verdict, said) for verdict in verdicts]
            if unit.kind is Kind.STATE:
                wider = watch.level()
        return found

    def ahead(self) -> Judge:
        """Another one that goes on from here, for minutes that are not over; what it hears is not kept."""
        made = copy(self)
        made.watches = {key: watch.copy() for key, watch in self.watches.items()}
        return made

    def rates(self, at: float, codes: Iterable[str]) -> dict[str, float]:
        """Calls a minute that are expected of each PSAP at a minute of the week."""
        return {code: self.profiles[code].at(at) for code in codes if code in self.profiles}

    def _said(self, unit: Unit, known: Beside) -> dict[str, float]:
        if not known.beats and not known.reports:
            return {}
        return evidence.beside(unit.psaps, self.weights, known.beats, known.reports)


def summed(psaps: Iterable[str], minute: Minute, rates: Mapping[str, float]) -> Heard | None:
    """What a unit heard: the sum of its PSAPs, each as far as it was heard. None when none of them was."""
    calls = breadth = retries = 0
    expected = through = 0.0
    last, exact, parts = -1.0, True, []
    for code in psaps:
        if (count := minute.get(code)) is None or (rate := rates.get(code)) is None:
            continue
        parts.append((rate, count.through))
        expected += rate * count.through / 60.0
        through = max(through, count.through)
        if count.calls:
            calls += count.calls
            breadth += min(count.calls, ceiling(rate))
            retries += min(count.retries, 2)
            exact = exact and count.last is not None
            last = max(last, count.through if count.last is None else count.last)
    if not parts:
        return None
    after = sum(rate * max(0.0, end - last) for rate, end in parts) / 60.0 if calls else None
    return Heard(calls, expected, after, breadth, retries, through / 60.0, exact)


def ceiling(rate: float) -> int:
    """The most calls of a minute that chance explains at a rate."""
    return bisect_left(_rates(), rate)


@cache
def _rates() -> tuple[float, ...]:
    """The rate up to which no more than 0, 1, 2 ... calls are explained by chance."""
    return tuple(_rate_of(most) for most in range(MOST_CAPPED))


def _rate_of(most: int) -> float:
    low, high = 0.0, float(most) + 1.0
    for _ in range(50):
        middle = (low + high) / 2.0
        low, high = (middle, high) if 1.0 - chance(most, middle) < CHANCE else (low, middle)
    return low


def widest(findings: Iterable[Finding], units: Iterable[Unit], told: Collection[str] = ()) -> list[Finding]:
    """Of findings at one moment those that say something new: no part of another one, and of none that is `told`."""
    by_key = {unit.key: unit for unit in units}
    kept: list[Finding] = []
    covering = [by_key[key] for key in told if key in by_key]
    for one in sorted(findings, key=lambda each: -WIDTH[by_key[each.unit].kind]):
        unit = by_key[one.unit]
        if not any(other.holds(unit) for other in covering):
            kept.append(one)
            covering.append(unit)
    return kept
