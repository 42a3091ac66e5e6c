"""The part of Twilio's REST API that sends, lists, fetches and cancels messages, with its faults."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from aiohttp import web

from broadcaster.local.carrier.errors import Refusal, refusal
from broadcaster.local.carrier.faults import ACCEPTING
from broadcaster.local.carrier.records import Message
from broadcaster.local.carrier.resource import VERSION, as_account, as_message, as_page, listing
from broadcaster.local.carrier.rules import refusal_of
from broadcaster.local.carrier.switch import Switch

JSON = "application/json;charset=utf-8"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with zero seconds: the kernel answers with RST instead of FIN
THROTTLES = frozenset({"429", "mps_cap", "concurrency"})


class Answer(NamedTuple):
    """Status, body and extra headers of an answer to a POST."""

    status: int
    body: bytes
    headers: Mapping[str, str]


NO_ANSWER = Answer(0, b"", {})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def read_form(raw: bytes) -> dict[str, str]:
    """A form-encoded body; of a repeated field the last value counts."""
    pairs = (pair.partition("=") for pair in raw.decode("utf-8", "replace").split("&"))
    return {_plain(name): _plain(value) for name, _, value in pairs if name}


class Api:
    """Handlers of one account. Everything else than a POST to Messages costs nothing and is never throttled."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._account = switch.config.account_sid
        pair = f"{self._account}:{switch.config.auth_token}".encode()
        self._authorization = b"Basic " + base64.b64encode(pair)
        self._in_flight = 0

    def routes(self) -> list[web.RouteDef]:
        """The paths of this API; `{account}` is checked together with the credentials."""
        base = f"/{VERSION}/Accounts/{{account}}"
        return [
            web.post(f"{base}/Messages.json", self.create),
            web.get(f"{base}/Messages.json", self._known(self.index), allow_head=False),
            web.get(f"{base}/Messages/{{sid}}.json", self._known(self.fetch), allow_head=False),
            web.post(f"{base}/Messages/{{sid}}.json", self._known(self.update)),
            web.get(f"{base}.json", self._known(self.account), allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages: judged, recorded, and only then answered, late, wrongly or not at all."""
        began = time.perf_counter()
        self._in_flight += 1
        try:
            form = read_form(await request.read())
            answer, fault = self._judge(request, form)
            if seconds := self._switch.panel.pause():
                await asyncio.sleep(seconds)
            if fault in {"accept_then_hang", "hang_refused"}:
                return await self._hang(request)
            if fault == "accept_then_reset":
                return _hang_up(request, reset=True)
            return self._reply(answer, began)
        finally:
            self._in_flight -= 1

    async def index(self, request: web.Request) -> web.StreamResponse:
        """GET Messages: filtered, paged, newest first, and behind the truth by the listing's lag."""
        switch, query = self._switch, request.query
        try:
            asked = listing(query)
        except ValueError as error:
            return _refused(refusal(20001, f"Invalid query: {error}"))
        found = asked.page(switch.ledger, switch.clock() - switch.panel.faults.listing_lag_s)
        return web.Response(body=as_page(self._account, query, asked, found), headers={"Content-Type": JSON})

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET one message; it is there at once, only the listing lags."""
        message = self._switch.ledger.by_sid.get(request.match_info["sid"])
        return self._document(message) if message else _refused(refusal(20404, request.path))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Status=canceled to a message: only while it waits, otherwise 30409."""
        switch = self._switch
        message = switch.ledger.by_sid.get(request.match_info["sid"])
        if message is None:
            return _refused(refusal(20404, request.path))
        if read_form(await request.read()).get("Status") != "canceled":
            return _refused(refusal(20001, "The only update that this simulator knows is Status=canceled."))
        if not switch.network.cancel(message, switch.clock()):
            return _refused(refusal(30409, message.status))
        return self._document(message)

    async def account(self, _: web.Request) -> web.StreamResponse:
        """GET the account, by which a client checks its credentials."""
        return web.json_response(as_account(self._account))

    def _judge(self, request: web.Request, form: Mapping[str, str]) -> tuple[Answer, str]:
        """Accept or refuse a POST, and record it. Returns what to answer, and the fault that befalls the answer."""
        switch = self._switch
        if not self._authorised(request):
            return self._refuse(form, refusal(20003), ""), ""
        fault = self._throttle() or switch.panel.draw()
        if fault not in ACCEPTING:
            return self._refuse(form, self._injected(fault), fault), fault
        if refused := refusal_of(switch, form):
            return self._refuse(form, refused, ""), ""
        message = switch.accept(form, fault, _seen(fault))
        return self._accepted(message, fault), fault

    def _refuse(self, form: Mapping[str, str], refused: Refusal | None, fault: str) -> Answer:
        self._switch.refuse(form, refused, fault)
        return Answer(refused.status, refused.body(), refused.headers) if refused else NO_ANSWER

    def _accepted(self, message: Message, fault: str) -> Answer:
        """The answer as of this moment: what happens to the message while the answer is late is not in it."""
        if fault == "5xx_accepted":
            return Answer(500, refusal(20500).body(), {})
        body = json.dumps(as_message(self._account, message)).encode()
        return Answer(201, body[: len(body) // 2] if fault == "bad_json" else body, {})

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
        return hmac.compare_digest(given, self._authorization) and request.match_info["account"] == self._account

    def _known(self, handler: Handler) -> Handler:
        """A handler behind the credentials and behind `listing_down`."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._authorised(request):
                return _refused(refusal(20003))
            if self._switch.panel.faults.listing_down and request.method == "GET" and "/Messages" in request.path:
                return _refused(refusal(20503))
            return await handler(request)

        return guarded

    def _document(self, message: Message) -> web.Response:
        body = json.dumps(as_message(self._account, message)).encode()
        return web.Response(body=body, headers={"Content-Type": JSON})

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        """Hold the connection without a word, until it is held long enough or the carrier stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._switch.panel.faults.hang_s):
                await self._switch.closing.wait()
        return _hang_up(request, reset=False)


def _plain(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _seen(fault: str) -> tuple[int, int]:
    """HTTP status and code that the client of an accepted message sees; 0 where it sees none."""
    if fault in {"accept_then_hang", "accept_then_reset"}:
        return 0, 0
    return (500, 20500) if fault == "5xx_accepted" else (201, 0)


def _refused(refused: Refusal) -> web.Response:
    headers = {"Content-Type": JSON, **refused.headers}
    return web.Response(body=refused.body(), status=refused.status, headers=headers)


def _hang_up(request: web.Request, reset: bool) -> web.StreamResponse:
    """Close the connection without an answer, by RST or by FIN."""
    transport: Any = request.transport
    if transport is not None:
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()
    return web.Response()
