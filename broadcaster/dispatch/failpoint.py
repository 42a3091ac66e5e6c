"""Places between the steps of the algorithm where the chaos tests kill us."""

from __future__ import annotations

import os
import signal


def failpoint(name: str) -> None:
    """Die here as by `kill -9` when FAILPOINT says so; a fault injection of the chaos tests, off otherwise."""
    if os.environ.get("FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
