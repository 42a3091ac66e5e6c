"""A WebSub hub hears of every change of the feeds, whatever it answers, and publishing never waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from broadcaster.channels import files
from broadcaster.channels.errors import NotSent
from broadcaster.channels.http import Door
from broadcaster.channels.websub import Hub
from broadcaster.dispatch.documents.announce import Announcer
from broadcaster.dispatch.waves.window import Window
from broadcaster.feeds.atom import ATOM_INDEX, RSS_INDEX

BASE = "https://911.example.gov"


@dataclass
class Clock:
    """Seconds that a test counts itself."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Heard:
    """What a hub was told, and what it answers."""

    status: int = 204
    bodies: list[str] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    """A hub on loopback."""

    heard: Heard


class Handler(BaseHTTPRequestHandler):
    """Takes what is posted."""

    server: Server

    def do_POST(self) -> None:
        self.server.heard.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(self.server.heard.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def window() -> Iterator[Window]:
    made = Window({})
    yield made
    made.close()


@pytest.fixture
def hub() -> Iterator[tuple[Heard, str]]:
    server = Server(("127.0.0.1", 0), Handler)
    server.heard = Heard()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.heard, f"http://127.0.0.1:{server.server_port}/hub"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(window: Window, hub: tuple[Heard, str], tmp_path: Path) -> Iterator[tuple[Announcer, Heard, Clock]]:
    heard, url = hub
    clock, made = Clock(), Hub(url, Door(live=False))
    yield Announcer(made, window, BASE, tmp_path, clock), heard, clock
    window.run(made.close(), 5)


Told = tuple[Announcer, Heard, Clock]


def test_the_hub_hears_of_each_feed_once_each_time_it_changes(told: Told, tmp_path: Path) -> None:
    announcer, heard, _ = told
    assert announcer.look() == []  # nothing is published yet
    files.publish(tmp_path, {ATOM_INDEX: b"<feed/>", RSS_INDEX: b"<rss/>"})
    assert announcer.look() == [f"{BASE}/{ATOM_INDEX}", f"{BASE}/{RSS_INDEX}"]
    assert announcer.look() == []
    files.publish(tmp_path, {ATOM_INDEX: b"<feed>news</feed>"})
    assert announcer.look() == [f"{BASE}/{ATOM_INDEX}"]
    topic = "https%3A%2F%2F911.example.gov%2Fcap%2Findex.atom"
    assert heard.bodies[0] == heard.bodies[2] == f"hub.mode=publish&hub.url={topic}&hub.topic={topic}"


@pytest.mark.parametrize("status", [500, 429, 404, 302, 401])
def test_a_hub_that_does_not_take_it_is_told_again_later(told: Told, tmp_path: Path, status: int) -> None:
    announcer, heard, clock = told
    heard.status = status
    files.publish(tmp_path, {ATOM_INDEX: b"<feed/>"})
    assert announcer.look() == [] and announcer.look() == []
    assert len(heard.bodies) == 1  # it rests in between
    clock.now += 2.1
    heard.status = 202
    assert announcer.look() == [f"{BASE}/{ATOM_INDEX}"]
    clock.now += 100
    assert announcer.look() == [] and len(heard.bodies) == 2


def test_a_hub_that_is_gone_waits_longer_each_time_and_a_minute_at_most(window: Window, tmp_path: Path) -> None:
    clock = Clock()
    tries: list[float] = []

    class Gone(Hub):
        async def tell(self, topic: str) -> None:
            tries.append(clock.now)
            raise NotSent("no_connection")

    announcer = Announcer(Gone("http://127.0.0.1:1/", Door(live=False)), window, BASE, tmp_path, clock)
    files.publish(tmp_path, {ATOM_INDEX: b"<feed/>"})
    for _ in range(600):
        announcer.look()
        clock.now += 1
    pauses = [round(later - earlier) for earlier, later in pairwise(tries)]
    assert pauses[:6] == [2, 4, 8, 16, 32, 60] and set(pauses[6:]) == {60}


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://127.0.0.1:1/"], ids=["beyond this machine", "nobody"])
def test_what_cannot_be_reached_is_logged_and_no_error(window: Window, tmp_path: Path, url: str) -> None:
    """Outside live no hub beyond this machine is asked at all (design law 9)."""
    announcer = Announcer(Hub(url, Door(live=False)), window, BASE, tmp_path, Clock())
    files.publish(tmp_path, {ATOM_INDEX: b"<feed/>"})
    assert announcer.look() == []
