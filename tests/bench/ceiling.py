"""The ceiling: the same durable rows on a bare socket, without the twilio library, without a sealed number to open.

`python -m tests.bench.ceiling` is one of its processes. The claim and the outcomes are the statements of the engine,
in its two transactions a wave; requests are prepared bytes with the number and the key put in; every connection has one
request in flight. A thread owns the sockets, the other the database, as in the engine.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from broadcaster.alert.delivery import Event
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import outcomes, waves
from broadcaster.store.fanout.outcomes import Outcome
from broadcaster.store.fanout.senders import Wait
from broadcaster.store.fanout.waves import ClaimedWave
from tests.bench.people import phone
from tests.factories import SENDER, SID

LEASE_S, SETTLE_S = 30.0, 60.0
CARRIER = "twilio"
MOST_ROWS = 500
WAVES_AHEAD = 3
"""Waves in the air at once in a process: one flies, one waits, one is written down."""
WORDS = "911+is+down+in+Springfield.+In+an+emergency+call+413-555-0100.+Next+update+at+4%3A30+PM.+State+911+Department"
TOP = (
    "POST /2010-04-01/Accounts/{sid}/Messages.json HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Authorization: Basic QUMwMDAwMDAwMDAwMDAwMDAwOnRva2VuLW9mLXRoZS1iZW5jaA==\r\nAccept: application/json\r\n"
    "User-Agent: the-ceiling\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
)
BODY = (
    "To=%2B{phone}&From=%2B{sender}&Body={words}&ValidityPeriod=7200&StatusCallback="
    "http%3A%2F%2Flocalhost%3A8912%2Fcallbacks%2Ftwilio%2Fstatus%3Fd%3D{fanout}.{address}.{n}%26m%3DxB3kQ9tLw2Zr7VnY5sPc1A"
)


@dataclass(frozen=True, slots=True)
class Order:
    """What one process of the ceiling is told on its input: where, how many connections, whose numbers."""

    database_url: str
    port: int
    trusted: str
    connections: int
    first: int


@dataclass
class Flying:
    """A wave whose rows are in flight."""

    wave: ClaimedWave
    results: list[Outcome] = field(default_factory=list)


@dataclass
class Line:
    """A connection, and the row whose answer it waits for."""

    socket: socket.socket
    row: tuple[Flying, int, int] | None = None
    got: bytes = b""


class Wire(threading.Thread):
    """The sockets: takes rows, posts each once, hands whole waves back."""

    def __init__(self, order: Order) -> None:
        super().__init__(daemon=True)
        self._rows: deque[tuple[Flying, int, int]] = deque()
        self.done: SimpleQueue[Flying] = SimpleQueue()
        self._top = TOP.format(sid=SID).encode()
        fixed = {"sender": SENDER[1:], "words": WORDS, "phone": "{}", "fanout": "{}", "address": "{}", "n": "{}"}
        self._body = BODY.format(**fixed)
        self._first = order.first
        self._lines = {line.socket.fileno(): line for line in (_dial(order) for _ in range(order.connections))}
        self._poll = select.epoll()
        for number in self._lines:
            self._poll.register(number, select.EPOLLIN)
        self._bell, self._ring = socket.socketpair()
        self._poll.register(self._bell.fileno(), select.EPOLLIN)
        self._idle = list(self._lines.values())

    def start_wave(self, wave: ClaimedWave) -> None:
        """Begin to send a wave; returns at once."""
        flying = Flying(wave)
        if not wave.intents:
            self.done.put(flying)
        self._rows.extend((flying, row.address_id, row.n) for row in wave.intents)
        self._ring.send(b"x")

    def landed(self, wait: float) -> list[Flying]:
        """The waves whose answers are all there since the last call; waits up to `wait` seconds for the first one."""
        found: list[Flying] = []
        try:
            found.append(self.done.get(timeout=wait))
            while True:
                found.append(self.done.get_nowait())
        except Empty:
            return found

    def run(self) -> None:
        """For ever: post what waits, read what came."""
        while True:
            for number, _ in self._poll.poll():
                if number == self._bell.fileno():
                    self._bell.recv(4096)
                else:
                    self._read(self._lines[number])
            while self._idle and self._rows:
                self._post(self._idle.pop(), self._rows.popleft())

    def _post(self, line: Line, row: tuple[Flying, int, int]) -> None:
        flying, address, n = row
        body = self._body.format(phone(address - self._first)[1:], flying.wave.fanout_id, address, n).encode()
        line.row = row
        line.socket.send(b"%b%d\r\n\r\n%b" % (self._top, len(body), body))

    def _read(self, line: Line) -> None:
        try:
            line.got += line.socket.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        end = line.got.find(b"\r\n\r\n")
        if end < 0 or len(line.got) < end + 4 + int(line.got[line.got.find(b"Length: ") + 8 : end].split(b"\r")[0]):
            return
        if not line.got.startswith(b"HTTP/1.1 201") or line.row is None:
            raise RuntimeError(f"the sink said {line.got[:80]!r}")
        at = line.got.find(b'"sid":"') + 7
        flying, address, n = line.row
        ref = line.got[at : at + 34].decode()
        flying.results.append(Outcome(address, n, Event.ACCEPTED, ref=ref, wave_id=flying.wave.id))
        line.row, line.got = None, b""
        if len(flying.results) == len(flying.wave.intents):
            self.done.put(flying)
        if self._rows:
            self._post(line, self._rows.popleft())
        else:
            self._idle.append(line)


def _dial(order: Order) -> Line:
    plain = socket.create_connection(("127.0.0.1", order.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if order.trusted:
        plain = ssl.create_default_context(cafile=order.trusted).wrap_socket(plain, server_hostname="127.0.0.1")
    plain.setblocking(False)
    return Line(plain)


def serve(sessions: Sessions, wire: Wire) -> None:
    """Claim, send and record until nothing is open."""
    flying = 0
    while True:
        claimed = _claim(sessions) if flying < WAVES_AHEAD else None
        if isinstance(claimed, ClaimedWave):
            wire.start_wave(claimed)
            flying += 1
        elif claimed is None and not flying:
            return
        landed = wire.landed(0.0005 if claimed else 0.02)
        if landed:
            _record(sessions, landed)
            flying -= len(landed)


def _claim(sessions: Sessions) -> ClaimedWave | Wait | None:
    with sessions.begin() as session:
        return waves.claim(session, "sms", "sms", waves.Room({CARRIER: MOST_ROWS}), LEASE_S)


def _record(sessions: Sessions, landed: Sequence[Flying]) -> None:
    """The outcomes of whole waves in one transaction, in the order of their addresses."""
    if not any(flying.results for flying in landed):
        return
    results = sorted((one for flying in landed for one in flying.results), key=lambda one: one.address_id)
    with sessions.begin() as session:
        outcomes.record(session, landed[0].wave.fanout_id, results, CARRIER, SETTLE_S)
        outcomes.close_when_complete(session, Counter(one.wave_id for one in results))


@contextmanager
def ready(order: Order, processes: int) -> Iterator[Sequence[subprocess.Popen[str]]]:
    """Processes that are connected and wait for a word on their input; ended with the block."""
    argv = [sys.executable, "-m", "tests.bench.ceiling"]
    some = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    try:
        for process in some:
            say(process, json.dumps([order.database_url, order.port, order.trusted, order.connections, order.first]))
        for process in some:
            hear(process)
        yield some
    finally:
        for process in some:
            process.kill()
            process.communicate()


def say(process: subprocess.Popen[str], line: str) -> None:
    """A line to a process."""
    if process.stdin is not None:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    """A line from a process."""
    return process.stdout.readline().strip() if process.stdout is not None else ""


def main() -> None:
    """Connect, say so, and send all that is open for every line on the input."""
    order = Order(*json.loads(sys.stdin.readline()))
    sessions = database.sessions(database.connect(order.database_url))
    with sessions() as session:
        database.now(session)
    wire = Wire(order)
    wire.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        serve(sessions, wire)
        sys.stdout.write(f"{time.time()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
