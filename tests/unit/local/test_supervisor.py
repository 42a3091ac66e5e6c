"""The supervisor with real processes: the order of starts and stops, deaths, refusals, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from broadcaster.local import supervisor
from broadcaster.local.supervisor import Service, Supervisor, SupervisorError

PROGRAM = """
import pathlib, signal, sys, time
name, diary, ready = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
def write(what):
    with diary.open("a") as file: file.write(f"{name} {what}\\n")
def leave(*_):
    time.sleep(0.1); write("stops"); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
write("starts"); ready.touch(); print("hello from", name, flush=True)
while True: time.sleep(60)
"""


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """Where the services write what happens to them, in the order in which it happens."""
    return tmp_path / "diary"


@pytest.fixture
def writer(tmp_path: Path, diary: Path) -> Callable[[str], Service]:
    def make(name: str) -> Service:
        ready = tmp_path / f"{name}.ready"
        return Service(name, [sys.executable, "-c", PROGRAM, name, str(diary), str(ready)], {}, ready.exists)

    return make


def shell(name: str, script: str, ready: Callable[[], bool] = lambda: True, **how: float | bool) -> Service:
    return Service(name, ["sh", "-c", script], {}, ready, **how)


def eventually(condition: Callable[[], object], keeper: Supervisor | None = None) -> None:
    for _ in range(300):
        if keeper:
            keeper.tick()
        if condition():
            return
        time.sleep(0.03)
    pytest.fail("it never came true")


def test_services_start_in_order_and_stop_in_reverse(
    writer: Callable[[str], Service], diary: Path, tmp_path: Path
) -> None:
    with Supervisor([writer("web"), writer("worker"), writer("sweep")], tmp_path / "logs") as keeper:
        assert diary.read_text().split("\n")[:-1] == ["web starts", "worker starts", "sweep starts"]
        assert keeper.log_of("web").read_text() == "hello from web\n"
    assert diary.read_text().split("\n")[3:-1] == ["sweep stops", "worker stops", "web stops"]
    assert keeper.pids() == {}


def test_a_dead_service_is_started_again_after_a_pause_that_doubles(
    writer: Callable[[str], Service], tmp_path: Path
) -> None:
    now = 100.0
    with Supervisor([writer("web"), writer("worker")], tmp_path / "logs", clock=lambda: now) as keeper:
        before = keeper.pids()
        for pause in (0.5, 1.0):
            os.kill(keeper.pids()["worker"], signal.SIGKILL)
            eventually(lambda: "worker" not in keeper.pids(), keeper)
            keeper.tick()
            now += pause - 0.1
            keeper.tick()
            assert "worker" not in keeper.pids(), "not before its pause is over"
            now += 0.1
            keeper.tick()
            assert keeper.pids()["worker"] != before["worker"]
        assert keeper.pids()["web"] == before["web"], "its neighbour did not notice"


def test_what_a_dead_service_leaves_behind_is_killed(tmp_path: Path) -> None:
    child = tmp_path / "child"
    service = shell("worker", f"sleep 60 & echo $! > {child}; wait", child.exists)
    with Supervisor([service], tmp_path / "logs") as keeper:
        eventually(lambda: child.read_text().strip())
        orphan = int(child.read_text())
        os.kill(keeper.pids()["worker"], signal.SIGKILL)
        eventually(lambda: not alive(orphan), keeper)


def test_a_service_that_is_never_ready_is_named_with_its_last_words_and_all_is_stopped(
    writer: Callable[[str], Service], diary: Path, tmp_path: Path
) -> None:
    stuck = shell("callbacks", "echo port 8912 is taken; sleep 60", lambda: False)
    keeper = Supervisor([writer("web"), stuck], tmp_path / "logs", ready_within=0.5)
    with pytest.raises(SupervisorError, match=r"(?s)^callbacks is not ready after 0.5 s.*port 8912 is taken"):
        keeper.start()
    assert diary.read_text() == "web starts\nweb stops\n"


def test_a_service_that_ends_before_it_is_ready_is_named_at_once(tmp_path: Path) -> None:
    broken = shell("web", "echo no such module >&2; exit 3", lambda: False)
    with pytest.raises(SupervisorError, match=r"(?s)^web ended with status 3 before it was ready.*no such module"):
        Supervisor([broken], tmp_path / "logs").start()


def test_a_step_that_only_has_to_be_done_once_may_end(tmp_path: Path) -> None:
    step = shell("upgrade", "echo done", lambda: False, restart=False)
    with Supervisor([step, shell("web", "sleep 60")], tmp_path / "logs") as keeper:
        keeper.tick()
        assert list(keeper.pids()) == ["web"]


def test_a_service_that_ignores_sigterm_is_killed_after_its_time(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    service = shell("deaf", f"trap '' TERM; touch {deaf}; while true; do sleep 1; done", deaf.exists, stop_after=0.2)
    with Supervisor([service], tmp_path / "logs") as keeper:
        pid = keeper.pids()["deaf"]
    assert not alive(pid)


def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_LIMIT", 10)
    said = tmp_path / "web.log"
    said.write_text("a long night\n")
    with Supervisor(
        [shell("web", "echo new; sleep 60", lambda: said.exists() and "new" in said.read_text())], tmp_path
    ):
        assert (tmp_path / "web.log.1").read_text() == "a long night\n"
    assert said.read_text() == "new\n"


STORY = """
import pathlib, sys
from broadcaster import logs
from broadcaster.local.supervisor import Service, Supervisor
logs.configure()
folder = pathlib.Path(sys.argv[1]); ready = folder / "ready"
argv = ["sh", "-c", f"echo $$ > {folder}/pid; touch {ready}; exec sleep 60"]
Supervisor([Service("web", argv, {}, ready.exists)], folder / "logs").run()
print("stopped in order")
"""


@pytest.mark.parametrize(
    ("sent", "said"),
    [(signal.SIGINT, b"stopped in order\n"), (signal.SIGTERM, b"stopped in order\n"), (signal.SIGKILL, b"")],
)
def test_no_service_survives_the_supervisor(sent: signal.Signals, said: bytes, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM stop in order; after kill -9 the kernel tells the services (Linux)."""
    if sent is signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells the children of a killed parent")
    keeper = subprocess.Popen(
        [sys.executable, "-c", STORY, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    eventually((tmp_path / "ready").exists)
    keeper.send_signal(sent)
    assert keeper.communicate(timeout=20)[0] == said
    eventually(lambda: not alive(int((tmp_path / "pid").read_text())))


def alive(pid: int) -> bool:
    """Whether a process runs: a zombie that its new parent has not buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
