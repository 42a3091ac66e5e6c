"""One row, played with one seed, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.ground import Ground
from tests.chaos.judge import Case, Verdict, judge, places
from tests.chaos.row import IN_FLIGHT_WITHIN_S, OTHERS_WITHIN_S, ROWS
from tests.chaos.stage import Figure, Stage, Void

HELD, FAILED, VOID, NOT_HERE = "held", "FAILED", "VOID", "not run"


@dataclass
class Result:
    """What a row came to. `wrong` is about messages and sums, `late` about seconds."""

    name: str
    seed: int
    outcome: str = HELD
    wrong: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    hits: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    seconds: float = 0.0

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "row": self.name,
            "fault": ROWS[self.name].fault,
            "holds": ROWS[self.name].holds,
            "seed": self.seed,
            "outcome": self.outcome,
            "wrong": self.wrong,
            "late": self.late,
            "hits": self.hits,
            "figures": {name: {"value": each.value, "most": each.most} for name, each in self.figures.items()},
            "ledger": self.verdict.json(),
            "seconds": round(self.seconds, 1),
        }


def play(name: str, ground: Ground, folder: Path, seed: int) -> Result:
    """Play a row on a stage of its own. Whatever a row raises makes it fail, and the matrix goes on."""
    row, result = ROWS[name], Result(name, seed)
    if why := row.needs():
        result.outcome, result.wrong = NOT_HERE, [why]
        return result
    began = time.monotonic()
    folder.mkdir(parents=True)
    try:
        with Stage(row.setting, ground, folder, seed) as stage:
            try:
                row.play(stage)
                stage.finish()
            finally:
                result.hits, result.figures = dict(stage.hits), stage.figures
                result.wrong += stage.broken
            _judge(stage, result)
    except Void as void:
        result.outcome, result.wrong = VOID, [str(void)]
    except Exception as error:
        result.wrong.append(f"{type(error).__name__}: {str(error)[:300]}")
    result.seconds = time.monotonic() - began
    result.outcome = _outcome(result)
    return result


def _outcome(result: Result) -> str:
    if result.outcome == VOID or not result.hits or not all(result.hits.values()):
        return VOID
    return FAILED if result.wrong or result.late else HELD


def _judge(stage: Stage, result: Result) -> None:
    book = stage.book()
    with stage.sessions() as session:
        wanted = {alert.fanout: set(alert.wanted) for alert in stage.alerts}
        result.verdict = judge(session, Case(wanted, stage.endings, book))
    if stage.setting.judged:
        result.wrong += result.verdict.reasons()
    else:
        result.verdict = Verdict(people=result.verdict.people, texts=result.verdict.texts)
    if stage.setting.crash:
        _crash_figures(stage, book["messages"])
    result.late += late(stage.figures)


def _crash_figures(stage: Stage, messages: list[dict[str, Any]]) -> None:
    """How long the rows in flight took, and how much later than the pace alone everybody else heard."""
    settled = stage.watch.settled_s
    stage.must(settled is not None, "rows that were in flight are still open")
    stage.measure("in flight settled", settled or 0.0, IN_FLIGHT_WITHIN_S)
    first = stage.alerts[0]
    main = [row for row in messages if row["to"] in first.wanted]
    pace = sum(row["segments"] for row in main) / stage.setting.mps
    last = max((row["at"] for row in main if places([row]).keys() - stage.watch.places), default=first.at)
    stage.measure("others later", max(0.0, last - first.at - pace), OTHERS_WITHIN_S)


def late(figures: dict[str, Figure]) -> Iterator[str]:
    """One sentence for each figure beyond what it may be."""
    for name, figure in figures.items():
        if figure.most is not None and figure.value > figure.most:
            yield f"{name}: {figure.value:.2f} s, at most {figure.most:.2f} s"
