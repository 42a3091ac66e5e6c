"""What every part of the fan-out works with: the store, the channels, the keys and the clocks' scales."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from broadcaster.channels import registry
from broadcaster.channels.contract import Channel
from broadcaster.dispatch.window import Window
from broadcaster.settings import Settings
from broadcaster.store import database, senders
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


class Stragglers:
    """Drains whose last outcomes are still on their way, each followed by a thread."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def follow(self, work: Callable[[], None]) -> None:
        """Do the rest of a drain in the background."""
        thread = threading.Thread(target=work, name="stragglers", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def wait(self, seconds: float = 15.0) -> None:
        """Until all of them are recorded, at most `seconds` (a POST lasts at most 10 s)."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))


@dataclass(frozen=True, slots=True)
class Engine:
    """One process's share of the fan-out."""

    sessions: Sessions
    sealer: Sealer
    channels: Mapping[str, Channel]
    window: Window
    secret: str
    scales: Scales = Scales()
    stragglers: Stragglers = field(default_factory=Stragglers)

    def close(self) -> None:
        """Let the last outcomes be recorded, then close the connections."""
        self.stragglers.wait()
        self.window.close()

    def carrier(self, channel: str) -> str:
        """The carrier behind a channel, as receipts and sightings name it."""
        return self.channels[channel].carrier


def build(settings: Settings) -> Engine:
    """The engine of this process: its own connections, its own loop. SettingsError when a secret is missing."""
    channels = registry.build(settings)
    return Engine(
        sessions=database.sessions(database.connect(settings.required("database_url"))),
        sealer=sealer_of(settings),
        channels=channels,
        window=Window(channels, settings.sms_in_flight),
        secret=settings.required("secret_key"),
        scales=Scales(settings.lease, settings.settle, settings.blind),
    )


def sealer_of(settings: Settings) -> Sealer:
    """The keys of the personal fields."""
    return Sealer(settings.field_key_bytes, settings.index_key_bytes, settings.field_key_id)


def register_senders(sessions: Sessions, settings: Settings) -> None:
    """Make the configured senders and their paces known to the limiter in the database; forget the others."""
    with sessions.begin() as session:
        kept = []
        for name, way in registry.WAYS_OUT.items():
            if not way.missing(settings):
                address = way.sender(settings)
                senders.register(session, name, name, address, way.pace(settings))
                kept.append((name, address))
        senders.retire_others(session, kept)
