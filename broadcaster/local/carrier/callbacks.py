"""Signed webhooks out of the carrier: status callbacks and events, best effort and never retried, over a few kept
connections.

Status callbacks come by the thousand, so they are written as plain HTTP/1.1 on raw streams: several times cheaper
than a general client, and the signed URL goes out byte for byte.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit
from uuid import uuid4

from broadcaster import logs
from broadcaster.local.carrier.faults import Panel

ANSWER_S = 15.0  # Twilio waits this long for an answer
HELD_BACK_S = 1.0
LOG_EACH = 1000  # a receiver that is away fails thousands of callbacks; the log says so once per thousand
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
log = logs.get(__name__)


def signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and the sorted parameters (Twilio, webhook security)."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def without_overrides(url: str) -> str:
    """The URL without its fragment: connection overrides (`#rc=2&rp=all`) are neither sent nor signed."""
    return url.partition("#")[0]


def with_digest(url: str, body: str) -> str:
    """The URL with `bodySHA256`, by which Twilio signs a body that is not a form (webhook security)."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"{url}{'&' if '?' in url else '?'}bodySHA256={digest}"


def is_loopback(url: str) -> bool:
    """Whether a URL is http or https on this machine; a simulator never calls anybody else."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK


@dataclass(frozen=True, slots=True)
class Callback:
    """One POST to make: the URL as it is signed, its body, its signature, its media type."""

    url: str
    body: str
    signed: str
    kind: str = FORM

    def request(self, parts: SplitResult) -> bytes:
        """The bytes of the HTTP/1.1 request."""
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        body = self.body.encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
            f"X-Twilio-Signature: {self.signed}\r\nI-Twilio-Idempotency-Token: {uuid4()}\r\n"
            f"Content-Type: {self.kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class _Line:
    """One worker's connection, kept as long as receiver and answers allow."""

    def __init__(self) -> None:
        self._place: tuple[str, str] = ("", "")
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, callback: Callback) -> int:
        """The HTTP status of the answer; raises OSError, EOFError, ValueError or asyncio.LimitOverrunError."""
        parts = urlsplit(callback.url)
        reader, writer = await self._open(parts)
        writer.write(callback.request(parts))
        status, reusable = await _answer(reader)
        if not reusable:
            self.close()
        return status

    def close(self) -> None:
        """Hang up."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _open(self, parts: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = (parts.scheme, parts.netloc)
        if self._streams and (place != self._place or self._streams[0].at_eof()):
            self.close()
        if self._streams is None:
            tls = parts.scheme == "https"
            port = parts.port or (443 if tls else 80)
            self._streams = await asyncio.open_connection(parts.hostname, port, ssl=tls or None)
            self._place = place
        return self._streams


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Status of an answer and whether the connection can be used again (its body had a known length)."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    length = 0 if status in {204, 304} else -1
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if found:
        length = int(rest.partition(b"\r\n")[0])
    if length > 0:
        await reader.readexactly(length)
    return status, length >= 0 and b"\r\nconnection: close" not in head


class Callbacks:
    """The queue of status callbacks and the workers that post them. `counts` says what became of them."""

    def __init__(self, token: str, panel: Panel, connections: int) -> None:
        self._token, self._panel, self._connections = token, panel, connections
        self._queue: asyncio.Queue[Callback] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        """Start the workers; call it in the loop that serves."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._connections)]

    async def stop(self) -> None:
        """Stop the workers; what waits is not sent."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def waiting(self) -> int:
        """How many callbacks have not been picked up yet."""
        return self._queue.qsize()

    def send(self, url: str, params: Mapping[str, str]) -> None:
        """Queue one signed callback, or lose, hold back or double it as the faults say."""
        address = without_overrides(url)
        self._queue_up(url, lambda: Callback(address, urlencode(params), signature(self._token, address, params)))

    def send_json(self, url: str, document: Any) -> None:
        """The same for a body of JSON."""
        body = json.dumps(document)
        address = with_digest(without_overrides(url), body)
        self._queue_up(url, lambda: Callback(address, body, signature(self._token, address, {}), JSON))

    def _queue_up(self, url: str, make: Callable[[], Callback]) -> None:
        faults, dice = self._panel.faults, self._panel.callbacks
        lost, late, twice = dice.random(), dice.random(), dice.random()
        if not is_loopback(url):
            self.counts["refused_not_loopback"] += 1
        elif lost < faults.share_callbacks_dropped:
            self.counts["dropped"] += 1
        else:
            callback = make()
            seconds = dice.random() * HELD_BACK_S if late < faults.callbacks_reordered else 0.0
            self.counts["held_back"] += bool(seconds)
            self._post_after(callback, seconds)
            if twice < faults.callbacks_duplicated:
                self.counts["duplicated"] += 1
                self._post_after(callback, seconds)

    def _post_after(self, callback: Callback, seconds: float) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._queue.put_nowait, callback)
        else:
            self._queue.put_nowait(callback)

    async def _work(self) -> None:
        line = _Line()
        try:
            while True:
                await self._post(line, await self._queue.get())
        finally:
            line.close()

    async def _post(self, line: _Line, callback: Callback) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                status = await line.post(callback)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            line.close()
            self.counts["failed"] += 1
            if self.counts["failed"] % LOG_EACH == 1:
                log.warning("callbacks fail", failed=self.counts["failed"], url=callback.url, error=repr(error))
            return
        self.counts["answered" if status < 300 else "refused"] += 1
