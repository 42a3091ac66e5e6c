"""A TCP proxy that breaks on request: put it before the carrier, Postgres or Valkey, and change the fault as it runs.

A *reply* is everything that the server says until the client speaks again. The dice are thrown once a request, so a
fault spoils a whole reply. `hits` counts the replies and connections that a fault really fell on.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from threading import Thread
from typing import Any, Self, TypeVar

T = TypeVar("T")

CHUNK = 65_536
RST = struct.pack("ii", 1, 0)  # SO_LINGER with zero seconds: the kernel closes with RST instead of FIN
NOISE = b"\x00\xff\x15\x03\x01 not what you asked for\r\n\r\n"


class Kind(StrEnum):
    """What is done to a reply; of a request that fell into the black hole the server never hears."""

    NONE = "none"
    LATENCY = "latency"
    RESET = "reset"
    HALF_CLOSE = "half_close"
    BLACK_HOLE = "black_hole"
    SWALLOW = "swallow"
    TRUNCATE = "truncate"
    SLOW_LORIS = "slow_loris"
    DOUBLE = "double"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in force: on `share` of the requests, and only on those that hold the bytes `said`.

    `seconds` is the delay of LATENCY and the pause after each byte of SLOW_LORIS; `keep` is how many bytes of the
    reply TRUNCATE lets through.
    """

    kind: Kind = Kind.NONE
    share: float = 1.0
    said: bytes = b""
    seconds: float = 0.0
    keep: int = 40


CALM = Fault()


class _Line:
    """One connection through the proxy: two pumps, and the fault that waits for the next reply."""

    def __init__(self, proxy: Proxy, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._proxy, self._near, self._far = proxy, near, far
        self._fault = CALM
        self.dark = False

    async def requests(self, reader: asyncio.StreamReader) -> None:
        """Client to server."""
        while chunk := await reader.read(CHUNK):
            self._fault = self._proxy.draw(chunk)
            if not self.dark and self._fault.kind is not Kind.BLACK_HOLE:
                self._far.write(chunk)
                await self._far.drain()

    async def replies(self, reader: asyncio.StreamReader) -> None:
        """Server to client, spoilt as drawn."""
        while chunk := await reader.read(CHUNK):
            if not self.dark and not await self._spoil(chunk):
                return

    async def _spoil(self, chunk: bytes) -> bool:
        """Pass a chunk on as its fault allows; False when the connection ends with it."""
        fault = self._fault
        match fault.kind:
            case Kind.SWALLOW | Kind.BLACK_HOLE:
                return True
            case Kind.RESET:
                self.reset()
                return False
            case Kind.HALF_CLOSE:
                self._near.write_eof()
                self._fault = Fault(Kind.SWALLOW)
                return True
            case Kind.TRUNCATE | Kind.NOISE:
                self._near.write(NOISE if fault.kind is Kind.NOISE else chunk[: fault.keep])
                return False
            case Kind.SLOW_LORIS:
                await self._byte_by_byte(chunk, fault.seconds)
            case Kind.LATENCY:
                await asyncio.sleep(fault.seconds)
                self._near.write(chunk)
            case _:
                self._near.write(chunk * (2 if fault.kind is Kind.DOUBLE else 1))
        await self._near.drain()
        return True

    async def _byte_by_byte(self, chunk: bytes, pause: float) -> None:
        for at in range(len(chunk)):
            self._near.write(chunk[at : at + 1])
            await self._near.drain()
            await asyncio.sleep(pause)

    def darken(self) -> None:
        """Carry nothing from now on, and stay up."""
        self.dark = True

    def reset(self) -> None:
        """RST to the client, and an end to the server's side."""
        with suppress(OSError):
            self._near.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        self._near.transport.abort()
        self._far.transport.abort()

    def close(self) -> None:
        """An orderly end on both sides."""
        self._near.close()
        self._far.close()


class Proxy:
    """A proxy before `port` of loopback, in a thread of its own; a context manager. `at` is where it listens."""

    def __init__(self, port: int, seed: int = 1) -> None:
        self.fault = CALM
        self.hits = 0
        self.at = 0
        self._port = port
        self._dice = Random(seed)
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self) -> None:
        """Stop listening and reset everybody: the host is gone."""
        self._do(self._stop_listening())
        self.cut()

    def listen(self) -> None:
        """Listen again, on the same port."""
        self._do(self._listen())

    def cut(self) -> int:
        """RST every present connection; returns how many."""
        return self._do(self._each(_Line.reset))

    def go_dark(self) -> int:
        """Half-open: present connections stay up and carry nothing any more, new ones work; returns how many."""
        return self._do(self._each(_Line.darken))

    def draw(self, request: bytes) -> Fault:
        """The fault that befalls the reply to this request."""
        fault = self.fault
        if fault.kind is Kind.NONE or fault.said not in request or self._dice.random() >= fault.share:
            return CALM
        self.hits += 1
        return fault

    async def _each(self, act: Callable[[_Line], object]) -> int:
        lines = list(self._lines)
        for line in lines:
            act(line)
        self.hits += len(lines)
        return len(lines)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.at, backlog=512)
        self.at = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _close(self) -> None:
        await self._stop_listening()
        for line in list(self._lines):
            line.reset()
        tasks = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(self, writer, far)
        self._lines.add(line)
        pumps = [asyncio.ensure_future(line.requests(reader)), asyncio.ensure_future(line.replies(far_reader))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._lines.discard(line)
            line.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the proxy's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
