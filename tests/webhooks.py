"""Webhooks as the carriers post them: signed forms, and a caller that needs no socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from broadcaster.channels.proof import proof
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions
from broadcaster.web.carriers.callbacks import INBOUND, STATUS, Bell, Callbacks
from tests import onair
from tests.onair import BASE, SECRET, TOKEN

KEY = "7.11.1"
FORM = {
    "AccountSid": "AC" + "1" * 32,
    "MessageSid": "SM" + "2" * 32,
    "MessageStatus": "delivered",
    "To": "+14135550123",
    "From": "+18885550911",
}
TEXT = {
    "AccountSid": "AC" + "1" * 32,
    "MessageSid": "SM" + "3" * 32,
    "From": "+14135550123",
    "To": "+18885550911",
    "Body": "STOP",
}
FORM_TYPE = "application/x-www-form-urlencoded"


def signed(url: str, form: Mapping[str, str], token: str = TOKEN) -> str:
    """What the official library signs for a webhook at a full public address."""
    return str(RequestValidator(token).compute_signature(url, form))


def status_url(key: str = KEY, secret: str = SECRET, purpose: str = "delivery") -> str:
    """The path of a status callback about one attempt, with our proof."""
    return f"{STATUS}?d={key}&m={proof(secret, purpose, key)}"


@dataclass
class Told:
    """One request and its answer, by granian's interface (RSGI)."""

    method: str
    path: str
    query_string: str
    body: bytes
    headers: dict[str, str]
    status: int = 0
    text: str = ""
    kind: str = ""
    client: str = "127.0.0.1:40000"

    async def __call__(self) -> bytes:
        return self.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), 10_000):
            yield self.body[start : start + 10_000]

    def response_empty(self, status: int, _: list[tuple[str, str]]) -> None:
        self.status = status

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self.status, self.text, self.kind = status, body, dict(headers)["content-type"]


@dataclass
class Caller:
    """Posts to the callbacks of this process; `rung` holds a mark for each ring of their bell."""

    app: Callbacks
    runner: asyncio.Runner
    rung: list[str] = field(default_factory=list)

    def ask(self, *requests: Told) -> list[int]:
        """The statuses of requests that are under way together."""

        async def all_of_them() -> None:
            await asyncio.gather(*(self.app.__rsgi__(each, each) for each in requests))

        self.runner.run(all_of_them())
        return [each.status for each in requests]

    def post(self, url: str, form: Mapping[str, str], signature: str | None) -> int:
        """The status of one webhook."""
        return self.ask(told(url, form, signature))[0]

    def say(self, text: Mapping[str, str], token: str = TOKEN) -> int:
        """The status of one text from a phone, truly signed."""
        return self.post(INBOUND, text, signed(BASE + INBOUND, text, token))


def told(url: str, form: Mapping[str, str] | bytes, signature: str | None, method: str = "POST") -> Told:
    """A request; `signature` None leaves the header out."""
    path, _, query = url.partition("?")
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    headers = {"content-type": FORM_TYPE, "content-length": str(len(body)), "host": "inside:8912"}
    return Told(
        method, path, query, body, headers if signature is None else {**headers, "x-twilio-signature": signature}
    )


@contextmanager
def caller(sessions: Sessions, settings: Settings | None = None, bell: Bell | None = None) -> Iterator[Caller]:
    """The callbacks of this process over one event loop."""
    rung: list[str] = []
    app = Callbacks(settings or onair.settings(), sessions, bell or (lambda: rung.append("rung")))
    with asyncio.Runner() as runner:
        yield Caller(app, runner, rung)
