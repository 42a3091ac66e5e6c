"""The result: a row a figure, with what it is compared with in the same run; on the terminal and as JSON."""

from __future__ import annotations

import json
import os
import platform
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.bench.gauge import Absent, Void

AT_LEAST, AT_MOST = "at least", "at most"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is aimed for, in the unit of what it judges (performance.md, "What we aim for")."""

    way: str
    value: float

    def met_by(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.value if self.way == AT_LEAST else value <= self.value


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure divided by the one of another row of the same run; the goal may be for the ratio."""

    to: str
    name: str
    value: float
    goal: Goal | None = None


@dataclass
class Row:
    """One figure: `values` of its rounds, of which the median counts; `void` says why there is none, and `absent` that
    this is no fault of the run."""

    key: str
    what: str
    unit: str
    values: list[float] = field(default_factory=list)
    goal: Goal | None = None
    void: str = ""
    absent: bool = False
    note: str = ""
    ratios: list[Ratio] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.values)


class Table:
    """The rows in the order in which they were measured; `say` writes a line of progress.

    Without `judging` no goal is held against anybody: the sizes are too small to say anything.
    """

    def __init__(self, say: Callable[[str], None], *, judging: bool = True) -> None:
        self.rows: dict[str, Row] = {}
        self._say, self._judging = say, judging

    def add(self, row: Row) -> Row:
        """A measured row."""
        row.goal = row.goal if self._judging else None
        self.rows[row.key] = row
        self._say("  " + " | ".join(_cells(row)).rstrip())
        return row

    def void(self, key: str, what: str, why: str, *, absent: bool = False) -> None:
        """A row that could not be measured."""
        self.add(Row(key, what, "", void=why, absent=absent))

    def compare(self, key: str, to: str, name: str, goal: Goal | None = None) -> None:
        """Add the ratio of two rows; one that came to nothing leaves a note in its place."""
        one, other = self.rows.get(key), self.rows.get(to)
        if one is None or other is None or not one.values:
            return
        if other.values and other.value:
            one.ratios.append(Ratio(to, name, one.value / other.value, goal if self._judging else None))
        else:
            one.note = ", ".join(filter(None, (one.note, f"no ratio to {name}: it is void")))

    def trying(self, key: str, what: str, measure: Callable[[], object]) -> None:
        """Measure, and let the table say when it came to nothing: one broken part leaves the others their figures."""
        self._say(f"{what} ...")
        try:
            measure()
        except Void as why:
            self.void(key, what, str(why), absent=isinstance(why, Absent))
        except Exception as error:
            self._say(traceback.format_exc())
            self.void(key, what, f"broke: {type(error).__name__}: {str(error)[:120]}")

    @property
    def voids(self) -> list[Row]:
        """The rows without a figure that should have one."""
        return [row for row in self.rows.values() if row.void and not row.absent]

    def write(self, file: Path, **more: object) -> None:
        """All of it as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        machine = {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
        whole = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine,
            **more,
            "rows": [_plain(row) for row in self.rows.values()],
        }
        file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    def __str__(self) -> str:
        lines = [("what", "median", "rounds", "beside it", "goal"), *map(_cells, self.rows.values())]
        widths = [max(len(line[no]) for line in lines) for no in range(4)]
        made = ["  ".join([*(cell.ljust(w) for cell, w in zip(line, widths, strict=False)), line[4]]) for line in lines]
        return "\n".join(line.rstrip() for line in [made[0], "-" * min(160, len(made[0]) + 12), *made[1:]])


def _plain(row: Row) -> dict[str, object]:
    return {
        "key": row.key,
        "what": row.what,
        "unit": row.unit,
        "median": row.value if row.values else None,
        "values": row.values,
        "goal": _goal(row.goal, row.value) if row.goal and row.values else None,
        "void": row.void or None,
        "absent": row.absent,
        "note": row.note or None,
        "ratios": [
            {"to": r.to, "name": r.name, "value": r.value, "goal": _goal(r.goal, r.value) if r.goal else None}
            for r in row.ratios
        ],
    }


def _goal(goal: Goal, value: float) -> dict[str, object]:
    return {"way": goal.way, "value": goal.value, "met": goal.met_by(value)}


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    if row.void:
        return row.what, "SKIPPED" if row.absent else "VOID", "", row.void, ""
    rounds = f"{number(min(row.values))} - {number(max(row.values))}" if len(row.values) > 1 else ""
    beside = ", ".join([f"{_share(r)} {r.name}" for r in row.ratios] + ([row.note] if row.note else []))
    goals = [_judged(row.goal, row.value, row.unit)] if row.goal else []
    goals += [_judged(r.goal, r.value, "x") for r in row.ratios if r.goal]
    return row.what, f"{number(row.value)} {row.unit}", rounds, beside, "; ".join(goals)


def _share(ratio: Ratio) -> str:
    return f"{number(ratio.value)} x" if ratio.value >= 2 else f"{ratio.value:.0%} of"


def _judged(goal: Goal, value: float, unit: str) -> str:
    sign = ">=" if goal.way == AT_LEAST else "<="
    return f"{'met' if goal.met_by(value) else 'MISSED'} ({sign} {number(goal.value)} {unit})"


def number(value: float) -> str:
    """Three figures that matter, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def at_least(value: float) -> Goal:
    """A floor."""
    return Goal(AT_LEAST, value)


def at_most(value: float) -> Goal:
    """A roof."""
    return Goal(AT_MOST, value)
