"""A carrier in a thread of this process, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from threading import Thread
from typing import Any, TypeVar

from aiohttp import web

from broadcaster.local.carrier.config import Carrier
from broadcaster.local.carrier.inbound import hear
from broadcaster.local.carrier.ledger import KINDS
from broadcaster.local.carrier.loop import new_event_loop
from broadcaster.local.carrier.server import listen
from broadcaster.local.carrier.sim import summary_of
from broadcaster.local.carrier.switch import Switch

T = TypeVar("T")


class Running:
    """A carrier that listens; a context manager that stops it. Every method may be called from any other thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, listening: tuple[web.AppRunner, Switch, str]) -> None:
        self._loop = loop
        self._runner, self._switch, self.url = listening
        self._thread: Thread | None = None

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ledger(self) -> dict[str, Any]:
        """{messages, attempts, operations, unsent, summary}, as `/sim/ledger` gives them."""
        return self._do(lambda: _ledger_of(self._switch))

    def summary(self) -> dict[str, Any]:
        """The counts alone."""
        return self._do(lambda: summary_of(self._switch))

    def set_faults(self, **updates: object) -> dict[str, Any]:
        """Change some settings; returns all. Raises FaultError."""
        return self._do(lambda: asdict(self._switch.panel.change(updates)))

    def inbound(self, sender: str, to: str, body: str) -> dict[str, Any]:
        """A phone texts; returns when the webhook has answered."""
        heard = asyncio.run_coroutine_threadsafe(hear(self._switch, sender, to, body), self._loop)
        return asdict(heard.result())

    def clear(self) -> None:
        """Forget all messages."""
        self._do(self._switch.clear)

    def stop(self) -> None:
        """Stop serving and join the thread; hanging connections are closed."""
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
        """Run something in the carrier's own thread."""

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()


def start_in_thread(config: Carrier) -> Running:
    """Start a carrier (port 0: any free one) and wait until it listens; raises what `listen` raises."""
    started: Future[Running] = Future()
    thread = Thread(target=_run, args=(config, started), name="carrier", daemon=True)
    thread.start()
    return started.result().keep(thread)


def _run(config: Carrier, started: Future[Running]) -> None:
    loop = new_event_loop()
    try:
        started.set_result(Running(loop, loop.run_until_complete(listen(config))))
    except Exception as error:
        started.set_exception(error)
    else:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _ledger_of(switch: Switch) -> dict[str, Any]:
    rows = {name: list(switch.ledger.rows(kind)) for name, kind in KINDS.items()}
    return {**rows, "summary": summary_of(switch)}
