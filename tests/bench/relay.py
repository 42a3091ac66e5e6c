"""A relay that takes every mail after a fixed time, counts, and judges that each mailbox had one.

`python -m tests.bench.relay` prints its port. Any line on its input is answered with what came, and a number on
that line is the milliseconds that every mail takes from then on, with everything forgotten.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field

import uvloop

LONGEST_LINE = 1 << 20


@dataclass
class Judge:
    """What came since the last reset; `first` is Unix seconds, `peak` the most mails on their way at once."""

    delay: float = 0.0
    mails: int = 0
    first: float = 0.0
    last: float = 0.0
    busy: int = 0
    peak: int = 0
    boxes: set[bytes] = field(default_factory=set)

    def stats(self) -> str:
        """As one line."""
        said = {"mails": self.mails, "distinct": len(self.boxes), "first": self.first, "last": self.last}
        return json.dumps({**said, "peak": self.peak}) + "\n"


class Relay:
    """The conversations, all before the same judge."""

    def __init__(self) -> None:
        self.judge = Judge()

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, until QUIT or the end."""
        writer.write(b"220 sink ESMTP\r\n")
        boxes: list[bytes] = []
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                await self._take(boxes)
                boxes = []
            elif verb == b"RCPT":
                boxes.append(line.split(b"<")[1].split(b">")[0])
            writer.write(b"250-sink\r\n250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")
        writer.close()

    async def _take(self, boxes: list[bytes]) -> None:
        judge = self.judge
        judge.busy += 1
        judge.peak = max(judge.peak, judge.busy)
        if judge.delay:
            await asyncio.sleep(judge.delay)
        judge.busy -= 1
        judge.last = time.time()
        judge.first = judge.first or judge.last
        judge.mails += 1
        judge.boxes.update(boxes)


async def serve() -> None:
    """Until the input closes."""
    relay, loop = Relay(), asyncio.get_running_loop()
    server = await asyncio.start_server(relay.converse, "127.0.0.1", 0, limit=LONGEST_LINE, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip():
            relay.judge = Judge(delay=float(line) / 1000)
        sys.stdout.write(relay.judge.stats())
        sys.stdout.flush()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
