"""Taking texts back once the outage is over: newest first, a few at once, until enough in a row had left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from broadcaster.channels.errors import Ambiguous
from broadcaster.dispatch.waves import recall as duty
from broadcaster.dispatch.waves.recall import AT_ONCE, LOT, TOO_LATE, Recalled, recall
from broadcaster.store.fanout.recalls import Due, Waiting

FANOUT = 7


@dataclass
class Way:
    """A carrier that takes back what it is told to, and counts how many it is asked for at once."""

    back: set[str]
    cancels: bool = True
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)
    most: int = 0
    now: int = 0

    @property
    def traits(self) -> SimpleNamespace:
        return SimpleNamespace(cancels=self.cancels)

    async def cancel(self, ref: str) -> bool:
        self.asked.append(ref)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if self.error is not None:
            raise self.error
        return ref in self.back


@dataclass
class Texts:
    """What waits at the carrier, in the place of the store."""

    waits: list[Waiting]
    is_over: bool = True
    marked: list[Sequence[int]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def due(self, _: object) -> Due | None:
        return Due(FANOUT) if self.is_over else None

    def waiting(self, _: object, fanout: int, most: int, places: Sequence[int]) -> list[Waiting]:
        gone = {address for some in self.marked for address in some}
        return [one for one in self.waits if one.address_id not in gone][:most]

    def mark(self, _: object, fanout: int, addresses: Sequence[int]) -> None:
        self.marked.append(list(addresses))

    def close(self, _: object, fanout: int, places: Sequence[int]) -> None:
        self.closed.append(fanout)


class Transactions:
    """Sessions of nothing."""

    def __call__(self) -> AbstractContextManager[None]:
        return nullcontext()

    begin = __call__


def played(monkeypatch: pytest.MonkeyPatch, texts: Texts, way: Way | None) -> Recalled:
    def run(work: Coroutine[Any, Any, Any], within: float) -> Any:
        assert within == 30.0
        return asyncio.run(work)

    monkeypatch.setattr(duty, "recalls", texts)
    carriers = {"twilio": way} if way else {}
    works = SimpleNamespace(sessions=Transactions(), carriers=carriers, window=SimpleNamespace(run=run))
    return recall(works)  # type: ignore[arg-type]


def rows(many: int, carrier: str = "twilio") -> list[Waiting]:
    return [Waiting(FANOUT, no, carrier, f"SM{no}") for no in range(1, many + 1)]


def refs(*ranges: range) -> set[str]:
    return {f"SM{no}" for some in ranges for no in some}


CASES = {
    # waiting, taken back by the carrier: asked for, taken back, each lot that was marked
    "nothing waits": (0, refs(), 0, 0, [0]),
    "all of it is taken back": (30, refs(range(1, 31)), 30, 30, [30, 0]),
    "none is: enough in a row, and it ends": (120, refs(), 60, 0, [0]),
    "fifty in a row are enough": (80, refs(range(1, 11)), 60, 10, [10]),
    "one fewer is not: the count goes on with the next lot": (59, refs(range(1, 11)), 59 + 20, 10, [10, 0]),
    "one among them begins the count anew": (100, refs(range(50, 51), range(100, 101)), 100 + 60, 2, [2, 0]),
    "more than a lot": (LOT + 10, refs(range(1, LOT + 11)), LOT + 10, LOT + 10, [LOT, 10, 0]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_taken_back(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    many, back, asked, taken, lots = CASES[case]
    way, texts = Way(back), Texts(rows(many))
    done = played(monkeypatch, texts, way)
    assert (len(way.asked), done.taken_back) == (asked, taken)
    assert [len(some) for some in texts.marked] == lots
    assert texts.closed == [FANOUT]
    assert way.most <= AT_ONCE
    assert sorted(address for some in texts.marked for address in some) == sorted(int(ref[2:]) for ref in back)


@pytest.mark.parametrize("error", [Ambiguous("http_500"), TimeoutError()], ids=["says 500", "says nothing"])
def test_a_carrier_that_cannot_be_asked_is_asked_again_next_time(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = Texts(rows(3))
    assert played(monkeypatch, texts, Way(refs(range(9)), error=error)) == Recalled()
    assert (texts.marked, texts.closed) == ([], [])


@pytest.mark.parametrize("way", [None, Way(refs(range(9)), cancels=False)], ids=["not set up any more", "cannot"])
def test_who_cannot_take_back_is_not_asked(way: Way | None, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Texts(rows(3))
    assert played(monkeypatch, texts, way) == Recalled()
    assert (texts.closed, way.asked if way else []) == ([FANOUT], [])


def test_nothing_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Texts(rows(3), is_over=False)
    assert played(monkeypatch, texts, Way(refs(range(9)))) == Recalled()
    assert (texts.marked, texts.closed) == ([], [])


def test_how_many_in_a_row_had_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert played(monkeypatch, Texts(rows(TOO_LATE)), Way(refs())) == Recalled(0, TOO_LATE)
