"""How many calls a PSAP hears in each hour of the week, learnt from its own history and that of all others.

Values in, values out: an hour of the week is 0 to 167 from Monday 00:00 local time, a rate is in calls a minute.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

WEEK_H = 168
WEEK_MIN = WEEK_H * 60
PRIOR_CALLS = 30.0
"""A PSAP follows the shape of all as firmly as if that stood on so many calls of its own in the hour."""
STRANGE = 1.6
"""An hour of everybody this far from its usual level, and beyond chance, is a holiday, a storm or an outage."""
BEYOND_CHANCE = 4.0
"""Standard deviations."""
OWN_GAP = 8.0
"""An hour without any call where so many were expected is a dead line or a dead feed, and teaches nothing."""
OWN_FLOOD = 4.0
CLOSED = 0.1
"""A PSAP that heard no more than this share of what was due, always in the same hours, forwards its calls in them: it
is closed by night, for instance."""
CLOSED_DUE = 12.0
"""Calls that were due in such hours before it is believed; fewer are no gap that would be proposed."""
LATELY_H = 2 * WEEK_H
"""So soon what has begun lately is believed too."""
LEAST_SPREAD, USUAL_SPREAD = 0.02, 0.05
FOLLOWED = 100.0
"""Calls that hold the level of an hour at the usual one, as `detector.PRIOR_CALLS` do."""
SPREAD_PRIOR = 2_000.0
"""How firmly the spread of a unit is held at that of all: the sum of squared expectations that weighs as much."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of history: hours since a Monday 00:00 local time, how many of its minutes were heard, their calls."""

    no: int
    minutes: int
    calls: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The rates of the 168 hours of a week, and over how many weeks they were learnt."""

    rates: tuple[float, ...]
    weeks: float

    def at(self, minute: float) -> float:
        """The rate at a minute of the week, 0 to 10,080: straight lines from the middle of one hour to the next."""
        place = minute / 60.0 - 0.5
        before = math.floor(place)
        share = place - before
        return self.rates[before % WEEK_H] * (1.0 - share) + self.rates[(before + 1) % WEEK_H] * share

    @property
    def daily(self) -> float:
        """Calls of an average day."""
        return sum(self.rates) * 60.0 / 7.0


History = Mapping[str, Sequence[Hour]]
"""By the code of the PSAP."""


def learn(history: History) -> dict[str, Profile]:
    """The profile of every PSAP that was ever heard. Hours that were strange everywhere teach nobody anything."""
    levels = {code: level for code, hours in history.items() if (level := _level(hours)) > 0.0}
    whole = _together(history, levels)
    strange = _strange(whole)
    shape = _shape(whole, strange)
    return {code: _own(history[code], level, shape, strange) for code, level in levels.items()}


def _level(hours: Iterable[Hour]) -> float:
    listed = list(hours)
    minutes = sum(hour.minutes for hour in listed)
    return sum(hour.calls for hour in listed) / minutes if minutes else 0.0


def _together(history: History, levels: Mapping[str, float]) -> dict[int, tuple[int, float]]:
    """Of every hour the calls of all, and how many they would be if every hour were like the average one."""
    found: dict[int, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for code, level in levels.items():
        for hour in history[code]:
            calls, flat = found[hour.no]
            found[hour.no] = calls + hour.calls, flat + level * hour.minutes
    return {no: (calls, flat) for no, (calls, flat) in found.items() if flat > 0.0}


def _strange(whole: Mapping[int, tuple[int, float]]) -> frozenset[int]:
    usual: dict[int, list[float]] = defaultdict(list)
    for no, (calls, flat) in whole.items():
        usual[no % WEEK_H].append(calls / flat)
    found = set()
    for no, (calls, flat) in whole.items():
        expected = median(usual[no % WEEK_H]) * flat
        far = not expected / STRANGE <= calls <= expected * STRANGE
        if far and abs(calls - expected) > BEYOND_CHANCE * math.sqrt(expected + 1.0):
            found.add(no)
    return frozenset(found)


def _shape(whole: Mapping[int, tuple[int, float]], strange: frozenset[int]) -> list[float]:
    """The level of each hour of the week beside the average one; one that was never heard is like its neighbours."""
    sums = [[0.0, 0.0] for _ in range(WEEK_H)]
    for no, (calls, flat) in whole.items():
        if no not in strange:
            sums[no % WEEK_H][0] += calls
            sums[no % WEEK_H][1] += flat
    known = [calls / flat if flat else math.nan for calls, flat in sums]
    return [_nearest(known, no) if math.isnan(level) else level for no, level in enumerate(known)]


def _nearest(known: Sequence[float], no: int) -> float:
    for far in range(1, WEEK_H):
        for at in (no - far, no + far):
            if not math.isnan(level := known[at % WEEK_H]):
                return level
    return 1.0


def _own(hours: Sequence[Hour], level: float, shape: Sequence[float], strange: frozenset[int]) -> Profile:
    closed = _closed(hours, level, shape)
    kept = [
        hour
        for hour in hours
        if hour.no not in strange
        and hour.no % WEEK_H not in closed
        and _is_usual(hour, level * shape[hour.no % WEEK_H])
    ]
    exposed = sum(shape[hour.no % WEEK_H] * hour.minutes for hour in kept)
    own = sum(hour.calls for hour in kept) / exposed if exposed else level
    calls, minutes = [0] * WEEK_H, [0] * WEEK_H
    for hour in kept:
        calls[hour.no % WEEK_H] += hour.calls
        minutes[hour.no % WEEK_H] += hour.minutes
    rates = (_shrunk(calls[no], minutes[no], max(own * shape[no], 1e-6)) for no in range(WEEK_H))
    shut = sum(hour.minutes for hour in hours if hour.no % WEEK_H in closed)
    return Profile(
        tuple(max(rate * closed.get(no, 1.0), 1e-6) for no, rate in enumerate(rates)),
        (sum(hour.minutes for hour in kept) + shut) / WEEK_MIN,
    )


def _closed(hours: Sequence[Hour], level: float, shape: Sequence[float]) -> dict[int, float]:
    """The hours of the week in which a PSAP forwards its calls, and the share that it still hears. Workdays are judged
    together, for a small PSAP has too few calls in one hour of the week; all weeks first, then the last two."""
    newest = max((hour.no for hour in hours), default=0)
    found: dict[int, float] = {}
    for since in (0, newest - LATELY_H):
        calls: Counter[tuple[int, int]] = Counter()
        due: dict[tuple[int, int], float] = defaultdict(float)
        for hour in hours:
            if hour.no > since:
                calls[_kind_of(hour.no)] += hour.calls
                due[_kind_of(hour.no)] += level * shape[hour.no % WEEK_H] * hour.minutes
        shut = {key: calls[key] / many for key, many in due.items() if many >= CLOSED_DUE}
        found |= {no: share for no in range(WEEK_H) if (share := shut.get(_kind_of(no), 1.0)) <= CLOSED}
    return found


def _kind_of(no: int) -> tuple[int, int]:
    """Workday, Saturday or Sunday, and the hour of the day."""
    return max(no % WEEK_H // 24, 4), no % 24


def _is_usual(hour: Hour, rate: float) -> bool:
    expected = rate * hour.minutes
    if hour.calls == 0:
        return expected < OWN_GAP
    return hour.calls <= OWN_FLOOD * expected + 6.0 * math.sqrt(expected) + 3.0


def _shrunk(calls: int, minutes: int, prior: float) -> float:
    """Gamma prior, Poisson counts: the mean of what is to be believed."""
    return (PRIOR_CALLS + calls) / (PRIOR_CALLS / prior + minutes)


@dataclass(frozen=True, slots=True)
class Seen:
    """An hour of a unit: its calls, and how many were expected."""

    calls: int
    expected: float


def spread(history: History, profiles: Mapping[str, Profile], members: Iterable[str]) -> float:
    """By which share the level of an hour of these PSAPs together differs, beyond chance, from that of the two hours
    before it: the coefficient of variation that is left when the level is followed, as `detector.Watch` does. Of a unit
    that is too small to say, USUAL_SPREAD is believed."""
    hours = _sums(history, profiles, members)
    over, weight = 0.0, 0.0
    for no, seen in hours.items():
        lately = [hours[at] for at in (no - 1, no - 2) if at in hours]
        if len(lately) < 2 or seen.expected <= 0.0:
            continue
        base = FOLLOWED + sum(one.expected for one in lately)
        level = (FOLLOWED + sum(one.calls for one in lately)) / base
        due = seen.expected * level
        excess = (seen.calls - due) ** 2 - due - due * due / base
        over += min(excess, 0.25 * due * due + 9.0 * due)  # one storm must not teach us to expect storms
        weight += due * due
    squared = (over + SPREAD_PRIOR * USUAL_SPREAD**2) / (weight + SPREAD_PRIOR)
    return math.sqrt(max(squared, LEAST_SPREAD**2))


def _sums(history: History, profiles: Mapping[str, Profile], members: Iterable[str]) -> dict[int, Seen]:
    found: dict[int, Seen] = {}
    for code in members:
        if (profile := profiles.get(code)) is None:
            continue
        for hour in history[code]:
            before = found.get(hour.no, Seen(0, 0.0))
            more = profile.rates[hour.no % WEEK_H] * hour.minutes
            found[hour.no] = Seen(before.calls + hour.calls, before.expected + more)
    return found
