"""The fault proxy breaks what it is told to break, counts it, and is whole again afterwards."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.proxy import CALM, NOISE, Fault, Kind, Proxy

REPLY = b"a reply of thirty bytes or more."


@contextmanager
def echo_server() -> Iterator[tuple[int, list[bytes]]]:
    """A server that hears requests and answers each with the same reply."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            while request := connection.recv(1000):
                heard.append(request)
                connection.sendall(REPLY)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], heard
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def answer(at: int, request: bytes = b"hello") -> bytes | str:
    """What a client gets to read within a moment: bytes until the end or silence, or the name of the error."""
    with socket.create_connection(("127.0.0.1", at), timeout=5.0) as client:
        client.sendall(request)
        client.settimeout(0.2)
        said = b""
        try:
            while chunk := client.recv(1000):
                said += chunk
        except TimeoutError:
            return said + b"..."
        except ConnectionResetError:
            return "reset"
        return said


CASES = {
    Kind.NONE: (REPLY + b"...", 1),
    Kind.LATENCY: (REPLY + b"...", 1),
    Kind.RESET: ("reset", 1),
    Kind.HALF_CLOSE: (b"", 1),
    Kind.BLACK_HOLE: (b"...", 0),
    Kind.SWALLOW: (b"...", 1),
    Kind.TRUNCATE: (REPLY[:10], 1),
    Kind.DOUBLE: (REPLY + REPLY + b"...", 1),
    Kind.NOISE: (NOISE, 1),
}


@pytest.mark.parametrize("kind", CASES)
def test_each_kind(kind: Kind) -> None:
    seen, requests = CASES[kind]
    with echo_server() as (port, heard), Proxy(port) as proxy:
        proxy.fault = Fault(kind, keep=10, seconds=0.01)
        assert answer(proxy.at) == seen
        assert len(heard) == requests
        assert proxy.hits == (kind is not Kind.NONE)
        proxy.fault = CALM
        assert answer(proxy.at) == REPLY + b"..."


def test_slow_loris_says_everything_a_byte_at_a_time() -> None:
    with echo_server() as (port, _), Proxy(port) as proxy:
        proxy.fault = Fault(Kind.SLOW_LORIS, seconds=0.005)
        assert answer(proxy.at) == REPLY + b"..."


def test_only_the_requests_that_hold_a_word() -> None:
    with echo_server() as (port, _), Proxy(port) as proxy:
        proxy.fault = Fault(Kind.RESET, said=b"COMMIT")
        assert answer(proxy.at, b"SELECT 1") == REPLY + b"..."
        assert answer(proxy.at, b"COMMIT") == "reset"


def test_half_open_and_gone() -> None:
    with echo_server() as (port, _), Proxy(port) as proxy:
        old = socket.create_connection(("127.0.0.1", proxy.at), timeout=0.3)
        old.sendall(b"hello")
        assert old.recv(1000) == REPLY
        assert proxy.go_dark() == 1
        old.sendall(b"hello")
        with pytest.raises(TimeoutError):
            old.recv(1000)
        assert answer(proxy.at) == REPLY + b"..."
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", proxy.at))
        proxy.listen()
        assert answer(proxy.at) == REPLY + b"..."
        old.close()
