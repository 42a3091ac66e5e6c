"""A simulator in a thread of this process, for tests: its loop, how it is started, asked and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, Self, TypeVar

T = TypeVar("T")


class InThread:
    """Something that listens; a context manager that stops it. Its methods may be called from any other thread.

    `close` ends the listening, inside the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._loop, self._close = loop, close
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and join the thread; again is no error."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def keep(self, thread: Thread) -> Self:
        """Remember the thread to join."""
        self._thread = thread
        return self

    def _do(self, work: Callable[[], T]) -> T:
        """Run something in the simulator's own thread."""

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()


S = TypeVar("S", bound=InThread)


def start(
    name: str,
    opened: Callable[[asyncio.AbstractEventLoop], Coroutine[Any, Any, S]],
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> S:
    """Open something in a new loop in a new thread and wait until it listens; raises what `opened` raises."""
    started: Future[S] = Future()
    thread = Thread(target=_run, args=(opened, new_loop, started), name=name, daemon=True)
    thread.start()
    return started.result().keep(thread)


def _run(
    opened: Callable[[asyncio.AbstractEventLoop], Coroutine[Any, Any, S]],
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    started: Future[S],
) -> None:
    loop = new_loop()
    asyncio.set_event_loop(loop)
    try:
        started.set_result(loop.run_until_complete(opened(loop)))
    except Exception as error:
        started.set_exception(error)
    else:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
