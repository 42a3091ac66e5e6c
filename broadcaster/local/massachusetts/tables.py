"""The tables of this sample, row by row."""

from __future__ import annotations

import csv
from importlib.resources import files


def table(name: str) -> list[dict[str, str]]:
    """The rows of ``data/NAME.csv`` by their column; FileNotFoundError if there is no such table."""
    path = files("broadcaster.local.massachusetts") / "data" / f"{name}.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
