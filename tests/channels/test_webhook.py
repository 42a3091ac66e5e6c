"""Notices to machines: signed so that the handbook's own verifier holds, and to no address inside."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from broadcaster.channels.contract import Key, Outgoing
from broadcaster.channels.errors import PutOff, Rejected, SendError, Unheard
from broadcaster.channels.http import Door, Limits
from broadcaster.channels.webhook import LONGEST_ANSWER, Webhook, receiver_secret, signed
from broadcaster.messages.message import Message
from broadcaster.values import Keyring
from tests.serving import serving

SECRET = "a-secret-of-the-tests-0123456789abcdef"
HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "handbook" / "agencies.md"
KEYS = Keyring(SECRET, "the-secret-of-before-0123456789abcdef")
WORDS = '{"outage": "MA-1", "area": "Łódź"}'


def verifier() -> Callable[..., bool]:
    """The function that the handbook prints."""
    (code,) = re.findall(r"```python\n(.*?)```", HANDBOOK.read_text(encoding="utf-8"), re.DOTALL)
    found: dict[str, object] = {}
    exec(compile(code, str(HANDBOOK), "exec"), found)  # noqa: S102 - what receivers copy is what is tried
    return found["verified"]  # type: ignore[return-value]


@dataclass
class Machine:
    """A receiver that writes down what it is sent; `answer` says what it answers, `pause` after how long."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: tuple[int, dict[str, str], bytes] = (204, {}, b"")
    pause: float = 0.0
    reset: bool = False


@contextmanager
def machine(**more: object) -> Iterator[Machine]:
    found = Machine(**more)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(found.pause)
            if found.reset:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, answer = found.answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(answer)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/911"
    with serving(server):
        yield found


def out(url: str, n: int = 1) -> Outgoing:
    return Outgoing(Key(7, 11, n), url, Message("", WORDS, ""), "proof", 3600)


def hook(live: bool = False, total_s: float = 5.0, clock: Callable[[], float] = time.time) -> Webhook:
    limits = Limits(public=True, total_s=total_s, longest=LONGEST_ANSWER)
    return Webhook(KEYS, Door(live=live, limits=limits), clock, Random(1))


async def sent(url: str, **more: object) -> str:
    """The reference of what was taken, or the kind and reason of the error."""
    way = hook(**more)  # type: ignore[arg-type]
    try:
        return (await way.send(out(url))).ref
    except SendError as error:
        return f"{type(error).__name__} {error.reason}"
    finally:
        await way.close()


# the signature


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the specification's own libraries."""
    made = signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_handbooks_verifier_takes_a_notice_once() -> None:
    verified, seen = verifier(), set()
    with machine() as there:
        assert await sent(there.url) == "notice_7_11"
        await sent(there.url)
        secret = receiver_secret(SECRET, there.url)
        first, second = there.heard
        assert json.loads(first[1]) == {"outage": "MA-1", "area": "Łódź"}
        assert first[0]["content-type"] == "application/json"
        assert verified(secret, *first, seen)
        assert not verified(secret, *second, seen), "the same notice again"
        assert not verified(secret, *first, seen), "the same request again"


async def test_while_the_key_changes_the_secret_of_before_holds_too_and_the_newest_stands_first() -> None:
    with machine() as there:
        await sent(there.url)
        headers, body = there.heard[0]
        names = headers["webhook-id"], int(headers["webhook-timestamp"]), body
        secrets = [receiver_secret(key, there.url) for key in KEYS.keys]
        assert headers["webhook-signature"].split() == [signed(secret, *names) for secret in secrets]
        for secret in secrets:
            seen: set[str] = set()
            assert verifier()(secret, headers, body, seen)
            assert not verifier()(secret, headers, body, seen), "the same notice again"
        assert not verifier()(receiver_secret("a-third-secret-0123456789abcdef", there.url), headers, body, set())


CHANGES = {
    "another body": lambda headers, body: (headers, body.replace(b"MA-1", b"MA-2")),
    "another id": lambda headers, body: ({**headers, "webhook-id": "notice_7_12"}, body),
    "another second": lambda headers, body: (
        {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
        body,
    ),
    "no signature": lambda headers, body: ({**headers, "webhook-signature": ""}, body),
    "another version": lambda headers, body: (
        {**headers, "webhook-signature": headers["webhook-signature"].replace("v1", "v0")},
        body,
    ),
    "no id": lambda headers, body: ({**headers, "webhook-id": ""}, body),
    "no second": lambda headers, body: ({**headers, "webhook-timestamp": ""}, body),
    "a second in other digits": lambda headers, body: ({**headers, "webhook-timestamp": "１"}, body),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_was_changed_on_its_way_does_not_hold(what: str) -> None:
    with machine() as there:
        await sent(there.url)
        assert not verifier()(receiver_secret(SECRET, there.url), *CHANGES[what](*there.heard[0]), set())


@pytest.mark.parametrize(("age", "holds"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
async def test_a_recorded_notice_holds_for_five_minutes(age: int, holds: bool) -> None:
    now = 1_750_000_000
    with machine() as there:
        await sent(there.url, clock=lambda: float(now))
        secret = receiver_secret(SECRET, there.url)
        assert verifier()(secret, *there.heard[0], set(), now=now + age) is holds


async def test_what_one_receiver_knows_opens_no_other() -> None:
    with machine() as there, machine() as other:
        await sent(there.url)
        assert receiver_secret(SECRET, there.url) != receiver_secret(SECRET, other.url)
        assert not verifier()(receiver_secret(SECRET, other.url), *there.heard[0], set())


# what a receiver answers

ANSWERS = {
    "200": (200, "notice_7_11"),
    "202": (202, "notice_7_11"),
    "a redirect inside": (302, "Rejected http_302"),
    "a permanent redirect": (308, "Rejected http_308"),
    "400": (400, "Rejected http_400"),
    "401": (401, "Rejected http_401"),
    "404": (404, "Rejected http_404"),
    "410": (410, "Rejected http_410"),
    "408": (408, "PutOff http_408"),
    "425": (425, "PutOff http_425"),
    "429": (429, "PutOff http_429"),
    "503": (503, "PutOff http_503"),
    "500": (500, "Unheard http_500"),
    "502": (502, "Unheard http_502"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_a_receiver_answers(what: str) -> None:
    status, outcome = ANSWERS[what]
    with machine(answer=(status, {"Location": "http://127.0.0.1:9/inside"}, b"")) as there:
        assert await sent(there.url) == outcome
        assert len(there.heard) == 1


@pytest.mark.parametrize("kind", [PutOff, Unheard, Rejected])
def test_what_one_receiver_does_is_no_word_about_the_others(kind: type[SendError]) -> None:
    assert not kind.blames_carrier


HANGS = {
    "never": {"pause": 3.0},
    "a reset": {"reset": True},
    "an endless answer": {"answer": (200, {}, b"x" * (LONGEST_ANSWER + 1000))},
}


@pytest.mark.parametrize("what", HANGS)
async def test_a_receiver_that_hangs_resets_or_never_ends_is_unheard(what: str) -> None:
    with machine(**HANGS[what]) as there:
        began = time.monotonic()
        assert (await sent(there.url, total_s=0.5)).startswith("Unheard ")
        assert time.monotonic() - began < 2.0


async def test_a_receiver_that_is_away_is_tried_later() -> None:
    assert await sent("http://127.0.0.1:9/911") == "PutOff no_connection"
