"""Our own processes as `broadcaster up` starts them, one by one, so that each can be killed, frozen and restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.flow import installation
from tests.flow.story import ROOT


class Player:
    """One command of ours in a session of its own; what it says is appended to a log."""

    def __init__(self, env: Mapping[str, str], words: tuple[str, ...], log: Path, before: tuple[str, ...] = ()) -> None:
        argv = [*before, sys.executable, "-m", "broadcaster", *words]
        with log.open("ab") as out:
            self._running = subprocess.Popen(
                argv, env=dict(env), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        self.words, self.log, self.pid = words, log, self._running.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._running.poll() is None

    def children(self) -> list[int]:
        """Its child processes: of a worker, those that send."""
        return installation.children(self.pid)

    def kill(self) -> None:
        """`kill -9` of the process and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._running.wait(10)

    def tell(self, number: signal.Signals) -> None:
        """A signal to the process alone."""
        self._running.send_signal(number)

    def freeze(self) -> None:
        """SIGSTOP to the whole session."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to the whole session."""
        os.killpg(self.pid, signal.SIGCONT)

    def status(self, seconds: float = 40.0) -> int:
        """Wait for its end; the exit status, negative for a signal."""
        return self._running.wait(seconds)

    def ready(self, sending: int, seconds: float = 40.0) -> None:
        """Wait until a worker has its sending processes."""
        end = time.monotonic() + seconds
        while len(self.children()) < sending:
            assert self.alive and time.monotonic() < end, f"{' '.join(self.words)} does not start: {self.log}"
            time.sleep(0.05)
