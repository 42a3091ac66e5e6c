"""Who was reached, in four groups that never overlap: the board, the map and the report all count by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from broadcaster.alert.delivery import State
from broadcaster.said import Said, joined, pattern

REACHED, ACCEPTED, UNKNOWN, NOT_REACHED = "reached", "accepted", "unknown", "not-reached"
WORDS: Mapping[str, str] = {
    REACHED: Said("Reached: most phones reported delivery"),
    ACCEPTED: Said("Accepted: the carrier has most of them, no word from the phones"),
    UNKNOWN: Said("Unknown: the carrier is being asked about most of them"),
    NOT_REACHED: Said("Not reached: no carrier has accepted most of them"),
}
"""What each group says of a place, the best first; among equals the worst is shown."""

COUNTED: Mapping[str, str] = {
    REACHED: pattern("%(number)s reached"),
    ACCEPTED: pattern("%(number)s accepted"),
    UNKNOWN: pattern("%(number)s unknown"),
    NOT_REACHED: pattern("%(number)s not reached"),
}


def groups(counts: Mapping[str, int], handsets: Mapping[str, int], planned: int) -> Counter[str]:
    """The people of one place who did not say STOP, each in exactly one of the four groups."""
    accepted, unknown = counts.get(State.ACCEPTED, 0), counts.get(State.UNKNOWN, 0)
    delivered = handsets.get("delivered", 0)
    return Counter(
        {
            REACHED: delivered,
            ACCEPTED: accepted - delivered,
            UNKNOWN: unknown,
            NOT_REACHED: planned - accepted - counts.get(State.SUPPRESSED, 0) - unknown,
        }
    )


@dataclass(frozen=True, slots=True)
class CountyCount:
    """The people of one county who did not say STOP, each in exactly one of the four groups."""

    fips: str
    name: str
    people: Mapping[str, int]

    @property
    def total(self) -> int:
        """All four."""
        return sum(self.people.values())

    @property
    def tone(self) -> str:
        """The largest group."""
        return max(list(WORDS)[::-1], key=lambda group: self.people.get(group, 0))

    @property
    def sentence(self) -> str:
        """``Essex County: 12 of 14 reached, 2 not reached``; only what is not 0."""
        said = [Said(COUNTED[group], number=f"{number:,}") for group in WORDS if (number := self.people.get(group, 0))]
        return Said(
            "%(county)s: %(groups)s, of %(total)s", county=self.name, groups=joined(", ", said), total=f"{self.total:,}"
        )
