"""A few rows of the chaos matrix in every test run: what no story of `tests/flow` tells. All rows: `make chaos`.

Judged by messages and sums alone; how many seconds it took is judged by `make chaos`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import rows
from tests.chaos.board import WORST_FIRST, table
from tests.chaos.ground import PATTERN, Ground
from tests.chaos.play import HELD, Result, play
from tests.conftest import admin

SHORT = (
    "01 random kill",
    "03 frozen 4.5 s",
    "10 hostile tasks",
    "12 COMMIT unheard",
    "19 no evidence",
    "26 STOP",
)


@pytest.fixture(scope="session")
def ground(migrated: str) -> Ground:
    """Databases for rows on the server of the tests, whose schema stands already."""
    admin(migrated, f"CREATE DATABASE {PATTERN} TEMPLATE pattern STRATEGY file_copy")
    return Ground(migrated)


@pytest.mark.parametrize("name", SHORT)
def test_the_row_holds(name: str, ground: Ground, tmp_path: Path) -> None:
    result = play(name, ground, tmp_path / "row", seed=1)
    assert result.wrong == []
    assert result.hits and all(result.hits.values())


def test_every_row_has_a_number_and_its_own_name() -> None:
    names = rows.matrix()
    numbers = {int(name.split()[0]) for name in names}
    assert set(range(1, 33)) - numbers == set()
    assert set(SHORT) <= set(names)


def test_the_table_says_the_worst_first() -> None:
    seeds = [Result("01 random kill", seed, outcome) for seed, outcome in enumerate((HELD, WORST_FIRST[0]), 1)]
    seeds[1].wrong = ["3 people who should have heard did not"]
    shown = table(seeds)
    assert "FAILED 1/2" in shown
    assert "FAILED: 01 random kill, seed 2: 3 people who should have heard did not" in shown
