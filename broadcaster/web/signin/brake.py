"""Progressive delay after failed attempts. It never refuses, and never holds many threads at once.

The count is kept per process and by what was typed, whether such an account exists or not: a delay tells nobody
which addresses have accounts, and no store can be down.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

LONGEST = 5.0
"""Seconds; reliability.md 4.1 b."""
FREE = 3
"""Failures without a delay: anybody mistypes."""
AT_ONCE = 2
"""Fewer than the threads of the sign-in (`routes.THREADS`): somebody always gets through."""
REMEMBERED = 10_000
FORGOTTEN_AFTER = 900.0


class Brake:
    """Counts failures by name and holds up the next attempt: 0.5 s after the third one, then 1, 2, 4, 5 s."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, at_once: int = AT_ONCE) -> None:
        """`at_once` is how many attempts may wait; above that nobody waits, so that no flood can take the threads."""
        self._sleep, self._slots, self._lock = sleep, threading.BoundedSemaphore(at_once), threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def delay(self, name: str) -> float:
        """Seconds that the next attempt by this name is held up."""
        with self._lock:
            failures, at = self._failures.get(name, (0, 0.0))
        if failures < FREE or time.monotonic() - at > FORGOTTEN_AFTER:
            return 0.0
        return min(LONGEST, 0.5 * 2.0 ** min(failures - FREE, 10))

    def wait(self, name: str) -> None:
        """Hold this attempt up as long as its name has to be, if there is room to wait; never inside a transaction."""
        seconds = self.delay(name)
        if seconds and self._slots.acquire(blocking=False):
            try:
                self._sleep(seconds)
            finally:
                self._slots.release()

    def failed(self, name: str) -> int:
        """Count a failure; returns how many there are now."""
        with self._lock:
            failures = self._failures.pop(name, (0, 0.0))[0] + 1
            self._failures[name] = (failures, time.monotonic())
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)
        return failures

    def passed(self, name: str) -> None:
        """Forget the failures of a name."""
        with self._lock:
            self._failures.pop(name, None)
