"""The matrix as a whole: every chosen row with every seed, a few at once, on one Postgres."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from broadcaster import logs
from broadcaster.local.postgres import Postgres
from tests.chaos import rows
from tests.chaos.ground import Ground
from tests.chaos.play import Result, play


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
            with ProcessPoolExecutor(at_once, multiprocessing.get_context("spawn")) as pool:
                cells = [pool.submit(_cell, name, url, folder, seed) for seed in range(1, seeds + 1) for name in names]
                for number, cell in enumerate(as_completed(cells), 1):
                    one = cell.result()
                    say(f"{number}/{len(cells)} {one.name}, seed {one.seed}: {one.outcome}, {one.seconds:.0f} s")
                return [cell.result() for cell in cells]
        finally:
            server.stop()


def _cell(name: str, url: str, folder: str, seed: int) -> Result:
    logs.configure("CRITICAL")
    return play(name, Ground(url), Path(folder) / f"{name.replace(' ', '-')}-{seed}", seed)
