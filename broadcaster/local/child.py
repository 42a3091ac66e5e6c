"""A process of ours: its own session, its own log, an orderly end, and no life after ours.

The kernel ties a child's end to the *thread* that started it: start servers and services from a thread that lives as
long as they should, which is the main thread.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from broadcaster.refusal import Refusal

LAUNCH = Path(__file__).with_name("launch.py")
POLL = 0.05
Process = subprocess.Popen[bytes]


class ServerError(Refusal, RuntimeError):
    """A server of ours cannot be started; the message says why and what to do."""


@dataclass(frozen=True)
class User:
    """Whom a child becomes when we are root."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    user: User | None = None,
    farewell: signal.Signals = signal.SIGTERM,
) -> Process:
    """Start a program in its own session, its output appended to ``log``; ``farewell`` reaches it if we are killed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    who = f"{user.uid}:{user.gid}" if user else "-"
    breath = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(farewell)), who]
    with log.open("ab") as out:
        return subprocess.Popen(
            [*breath, *argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=dict(env) if env is not None else None,
            start_new_session=True,
        )


def end(process: Process, *steps: tuple[signal.Signals, float]) -> int:
    """Send each signal and wait its seconds, until the process ends; SIGKILL at last. Returns the exit status.

    The signals go to the process alone, so that it ends its own children in order; what it leaves behind is killed.
    """
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    kill_session(process)
    return process.wait()


def kill_session(process: Process) -> bool:
    """SIGKILL whatever is left of the process and of the children that share its session; False if nothing was."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
        return False
    return True


def start_until_ready(start: Callable[[], Process], ready: Callable[[], bool], log: Path, within: float) -> Process:
    """Start a server and wait until it answers; start it again while an earlier life still holds its lock or its port.

    Raises ServerError with the last lines of the log after ``within`` seconds, or at once if it ends for another cause.
    """
    deadline = time.monotonic() + within
    while True:
        before = log.stat().st_size if log.exists() else 0
        process = start()
        while process.poll() is None and time.monotonic() < deadline:
            if ready():
                return process
            time.sleep(POLL)
        end(process, (signal.SIGTERM, 2.0))
        said = tail(log, since=before)
        if time.monotonic() >= deadline or not _passing(said):
            raise ServerError(f"{log.stem} does not start (exit status {process.returncode}). It said:\n{said}")
        time.sleep(4 * POLL)


def _passing(said: str) -> bool:
    """Whether a server ended for a cause that goes away: a lock, shared memory or a port that is still held."""
    return any(
        sign in said for sign in ("lock file", "shared memory block", "Address already in use", "could not bind")
    )


def tail(log: Path, lines: int = 15, since: int = 0) -> str:
    """The last lines of a log, from byte ``since`` on; says so when there is none."""
    if not log.exists():
        return f"(nothing in {log})"
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(since, size - 65536) if since <= size else 0)
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-lines:]) or f"(nothing in {log})"


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts TCP connections there."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def stable_port(home: Path) -> int:
    """A free loopback port, the same as last time where it is still free; remembered in ``home/port``."""
    memo = home / "port"
    if memo.exists() and _is_free(last := int(memo.read_text())):
        return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    memo.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is not in use
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def inhabitants(folder: Path) -> list[int]:
    """The processes that work in a folder (servers change into their data); always empty where there is no /proc."""
    wanted = str(folder.resolve())
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            where = str((entry / "cwd").readlink())
        except OSError:  # ended meanwhile, a zombie, or somebody else's
            continue
        if where == wanted:
            found.append(int(entry.name))
    return sorted(found)


def wait_until_empty(folder: Path, within: float) -> None:
    """Wait for the last life of a server in its folder to end; raises ServerError that says which process to end."""
    deadline = time.monotonic() + within
    while pids := inhabitants(folder):
        if time.monotonic() >= deadline:
            raise ServerError(
                f"Process {pids[0]} still works in {folder}: end it with `kill {pids[0]}`, then try again."
            )
        time.sleep(POLL)
