"""A drawing as plain values: what a page needs to show where an alert holds, without the geometry behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """One shape as an SVG path; `is_chosen` for a county or a town of the alert."""

    name: str
    path: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A name at a place of the drawing."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class AreaMap:
    """The drawing, back to front: neighbours, counties, towns, polygons, labels. Towns are there where some are chosen
    by their own shapes."""

    width: int
    height: int
    neighbours: tuple[Piece, ...]
    counties: tuple[Piece, ...]
    polygons: tuple[str, ...]
    labels: tuple[Label, ...]
    points: int
    towns: tuple[Piece, ...] = ()
