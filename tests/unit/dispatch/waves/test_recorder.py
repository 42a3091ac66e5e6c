"""The books of a process: outcomes are written down once, whatever the database does; nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves import recorder as module
from broadcaster.dispatch.waves import wave as claims
from broadcaster.dispatch.waves.recorder import Recorder
from broadcaster.dispatch.waves.window import Finished, Window
from tests.flow.story import until
from tests.unit.dispatch.waves.test_window import Scripted, wave

CARRIERS = {"sms": ["twilio"]}
WINDOW = SimpleNamespace(places=lambda _: 10, rate=lambda _: 1000.0, bulk_is_on=False)
"""A window that says how much it takes."""


def away(invalidated: bool) -> OperationalError:
    """What the database says when it is away, or when somebody else holds a lock for too long."""
    return OperationalError("SELECT 1", None, ConnectionError("away"), connection_invalidated=invalidated)


@dataclass
class Desk:
    """Remembers what it was told to write down; `trouble` is raised, one after the other, before or after it."""

    before: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    written: list[tuple[int, bool]] = field(default_factory=list)
    judged: int = 0

    def record(self, some: Sequence[Finished], again: bool) -> None:
        if self.before:
            raise self.before.pop(0)
        self.written.append((len(some), again))

    def judge(self, some: Sequence[Finished]) -> None:
        self.judged += len(some)
        if self.after:
            raise self.after.pop(0)


Books = Callable[[Desk], Recorder]


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Makes a recorder over a window whose carrier takes everything."""
    monkeypatch.setattr(module, "AWAY_S", 0.01)
    open_windows: list[tuple[Recorder, Window]] = []

    def made(desk: Desk) -> Recorder:
        window = Window({"twilio": Scripted()}, in_flight=10, clock=lambda: 100.0)
        open_windows.append((Recorder(window, desk.record, desk.judge), window))
        return open_windows[-1][0]

    yield made
    for recorder, window in open_windows:
        recorder.close()
        window.close()


def test_what_was_handed_in_is_written_down_and_nothing_is_left(books: Books) -> None:
    desk = Desk()
    recorder = books(desk)
    recorder.send(wave(7))
    assert recorder.wait(10.0)
    assert sum(rows for rows, _ in desk.written) == desk.judged == recorder.recorded == 7
    assert (recorder.pending(["twilio"]), recorder.flying("twilio")) == (0, 0)


@pytest.mark.parametrize(("invalidated", "again"), [(True, True), (False, False)])
def test_a_database_that_is_away_is_tried_until_it_is_back(books: Books, invalidated: bool, again: bool) -> None:
    """Only where the commit may have been heard without us, the rows are not counted again."""
    desk = Desk(before=[away(invalidated), away(invalidated)])
    recorder = books(desk)
    recorder.send(wave(3))
    assert recorder.wait(10.0)
    assert desk.written == [(3, again)]


@pytest.mark.parametrize("trouble", [away(False), away(True), ZeroDivisionError("a bug")])
def test_what_fails_after_the_commit_never_writes_again(books: Books, trouble: Exception) -> None:
    """Counted twice, a wave would close over rows that are still being sent, and nobody would ask after them."""
    desk = Desk(after=[trouble])
    recorder = books(desk)
    recorder.send(wave(3))
    assert recorder.wait(10.0)
    assert desk.written == [(3, False)]


def test_a_bug_leaves_the_rows_to_their_lease_and_the_next_are_recorded(books: Books) -> None:
    desk = Desk(before=[ValueError("a bug")])
    recorder = books(desk)
    recorder.send(wave(3))
    assert recorder.wait(10.0)
    assert desk.written == []
    recorder.send(wave(2))
    assert recorder.wait(10.0)
    assert desk.written == [(2, False)]


def test_a_database_that_writes_slowly_holds_the_claims_up(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has ended and is not written down is bounded; when the database writes again, there is room again."""
    monkeypatch.setattr(claims, "MOST_BEHIND", 3)
    desk = Desk(before=[away(False)] * 10_000)
    recorder = books(desk)
    works = cast(Engine, SimpleNamespace(recorder=recorder, window=WINDOW, carriers_by_channel=CARRIERS, bulk=None))
    assert claims.room(works, "sms").places
    recorder.send(wave(3))
    until(lambda: recorder.behind("twilio") == 3)
    assert not claims.room(works, "sms").places
    desk.before.clear()
    assert recorder.wait(5.0)
    assert recorder.behind("twilio") == 0
    assert claims.room(works, "sms").places
