"""The word to the hub that a feed has changed: after the files stand, in a thread of its own, until it was taken."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from broadcaster import logs
from broadcaster.channels.errors import SendError
from broadcaster.channels.http import Door, DoorClosed
from broadcaster.channels.websub import Hub
from broadcaster.dispatch.waves.window import Window
from broadcaster.feeds import atom
from broadcaster.settings import Mode, Settings

log = logs.get(__name__)
TOPICS = (atom.ATOM_INDEX, atom.RSS_INDEX)
WITHIN_S = 12.0
"""A request ends after 10 s by itself."""
LONGEST_PAUSE_S = 60.0


@dataclass
class Announcer:
    """Looks at the published indexes, and tells the hub of those it has not told in this form.

    What was told is not kept over a restart: a hub that hears the same twice only reads the feed once more.
    """

    hub: Hub
    window: Window
    base: str
    root: Path
    clock: Callable[[], float] = time.monotonic
    _told: dict[str, str] = field(default_factory=dict)
    _failed: int = 0
    _not_before: float = 0.0

    @classmethod
    def of(cls, settings: Settings, window: Window) -> Announcer:
        """The announcer to the hub of the settings."""
        hub = Hub(settings.websub_hub, Door(live=settings.mode is Mode.LIVE))
        return cls(hub, window, settings.public_base_url, settings.published)

    def look(self) -> list[str]:
        """Tell what is new; returns the feeds that the hub has taken. After a failure it waits, longer each time."""
        if self.clock() < self._not_before:
            return []
        return [topic for path in TOPICS if (topic := self._tell(path))]

    def close(self) -> None:
        """Close the connection to the hub, before the window's loop ends."""
        self.window.run(self.hub.close(), 5.0)

    def _tell(self, path: str) -> str:
        place = self.root / path
        mark = hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else ""
        if not mark or self._told.get(path) == mark:
            return ""
        topic = f"{self.base}/{path}"
        try:
            self.window.run(self.hub.tell(topic), WITHIN_S)
        except (SendError, DoorClosed, TimeoutError) as error:
            self._failed += 1
            self._not_before = self.clock() + min(2.0**self._failed, LONGEST_PAUSE_S)
            log.warning("hub_not_told", topic=topic, tries=self._failed, reason=str(error) or type(error).__name__)
            return ""
        self._told[path], self._failed = mark, 0
        log.info("hub_told", topic=topic)
        return topic
