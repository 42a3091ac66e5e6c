"""The loop that claims: until nothing is open, its time is over or somebody says stop; and never idle beside work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from broadcaster.dispatch.waves import drain as loop
from broadcaster.dispatch.waves.drain import Drained, drain
from broadcaster.dispatch.waves.window import OpenedWave
from broadcaster.store.fanout.senders import Wait

AWAY = OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


def wave(rows: int) -> OpenedWave:
    return OpenedWave(1, 7, "twilio", 1, 100.0, 0.0, 0.0, [None] * rows)  # type: ignore[list-item]


@dataclass
class Recorder:
    """What it was handed, how long it was waited for, and for how many looks something is still under way."""

    under_way: int = 0
    sent: list[int] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    asked_of: list[list[str]] = field(default_factory=list)

    def send(self, claimed: OpenedWave) -> None:
        self.sent.append(len(claimed.rows))

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def pending(self, carriers: list[str]) -> bool:
        self.asked_of.append(carriers)
        self.under_way -= 1
        return self.under_way >= 0


@dataclass
class Drains:
    """A loop over claims that a test lays out; time passes with each of them."""

    recorder: Recorder
    slept: list[float]
    run: Callable[..., Drained]


@pytest.fixture
def drains(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Drains]:
    def made(claims: Iterable[object], under_way: int = 0, step: float = 0.1) -> Drains:
        waits, recorder, slept = deque(claims), Recorder(under_way), list[float]()
        clock = SimpleNamespace(now=50.0)

        def claim(_: object, queue: str) -> object:
            assert queue == "sms"
            clock.now += step
            found = waits.popleft() if waits else None
            if isinstance(found, Exception):
                raise found
            return found

        works = SimpleNamespace(recorder=recorder, carriers_of=lambda queue: [f"of {queue}"])
        monkeypatch.setattr(loop.wave, "claim_next", claim)
        monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=slept.append))
        return Drains(recorder, slept, lambda **more: drain(works, "sms", **more))  # type: ignore[arg-type]

    return made


STORIES = {
    # what each claim finds, looks for which something is under way: sent, pauses
    "nothing": ([], 0, [], []),
    "one wave after the other": ([wave(3), wave(4)], 0, [3, 4], []),
    "the last outcomes are waited for": ([wave(3)], 2, [3], [0.05, 0.05]),
    "a sender that grants nothing for a moment": ([Wait(0.01), wave(1)], 0, [1], [0.01]),
    "a long wait is looked at again soon": ([Wait(9.0), wave(1)], 0, [1], [0.05]),
    "the database is away": ([AWAY, wave(1)], 0, [1], [0.05]),
}


@pytest.mark.parametrize("story", STORIES)
def test_until_nothing_is_open(story: str, drains: Callable[..., Drains]) -> None:
    claims, under_way, sent, paused = STORIES[story]
    made = drains(claims, under_way)
    assert made.run() == Drained(sum(sent), len(sent), more=False)
    assert (made.recorder.sent, made.recorder.paused) == (sent, paused)
    assert made.slept == ([0.2] if AWAY in claims else [])
    assert made.recorder.asked_of == [["of sms"]] * (under_way + 1)


def test_when_its_time_is_over_the_bell_rings_again(drains: Callable[..., Drains]) -> None:
    """Ten seconds of tenths, and three seconds of them."""
    assert drains([wave(1)] * 500).run().waves == pytest.approx(100, abs=1)
    done = drains([wave(2)] * 500).run(seconds=3.0)
    assert (done.waves, done.sent, done.more) == (pytest.approx(30, abs=1), 2 * done.waves, True)


def test_without_time_nothing_is_claimed(drains: Callable[..., Drains]) -> None:
    assert drains([wave(1)]).run(seconds=0.0) == Drained(more=True)


def test_somebody_may_say_stop(drains: Callable[..., Drains]) -> None:
    words = deque([True, True, False])
    assert drains([wave(1)] * 9).run(go_on=words.popleft) == Drained(2, 2, more=True)


def test_somebody_is_called_to_help_with_the_first_wave_alone(drains: Callable[..., Drains]) -> None:
    called: list[str] = []
    drains([Wait(0.01), wave(1), wave(1)]).run(call=lambda: called.append("help"))
    assert called == ["help"]
    drains([wave(1)]).run(call=lambda: called.append("again"))
    assert called == ["help", "again"]
    drains([]).run(call=lambda: called.append("for nothing"))
    assert called == ["help", "again"]
