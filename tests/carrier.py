"""A running carrier for tests, the official client pointed at it, and somebody who hears its webhooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from tests.serving import serving

SID = "AC" + "1" * 32
TOKEN = "carrier-test-token"
SENDER = "+18885550911"
SERVICE = "MG" + "a" * 32
PHONE = "+15085550100"
TEXT = "911 is down in Springfield. Call 413-555-0100."
NOON = 1_750_248_000.0  # 18 June 2025, 12:00 GMT


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


class ToCarrier(TwilioHttpClient):
    """The client's own transport, with another host in place of api.twilio.com."""

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        return super().request(method, url.replace("https://api.twilio.com", self._url), *args, **kwargs)


@contextmanager
def carrier(clock: Callable[[], float] = time.time, **faults: Any) -> Iterator[Running]:
    """A carrier whose texts arrive at once and whose listing does not lag, unless asked otherwise."""
    calm = {"delivery_ms": 0.0, "listing_lag_s": 0.0, **faults}
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(**calm), clock=clock)) as running:
        yield running


@contextmanager
def client(running: Running, timeout: float = 20.0, token: str = TOKEN) -> Iterator[Client]:
    """The official client, talking to this carrier."""
    transport = ToCarrier(running.url, timeout)
    try:
        yield Client(SID, token, http_client=transport)
    finally:
        transport.session.close()


def send(twilio: Client, to: str = PHONE, body: str = TEXT, **more: Any) -> Any:
    """Send one text through the official client."""
    sender = {} if "messaging_service_sid" in more else {"from_": SENDER}
    return twilio.messages.create(to=to, body=body, **sender, **more)


@dataclass
class Heard:
    """One webhook as it arrived; `body` is what its form was read from, or what was not a form."""

    url: str
    form: dict[str, str]
    signature: str
    body: str = ""


@dataclass
class Receiver:
    """A web server that writes down what is posted to it; `answer` is status, content type and body."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answer: tuple[int, str, bytes] = (204, "text/plain", b"")

    def of(self, status: str) -> list[Heard]:
        """The status callbacks with this status."""
        return [each for each in self.heard if each.form.get("MessageStatus") == status]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # with the default of 5, a burst of connections waits for the kernel's retries


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            signature = self.headers["X-Twilio-Signature"]
            found.heard.append(Heard(found.url + self.path, form, signature, body))
            status, kind, answer = found.answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return

    server = _Server(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield found


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait for a condition; the deadline only bounds a failure."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return found
