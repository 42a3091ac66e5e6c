"""A mail relay of a few lines that says what it is told to say, at every stage, and remembers what it was told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

HANG_UP, SILENCE = b"", b"..."
"""Answers that are none: the line is cut, or nothing is ever said."""


@dataclass
class Scripted:
    """Answers by a command's first word (`hello` is the greeting, `.` the answer to a mail).

    `first` are answers that are given once, in turn, before the usual ones; `most` connections at a time, then 421.
    """

    answers: Mapping[bytes, bytes] = field(default_factory=dict)
    first: dict[bytes, list[bytes]] = field(default_factory=dict)
    most: int = 1000
    said: list[bytes] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    opened: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self._lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def count(self, word: bytes) -> int:
        """How often a command was said."""
        return sum(line.split()[:1] == [word] for line in self.said)

    def hang_up(self) -> None:
        """Cut every connection at once, as a restart of the relay does."""
        for writer in self._lines.values():
            writer.transport.abort()

    async def gone(self) -> None:
        """Wait until every client has hung up, or was hung up on."""
        while self._lines:
            await asyncio.wait(list(self._lines), timeout=10)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, start to finish."""
        me = asyncio.current_task()
        assert me is not None
        self._lines[me] = writer
        try:
            if len(self._lines) > self.most:
                writer.write(b"421 4.7.0 too many connections\r\n")
            else:
                self.opened += 1
                await self._talk(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()  # the client is gone: there is nobody to say goodbye to
        finally:
            del self._lines[me]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._answer(writer, b"hello", b"220 here\r\n"):
            return
        while line := await reader.readline():
            self.said.append(line.strip())
            word = line.split()[0].upper() if line.split() else b""
            usual = b"354 go on\r\n" if word == b"DATA" else b"250 OK\r\n"
            reply = self._answer(writer, word, usual)
            if reply.startswith(b"354"):
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                reply = self._answer(writer, b".", b"250 OK\r\n")
            if not reply or word == b"QUIT" or reply.startswith(b"421"):
                return

    def _answer(self, writer: asyncio.StreamWriter, word: bytes, usual: bytes) -> bytes:
        waiting = self.first.get(word)
        reply = waiting.pop(0) if waiting else self.answers.get(word, usual)
        writer.write(b"" if reply == SILENCE else reply)
        return reply


@contextlib.asynccontextmanager
async def relay(made: Scripted | None = None, login: str = "") -> AsyncIterator[Scripted]:
    """A listening relay; `login` is ``user:password@`` for its address."""
    scripted = made or Scripted()
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.url = f"smtp://{login}127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield scripted
    finally:
        server.close()
        scripted.hang_up()
        await scripted.gone()
