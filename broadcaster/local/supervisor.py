"""Starts services in order, each after its predecessor is ready; keeps them alive; stops them in reverse order.

Written because honcho stops the broker before the workers and cuts their work, and circus brings pyzmq and a traceback.
Each service has its own session and appends to its own log. If we are killed, the kernel sends them SIGTERM.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from broadcaster import logs
from broadcaster.local import child
from broadcaster.refusal import Refusal

TICK = 0.1  # seconds between two looks at the services
BACKOFF = (0.5, 30.0)  # seconds before a restart: the first, and the longest after doubling
STEADY_AFTER = 60.0  # seconds alive after which an earlier death no longer counts
LOG_LIMIT = 20_000_000  # bytes; a larger log is put aside at the next start, over the one before


class SupervisorError(Refusal, RuntimeError):
    """A service did not become ready; the message names it and ends with the last lines of its log."""


@dataclass(frozen=True)
class Service:
    """A process to keep: ``env`` is added to ours; ``stop_after`` seconds lie between SIGTERM and SIGKILL.

    With ``restart`` off it may end by itself: with status 0 it counts as ready, and it is left alone.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool]
    stop_after: float = 10.0
    restart: bool = True


@dataclass
class _Life:
    """What we know of one service while we keep it."""

    service: Service
    process: child.Process | None = None
    born: float = 0.0
    deaths: int = 0
    due: float = field(default=float("inf"))


def listening(port: int) -> Callable[[], bool]:
    """A readiness check: something accepts connections on this loopback port."""
    return lambda: child.answers(port)


class Supervisor:
    """Keeps services; use it as a context manager, or ``run`` it until a signal.

    ``each_tick`` runs about ten times a second between the checks (``Servers.revive``, say).
    """

    def __init__(
        self,
        services: Sequence[Service],
        folder: Path,
        ready_within: float = 60.0,
        each_tick: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lives = [_Life(service) for service in services]
        self._folder = folder
        self._ready_within = ready_within
        self._each_tick = each_tick
        self._clock = clock
        self._leaving = threading.Event()
        self._log = logs.get("supervisor")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def run(self) -> None:
        """Start everything, keep it alive until SIGINT, SIGTERM or ``leave``, stop everything in reverse order."""
        with _signals(self.leave), self:
            while not self._leaving.wait(TICK):
                self.tick()

    def leave(self) -> None:
        """Make ``run`` end, and a ``start`` under way stop waiting."""
        self._leaving.set()

    def start(self) -> None:
        """Start the services in order; if one does not become ready, stop all and raise SupervisorError."""
        for life in self._lives:
            if self._leaving.is_set():
                return
            self._spawn(life)
            try:
                self._wait_until_ready(life)
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Stop in reverse order: SIGTERM, ``stop_after`` seconds, SIGKILL; one has ended before the next is told."""
        for life in reversed(self._lives):
            if life.process is not None:
                status = child.end(life.process, (signal.SIGTERM, life.service.stop_after))
                self._log.info("stopped", service=life.service.name, status=status)
            life.process, life.due = None, float("inf")

    def tick(self) -> None:
        """One look: note who died, start again who is due."""
        self._each_tick()
        for life in self._lives:
            if life.process is not None and life.process.poll() is not None:
                self._bury(life, life.process)
            elif life.process is None and life.due <= self._clock():
                self._spawn(life)

    def pids(self) -> dict[str, int]:
        """The process id of each service that runs, by name."""
        lives = [(life.service.name, life.process) for life in self._lives]
        return {name: process.pid for name, process in lives if process is not None and process.poll() is None}

    def log_of(self, name: str) -> Path:
        """The log of a service: both its streams, every life appended."""
        return self._folder / f"{name}.log"

    def _spawn(self, life: _Life) -> None:
        service, log = life.service, self.log_of(life.service.name)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        life.process = child.spawn(service.argv, log, env={**os.environ, **service.env})
        life.born, life.due = self._clock(), float("inf")
        self._log.info("started", service=service.name, pid=life.process.pid)

    def _wait_until_ready(self, life: _Life) -> None:
        service, process = life.service, life.process
        deadline = life.born + self._ready_within
        while process is not None and not service.ready():
            if self._leaving.is_set():
                return
            if (status := process.poll()) is not None:
                if status == 0 and not service.restart:
                    return
                raise SupervisorError(self._story(service, f"ended with status {status} before it was ready"))
            if self._clock() >= deadline:
                raise SupervisorError(self._story(service, f"is not ready after {self._ready_within:g} s"))
            self._leaving.wait(child.POLL)

    def _story(self, service: Service, what: str) -> str:
        log = self.log_of(service.name)
        return f"{service.name} {what}. The last lines of {log}:\n{child.tail(log)}"

    def _bury(self, life: _Life, process: child.Process) -> None:
        """Kill what it left behind (a worker's children would keep its port), and plan its next life."""
        child.kill_session(process)
        now = self._clock()
        life.deaths = 1 if now - life.born > STEADY_AFTER else life.deaths + 1
        wait = min(BACKOFF[0] * 2.0 ** (life.deaths - 1), BACKOFF[1])
        life.process, life.due = None, now + wait if life.service.restart else float("inf")
        again_in = wait if life.service.restart else None
        self._log.warning("ended", service=life.service.name, status=process.returncode, again_in=again_in)


@contextmanager
def _signals(leave: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call ``leave`` in this block; Python only lets the main thread arrange that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(_: int, __: FrameType | None) -> None:
        leave()

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
