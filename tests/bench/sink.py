"""The running sink: the C program where there is a compiler, asyncio where there is none."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import build, certificate
from tests.bench.gauge import Absent

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Stats:
    """What has arrived since the last reset. Times are Unix seconds, 0 when nothing came; `peak` is the largest number
    of texts whose answer was due at once (0 with instant answers); `fanouts` maps a fan-out to (first, texts)."""

    texts: int
    distinct: int
    strange: int
    first: float
    last: float
    peak: int
    fanouts: dict[int, tuple[float, int]]

    @property
    def each_once(self) -> bool:
        """Whether nobody was texted twice, and every text named somebody."""
        return self.texts == self.distinct and not self.strange


@dataclass(frozen=True, slots=True)
class Sink:
    """A carrier on loopback; `tls_port` is 0 where TLS could not be had, `in_c` is whether it is the fast one."""

    pid: int
    port: int
    tls_port: int
    trusted: Path
    in_c: bool

    def url(self, tls: bool = False) -> str:
        """Where texts go; Absent when TLS is asked for and cannot be had."""
        if tls and not self.tls_port:
            raise Absent("no TLS: a C compiler and <openssl/ssl.h> are needed")
        return f"https://127.0.0.1:{self.tls_port}" if tls else f"http://127.0.0.1:{self.port}"

    def reset(self, delay_ms: float = 0.0) -> None:
        """Forget what came, and answer from now on after so many milliseconds."""
        self._ask("POST", f"/control/reset?delay_ms={delay_ms}")

    def stats(self) -> Stats:
        """What has come so far."""
        said = self._ask("GET", "/control/stats")
        fanouts = {int(key): (one["first"], one["texts"]) for key, one in said["fanouts"].items()}
        return Stats(
            said["texts"], said["distinct"], said["strange"], said["first"], said["last"], said["peak"], fanouts
        )

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer


@contextmanager
def running(folder: Path) -> Iterator[Sink]:
    """A sink for as long as the block lasts."""
    trusted, key = certificate.make(folder)
    made = build.built("sink", folder)
    argv = [str(made.program)] if made else [sys.executable, "-m", "tests.bench.plain_sink"]
    if made and made.tls:
        argv += [str(trusted), str(key)]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ports = json.loads((process.stdout or sys.stdin).readline())
        yield Sink(process.pid, ports["http"], ports["tls"], trusted, made is not None)
    finally:
        process.communicate(timeout=10)
