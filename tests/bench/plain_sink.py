"""The sink where there is no C compiler: the same answers and the same judge on asyncio, HTTP only.

It answers some 20,000 texts a second and so bounds this engine and its ceiling, not the naive peer.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

import uvloop

TO = re.compile(rb"(?:^|&)To=(?:%2B)?(\d+)")
KEY = re.compile(rb"%3Fd%3D(\d+)", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Judge:
    """What has come since the last reset."""

    def __init__(self) -> None:
        self.reset(0.0)

    def reset(self, delay: float) -> None:
        """Forget everything; answer after `delay` seconds from now on."""
        self.delay, self.texts, self.strange, self.waiting, self.peak = delay, 0, 0, 0, 0
        self.first = self.last = 0.0
        self.seen: set[bytes] = set()
        self.fanouts: dict[str, dict[str, float]] = {}

    def note(self, body: bytes) -> None:
        """One text arrived."""
        self.last = time.time()
        self.first = self.first or self.last
        self.texts += 1
        to, key = TO.search(body), KEY.search(body)
        if to:
            self.seen.add(to[1])
        else:
            self.strange += 1
        fanout = self.fanouts.setdefault(key[1].decode() if key else "0", {"first": self.last, "texts": 0})
        fanout["texts"] += 1

    def stats(self) -> dict[str, object]:
        """As the C sink says it."""
        return {
            "texts": self.texts,
            "distinct": len(self.seen),
            "strange": self.strange,
            "first": self.first,
            "last": self.last,
            "peak": self.peak,
            "fanouts": self.fanouts,
        }


class Conversation(asyncio.Protocol):
    """One connection; answers keep their order because every text waits for the same time."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._got = judge, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Serve every whole request that has arrived."""
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._got, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._got) < whole:
                return
            line, body = self._got[: self._got.find(b"\r\n")], self._got[end + 4 : whole]
            self._got = self._got[whole:]
            self._serve(line, body)

    def _serve(self, line: bytes, body: bytes) -> None:
        judge = self._judge
        if b"/control/stats" in line:
            self._say(b"200 OK", judge.stats())
        elif b"/control/reset" in line:
            judge.reset(float(line.partition(b"delay_ms=")[2].split()[0] or 0) / 1000)
            self._say(b"200 OK", {})
        else:
            judge.note(body)
            if judge.delay:
                judge.waiting += 1
                judge.peak = max(judge.peak, judge.waiting)
                asyncio.get_running_loop().call_later(judge.delay, self._created, judge.texts)
            else:
                self._created(judge.texts)

    def _created(self, no: int) -> None:
        self._judge.waiting -= bool(self._judge.delay)
        made = {"sid": f"SM{time.time_ns():016x}{no:016x}", "status": "queued", "error_code": None, "num_segments": "1"}
        self._say(b"201 CREATED", made)

    def _say(self, status: bytes, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        top = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(top + body)  # type: ignore[attr-defined]


async def serve() -> None:
    """Until the input closes."""
    judge, loop = Judge(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(judge), "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(json.dumps({"http": server.sockets[0].getsockname()[1], "tls": 0}) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
