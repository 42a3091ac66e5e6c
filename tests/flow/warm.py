"""Short processes of ours, forked from one that has imported everything: a cold start takes a second of a processor.

The suite starts two hundred of them. Each has its own memory, environment, folder and standard streams, and dies by
`kill -9` like any other; what a command imports from cold is the business of `tests/unit/test_cli_modules.py`, and
whatever serves or works for long (`installation.process`) is still started as it is.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
LOADED = ("tests.factories", "tests.ipaws", "broadcaster.store.tables")
"""And the module of every command."""
LARGEST = 1 << 17
"""Bytes of an order: the words of the command and its environment."""
NUMBER = struct.Struct("i")


class Forked:
    """A running process; it answers as `subprocess.Popen` does."""

    def __init__(self, answer: socket.socket) -> None:
        self._answer = answer
        self.pid = self._next(30.0)
        self.returncode: int | None = None

    def wait(self, timeout: float) -> int:
        """Its exit code, or the negative number of the signal that ended it; TimeoutError while it runs."""
        if self.returncode is None:
            self.returncode = self._next(timeout)
            self._answer.close()
        return self.returncode

    def kill(self) -> None:
        """`kill -9`; somebody who is gone already is no error."""
        if self.returncode is None and Path(f"/proc/{self.pid}").exists():
            os.kill(self.pid, signal.SIGKILL)

    def _next(self, timeout: float) -> int:
        self._answer.settimeout(timeout)
        number: int = NUMBER.unpack(self._answer.recv(NUMBER.size))[0]
        return number


def fork(env: Mapping[str, str], module: str, words: Sequence[str], streams: Sequence[IO[bytes] | int]) -> Forked:
    """Run a module as `python -m` does, with these three standard streams."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = json.dumps({"env": dict(env), "module": module, "words": list(words)}).encode()
    assert len(order) < LARGEST
    with theirs:
        given = [each if isinstance(each, int) else each.fileno() for each in streams]
        socket.send_fds(_foundry(), [order], [*given, theirs.fileno()])
    return Forked(ours)


def run(env: Mapping[str, str], module: str, words: Sequence[str], typed: str) -> subprocess.CompletedProcess[str]:
    """Run a module from its start to its end, and read what it has said."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as keys:
        keys.write(typed.encode())
        keys.seek(0)
        running = fork(env, module, words, (keys, said, errors))
        try:
            code = running.wait(120.0)
        finally:
            running.kill()
        said.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess([module, *words], code, said.read().decode(), errors.read().decode())


@cache
def _foundry() -> socket.socket:
    """The way to the process of this test process that forks; it ends when the way is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        argv = [sys.executable, "-m", __name__, str(theirs.fileno())]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        foundry = subprocess.Popen(
            argv, env=env, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    atexit.register(foundry.wait)
    atexit.register(ours.close)
    return ours


def _wait_for_orders(control: socket.socket) -> tuple[str, list[str]]:
    """Fork for each order; returns in the process that is to carry it out, and in no other."""
    while True:
        _bury()
        order, streams, _, _ = socket.recv_fds(control, LARGEST, 4)
        if not order:
            os._exit(0)
        if not os.fork():
            control.close()
            return _hand_over(json.loads(order), streams)
        for stream in streams:
            os.close(stream)


def _bury() -> None:
    """Let go of whoever has told how its process ended."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                return
        except ChildProcessError:
            return


def _hand_over(order: Mapping[str, object], streams: Sequence[int]) -> tuple[str, list[str]]:
    """Fork once more: the one runs, the other tells its number and how it ended."""
    answer = socket.socket(fileno=streams[3])
    if pid := os.fork():
        for stream in streams[:3]:
            os.close(stream)
        answer.send(NUMBER.pack(pid))
        answer.send(NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
        os._exit(0)
    answer.close()
    for no, stream in enumerate(streams[:3]):
        os.dup2(stream, no)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["env"])  # type: ignore[call-overload]
    return str(order["module"]), list(order["words"])  # type: ignore[call-overload]


def main(control: str) -> None:
    """Load everything, wait for orders, and carry one out."""
    from broadcaster.cli import MODULES  # not before: the test process has no need of it

    for module in (*LOADED, *(f"broadcaster.cli.{each}" for each in MODULES)):
        import_module(module)
    gc.freeze()
    module, words = _wait_for_orders(socket.socket(fileno=int(control)))
    sys.argv[1:] = words
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
