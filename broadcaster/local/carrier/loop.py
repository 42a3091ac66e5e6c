"""The event loop of the simulator: uvloop where it is installed, otherwise slower but the same."""

from __future__ import annotations

import asyncio

try:
    import uvloop
except ImportError:
    FAST = False
else:
    FAST = True


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop that nobody else uses."""
    return uvloop.new_event_loop() if FAST else asyncio.new_event_loop()
