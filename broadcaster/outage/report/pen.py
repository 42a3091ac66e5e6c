"""A pen for letter paper: words, boxes and lines in points, from the upper left; its fonts come with the library.

The same drawing is the same bytes: no clock and no randomness goes into a file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "Vera", "VeraBd"
WIDTH, HEIGHT = letter
MARGIN = 36.0
INK, GREY, LINE, PALE = "#1b1b1b", "#565c65", "#c6cace", "#f0f4f8"
NAVY, BLUE, GREEN, RED, AMBER, VIOLET = "#162e51", "#005ea2", "#216e1f", "#a50d0d", "#ffbe2e", "#54278f"
for _name in (PLAIN, BOLD):
    pdfmetrics.registerFont(TTFont(_name, f"{_name}.ttf"))
_KNOWN = frozenset(pdfmetrics.getFont(PLAIN).face.charToGlyph)


def printable(words: str) -> str:
    """Words that the font holds: a letter that it lacks loses its accent, or becomes a question mark."""
    return "".join(each if ord(each) in _KNOWN else _nearest(each) for each in words)


def _nearest(letter_: str) -> str:
    bare = "".join(each for each in unicodedata.normalize("NFKD", letter_) if ord(each) in _KNOWN)
    return bare or ("" if unicodedata.combining(letter_) else "?")


def escaped(words: str) -> str:
    """The same for a paragraph, in which ``<`` would begin a mark."""
    return printable(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on a page; `y` is the distance from the upper edge."""

    canvas: Any

    def words(self, x: float, y: float, words: str, size: float = 8, ink: str = INK, *, bold: bool = False) -> None:
        """One line that begins at x."""
        self._font(size, ink, bold)
        self.canvas.drawString(x, HEIGHT - y, printable(words))

    def words_to(self, x: float, y: float, words: str, size: float = 8, ink: str = INK, *, bold: bool = False) -> None:
        """One line that ends at x."""
        self._font(size, ink, bold)
        self.canvas.drawRightString(x, HEIGHT - y, printable(words))

    def words_at(self, x: float, y: float, words: str, size: float = 8, ink: str = INK) -> None:
        """One line whose middle is x."""
        self._font(size, ink, bold=False)
        self.canvas.drawCentredString(x, HEIGHT - y, printable(words))

    def wrapped(self, x: float, y: float, words: str, width: float, size: float = 8, ink: str = INK) -> float:
        """Lines within a width; returns where the next one would stand."""
        for line in simpleSplit(printable(words), PLAIN, size, width):
            self.words(x, y, line, size, ink)
            y += size * 1.28
        return y

    def bold(self, x: float, y: float, words: str, width: float, size: float) -> float:
        """The same in bold."""
        for line in simpleSplit(printable(words), BOLD, size, width):
            self.words(x, y, line, size, bold=True)
            y += size * 1.25
        return y

    def _font(self, size: float, ink: str, bold: bool) -> None:
        self.canvas.setFillColor(HexColor(ink))
        self.canvas.setFont(BOLD if bold else PLAIN, size)

    def box(self, x: float, y: float, size: tuple[float, float], ink: str, *, edge: str = "") -> None:
        """A filled box whose upper left corner is (x, y)."""
        width, height = size
        self.canvas.setFillColor(HexColor(ink))
        self.canvas.setStrokeColor(HexColor(edge or ink))
        self.canvas.setLineWidth(0.6)
        self.canvas.rect(x, HEIGHT - y - height, width, height, stroke=bool(edge), fill=1)

    def line(self, points: Sequence[tuple[float, float]], ink: str, width: float = 0.6) -> None:
        """A line through points."""
        self.canvas.setStrokeColor(HexColor(ink))
        self.canvas.setLineWidth(width)
        path = self.canvas.beginPath()
        self._trace(path, points)
        self.canvas.drawPath(path, stroke=1, fill=0)

    def dot(self, x: float, y: float, radius: float, ink: str) -> None:
        """A ring with a white middle."""
        self.canvas.setFillColor(HexColor("#ffffff"))
        self.canvas.setStrokeColor(HexColor(ink))
        self.canvas.setLineWidth(1.4)
        self.canvas.circle(x, HEIGHT - y, radius, stroke=1, fill=1)

    def shape(self, rings: Sequence[Sequence[tuple[float, float]]], ink: str) -> None:
        """A filled shape with a thin edge."""
        self.canvas.setFillColor(HexColor(ink))
        self.canvas.setStrokeColor(HexColor(INK))
        self.canvas.setLineWidth(0.5)
        self.canvas.drawPath(self._path(rings), stroke=1, fill=1)

    def hatched(self, rings: Sequence[Sequence[tuple[float, float]]], ink: str, slants: Sequence[int]) -> None:
        """Slanted lines (1 falls, -1 rises) over a shape: what a colour says, a reader without colours sees too."""
        points = [point for ring in rings for point in ring]
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        top, low = min(y for _, y in points), max(y for _, y in points)
        self.canvas.saveState()
        self.canvas.clipPath(self._path(rings), stroke=0, fill=0)
        for slant in slants:
            for step in range(0, int(right - left + low - top) + 5, 5):
                begin = left - (low - top) + step
                ends = ((begin, top), (begin + low - top, low))
                self.line(ends if slant > 0 else ((begin, low), (begin + low - top, top)), ink, 0.9)
        self.canvas.restoreState()

    def _path(self, rings: Sequence[Sequence[tuple[float, float]]]) -> Any:
        path = self.canvas.beginPath()
        for ring in rings:
            self._trace(path, ring)
            path.close()
        return path

    def _trace(self, path: Any, points: Sequence[tuple[float, float]]) -> None:
        for no, (x, y) in enumerate(points):
            (path.lineTo if no else path.moveTo)(x, HEIGHT - y)
