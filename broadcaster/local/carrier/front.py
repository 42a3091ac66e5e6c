"""The front of an account: its credentials, its throttles, and what befalls the answer to a POST.

One front serves every API of the account, because concurrency and rates are limited by account.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from aiohttp import web

from broadcaster.local.carrier.errors import Refusal, refusal
from broadcaster.local.carrier.faults import ACCEPTING
from broadcaster.local.carrier.switch import Switch

JSON = "application/json;charset=utf-8"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with zero seconds: the kernel answers with RST instead of FIN
THROTTLES = frozenset({"429", "mps_cap", "concurrency"})
HANGS = frozenset({"accept_then_hang", "hang_refused"})


class Answer(NamedTuple):
    """Status, body and extra headers of an answer to a POST."""

    status: int
    body: bytes
    headers: Mapping[str, str]


NO_ANSWER = Answer(0, b"", {})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Post(Protocol):
    """One POST that asks for texts, as its API reads it."""

    def refusal(self) -> Refusal | None:
        """Why it cannot be taken, or None."""

    def refuse(self, refused: Refusal | None, fault: str) -> None:
        """Record that it was not accepted; no refusal means that it is never answered."""

    def accept(self, fault: str) -> Answer:
        """Record that it was accepted; the answer as of this moment, whatever the client will see of it."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A POST for which test credentials are good for nothing; here they are for texts alone."""

    post: Post

    def refusal(self) -> Refusal | None:
        """20008, whatever it asks for."""
        return refusal(20008)

    def refuse(self, refused: Refusal | None, fault: str) -> None:
        """Record it as not accepted."""
        self.post.refuse(refused, fault)

    def accept(self, fault: str) -> Answer:
        """It never is."""
        return Answer(403, refusal(20008).body(), {})


class Front:
    """What every handler stands behind. Everything else than a POST that texts costs nothing and is never throttled."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._account = switch.config.account_sid
        config = switch.config
        self._authorizations = {self._account: _basic(self._account, config.auth_token)}
        if config.test_sid:
            self._authorizations[config.test_sid] = _basic(config.test_sid, config.test_token)
        self._in_flight = 0

    async def answer(
        self, request: web.Request, read: Callable[[bytes], Post], trial: Callable[[bytes], Post] | None = None
    ) -> web.StreamResponse:  # fmt: skip
        """A POST is read, judged, recorded, and only then answered: late, wrongly or not at all. With test credentials
        `trial` reads it, where they are good for anything there."""
        began = time.perf_counter()
        self._in_flight += 1
        try:
            reader = read if not self._is_trial(request) else trial or (lambda raw: Forbidden(read(raw)))
            answer, fault = self._judge(request, reader(await request.read()))
            if seconds := self._switch.panel.pause():
                await asyncio.sleep(seconds)
            if fault in HANGS:
                return await self._hang(request)
            if fault == "accept_then_reset":
                return hang_up(request, reset=True)
            return self._reply(answer, began)
        finally:
            self._in_flight -= 1

    def known(self, handler: Handler) -> Handler:
        """A handler behind the credentials and behind `listing_down`."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._authorised(request):
                return refused(refusal(20003))
            if self._is_trial(request):
                return refused(refusal(20008))
            if (
                self._switch.panel.faults.listing_down
                and request.method == "GET"
                and ("/Messages" in request.path or "/Calls" in request.path)
            ):
                return refused(refusal(20503))
            return await handler(request)

        return guarded

    def _judge(self, request: web.Request, post: Post) -> tuple[Answer, str]:
        """Accept or refuse a POST, and record it. Returns what to answer, and the fault that befalls the answer."""
        if not self._authorised(request):
            return _refuse(post, refusal(20003), ""), ""
        fault = self._throttle() or self._switch.panel.draw()
        if fault not in ACCEPTING:
            return _refuse(post, self._injected(fault), fault), fault
        if found := post.refusal():
            return _refuse(post, found, ""), ""
        return _damaged(post.accept(fault), fault), fault

    def _reply(self, answer: Answer, began: float) -> web.Response:
        headers = {
            "Content-Type": JSON,
            "Twilio-Concurrent-Requests": str(self._in_flight),
            "Twilio-Request-Duration": f"{time.perf_counter() - began:.3f}",
            **answer.headers,
        }
        return web.Response(body=answer.body, status=answer.status, headers=headers)

    def _throttle(self) -> str:
        panel = self._switch.panel
        most = panel.faults.max_concurrent
        if most and self._in_flight > most:
            return "concurrency"
        return "mps_cap" if panel.over_cap(self._switch.clock()) else ""

    def _injected(self, fault: str) -> Refusal | None:
        panel = self._switch.panel
        if fault in THROTTLES:
            return refusal(20429, headers={"Retry-After": f"{panel.faults.retry_after:g}"})
        if fault == "5xx_refused":
            return refusal(20500 if panel.even() else 20503)
        return None

    def _authorised(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        account = request.match_info.get("account", self._account)
        wanted = self._authorizations.get(account)
        return wanted is not None and hmac.compare_digest(given, wanted)

    def _is_trial(self, request: web.Request) -> bool:
        return request.match_info.get("account", self._account) != self._account

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        """Hold the connection without a word, until it is held long enough or the carrier stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._switch.panel.faults.hang_s):
                await self._switch.closing.wait()
        return hang_up(request, reset=False)


def _basic(account: str, token: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{account}:{token}".encode())


def seen(fault: str, made: int) -> tuple[int, int]:
    """HTTP status and code that the client of an accepted POST sees; `made` is a success, 0 means that it sees none."""
    if fault in {"accept_then_hang", "accept_then_reset"}:
        return 0, 0
    return (500, 20500) if fault == "5xx_accepted" else (made, 0)


def refused(found: Refusal) -> web.Response:
    """The answer that a refusal is."""
    return web.Response(body=found.body(), status=found.status, headers={"Content-Type": JSON, **found.headers})


def hang_up(request: web.Request, reset: bool) -> web.StreamResponse:
    """Close the connection without an answer, by RST or by FIN."""
    transport: Any = request.transport
    if transport is not None:
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()
    return web.Response()


def _refuse(post: Post, found: Refusal | None, fault: str) -> Answer:
    post.refuse(found, fault)
    return Answer(found.status, found.body(), found.headers) if found else NO_ANSWER


def _damaged(answer: Answer, fault: str) -> Answer:
    """What is left of the answer to an accepted POST; half a document comes without the headers of its API."""
    if fault == "5xx_accepted":
        return Answer(500, refusal(20500).body(), {})
    if fault == "bad_json":
        return Answer(answer.status, answer.body[: len(answer.body) // 2], {})
    return answer
