"""Group commit: who waits hears after the commit, and nobody is left hanging."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from broadcaster.receipts.batch import MOST, WRITERS, Batches, NotKept
from broadcaster.store.fanout.receipts import NewReceipt


def receipt(no: int) -> NewReceipt:
    return NewReceipt(1, no, 1, "twilio", f"SM{no}", "sent", "", None)


class Database:
    """Writes when it is let; tells what it has written and how many writes were under way at once."""

    def __init__(self, *, frozen: bool = False) -> None:
        self.kept: list[NewReceipt] = []
        self.batches: list[int] = []
        self.most_at_once = self._now = 0
        self._free, self._lock = threading.Event(), threading.Lock()
        if not frozen:
            self._free.set()

    def thaw(self) -> None:
        """Answer from now on."""
        self._free.set()

    def write(self, rows: Sequence[NewReceipt]) -> None:
        """One transaction."""
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        self._free.wait()
        with self._lock:
            self._now -= 1
            self.kept += rows
            self.batches.append(len(rows))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


async def all_of(batches: Batches, rows: range) -> list[BaseException | None]:
    return await asyncio.gather(*(batches.keep(receipt(no)) for no in rows), return_exceptions=True)


async def test_a_receipt_is_durable_when_keep_returns() -> None:
    database, rung = Database(), []
    await Batches(database.write, lambda: rung.append(len(database.kept))).keep(receipt(1))
    assert (database.kept, rung) == ([receipt(1)], [1])


async def test_nobody_hears_before_the_commit_and_several_batches_are_under_way() -> None:
    database = Database(frozen=True)
    batches = Batches(database.write, lambda: None)
    crowd = asyncio.gather(*(batches.keep(receipt(no)) for no in range(3 * MOST)))
    await until(lambda: database.most_at_once == WRITERS)
    assert not crowd.done()
    database.thaw()
    await crowd
    assert sorted(row.address_id for row in database.kept) == list(range(3 * MOST))
    assert max(database.batches) <= MOST
    assert database.most_at_once == WRITERS


async def test_a_failure_reaches_everybody_who_waits_and_the_next_ones_are_kept_again() -> None:
    database, away = Database(), True

    def write(rows: Sequence[NewReceipt]) -> None:
        if away:
            raise ConnectionError("away")
        database.write(rows)

    batches = Batches(write, lambda: None)
    assert {type(one) for one in await all_of(batches, range(50))} == {NotKept}
    away = False
    assert set(await all_of(batches, range(50))) == {None}
    assert len(database.kept) == 50


async def test_more_than_can_wait_is_refused_at_once() -> None:
    database = Database(frozen=True)
    batches = Batches(database.write, lambda: None, most_waiting=10)
    crowd = [asyncio.ensure_future(batches.keep(receipt(no))) for no in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(NotKept, match="More receipts come"):
        await batches.keep(receipt(10))
    assert not any(one.done() for one in crowd)
    database.thaw()
    await asyncio.gather(*crowd)
    assert len(database.kept) == 10


async def test_behind_a_database_that_hangs_everybody_is_answered() -> None:
    database = Database(frozen=True)
    batches = Batches(database.write, lambda: None, longest_wait=0.3)
    async with asyncio.timeout(30):
        said = await all_of(batches, range(4 * MOST))
    assert {str(one) for one in said} == {
        "The receipt waits for a database that does not answer.",
        "The receipt waited too long.",
    }
    database.thaw()
    assert await batches.keep(receipt(9999)) is None


async def test_a_caller_who_hangs_up_takes_nobody_along() -> None:
    database = Database(frozen=True)
    batches = Batches(database.write, lambda: None)
    gone, stays = (asyncio.ensure_future(batches.keep(receipt(no))) for no in (1, 2))
    await until(lambda: database.most_at_once > 0)
    gone.cancel()
    database.thaw()
    assert await stays is None
    assert [row.address_id for row in database.kept] == [1, 2]
