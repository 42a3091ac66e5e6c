"""What the kernel says of processes, and how many measurements become one figure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


class Void(RuntimeError):
    """A measurement that says nothing: the message is why, and stands in the table in its place."""


class Absent(Void):
    """A measurement that cannot be made here, or whose subject is not built: said in the table, and no fault."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time in user and kernel mode that these processes have used so far."""
    return sum(_ticks(pid) for pid in pids) / TICK


def _ticks(pid: int) -> int:
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def rss_mb(pid: int, *, most: bool = False) -> float:
    """Resident memory of a process in MB, now or at its most."""
    field = "VmHWM:" if most else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still live."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(word) for task in tasks for word in task.read_text(encoding="utf-8").split())


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile: with fewer than 100 values the 99th percentile is the largest."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -(-len(ranked) * share // 1).__trunc__() - 1))]
