"""Clocks, memory, and long nights (rows 23, 29, 30 and 32)."""

from __future__ import annotations

import resource
import shutil
import time
from pathlib import Path

from sqlalchemy import text

from tests.chaos.processes import Player
from tests.chaos.row import Setting, not_here, row
from tests.chaos.stage import Stage
from tests.flow import installation

SKEWS = {"an hour ahead": "+1h", "an hour behind": "-1h", "ten minutes behind": "-10m"}
SOAK_S = 40.0
GROWTH = 1.05


def no_fake_clock() -> str:
    """Why no process can be given another clock here, or nothing."""
    return "" if shutil.which("faketime") else "the program faketime (Debian: apt-get install faketime)"


def _skewed(stage: Stage, skew: str) -> None:
    """One host's clock is wrong: its worker and sweep send, those with the right clock follow up."""
    before, env = ("faketime", "-f", skew), {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    worker = stage.start("worker", "sms", "--concurrency", "2", before=before, **env)
    wrong = stage.start("sweep", before=before, **env)
    worker.ready(1)
    stage.release()
    stage.in_flight()
    stage.operate()
    time.sleep(1.0)
    worker.kill()
    wrong.kill()
    stage.hits["processes with a wrong clock"] += 2
    stage.sweep()


for _name, _skew in SKEWS.items():
    row(f"23 clock {_name}", f"a host whose clock is {_name} sends, and dies", "nobody doubled, no early end",
        Setting(300, carrier={"share_accept_then_reset": 0.1}), no_fake_clock)(
        lambda stage, skew=_skew: _skewed(stage, skew)
    )  # fmt: skip
not_here("23 clock of the database", "the clock of Postgres jumps, by summer time or a leap second",
         "leases and expiry follow it, nobody doubled",
         "the host's own clock to be moved: the database judges every lease by it")  # fmt: skip


@row("29 memory", "the sending processes may not grow by a byte for 2 s", "as row 01", Setting(400, operator=False))
def memory(stage: Stage) -> None:
    worker = stage.usual()
    stage.release()
    stage.in_flight()
    for child in worker.children():
        pages = int(Path(f"/proc/{child}/statm").read_text().split()[0])
        resource.prlimit(child, resource.RLIMIT_AS, (pages * resource.getpagesize(), resource.RLIM_INFINITY))
        stage.hits["processes squeezed"] += 1
    time.sleep(2.0)
    for child in worker.children():
        resource.prlimit(child, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@row("30 soak", f"an alert every 2 s for {SOAK_S:.0f} s (a night of 8 h in small), a random fault every 3 s",
     "0 lost, no row stuck, memory grows by less than 5 % after the first third",
     Setting(60, carrier={"share_429": 0.05, "share_accept_then_reset": 0.05}, alone=True))  # fmt: skip
def soak(stage: Stage) -> None:
    worker, sweep = stage.usual_both(2)
    faults = (
        lambda: installation.kill(stage.dice.choice(worker.children() or [0])),
        lambda: stage.valkey.stop() or stage.valkey.start(),
        lambda: stage.sessions().execute(text(CUT)).close(),
        lambda: stage.carrier.set_faults(share_5xx_accepted=stage.dice.choice((0.0, 0.3))),
    )
    began, settled = time.monotonic(), 0
    for number in range(int(SOAK_S / 2)):
        stage.release()
        if number % 3 == 2:
            stage.dice.choice(faults)()
            stage.hits["faults"] += 1
        if number == int(SOAK_S / 6):
            settled = resident(sweep)
        stage.operate()
        time.sleep(max(0.0, began + 2 * (number + 1) - time.monotonic()))
    stage.carrier.set_faults(share_5xx_accepted=0.0)
    stage.measure("memory of the sweep, x", resident(sweep) / settled, GROWTH)
    stage.hits["alerts"] = len(stage.alerts)


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def resident(player: Player) -> int:
    """Pages of memory that a process holds."""
    return int(Path(f"/proc/{player.pid}/statm").read_text().split()[1])


not_here("32 100,000 people", "nothing", "the figures of the issue", "`make bench`, which measures just that")
