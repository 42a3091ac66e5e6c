"""The counties of the state as a drawing, from the shapes that `broadcaster.local.assets` has built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG drawing: its size, and the path of each county by FIPS code."""

    width: int
    height: int
    counties: dict[str, str]


@cache
def of_state(fips: str) -> Drawing | None:
    """The drawing of a state, or None where the assets have not been built: the list beside it says the same."""
    path = STATIC / "counties" / f"{fips}.json"
    if not path.is_file():
        return None
    read = json.loads(path.read_text(encoding="utf-8"))
    return Drawing(read["width"], read["height"], dict(read["counties"]))


@cache
def stamp() -> str:
    """Eight characters that change with the static files: part of their addresses, so that they can be cached."""
    path = STATIC / ".stamp"
    return path.read_text(encoding="utf-8")[:8] if path.is_file() else "unbuilt"
