"""What stands published, read from its folder: bytes with a strong ETag, and the alerts for `recent`."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadcaster import logs
from broadcaster.feeds.capvalues import Alert, CapRefused
from broadcaster.feeds.capxml import parse

NAME = re.compile(r"[-_a-zA-Z0-9]+")
log = logs.get(__name__)


class NothingPublished(LookupError):
    """The folder holds no status yet: nothing has been published."""


class NoSuchFile(LookupError):
    """No published file has that name."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One representation of a file, plain or gzip, with a tag of its own; `modified` is None for what is made anew."""

    data: bytes
    modified: datetime | None
    packed: bool = False

    @property
    def etag(self) -> str:
        """The SHA-256 of the bytes as sent, so that equal bytes have equal tags on every server."""
        return hashlib.sha256(self.data).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Pulse:
    """The published status: when the writer last wrote, and everything it said."""

    as_of: datetime
    timezone: str
    stale_after: float
    whole: dict[str, Any]

    def is_stale(self, now: datetime) -> bool:
        """Whether the writer has been silent for longer than a minute."""
        return (now - self.as_of).total_seconds() > self.stale_after


class Shelf:
    """The folder of published files. It is read anew for every request; only immutable documents are kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._alerts: dict[str, tuple[Alert | None, bytes]] = {}
        self._table: tuple[str, dict[str, Any]] = "", {}

    def pulse(self) -> Pulse:
        """The published status; NothingPublished while there is none."""
        leaf = _read(self.root / "status.json")
        if not leaf:
            raise NothingPublished("status.json")
        whole = json.loads(leaf.data)
        as_of = datetime.fromisoformat(whole["as_of"])
        return Pulse(as_of, whole["timezone"], float(whole["stale_after_seconds"]), whole)

    def leaf(self, name: str, packed: bool = False) -> Leaf:
        """A file by a path that is ours; NoSuchFile when it is not there. Its gzip variant when wanted and there."""
        place = self.root / name
        if packed and (found := _read(place.with_name(f"{place.name}.gz"), packed=True)):
            return found
        if found := _read(place):
            return found
        raise NoSuchFile(name)

    def named(self, folder: str, name: str, suffix: str, packed: bool = False) -> Leaf:
        """A file by a name from outside: letters, digits, ``-`` and ``_`` only, so that it cannot leave its folder."""
        if not NAME.fullmatch(name):
            raise NoSuchFile(name)
        return self.leaf(f"{folder}/{name}{suffix}", packed)

    def table(self) -> dict[str, Any]:
        """The lookup table, read again when its file changed; NothingPublished while there is none."""
        leaf = _read(self.root / "lookup.json")
        if not leaf:
            raise NothingPublished("lookup.json")
        if self._table[0] != leaf.etag:
            self._table = leaf.etag, json.loads(leaf.data)
        return self._table[1]

    def alerts(self) -> list[tuple[Alert, bytes]]:
        """Every published CAP document with its value, oldest first; one that cannot be read is logged and left out."""
        places = [place for place in (self.root / "cap").glob("*.xml") if NAME.fullmatch(place.stem)]
        pairs = [self._alert(place) for place in places]
        return sorted(((alert, data) for alert, data in pairs if alert), key=lambda pair: pair[0].sent)

    def _alert(self, place: Path) -> tuple[Alert | None, bytes]:
        if place.stem not in self._alerts:
            data = place.read_bytes()
            try:
                self._alerts[place.stem] = parse(data), data
            except CapRefused as refused:
                log.error("document unreadable", file=place.name, reason=str(refused))
                self._alerts[place.stem] = None, data
        return self._alerts[place.stem]


def _read(place: Path, packed: bool = False) -> Leaf | None:
    """Bytes and time of the same file, even while it is being replaced; None when it is not there."""
    try:
        with place.open("rb") as file:
            changed = os.fstat(file.fileno()).st_mtime
            return Leaf(file.read(), datetime.fromtimestamp(int(changed), UTC), packed)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
