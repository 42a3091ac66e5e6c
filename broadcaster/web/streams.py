"""Pages that move by themselves: one look a second for everybody who watches the same, and no thread for any of them.

A stream is opened as any page is. Then its connection leaves the server's threads and stays here, where one thread
writes what has changed to all of them (server-sent events). Whoever does not read fast enough is let go: the browser
comes again by itself and says what it heard last.
"""

from __future__ import annotations

import errno
import json
import queue
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from broadcaster import logs

log = logs.get(__name__)
KEEP = "broadcaster.keep"
"""In the WSGI environment: gives the connection of this request to somebody who goes on writing to it."""
EVERY_S = 1.0
MOST = 1000
"""Watchers of a process; whoever comes after them polls."""
LIFE_S = 300.0
"""A stream ends after so long and is opened anew, so that its person is asked for as by any other request."""
REMEMBERED = 120
"""Events that are kept for whoever was away for a moment."""
OPENING = b"retry: 2000\n\n"

Taker = Callable[[socket.socket], object]


class HandedOver(ConnectionResetError):
    """For the server: nothing more of this response comes from its thread, and nothing is wrong."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the connection belongs to the streams now")


class Opening:
    """The body of a response whose connection is then given away: its first bytes, and no end."""

    def __init__(self, keep: Callable[[Taker], object], taker: Taker) -> None:
        self._keep, self._taker, self._said = keep, taker, False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._said:
            self._said = True
            return OPENING
        self._keep(self._taker)
        raise HandedOver


@dataclass(frozen=True, slots=True)
class Shown:
    """A page by its parts that change alone (their attributes and text, by key), the order of its rows, and the shape
    of everything else: where that differs, the page is loaded as a whole."""

    parts: Mapping[str, tuple[Mapping[str, str], str | None]]
    order: tuple[str, ...]
    shape: str

    def since(self, before: Shown) -> Mapping[str, Any] | None:
        """What changed, for the browser; None when it must load the whole."""
        if before.shape != self.shape or before.parts.keys() != self.parts.keys():
            return None
        moved = [[key, *part] for key, part in self.parts.items() if part != before.parts[key]]
        return {"parts": moved, "order": self.order if self.order != before.order else None}


@dataclass(slots=True)
class Watcher:
    """One open stream: its connection, the session that it was opened by, and when it ends."""

    connection: socket.socket
    session: str
    until: float = field(default_factory=lambda: time.monotonic() + LIFE_S)

    def say(self, event: bytes) -> bool:
        """Whether the client took it and is still there."""
        try:
            whole = self.connection.send(b"%x\r\n%b\r\n" % (len(event), event)) >= len(event)
            return whole and self._is_there()
        except OSError:
            return False

    def _is_there(self) -> bool:
        try:
            return self.connection.recv(512, socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True

    def leave(self) -> None:
        """The last chunk of the response, and the end of the connection."""
        try:
            self.connection.send(b"0\r\n\r\n")
        except OSError as error:
            log.debug("stream.gone", error=str(error))
        self.connection.close()


class Topic:
    """What some people watch: how it is looked at, what was shown last, who watches."""

    def __init__(self, look: Callable[[], Shown]) -> None:
        self.look, self.watchers = look, list[Watcher]()
        self._birth, self._no = secrets.token_hex(4), 0
        self._shown: Shown | None = None
        self._said: deque[tuple[str, bytes]] = deque(maxlen=REMEMBERED)

    def join(self, watcher: Watcher, heard: str) -> None:
        """Somebody more, who heard this event last; tell them what they missed, or to load the whole."""
        watcher.connection.setblocking(False)
        ids = [each for each, _ in self._said]
        missed = [event for _, event in list(self._said)[ids.index(heard) + 1 :]] if heard in ids else [self._event()]
        if all(watcher.say(event) for event in missed):
            self.watchers.append(watcher)
        else:
            watcher.leave()

    def move(self) -> None:
        """Look, and tell everybody what has changed since the last look."""
        try:
            now = self.look()
        except Exception:
            log.exception("stream.blind")
            self._tell(b"event: still\ndata: {}\n\n")
            return
        change = now.since(self._shown) if self._shown else None
        self._shown, self._no = now, self._no + 1
        event = self._event(change)
        self._said.append((self._id, event))
        self._tell(event)

    def let_go(self, ended: Collection[str]) -> None:
        """End the streams whose sessions have ended, and those whose time is over."""
        moment = time.monotonic()
        over = [each for each in self.watchers if each.session in ended or each.until < moment]
        self._drop(over)

    @property
    def _id(self) -> str:
        return f"{self._birth}-{self._no}"

    def _event(self, change: Mapping[str, Any] | None = None) -> bytes:
        name, data = ("whole", {}) if change is None else ("moved", change)
        return f"id: {self._id}\nevent: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()

    def _tell(self, event: bytes) -> None:
        self._drop([each for each in self.watchers if not each.say(event)])

    def _drop(self, gone: Collection[Watcher]) -> None:
        for each in gone:
            each.leave()
        self.watchers = [each for each in self.watchers if each not in gone]


class Streams:
    """All topics of a process and the one thread that serves them; it starts with the first watcher."""

    def __init__(self, ended: Callable[[Collection[str]], Collection[str]], every: float = EVERY_S) -> None:
        """`ended` says which of these sessions are over; it is asked once a round."""
        self._ended, self._every = ended, every
        self._arrivals = queue.SimpleQueue[tuple[object, Callable[[], Shown], Watcher, str]]()
        self._topics: dict[object, Topic] = {}
        self._lock, self._thread = threading.Lock(), threading.Thread(target=self._serve, name="streams", daemon=True)

    def __len__(self) -> int:
        return self._arrivals.qsize() + sum(len(topic.watchers) for topic in self._topics.values())

    def join(self, name: object, look: Callable[[], Shown], watcher: Watcher, heard: str) -> None:
        """Take over a connection: it watches the topic of this name from the next round on. Returns at once, whatever
        the database does."""
        self._arrivals.put((name, look, watcher, heard))
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def _serve(self) -> None:
        while True:
            time.sleep(self._every)
            self.round()

    def round(self) -> None:
        """One look at everything that somebody watches."""
        topics = {name: topic for name, topic in self._topics.items() if topic.watchers}
        for _ in range(self._arrivals.qsize()):
            name, look, watcher, heard = self._arrivals.get()
            topics.setdefault(name, Topic(look)).join(watcher, heard)
        self._topics = topics
        sessions = {each.session for topic in self._topics.values() for each in topic.watchers}
        ended = self._over(sessions) if sessions else ()
        for topic in self._topics.values():
            topic.let_go(ended)
            topic.move()

    def _over(self, sessions: Collection[str]) -> Collection[str]:
        try:
            return self._ended(sessions)
        except Exception:
            log.exception("stream.sessions_unknown")
            return ()
