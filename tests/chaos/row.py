"""A row of the matrix: its number, what is broken and how, what must hold, and the scene that plays it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.stage import Stage

Play = Callable[["Stage"], None]
SCALE = 0.1
"""LEASE 3 s, SETTLE 6 s, BLIND 12 s: a tenth of what an installation uses."""
LEASE_S, SETTLE_S, BLIND_S = 30 * SCALE, 60 * SCALE, 120 * SCALE
UNSCALED_S = 3.0
"""What does not shrink: the second after which the sweep serves a queue, its rounds, a pause, the POST itself."""
IN_FLIGHT_WITHIN_S = SETTLE_S + 15 * SCALE + UNSCALED_S
"""Rows in flight at a crash are terminal within SETTLE + 15 s (issue 3), at a tenth, and what does not shrink."""
OTHERS_WITHIN_S = 3.0
"""Everybody else hears at most 3 s later than without the fault; this one is not scaled."""
TERMINAL_WITHIN_S = 120 * SCALE + 20.0
"""All rows are terminal 120 s after the fault is over, at a tenth; 20 s more, for processes start at full length."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a row is played on: people, the pace in segments a second, the carrier's faults, what a proxy stands before
    (carrier, postgres, redis), and whether Postgres is a server of the row's own."""

    people: int = 300
    mps: float = 100.0
    carrier: Mapping[str, object] = field(default_factory=dict)
    proxied: tuple[str, ...] = ()
    own_postgres: bool = False
    postgres_mb: int = 0
    """The size of a tmpfs under the row's own Postgres; 0 is the disk as it is."""
    redis: bool = True
    standby: bool = False
    """Whether a second carrier stands by, at the same pace and without faults."""
    operator: bool = True
    """Whether somebody must be able to release and hold during the fault."""
    crash: bool = False
    """Whether the figures of a crash are asked for: in flight settled in time, everybody else on time."""
    alone: bool = False
    """Whether no other row is played beside it: its figures are those of a machine that does nothing else."""
    judged: bool = True
    """Whether everybody must hear exactly as planned; a row that says otherwise brings judgements of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `needs` says why it cannot run here, or nothing."""

    name: str
    fault: str
    holds: str
    play: Play
    setting: Setting = Setting()
    needs: Callable[[], str] = lambda: ""


ROWS: dict[str, Row] = {}


def row(
    name: str, fault: str, holds: str, setting: Setting = Setting(), needs: Callable[[], str] = lambda: ""
) -> Callable[[Play], Play]:
    """Enter a scene into the matrix under its name, such as ``01 random kill``."""

    def enter(play: Play) -> Play:
        assert name not in ROWS, f"two rows are called {name}"
        ROWS[name] = Row(name, fault, holds, play, setting, needs)
        return play

    return enter


def not_here(name: str, fault: str, holds: str, why: str) -> None:
    """A row that no machine like this one can play, and why: it stands in the table all the same."""

    def absent(_: Stage) -> None:
        raise NotImplementedError(why)

    ROWS[name] = Row(name, fault, holds, absent, needs=lambda: why)
