"""What every part of the fan-out works with: the store, the channels, the keys and the clocks' scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from broadcaster.channels.contract import Channel
from broadcaster.dispatch.window import Window
from broadcaster.store.database import Sessions
from broadcaster.store.sealed import Sealer

QUEUES: Mapping[str, tuple[str, ...]] = {"urgent": ("feed", "email"), "sms": ("sms",)}
"""Which channels each sending queue serves, the first one first."""


@dataclass(frozen=True, slots=True)
class Scales:
    """The three times of the algorithm in seconds (reliability.md 2.2); tests scale them down together."""

    lease: float = 30.0
    settle: float = 60.0
    blind: float = 120.0


@dataclass(frozen=True, slots=True)
class Engine:
    """One process's share of the fan-out."""

    sessions: Sessions
    sealer: Sealer
    channels: Mapping[str, Channel]
    window: Window
    secret: str
    scales: Scales = Scales()

    def carrier(self, channel: str) -> str:
        """The carrier behind a channel, as receipts and sightings name it."""
        return self.channels[channel].carrier
