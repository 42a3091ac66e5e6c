"""Again and when: a pure decision in seconds with jitter, bounded by the alert's expiry at the claim."""

from __future__ import annotations

from random import Random

FIRST_S = 0.5
FACTOR = 2.0
LONGEST_S = 20.0
MOST_DOUBLINGS = 10
LONGEST_ASKED_S = 14_400.0
"""No alert lives longer than four hours: a carrier that asks for more is not waited for."""


def pause(tries: int, asked_for: float | None, dice: Random) -> float:
    """Seconds to wait before attempt `tries` + 1; the carrier's own wait is honoured and never shortened."""
    if asked_for is not None:
        return min(asked_for, LONGEST_ASKED_S) + dice.uniform(0.0, FIRST_S)
    longest = min(LONGEST_S, FIRST_S * FACTOR ** min(MOST_DOUBLINGS, max(0, tries - 1)))
    return dice.uniform(longest / 2, longest)
