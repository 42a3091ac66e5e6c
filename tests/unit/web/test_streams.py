"""One look a second for everybody who watches: what is said to whom, and who is let go."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from broadcaster.web import streams
from broadcaster.web.streams import HandedOver, Opening, Shown, Streams, Watcher


def shown(number: int, shape: str = "board", order: tuple[str, ...] = ()) -> Shown:
    return Shown({"big": ({"class": "a"}, str(number)), "same": ({}, "x")}, order, shape)


class Wall:
    """Something to watch, and those who do: a hall of sockets."""

    def __init__(self) -> None:
        self.stack, self.now, self.looks = ExitStack(), shown(1), 0
        self.ended: set[str] = set()
        self.streams = Streams(lambda sessions: self.ended & set(sessions), every=3600)

    def look(self) -> Shown:
        self.looks += 1
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def watch(self, session: str = "ida", heard: str = "", name: str = "alert") -> socket.socket:
        ours, theirs = socket.socketpair()
        self.stack.enter_context(theirs)
        theirs.settimeout(2.0)
        self.streams.join(name, self.look, Watcher(ours, session), heard)
        return theirs

    def moves(self, now: Shown | Exception | None = None) -> None:
        self.now = now or self.now
        self.streams.round()


@pytest.fixture
def wall() -> Iterator[Wall]:
    made = Wall()
    with made.stack:
        yield made
        made.ended = {"ida", "abe"}
        made.moves()


def events(theirs: socket.socket) -> list[tuple[str, object, str]]:
    """What a browser makes of the bytes: (event, data, id), and ("end", ...) for the last chunk."""
    text, found = theirs.recv(1_000_000).decode(), []
    while text:
        size, _, rest = text.partition("\r\n")
        chunk, text = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        fields = dict(line.split(": ", 1) for line in chunk.splitlines() if line) if chunk else {"event": "end"}
        found.append((fields["event"], json.loads(fields.get("data", "null")), fields.get("id", "")))
    return found


def test_whoever_comes_loads_the_whole_and_then_hears_what_moved(wall: Wall) -> None:
    theirs = wall.watch()
    wall.moves()
    wall.moves(shown(2))
    wall.moves(shown(2, order=("b", "a")))
    assert [(name, data) for name, data, _ in events(theirs)] == [
        ("whole", {}),
        ("whole", {}),
        ("moved", {"parts": [["big", {"class": "a"}, "2"]], "order": None}),
        ("moved", {"parts": [], "order": ["b", "a"]}),
    ]


def test_another_shape_is_loaded_as_a_whole(wall: Wall) -> None:
    theirs = wall.watch()
    wall.moves()
    wall.moves(shown(1, shape="held"))
    assert [name for name, _, _ in events(theirs)][-1] == "whole"


def test_three_hundred_watchers_cost_one_look(wall: Wall) -> None:
    crowd = [wall.watch() for _ in range(300)]
    wall.moves()
    wall.moves(shown(2))
    assert wall.looks == 2
    assert {events(theirs)[-1][0] for theirs in crowd} == {"moved"}


def test_whoever_was_away_hears_what_was_said_meanwhile(wall: Wall) -> None:
    stays = wall.watch()
    wall.moves()
    last = events(stays)[-1][2]
    wall.moves(shown(2))
    wall.moves(shown(3))
    back, stranger = wall.watch(heard=last), wall.watch(heard="another-process-1")
    wall.moves(shown(4))
    assert [data["parts"][0][2] for _, data, _ in events(back)] == ["2", "3", "4"]
    assert [name for name, _, _ in events(stranger)] == ["whole", "moved"]


def test_a_session_that_ended_ends_its_streams(wall: Wall) -> None:
    ida, abe = wall.watch("ida"), wall.watch("abe")
    wall.moves()
    wall.ended = {"ida"}
    wall.moves()
    assert events(ida)[-1][0] == "end" and ida.recv(1) == b""
    assert events(abe)[-1][0] == "moved" and len(wall.streams) == 1


def test_a_stream_ends_after_its_time(wall: Wall) -> None:
    theirs = wall.watch()
    wall.moves()
    next(iter(wall.streams._topics.values())).watchers[0].until = 0.0
    wall.moves()
    assert events(theirs)[-1][0] == "end"


def test_who_went_away_and_who_does_not_read_are_let_go(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, deaf, well = wall.watch(), wall.watch(), wall.watch()
    wall.moves()
    gone.close()
    for number in range(40):
        wall.moves(Shown({"big": ({}, f"{number}" * 30_000)}, (), "board"))
        well.recv(1_000_000)
    assert len(wall.streams) == 1
    monkeypatch.setattr(wall, "looks", 0)
    well.close()
    wall.moves()
    wall.moves()
    assert len(wall.streams) == 0 and wall.looks == 1
    assert deaf.recv(10) != b""


def test_a_database_that_is_away_is_said_and_comes_back(wall: Wall) -> None:
    theirs = wall.watch()
    wall.moves()
    wall.moves(RuntimeError("no database"))
    wall.moves(shown(2))
    assert [name for name, _, _ in events(theirs)][-2:] == ["still", "moved"]


def test_when_nobody_can_say_whose_session_ended_everybody_stays(wall: Wall) -> None:
    def unknown(_: object) -> set[str]:
        raise RuntimeError("no database")

    theirs = wall.watch()
    wall.streams._ended = unknown
    wall.moves()
    wall.moves(shown(2))
    assert events(theirs)[-1][0] == "moved"


def test_the_response_says_hello_and_gives_its_connection_away() -> None:
    kept: list[object] = []
    opening = Opening(kept.append, print)
    assert next(opening) == streams.OPENING and kept == []
    with pytest.raises(HandedOver):
        next(opening)
    assert kept == [print]
