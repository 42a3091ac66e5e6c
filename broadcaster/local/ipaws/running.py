"""The exchange in a thread of this process, for tests."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from broadcaster.local import in_thread
from broadcaster.local.in_thread import InThread
from broadcaster.local.ipaws.exchange import Posted
from broadcaster.local.ipaws.faults import Faults
from broadcaster.local.ipaws.group import Group
from broadcaster.local.ipaws.server import SOAP_PATH, Service, listen


class Running(InThread):
    """An exchange that listens."""

    def __init__(self, loop: asyncio.AbstractEventLoop, service: Service, listening: tuple[web.AppRunner, str]) -> None:
        runner, self.base = listening
        super().__init__(loop, runner.cleanup)
        self._service = service
        self.url = f"{self.base}{SOAP_PATH}"

    def posts(self) -> list[Posted]:
        """Every post that was read, in their order."""
        return self._do(lambda: list(self._service.exchange.posts))

    def summary(self) -> dict[str, Any]:
        """The counts alone."""
        return self._do(self._service.summary)

    def set_faults(self, **updates: object) -> dict[str, Any]:
        """Change some settings; returns all. Raises FaultError."""
        return self._do(lambda: self._service.faults.change(dict(updates)))


def start_in_thread(group: Group, faults: Faults | None = None, port: int = 0) -> Running:
    """Start an exchange (port 0: any free one) and wait until it listens; OSError when the port is taken."""

    async def opened(loop: asyncio.AbstractEventLoop) -> Running:
        service = Service(group, faults)
        return Running(loop, service, await listen(service, port))

    return in_thread.start("ipaws", opened)
