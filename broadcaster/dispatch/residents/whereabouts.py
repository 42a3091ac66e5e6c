"""Which community lies at a point: the shapes and boundaries, read together and kept for a moment, never the points."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from broadcaster.directory import Directory, UnknownCommunity
from broadcaster.directory.boundaries import Areas
from broadcaster.directory.here import Asked, BadPlace, look
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load, town_shapes

KEPT_S = 30.0
"""So long what was read is good: an import is seen within this time."""


@dataclass
class Whereabouts:
    """Shared by the threads of a process."""

    sessions: Sessions
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[Directory, Areas] | None = None
    _read_at: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether any boundary or shape was imported."""
        return bool(self._read()[1])

    def codes(self, point: str) -> list[str]:
        """The communities at ``latitude, longitude`` (degrees, WGS 84); none where nothing is, or for no point."""
        directory, areas = self._read()
        try:
            return [one.community.code for one in look(directory, areas, Asked(point=point))]
        except (BadPlace, UnknownCommunity):
            return []

    def _read(self) -> tuple[Directory, Areas]:
        with self._lock:
            if self._kept is None or time.monotonic() - self._read_at > KEPT_S:
                with self.sessions() as session:
                    areas = town_shapes.areas(session)
                    plain = directory_load.load(session, agencies=False)
                self._kept, self._read_at = (plain, areas), time.monotonic()
            return self._kept
