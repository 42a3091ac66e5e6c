"""The canary's line at the desk: when it last went, how far, and how fast; loud when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.said import Said
from broadcaster.settings import Settings
from broadcaster.store import canaries
from broadcaster.store.canaries import Outcome, Run

SILENT_AFTER = 3
"""Turns without a word after which its silence is loud."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence; `loud` when somebody must look."""

    words: str
    loud: bool


def line(store: Session, settings: Settings, now: datetime) -> Line | None:
    """What the desk says of the canary; None where none is set up."""
    if not settings.canary_phone:
        return None
    runs = canaries.newest(store)
    if not runs:
        return Line(Said("No canary has gone yet: the operator starts `broadcaster canary`."), True)
    run, age = runs[0], max(0.0, (now - runs[0].started_at).total_seconds())
    if age > SILENT_AFTER * settings.canary_every:
        return Line(
            Said(
                "No canary for %(length)s: the way of an alert is not being tried. Tell the operator.",
                length=_long(age),
            ),
            True,
        )
    return Line(Said("Canary %(length)s ago: %(how)s", length=_long(age), how=_how(run)), run.outcome is Outcome.MISSED)


def _how(run: Run) -> str:
    if run.outcome is Outcome.MISSED:
        return Said(
            "missed at the step %(step)s: %(why)s. The operator is paged after the second one.",
            step=run.step,
            why=run.why,
        )
    if run.outcome is Outcome.GAVE_WAY:
        return Said("it gave way to the texts of an alert.")
    return Said("all %(number)s steps in %(seconds)s s.", number=len(run.seconds), seconds=f"{run.whole:.1f}")


def _long(seconds: float) -> str:
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min" if seconds >= 3600 else f"{seconds // 60:.0f} min"
