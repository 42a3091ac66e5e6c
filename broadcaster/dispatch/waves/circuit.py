"""When a carrier is given up for a while: judged by this process's last seconds, kept in the database for all.

A hard outage is seen within seconds; a sender of three texts a second needs fewer witnesses than one of a thousand.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

OVER_S = 5.0
MANY, FEW = 20, 5
"""Twenty failures among mostly failures, or five where nothing else was heard, within five seconds."""


@dataclass
class Circuit:
    """The last seconds of one sender, in outcomes that blame the carrier and others."""

    heard: deque[tuple[float, int, int]] = field(default_factory=deque)

    def judge(self, now: float, failed: int, came: int) -> bool:
        """Note outcomes at a monotonic second; whether the carrier is to be given up."""
        self.heard.append((now, failed, came))
        while self.heard[0][0] < now - OVER_S:
            self.heard.popleft()
        failures = sum(part[1] for part in self.heard)
        others = sum(part[2] for part in self.heard)
        return failed > 0 and ((failures >= MANY and failures > others) or (failures >= FEW and others == 0))

    def forget(self) -> None:
        """A new beginning: what was before an opened circuit says nothing about the time after it."""
        self.heard.clear()


@dataclass
class Circuits:
    """The circuits of every sender that this process has used."""

    senders: defaultdict[int, Circuit] = field(default_factory=lambda: defaultdict(Circuit))

    def judge(self, now: float, outcomes: Iterable[tuple[int, bool]]) -> list[int]:
        """Note (sender, blames the carrier) of some outcomes; returns the senders to be given up."""
        counts: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        for sender, blames in outcomes:
            counts[sender][not blames] += 1
        given_up = [
            sender for sender, (failed, came) in counts.items() if self.senders[sender].judge(now, failed, came)
        ]
        for sender in given_up:
            self.senders[sender].forget()
        return given_up
