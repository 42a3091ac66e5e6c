"""What speaks for an outage beside the counts: equipment that fell silent, and people at a PSAP who say so.

Each is worth its log-likelihood ratio, in nats, and no more than it can be worth: the network that carries heartbeats
fails by itself too, and so all of them together never suffice without a gap in the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BEATS_MISSED = 3.0
"""Intervals without a heartbeat after which the equipment counts as silent."""
BEATS_NATS = 6.0
"""Such silence is about 400 times as likely when calls cannot get through."""
REPORT_NATS = 5.0
MOST_REPORTS = 2
"""Further reports may be of those who heard of the first."""
REPORT_LIFE_MIN = 30.0


@dataclass(frozen=True, slots=True)
class Beat:
    """The equipment of a PSAP: minutes since its last heartbeat, and between two of them."""

    age: float
    every: float

    @property
    def is_overdue(self) -> bool:
        """Whether it has fallen silent."""
        return self.age > BEATS_MISSED * self.every


@dataclass(frozen=True, slots=True)
class Report:
    """A PSAP said that 911 is in trouble, so many minutes ago."""

    psap: str
    age: float


def beside(
    psaps: Iterable[str], weights: Mapping[str, float], beats: Mapping[str, Beat], reports: Iterable[Report]
) -> dict[str, float]:
    """Nats for one unit by name. Heartbeats count by the share of the unit's calls whose equipment fell silent, of
    those whose equipment was ever heard."""
    members = set(psaps)
    found = {}
    heard = {code: beats[code] for code in members if code in beats}
    whole = sum(weights.get(code, 0.0) for code in members)
    silent = sum(weights.get(code, 0.0) for code, beat in heard.items() if beat.is_overdue)
    if silent:
        found["heartbeats"] = BEATS_NATS * silent / whole
    who = {one.psap for one in reports if one.psap in members and one.age <= REPORT_LIFE_MIN}
    if who:
        found["reports"] = REPORT_NATS * min(len(who), MOST_REPORTS)
    return found
