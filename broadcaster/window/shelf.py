"""What stands published, read from its folder: bytes with a strong ETag, and the alerts for `recent`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadcaster import logs
from broadcaster.feeds.capvalues import CapRefused
from broadcaster.feeds.capxml import parse
from broadcaster.feeds.recent import Held

NAME = re.compile(r"[-_a-zA-Z0-9]+")
SETTLED_S = 2.0
log = logs.get(__name__)


class NothingPublished(LookupError):
    """The folder holds no status yet: nothing has been published."""


class NoSuchFile(LookupError):
    """No published file has that name."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One representation of a file, plain or gzip, with a tag of its own.

    `modified` is None for what is made anew, and for a file of this moment: it may change again within the second that
    Last-Modified can tell (RFC 9110 section 8.8.2.2), so its tag alone speaks.
    """

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
    """The folder of published files, read anew for every request; only documents are kept, until they expire."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._alerts: dict[str, Held] = {}
        self._over: set[str] = set()
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

    def unexpired(self, now: datetime) -> list[Held]:
        """The published CAP documents that have not expired, oldest first; each is read once.

        One that cannot be read is logged and left out: it does not silence the others.
        """
        places = [place for place in (self.root / "cap").glob("*.xml") if NAME.fullmatch(place.stem)]
        found = [self._held(place, now) for place in places if place.stem not in self._over]
        return sorted((held for held in found if held), key=lambda held: held.alert.sent)

    def _held(self, place: Path, now: datetime) -> Held | None:
        held = self._alerts.get(place.stem) or self._parsed(place)
        if held is None or (held.alert.expires is not None and held.alert.expires <= now):
            self._over.add(place.stem)
            self._alerts.pop(place.stem, None)
            return None
        self._alerts[place.stem] = held
        return held

    @staticmethod
    def _parsed(place: Path) -> Held | None:
        data = place.read_bytes()
        try:
            return Held(parse(data), data)
        except CapRefused as refused:
            log.error("document_unreadable", file=place.name, reason=str(refused))
            return None


def _read(place: Path, packed: bool = False) -> Leaf | None:
    """Bytes and time of the same file, even while it is being replaced; None when it is not there."""
    try:
        with place.open("rb") as file:
            changed = os.fstat(file.fileno()).st_mtime
            settled = time.time() - changed > SETTLED_S
            return Leaf(file.read(), datetime.fromtimestamp(int(changed), UTC) if settled else None, packed)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
