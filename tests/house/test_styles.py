"""The desk's styles and the board's meet on one page."""

from __future__ import annotations

import re

from tests.house.trees import ROOT

SHEETS = ("templates/web/desk/_own.scss", "broadcaster/web/assets/board/board.css")


def classes(sheet: str) -> set[str]:
    """Which classes a style sheet begins its selectors with."""
    text = (ROOT / sheet).read_text(encoding="utf-8")
    return set(re.findall(r"(?:^|[,}])\s*\.([\w-]+)", text, re.M))


def test_no_class_means_two_things() -> None:
    """A legend of the map once took the legend of the board apart."""
    desk, board = map(classes, SHEETS)
    assert len(desk) > 50
    assert len(board) > 20
    assert desk & board == set()
