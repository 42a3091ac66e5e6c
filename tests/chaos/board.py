"""The table that `make chaos` prints, and the JSON file beside it. How to read them: docs/handbook/operator.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.play import FAILED, HELD, NOT_HERE, VOID, Result
from tests.chaos.row import SCALE

WORST_FIRST = (FAILED, VOID, HELD, NOT_HERE)
HEAD = ("row", "outcome", "the fault hit", "texts", "lost", "extra", "counted", "figures (seconds, most allowed)")


def gathered(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results by row, in the order of the matrix."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.name, []).append(result)
    return found


def table(results: Sequence[Result]) -> str:
    """One line a row over all seeds, then what is wrong, then what was not run and why."""
    lines = [HEAD, *(_line(name, each) for name, each in gathered(results).items())]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD) - 1)]
    shown = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in lines
    ]
    return "\n".join([*shown, *_complaints(results)])


def _line(name: str, results: Sequence[Result]) -> tuple[str, ...]:
    outcome = min((each.outcome for each in results), key=WORST_FIRST.index)
    if outcome == NOT_HERE:
        return (name, "NOT RUN", "", "", "", "", "", f"needs {results[0].wrong[0]}")
    bad = sum(each.outcome in (FAILED, VOID) for each in results)
    said = outcome if len(results) == 1 else f"{outcome} {bad or len(results)}/{len(results)}"
    ledgers = [each.verdict for each in results]
    hits = {hit: sum(each.hits.get(hit, 0) for each in results) for each in results for hit in each.hits}
    return (
        name,
        said,
        ", ".join(f"{number:,} {hit}" for hit, number in hits.items()),
        f"{sum(each.texts for each in ledgers):,}",
        str(sum(each.lost for each in ledgers)),
        str(sum(each.extras for each in ledgers)),
        f"{sum(each.confirmed for each in ledgers)}+{sum(each.possible for each in ledgers)}",
        _figures(results),
    )


def _figures(results: Sequence[Result]) -> str:
    """The largest value of each figure over the seeds."""
    names = {name: figure.most for each in results for name, figure in each.figures.items()}
    worst = {name: max(each.figures[name].value for each in results if name in each.figures) for name in names}
    return ", ".join(
        f"{name} {worst[name]:.2f}" + (f" ({most:g})" if most is not None else "") for name, most in names.items()
    )


def _complaints(results: Sequence[Result]) -> list[str]:
    lines = [""]
    for result in results:
        if result.outcome in (FAILED, VOID):
            lines += [
                f"{result.outcome}: {result.name}, seed {result.seed}: {why}" for why in result.wrong + result.late
            ]
    return lines


def total(results: Sequence[Result]) -> str:
    """One sentence about all of it."""
    ledgers = [each.verdict for each in results]
    by_outcome = [
        f"{sum(each.outcome == outcome for each in results)} {outcome}"
        for outcome in WORST_FIRST
        if any(each.outcome == outcome for each in results)
    ]
    return (
        f"{len(results)} cells: {', '.join(by_outcome)}. {sum(each.texts for each in ledgers):,} texts,"
        f" {sum(each.lost for each in ledgers)} lost, {sum(each.extras for each in ledgers)} extra,"
        f" {sum(each.uncounted for each in ledgers)} of them not counted. Times at {SCALE:g} of the usual."
    )


def write(results: Sequence[Result], file: Path) -> None:
    """The JSON file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"scale": SCALE, "cells": [each.json() for each in results]}, indent=1) + "\n")
