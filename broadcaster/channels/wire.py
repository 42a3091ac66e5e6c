"""One kept HTTP/1.1 connection: one request at a time, one answer, a deadline that holds, nothing sent twice.

Hand-written on httptools' parser, because this is the path of every text: at 60 ms an answer a library does as well,
at the carrier's best it costs more than everything else together (performance.md, first table).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httptools

from broadcaster.channels.errors import Ambiguous, SendError

LONGEST_ANSWER = 32 * 1024 * 1024
"""Bytes: a listing page of 1,000 messages of ten segments each is far below this."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, text, and headers by their lower-case names."""

    status: int
    text: str
    headers: Mapping[str, str]


class Connection(asyncio.Protocol):
    """An open connection; whoever asks it something has it alone until the answer is there.

    `idle_since` is the loop's second at which it last had nothing to do.
    """

    __slots__ = (
        "_asked",
        "_body",
        "_headers",
        "_length",
        "_longest",
        "_loop",
        "_parser",
        "idle_since",
        "transport",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, longest: int = 0) -> None:
        self._loop, self._longest = loop, longest
        self._parser = httptools.HttpResponseParser(self)
        self._asked: tuple[asyncio.Future[Reply], asyncio.TimerHandle] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._length = 0
        self.idle_since = loop.time()
        self.transport: asyncio.Transport

    @property
    def is_open(self) -> bool:
        """Whether a request can be written now."""
        return not self.transport.is_closing()

    def ask(self, request: bytes, within: float) -> asyncio.Future[Reply]:
        """Write a request; its answer, or `Ambiguous` when it does not come whole within so many seconds."""
        waiting: asyncio.Future[Reply] = self._loop.create_future()
        self._asked = waiting, self._loop.call_later(within, self._too_late)
        self.transport.write(request)
        return waiting

    def close(self) -> None:
        """Hang up at once; a question that is still open stays `Ambiguous`."""
        self.transport.abort()

    # what the loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer; bytes that nobody asked for end the connection."""
        if self._asked is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(Ambiguous("unreadable_answer"))

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has gone: what it made of an open question, nobody knows."""
        self._fail(Ambiguous("connection_lost"))

    # what the parser says

    def on_message_begin(self) -> None:
        """An answer begins."""
        self._headers, self._body, self._length = [], [], 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer."""
        self._headers.append((name, value))

    def on_body(self, part: bytes) -> None:
        """A part of the answer; one that never ends is cut off."""
        self._body.append(part)
        self._length += len(part)
        if self._length > (self._longest or LONGEST_ANSWER):
            self._fail(Ambiguous("answer_too_long"))

    def on_message_complete(self) -> None:
        """The answer is whole; "100 Continue" and its like are none."""
        status = self._parser.get_status_code()
        if status < 200:
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._headers}
        reply = Reply(status, b"".join(self._body).decode("utf-8", "replace"), headers)
        waiting = self._answered()
        if not self._parser.should_keep_alive():
            self.close()
        if waiting is not None:
            waiting.set_result(reply)

    def _too_late(self) -> None:
        self._fail(Ambiguous("timeout"))

    def _answered(self) -> asyncio.Future[Reply] | None:
        """The question is over; returns who still waits for the answer, if anybody does."""
        if self._asked is None:
            return None
        (waiting, deadline), self._asked = self._asked, None
        deadline.cancel()
        self.idle_since = self._loop.time()
        return None if waiting.done() else waiting

    def _fail(self, error: SendError) -> None:
        self.close()
        if waiting := self._answered():
            waiting.set_exception(error)
