"""How many requests a carrier stands at once: learned from its 429s, per process, and never below a few.

Twilio refuses what exceeds the account's concurrency (20429) and has processed nothing of it: then exactly the share
that was refused is too much. Single refusals change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

FEWEST = 4
JUDGED = 50
"""Answers after which the share of refusals is judged."""
TOLERATED = 0.05
PAUSING = 0.5
"""Above this share the carrier's own wait is obeyed by everybody, not only by the refused."""
STEP = 0.05


@dataclass
class Pressure:
    """The number of places in flight at one carrier: `most` as configured, `places` as it stands it now."""

    most: int
    answers: int = 0
    refused: int = 0
    wait: float = 0.0

    def __post_init__(self) -> None:
        self.places = self.most

    def heard(self, throttled: bool, wait: float | None = None) -> float:
        """Count an answer; returns for how many seconds nothing may start (0 as a rule)."""
        self.answers += 1
        if throttled:
            self.refused += 1
            self.wait = max(self.wait, wait or 0.0)
        if self.answers < min(JUDGED, 2 * self.places):
            return 0.0
        share, wait = self.refused / self.answers, self.wait
        self.answers, self.refused, self.wait = 0, 0, 0.0
        if share <= TOLERATED:
            self.places = min(self.most, self.places + max(1, round(self.most * STEP)))
            return 0.0
        self.places = max(min(FEWEST, self.most), round(self.places * (1 - share)))
        return wait if share >= PAUSING else 0.0
