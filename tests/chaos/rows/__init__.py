"""The rows, one module for each thing that breaks; importing this package enters them all into the matrix."""

from __future__ import annotations

from tests.chaos.row import ROWS
from tests.chaos.rows import bell, carrier, database, elsewhere, people, processes, standby, steps, wires

MODULES = (bell, carrier, database, elsewhere, people, processes, standby, steps, wires)


def matrix() -> list[str]:
    """The name of every row, in the order of its number."""
    return sorted(ROWS)
