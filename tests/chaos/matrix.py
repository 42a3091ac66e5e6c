"""The matrix as a whole: every chosen row with every seed, a few at once, on one Postgres."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from broadcaster import logs
from broadcaster.local.postgres import Postgres
from tests.chaos import rows
from tests.chaos.ground import Ground
from tests.chaos.play import Result, play
from tests.chaos.row import ROWS

Cell = tuple[str, int]
"""A row's name and a seed."""


def chosen(only: Sequence[str]) -> list[str]:
    """The names of the rows that begin with one of these words; all when there are none."""
    return [name for name in rows.matrix() if not only or any(name.startswith(each) for each in only)]


def run(names: Sequence[str], seeds: int, at_once: int, say: Callable[[str], object]) -> list[Result]:
    """Play rows with seeds 1 to `seeds`; `say` hears a line for each that is over. In the order of the matrix."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "postgres")
        url = server.start()
        Ground(url)
        try:
            cells = [(name, seed) for seed in range(1, seeds + 1) for name in names]
            return _played(cells, at_once, partial(_cell, url, folder), say)
        finally:
            server.stop()


def _played(
    cells: Sequence[Cell], at_once: int, play_one: Callable[[Cell], Result], say: Callable[[str], object]
) -> list[Result]:
    """First what may stand beside another row, then one by one what must be alone."""
    over: dict[Cell, Result] = {}
    for alone, width in ((False, at_once), (True, 1)):
        with ProcessPoolExecutor(width, multiprocessing.get_context("spawn")) as pool:
            playing = {pool.submit(play_one, each): each for each in cells if ROWS[each[0]].setting.alone is alone}
            for cell in as_completed(playing):
                one = over[playing[cell]] = cell.result()
                say(f"{len(over)}/{len(cells)} {one.name}, seed {one.seed}: {one.outcome}, {one.seconds:.0f} s")
    return [over[each] for each in cells]


def _cell(url: str, folder: str, cell: Cell) -> Result:
    name, seed = cell
    logs.configure("CRITICAL")
    return play(name, Ground(url), Path(folder) / f"{name.replace(' ', '-')}-{seed}", seed)
