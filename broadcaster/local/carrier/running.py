"""A carrier in a thread of this process, for tests."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from aiohttp import web

from broadcaster.local import in_thread
from broadcaster.local.carrier.config import Carrier
from broadcaster.local.carrier.inbound import hear
from broadcaster.local.carrier.ledger import KINDS
from broadcaster.local.carrier.loop import new_event_loop
from broadcaster.local.carrier.server import listen
from broadcaster.local.carrier.sim import summary_of
from broadcaster.local.carrier.switch import Switch
from broadcaster.local.in_thread import InThread


class Running(InThread):
    """A carrier that listens; hanging connections are closed when it stops."""

    def __init__(self, loop: asyncio.AbstractEventLoop, listening: tuple[web.AppRunner, Switch, str]) -> None:
        runner, self._switch, self.url = listening
        super().__init__(loop, runner.cleanup)

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

    def calls(self) -> list[dict[str, Any]]:
        """Every call that was placed, oldest first: who was called, who picked up, what they heard and pressed."""
        return self._do(lambda: [asdict(call) for call in self._switch.calls.calls])

    def clear(self) -> None:
        """Forget all messages."""
        self._do(self._switch.clear)


def start_in_thread(config: Carrier) -> Running:
    """Start a carrier (port 0: any free one) and wait until it listens; raises what `listen` raises."""

    async def opened(loop: asyncio.AbstractEventLoop) -> Running:
        return Running(loop, await listen(config))

    return in_thread.start("carrier", opened, new_event_loop)


def _ledger_of(switch: Switch) -> dict[str, Any]:
    rows = {name: list(switch.ledger.rows(kind)) for name, kind in KINDS.items()}
    return {**rows, "summary": summary_of(switch)}
