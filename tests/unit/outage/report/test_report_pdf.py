"""The report on paper: pages, words, title and language; the same report is the same bytes."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from broadcaster.alert.missed_caller import OUTCOMES
from broadcaster.outage.report import one_page
from broadcaster.outage.report import pdf as report_pdf
from broadcaster.outage.report.figures import MissedFigures, Report
from broadcaster.outage.report.one_page import Paper
from broadcaster.outage.report.pen import HEIGHT, MARGIN, Pen, printable
from tests.unit.outage.report.reported import ended, facts, made

SHAPES = {"25009": "M60 5L90 5L90 30Z", "25017": "M30 0L60 0L60 30Z", "25027": "M0 0L30 0L30 30Z"}
STREAM, STRING = re.compile(rb"stream\r?\n(.*?)endstream", re.S), re.compile(rb"\((.*?)(?<!\\)\) Tj", re.S)
PAPER = Paper("State 911 Department", ZoneInfo("America/New_York"), SHAPES)


def pages(paper: bytes) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type /Page\b(?!s)", paper))


def text(paper: bytes) -> str:
    """What stands on its pages, in the order of drawing."""
    shown = [each for coded in STREAM.findall(paper) for each in STRING.findall(_opened(coded))]
    return " ".join(re.sub(rb"\\(.)", rb"\1", each).decode("latin-1") for each in shown)


def _opened(coded: bytes) -> bytes:
    """A stream as it was before it was packed (ISO 32000-1 section 7.4); nothing of a font."""
    try:
        return zlib.decompress(base64.a85decode(coded.strip().removesuffix(b"~>")))
    except (zlib.error, ValueError):
        return b""


@pytest.fixture(scope="module")
def whole() -> bytes:
    return report_pdf.pdf(ended(), PAPER, whole=True)


def test_one_page_is_one_page_and_says_what_a_governor_asks() -> None:
    paper = report_pdf.pdf(ended(), PAPER, whole=False)
    said = text(paper)
    assert (paper[:5], pages(paper)) == (b"%PDF-", 1)
    for words in (
        "RECONCILED",
        "94.7 %",
        "8.1 min",
        "5 min",
        "1 of 2",
        "Massachusetts, June 18, 2024",
        "Middlesex",
        "Approved for",
    ):
        assert words in said
    assert "12 people dialled 911 in vain" in said
    assert "ab" * 10 in said.replace(" ", "")


def test_the_full_one_has_every_table(whole: bytes) -> None:
    said = text(whole)
    assert pages(whole) > 1
    for words in ("Timeline", "Figures", "Every way out", "First text by community", "Salem", "State Police", "Ledger"):
        assert words in said
    assert "acknowledged" not in said.partition("Ledger")[2].partition("Reconciled")[0]


def test_it_has_a_title_an_author_and_a_language(whole: bytes) -> None:
    assert b"(After-action report: 911 outage, the whole state)" in whole
    assert b"(State 911 Department)" in whole
    assert b"/Lang (en-US)" in whole
    assert b"/DisplayDocTitle true" in whole
    assert b"/Keywords (911, after-action report, alert:a)" in whole
    assert "This file has no tags for a screen reader" in text(whole)


def test_the_same_report_is_the_same_bytes(whole: bytes) -> None:
    assert whole == report_pdf.pdf(ended(), PAPER, whole=True)


def drilled() -> Report:
    told = made(now=30)
    return replace(told, story=replace(told.story, drill="DRILL: this was practised", place="Peñasco & <Sóller>"))


def test_a_drill_and_what_is_preliminary_are_marked_and_spanish_stands() -> None:
    said = text(report_pdf.pdf(drilled(), PAPER, whole=True))
    assert "DRILL: this was practised" in said
    assert "PRELIMINARY" in said
    assert printable("Peñasco ¿qué? “á” – Tiếng Ж") == "Peñasco ¿qué? “á” – Tieng ?"


@pytest.mark.parametrize("shapes", [{}, SHAPES])
def test_a_night_without_texts_or_shapes_is_drawn_too(shapes: dict[str, str]) -> None:
    empty = made(given=facts(runs=(), places=(), agencies=(), events=()))
    paper = report_pdf.pdf(empty, replace(PAPER, counties=shapes), whole=True)
    assert "No text was accepted" in text(paper)


def test_towns_are_drawn_over_their_county_and_those_with_doubles_have_an_edge() -> None:
    drawn = replace(PAPER, towns={"salem": "M62 6L70 6L70 14Z", "nowhere": "M0 0L1 0L1 1Z"})
    places = tuple(replace(one, confirmed=2 if one.code == "salem" else 0) for one in facts().places)
    twice = made(given=facts(places=places))
    bare, plain, marked = (
        report_pdf.pdf(one, paper, whole=False) for one, paper in ((made(), PAPER), (made(), drawn), (twice, drawn))
    )
    assert all(pages(each) == 1 for each in (bare, plain, marked)) and len({bare, plain, marked}) == 3


def test_very_many_places_fit_their_pages() -> None:
    many = tuple(replace(facts().places[0], code=f"town-{no}", name=f"Town {no}") for no in range(351))
    paper = report_pdf.pdf(made(given=facts(places=many)), PAPER, whole=True)
    said = text(paper)
    assert all(f"Town {no}" in said for no in (0, 175, 350))
    assert pages(paper) < 20


class Ruler:
    """Takes a page's drawing and remembers the lowest line of words."""

    lowest = HEIGHT

    def __getattr__(self, name: str) -> Callable[..., Ruler]:
        def draw(*given: float, **_: object) -> Ruler:
            if name.endswith("String"):
                self.lowest = min(self.lowest, given[1])
            return self

        return draw


def test_the_longest_night_stays_within_the_margins_of_its_page() -> None:
    told = ended()
    many = [replace(told.facts.places[0], county=f"25{no:03d}", county_name=f"County {no}") for no in range(14)]
    missed = MissedFigures(160, {words.lower(): 20 for words in OUTCOMES.values()}, 20, "the imported logs")
    moments = tuple(replace(told.moments[0], key=f"moment-{no}") for no in range(16))
    story = replace(told.story, drill="DRILL: this was practised")
    longest = replace(told, story=story, facts=replace(told.facts, places=tuple(many)), missed=missed, moments=moments)
    ruler = Ruler()
    one_page.draw(Pen(ruler), longest, replace(PAPER, counties={"25001": "M0 0L100 0L100 60Z"}))
    assert ruler.lowest > MARGIN / 2
