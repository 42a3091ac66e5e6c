"""Again and when: a pure decision in seconds with jitter, bounded by the alert's expiry at the claim."""

from __future__ import annotations

from random import Random

FIRST_S = 0.5
FACTOR = 2.0
LONGEST_S = 20.0


def pause(tries: int, asked_for: float | None, dice: Random) -> float:
    """Seconds to wait before attempt `tries` + 1; the carrier's own wait is honoured and never shortened."""
    if asked_for is not None:
        return asked_for + dice.uniform(0.0, FIRST_S)
    longest = min(LONGEST_S, FIRST_S * FACTOR ** max(0, tries - 1))
    return dice.uniform(longest / 2, longest)
