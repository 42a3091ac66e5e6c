"""What is judged together: the state, pools of neighbours, each PSAP; and how often each may be wrong in a year.

The false proposals of a year are shared out before anything is heard, so that their sum holds whatever is judged (a
weighted Bonferroni correction): one for the state, as many for one pool as for the next, and among PSAPs by calls, for
a large one is worth an error sooner, and a small one has its pool.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SMALLEST_POOL = 240.0
"""Calls a day below which a county is pooled with the nearest one."""


class Kind(StrEnum):
    """How much is judged together."""

    STATE = "state"
    POOL = "pool"
    PSAP = "psap"


YEARLY = {Kind.STATE: 1.0, Kind.POOL: 6.0, Kind.PSAP: 4.0}
"""False proposals a year of each family, at most."""
LEAST_SHARE = 1e-4
WIDTH = {Kind.PSAP: 0, Kind.POOL: 1, Kind.STATE: 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A PSAP: its county (FIPS), and its calls of an average day."""

    county: str
    daily: float


@dataclass(frozen=True, slots=True)
class Unit:
    """Several PSAPs that are judged as one; `yearly` is how often it may be wrong in a year."""

    key: str
    kind: Kind
    psaps: tuple[str, ...]
    yearly: float

    def holds(self, other: Unit) -> bool:
        """Whether another unit is a part of this one, or the same."""
        return set(other.psaps) <= set(self.psaps)


Centres = Mapping[str, tuple[float, float]]
"""Where a county lies, by FIPS: longitude and latitude in degrees."""


def units(places: Mapping[str, Place], centres: Centres | None = None) -> tuple[Unit, ...]:
    """The state first, then the pools, then every PSAP. A pool of one is no pool, nor is one that is the state."""
    if not places:
        return ()
    whole = tuple(sorted(places))
    pools = [group for group in _pools(places, centres or {}) if 1 < len(group) < len(whole)]
    total = sum(place.daily for place in places.values()) or 1.0

    def share(code: str) -> float:
        return YEARLY[Kind.PSAP] * max(places[code].daily / total, LEAST_SHARE)

    return (
        Unit(Kind.STATE.value, Kind.STATE, whole, YEARLY[Kind.STATE]),
        *(
            Unit(f"pool:{'+'.join(_counties(group, places))}", Kind.POOL, group, YEARLY[Kind.POOL] / len(pools))
            for group in pools
        ),
        *(Unit(f"psap:{code}", Kind.PSAP, (code,), share(code)) for code in whole),
    )


def _counties(group: tuple[str, ...], places: Mapping[str, Place]) -> list[str]:
    return sorted({places[code].county for code in group})


def _pools(places: Mapping[str, Place], centres: Centres) -> list[tuple[str, ...]]:
    """The PSAPs of a county; one with few calls joins the nearest, the smallest first, until none is too small."""
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    for code, place in sorted(places.items()):
        groups[frozenset((place.county,))].append(code)

    def daily(counties: frozenset[str]) -> float:
        return sum(places[code].daily for code in groups[counties])

    while True:
        small = sorted((one for one in groups if daily(one) < SMALLEST_POOL), key=lambda one: (daily(one), sorted(one)))
        joined = next(((one, other) for one in small if (other := _nearest(one, groups, centres))), None)
        if joined is None:
            return [tuple(sorted(group)) for _, group in sorted(groups.items(), key=lambda pair: sorted(pair[0]))]
        one, other = joined
        groups[one | other] = groups.pop(one) + groups.pop(other)


def _nearest(
    one: frozenset[str], groups: Mapping[frozenset[str], list[str]], centres: Centres
) -> frozenset[str] | None:
    """The group with the county nearest to one of ours; None where nobody knows where they lie."""
    far = [
        (_apart(centres[here], centres[there]), sorted(other), other)
        for other in groups
        if other != one
        for here in one
        for there in other
        if here in centres and there in centres
    ]
    return min(far)[2] if far else None


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """In degrees of latitude, squared; at 42 degrees north a degree of longitude is three quarters of one."""
    return (0.75 * (one[0] - other[0])) ** 2 + (one[1] - other[1]) ** 2
