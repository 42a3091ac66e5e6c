"""The exchange in a thread of this process, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from aiohttp import web

from broadcaster.local.ipaws.exchange import Posted
from broadcaster.local.ipaws.faults import Faults
from broadcaster.local.ipaws.group import Group
from broadcaster.local.ipaws.server import SOAP_PATH, Service, listen

T = TypeVar("T")


class Running:
    """An exchange that listens; a context manager that stops it. Every method may be called from any other thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, service: Service, listening: tuple[web.AppRunner, str]) -> None:
        self._loop, self._service = loop, service
        self._runner, self.base = listening
        self.url = f"{self.base}{SOAP_PATH}"
        self._thread: Thread | None = None

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def posts(self) -> list[Posted]:
        """Every post that was read, in their order."""
        return self._do(lambda: list(self._service.exchange.posts))

    def summary(self) -> dict[str, Any]:
        """The counts alone."""
        return self._do(self._service.summary)

    def set_faults(self, **updates: object) -> dict[str, Any]:
        """Change some settings; returns all. Raises FaultError."""
        return self._do(lambda: self._service.faults.change(dict(updates)))

    def stop(self) -> None:
        """Stop serving and join the thread."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def keep(self, thread: Thread) -> Running:
        """Remember the thread to join."""
        self._thread = thread
        return self

    def _do(self, work: Callable[[], T]) -> T:
        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()


def start_in_thread(group: Group, faults: Faults | None = None, port: int = 0) -> Running:
    """Start an exchange (port 0: any free one) and wait until it listens; OSError when the port is taken."""
    started: Future[Running] = Future()
    thread = Thread(target=_run, args=((group, faults, port), started), name="ipaws", daemon=True)
    thread.start()
    return started.result().keep(thread)


def _run(asked: tuple[Group, Faults | None, int], started: Future[Running]) -> None:
    group, faults, port = asked
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        service = Service(group, faults)
        started.set_result(Running(loop, service, loop.run_until_complete(listen(service, port))))
    except Exception as error:
        started.set_exception(error)
    else:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
