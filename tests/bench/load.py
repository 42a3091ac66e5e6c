"""Prepared requests, and the C program that posts them."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import build
from tests.bench.gauge import Absent, Void


@dataclass(frozen=True, slots=True)
class Load:
    """What a load of requests met: answers by status, seconds in all, and the wait for one answer."""

    answers: dict[int, int]
    seconds: float
    again: int
    p50_ms: float
    p99_ms: float

    def rate(self, status: int) -> float:
        """Answers of one status a second."""
        return self.answers.get(status, 0) / self.seconds


def posting(path: str, host: str, headers: dict[str, str], body: bytes) -> bytes:
    """One POST of a form, as bytes."""
    lines = {
        "Host": host,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        **headers,
    }
    top = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{top}\r\n".encode() + body


def write(requests: Iterable[bytes], file: Path) -> int:
    """Write requests down for the load program; returns how many."""
    many = 0
    with file.open("wb") as out:
        for request in requests:
            out.write(struct.pack("=I", len(request)) + request)
            many += 1
    return many


def run(folder: Path, port: int, file: Path, connections: int, trusted: Path | None = None) -> Load:
    """Post them all; Absent where the program cannot be had, Void when it gives up."""
    made = build.built("load", folder)
    if made is None:
        raise Absent("no C compiler: nothing here can post fast enough")
    argv = [str(made.program), str(port), str(file), str(connections), *([str(trusted)] if trusted else [])]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Void(f"the load program gave up: {done.stderr.strip()[:200]}")
    said = json.loads(done.stdout)
    answers = {int(status): many for status, many in said["answers"].items()}
    return Load(answers, said["seconds"], said["again"], said["p50_ms"], said["p99_ms"])
