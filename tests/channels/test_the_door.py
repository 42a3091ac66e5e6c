"""The door to the network: whole answers come through; whatever else happens is either certainly unsent, or unknown."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broadcaster.channels import http
from broadcaster.channels.contract import START_BY
from broadcaster.channels.errors import Ambiguous, NotSent, TooLate
from broadcaster.channels.http import Door, DoorClosed

OK = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Scripted:
    """A server that answers every request with the same bytes; `then` says what it does after them."""

    answer: bytes = OK
    then: Callable[[asyncio.StreamWriter], None] = lambda _: None
    one_by_one: bool = False
    requests: list[bytes] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    port: int = 0

    @property
    def connections(self) -> int:
        return len(self.tasks)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
                self.requests.append(head + await reader.readexactly(length))
                for part in [bytes([byte]) for byte in self.answer] if self.one_by_one else [self.answer]:
                    writer.write(part)
                    await writer.drain()
                self.then(writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted(server: Scripted, tls: ssl.SSLContext | None = None) -> AsyncIterator[Door]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    door = Door(live=False)
    try:
        yield door
    finally:
        await door.close()
        listening.close()
        if server.tasks:
            await asyncio.wait(server.tasks, timeout=5.0)


CLOSE = asyncio.StreamWriter.close
RESET = lambda writer: writer.transport.abort()  # noqa: E731 - a row of a table
WHOLE = {
    "a length": OK,
    "in chunks": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    "after 100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "without a reason": OK.replace(b" Created", b""),
}


@pytest.mark.parametrize("one_by_one", [False, True], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("form", WHOLE)
async def test_a_whole_answer_comes_through_and_the_connection_is_kept(form: str, one_by_one: bool) -> None:
    server = Scripted(WHOLE[form], one_by_one=one_by_one)
    async with scripted(server) as door:
        for _ in range(3):
            reply = await door.request("POST", f"{server.url}/Messages.json?a=1", {"X-Kind": "text"}, b"To=1")
            assert (reply.status, reply.text) == (201, "{}")
    assert server.connections == 1
    assert server.requests[0].startswith(b"POST /Messages.json?a=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert server.requests[0].endswith(b"X-Kind: text\r\nContent-Length: 4\r\n\r\nTo=1")


@pytest.mark.parametrize(
    "answer", [OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), OK], ids=["said so", "just closed"]
)
async def test_a_connection_that_the_other_side_ends_is_not_used_again(answer: bytes) -> None:
    server = Scripted(answer, then=CLOSE)
    async with scripted(server) as door:
        for _ in range(2):
            assert (await door.request("GET", server.url, {})).status == 201
            await asyncio.sleep(0.02)
    assert server.connections == 2


async def test_a_connection_that_was_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Scripted()
    async with scripted(server) as door:
        await door.request("GET", server.url, {})
        monkeypatch.setattr(http, "KEEP_S", 0.0)
        await door.request("GET", server.url, {})
    assert server.connections == 2


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text goes straight to its carrier: a proxy that somebody set for a browser would read the numbers."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server = Scripted()
    async with scripted(server) as door:
        assert (await door.request("POST", server.url, {}, b"x")).status == 201
    assert server.requests[0].startswith(b"POST / HTTP/1.1")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    server = Scripted(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    async with scripted(server) as door:
        assert (await door.request("POST", server.url, {}, b"x")).status == 307
    assert len(server.requests) == 1


NOBODY_KNOWS = {
    "reset": (b"", RESET, "connection_lost"),
    "closed without a word": (b"", CLOSE, "connection_lost"),
    "cut in the middle": (OK[:-1], CLOSE, "connection_lost"),
    "cut in the headers": (OK[:30], RESET, "connection_lost"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", None, "unreadable_answer"),
    "two lengths": (OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n"), None, "unreadable_answer"),
    "no answer": (b"", None, "timeout"),
    "half an answer": (OK[:-1], None, "timeout"),
}


@pytest.mark.parametrize("case", NOBODY_KNOWS)
async def test_what_happens_after_the_request_left_is_unknown(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, then, reason = NOBODY_KNOWS[case]
    monkeypatch.setattr(http, "TOTAL_S", 0.2)
    server = Scripted(answer, then=then or (lambda _: None))
    async with scripted(server) as door:
        with pytest.raises(Ambiguous, match=f"^{reason}$"):
            await door.request("POST", server.url, {}, b"x")
    assert len(server.requests) == 1, "never a second time"


async def test_an_answer_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.channels.wire.LONGEST_ANSWER", 10)
    server = Scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 50)
    async with scripted(server) as door:
        with pytest.raises(Ambiguous, match="answer_too_long"):
            await door.request("GET", server.url, {})


async def test_what_missed_its_second_while_it_waited_for_a_connection_does_not_leave() -> None:
    """A process frozen in that wait thaws when others have asked after its texts and sent them again."""
    server = Scripted()
    async with scripted(server) as door:
        START_BY.set(time.monotonic() - 0.001)
        with pytest.raises(TooLate):
            await door.request("POST", server.url, {}, b"x")
        START_BY.set(time.monotonic() + 60.0)
        assert (await door.request("POST", server.url, {}, b"y")).status == 201
    assert [request[-1:] for request in server.requests] == [b"y"]
    assert server.connections == 1, "the connection was kept for the next one"


async def test_nobody_listens_is_certainly_not_sent() -> None:
    with pytest.raises(NotSent, match="no_connection"):
        await Door(live=False).request("POST", "http://127.0.0.1:1/", {}, b"x")


async def test_who_stops_waiting_hangs_up() -> None:
    server = Scripted(b"")
    async with scripted(server) as door:
        asked = asyncio.ensure_future(door.request("POST", server.url, {}, b"x"))
        while not server.requests:
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        server.answer = OK
        assert (await door.request("POST", server.url, {}, b"y")).status == 201
    assert server.connections == 2


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://[2001:db8::1]:80/", "https://203.0.113.9:8443/x"])
async def test_outside_live_no_door_opens_beyond_this_machine(url: str) -> None:
    with pytest.raises(DoorClosed):
        await Door(live=False).request("POST", url, {}, b"x")


WRONG = [
    ("GET", "ftp://127.0.0.1/", {}),
    ("GET", "nothing", {}),
    ("GET", "http://127.0.0.1:{port}/a b", {}),
    ("GET", "http://127.0.0.1:{port}/", {"X": "1\r\nY: 2"}),
    ("GET /\r\n", "http://127.0.0.1:{port}/", {}),
]


@pytest.mark.parametrize(("method", "url", "headers"), WRONG)
async def test_nothing_breaks_out_of_its_line(method: str, url: str, headers: dict[str, str]) -> None:
    server = Scripted()
    async with scripted(server) as door:
        with pytest.raises(ValueError):
            await door.request(method, url.format(port=server.port), headers)
    assert server.requests == []


def certificate(folder: Path) -> Path:
    """A certificate and its key for 127.0.0.1, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "carrier")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "carrier.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("trusted", [True, False])
async def test_tls_holds_or_nothing_is_sent(trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    made: list[ssl.SSLContext] = []
    new = ssl.create_default_context
    monkeypatch.setattr(http.ssl, "create_default_context", lambda: made.append(new()) or made[-1])
    server = Scripted(then=CLOSE)
    async with scripted(server, tls) as door:
        url = f"https://127.0.0.1:{server.port}/"
        for _ in range(2):
            if trusted:
                assert (await door.request("POST", url, {}, b"x")).status == 201
                await asyncio.sleep(0.02)
            else:
                with pytest.raises(NotSent, match="no_connection"):
                    await door.request("POST", url, {}, b"x")
    assert len(server.requests) == 2 * trusted
    assert len(made) == 1, "the certificates of the world are read once, however many connections are opened"
