"""Our own processes on the servers of a test: what `broadcaster up` starts, one by one, so that they can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.factories import KEYS, SENDER, SID, TOKEN
from tests.flow import warm
from tests.flow.story import ROOT

LISTED = any(Path("/proc/self/task").glob("*/children"))
"""Whether the kernel lists the children of each thread; not all are built to."""


def environment(database_url: str, redis_url: str, carrier_url: str, folder: Path) -> dict[str, str]:
    """A demo installation on these servers, with the three times of the algorithm scaled to a tenth."""
    return {
        **os.environ,
        **KEYS,
        "MODE": "demo",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": SENDER,
        "TWILIO_API_URL": carrier_url,
        "SMS_MPS": "200",
        "LEASE": "3",
        "SETTLE": "6",
        "BLIND": "8",
        "SWEEP_EVERY": "0.5",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def process(env: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """One command of ours, killed with its children at the end."""
    argv = [sys.executable, "-m", "broadcaster", *words]
    running = subprocess.Popen(argv, env=env, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield running
    finally:
        for child in children(running.pid):
            kill(child)
        running.kill()
        running.wait(10)


def run(env: dict[str, str], *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """One command of ours from its start to its end."""
    return warm.run(env, "broadcaster", words, typed)


def children(pid: int) -> list[int]:
    """The child processes of a process: asked fifty times while a worker starts, and `ps` reads all of /proc."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        return [int(child) for each in listed for child in each.read_text().split()] if LISTED else _by_ps(pid)
    except OSError:  # it has just ended
        return []


def _by_ps(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def kill(pid: int) -> None:
    """`kill -9`; somebody who is gone already is no error."""
    if Path(f"/proc/{pid}").exists():
        os.kill(pid, 9)
