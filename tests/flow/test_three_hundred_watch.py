"""Three hundred people watch a board: they hold no thread, cost as many queries as one, and nobody waits for them."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, update

from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery
from broadcaster.web.board import stream as board_stream
from broadcaster.web.routes import THREADS
from broadcaster.web.streams import KEEP
from tests import onair
from tests.desk import ISSUER, SECOND, Browser, released
from tests.flow import installation
from tests.flow.served import Served, furnished, served
from tests.flow.story import until
from tests.onair_desk import app_of, signed_in

CROWD = 300


def watch(base: str, path: str, cookie: str) -> socket.socket:
    """A browser's EventSource."""
    host, port = base.removeprefix("http://").split(":")
    made = socket.create_connection((host, int(port)), timeout=20)
    made.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
    return made


def threads_of(pid: int) -> int:
    """The threads of a server and its workers."""
    found = [pid, *installation.children(pid)]
    status = "".join(Path(f"/proc/{each}/status").read_text(encoding="utf-8") for each in found)
    return sum(int(number) for number in re.findall(r"Threads:\s+(\d+)", status))


def test_a_crowd_holds_no_thread_and_nobody_waits_for_it(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with served(database_url, tmp_path) as desk:
        people = furnished(sessions)
        author, second = desk.browser(people, ISSUER), desk.browser(people, SECOND)
        alert = released(people, author, second, SECOND)
        watched_by_a_crowd(desk, author, alert)


def watched_by_a_crowd(desk: Served, author: Browser, alert: str) -> None:
    stream = re.search(r'data-stream="([^"]+)"', author.open(alert).text)
    assert stream is not None
    with ExitStack() as stack:
        crowd = [stack.enter_context(watch(desk.base, stream[1], author.client.cookie)) for _ in range(CROWD)]
        heard = [b""] * CROWD
        for number, each in enumerate(crowd):
            while b"event: moved" not in heard[number]:
                piece = each.recv(100_000)
                assert piece, heard[number]
                heard[number] += piece
        assert all(b"200 OK" in each and b"text/event-stream" in each for each in heard)
        assert threads_of(desk.pid) <= sum(THREADS.values()) + 20
        assert author.open("/desk/").status == 200
        author.open(f"{alert}/revisions/1").send("/hold")
        assert "On hold" in author.words
        until(lambda: b"event: whole" in crowd[-1].recv(100_000))


def test_one_watcher_costs_as_many_queries_as_three_hundred(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = onair.on_air(session)
    app = app_of(sessions)
    browser, asked = signed_in(app, air.issuer), []
    event.listen(sessions.kw["bind"], "before_cursor_execute", lambda *statement: asked.append(statement[2]))
    streams = board_stream.streams_of(app)
    with ExitStack() as stack:

        def joins() -> None:
            ours, theirs = socket.socketpair()
            stack.enter_context(theirs)
            path = f"/desk/alerts/{air.alert.public_id}/stream"
            opened = browser.get(path, environ_overrides={KEEP: lambda taker: taker(ours)}, buffered=False)
            with pytest.raises(ConnectionResetError):
                b"".join(opened.response)

        costs = []
        for more in (1, CROWD - 1):
            for _ in range(more):
                joins()
            streams.round()
            asked.clear()
            streams.round()
            costs.append(len(asked))
        assert len(streams) == CROWD
        assert costs[0] == costs[1] > 0
        stack.callback(streams.round)


def test_a_server_that_keeps_no_streams_says_so(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = onair.on_air(session)
    answer = signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}/stream")
    assert (answer.status_code, answer.get_data()) == (204, b"")


def test_numbers_that_move_do_not_change_the_shape(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = onair.on_air(session)
        onair.residents(session, air, "springfield", ["accepted/delivered", "sending", "sending", ""])
    app = app_of(sessions)
    look = board_stream._look(app, air.alert.public_id, "worst", "en")
    before = look()
    with sessions.begin() as session:
        last = select(func.max(Delivery.address_id)).scalar_subquery()
        moving = update(Delivery).where(Delivery.address_id == last)
        session.execute(moving.values(state="accepted", handset="delivered"))
    app.extensions.pop("broadcaster-board")
    change = look().since(before)
    assert change is not None and change["parts"]
