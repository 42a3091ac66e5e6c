"""The counties of the state as a drawing, from the shapes that `broadcaster.local.assets` has built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG drawing: its size, the path of each county by FIPS code, and where it lies: the north-west corner in
    degrees, longitude first, and the units of a degree of longitude and of latitude."""

    width: int
    height: int
    counties: dict[str, str]
    corner: tuple[float, float] = (0.0, 0.0)
    units: tuple[float, float] = (1.0, 1.0)

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        """A place in the units of the drawing."""
        return (longitude - self.corner[0]) * self.units[0], (self.corner[1] - latitude) * self.units[1]


@cache
def of_state(fips: str) -> Drawing | None:
    """The drawing of a state, or None where the assets have not been built: the list beside it says the same."""
    path = STATIC / "counties" / f"{fips}.json"
    if not path.is_file():
        return None
    read = json.loads(path.read_text(encoding="utf-8"))
    corner, units = tuple(read["corner"]), tuple(read["units"])
    return Drawing(read["width"], read["height"], dict(read["counties"]), corner, units)


@cache
def stamp() -> str:
    """Eight characters that change with the static files: part of their addresses, so that they can be cached."""
    path = STATIC / ".stamp"
    return path.read_text(encoding="utf-8")[:8] if path.is_file() else "unbuilt"
