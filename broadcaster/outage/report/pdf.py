"""The report as a PDF of letter pages: the one page alone, or with tables of everything after it.

The same report is the same bytes (ReportLab's invariant mode): two people who print it hold the same paper.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import LongTable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from broadcaster.alert.delivery import State
from broadcaster.outage.report import one_page, words
from broadcaster.outage.report.figures import Report
from broadcaster.outage.report.one_page import Paper
from broadcaster.outage.report.pen import (
    BOLD,
    GREY,
    HEIGHT,
    INK,
    LINE,
    MARGIN,
    PALE,
    PLAIN,
    VIOLET,
    WIDTH,
    Pen,
    escaped,
)

__all__ = ["Paper", "pdf"]
Rows = Sequence[Sequence[str]]
CELL = ParagraphStyle("cell", fontName=PLAIN, fontSize=7, leading=8.8, textColor=HexColor(INK))
HEAD = ParagraphStyle("head", parent=CELL, fontName=BOLD)
SECTION = ParagraphStyle("section", fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=10, spaceAfter=4)
SMALL = ParagraphStyle("small", parent=CELL, textColor=HexColor(GREY), spaceAfter=4)
GRID = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, 0), HexColor(PALE)),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(LINE)),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]
)


def pdf(report: Report, paper: Paper, *, whole: bool) -> bytes:
    """The bytes of the file; `whole` adds the tables to the one page."""
    out = io.BytesIO()
    title = words.title(report)
    made = SimpleDocTemplate(
        out,
        pagesize=letter,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN + 14,
        bottomMargin=MARGIN + 8,
        title=title,
        author=paper.authority,
        subject=report.story.drill or "911 outage",
        creator="Broadcaster",
        keywords=["911", "after-action report", report.story.about],
        lang="en-US",
        displayDocTitle=True,
        invariant=1,
    )
    story: list[Any] = [Spacer(1, 1)]
    if whole:
        story += [PageBreak(), *_tables(report, paper)]
    made.build(story, onFirstPage=partial(_first, report, paper), onLaterPages=partial(_later, report, title))
    return out.getvalue()


def _first(report: Report, paper: Paper, canvas: Any, _: object) -> None:
    one_page.draw(Pen(canvas), report, paper)


def _later(report: Report, title: str, canvas: Any, made: Any) -> None:
    """Each page says what it belongs to, and whether it was a drill."""
    pen = Pen(canvas)
    pen.words(MARGIN, MARGIN, title[:95], 7, GREY)
    pen.words_to(WIDTH - MARGIN, MARGIN, f"Page {made.page}", 7, GREY)
    if report.story.drill:
        pen.words(MARGIN, HEIGHT - MARGIN + 8, report.story.drill, 8, VIOLET, bold=True)


def _tables(report: Report, paper: Paper) -> Iterator[Any]:
    yield from _table("Timeline", (92, 78, 185, 185), _timeline(report, paper))
    yield from _table("Figures", (185, 70, 115, 170), _figures(report))
    yield from _table("Minutes beside those of others", (250, 60, 60, 170), _measures(report))
    yield from _table("Every way out", (170, 70, 50, 50, 50, 50, 50, 50), _ways(report, paper))
    yield from _table("First text by community", (130, 90, 55, 55, 55, 50, 55, 50), _places(report))
    yield from _table("Agencies", (220, 90, 90, 70, 70), _agencies(report, paper))
    yield Paragraph(escaped(one_page.sentence(report)), CELL)
    yield from _table("Ledger", (40, 92, 178, 230), _events(report, paper))
    yield from (Paragraph(escaped(line), SMALL) for line in words.foot(report, paper.zone))


def _table(title: str, widths: Sequence[float], rows: Rows) -> Iterator[Any]:
    yield Paragraph(escaped(title), SECTION)
    cells = [[Paragraph(escaped(cell), CELL if no else HEAD) for cell in row] for no, row in enumerate(rows)]
    if len(cells) == 1:
        cells.append([Paragraph("none", CELL), *("" for _ in widths[1:])])
    yield LongTable(cells, colWidths=list(widths), repeatRows=1, style=GRID)


def _timeline(report: Report, paper: Paper) -> list[list[str]]:
    known = report.story.known_at
    return [["When", "After it was known", "What", "By the word of"]] + [
        [
            words.dated(one.at, paper.zone),
            words.length((one.at - known).total_seconds()) if one.key != "known" else "",
            one.label,
            one.source + (f" (event {one.event})" if one.event else ""),
        ]
        for one in report.moments
    ]


def _figures(report: Report) -> list[list[str]]:
    return [["What", "How many", "Source", "Settled?"]] + [
        [
            one.label,
            words.value(one),
            one.source,
            f"Preliminary: {one.preliminary}" if one.preliminary else "Reconciled",
        ]
        for one in report.figures
    ]


def _measures(report: Report) -> list[list[str]]:
    rows = [["From what to what, and who", "Minutes", "Target", "Source"]]
    for measure in report.measures:
        interval = measure.interval
        ours = words.minutes(measure.minutes) if measure.minutes is not None else measure.preliminary
        rows.append([interval.label, ours, words.minutes(interval.target), "this report"])
        rows += [[f"    {one.name}", words.minutes(one.minutes), "", one.source] for one in interval.references]
    return rows


def _ways(report: Report, paper: Paper) -> list[list[str]]:
    rows = [["Way", "First accepted", "Planned", "Accepted", "Delivered", "Not accepted", "Open", "Twice"]]
    for run in report.facts.runs:
        accepted, stopped = run.count.of(State.ACCEPTED), run.count.of(State.SUPPRESSED)
        first = words.exact(run.first_accepted_at, paper.zone) if run.first_accepted_at else "never"
        left = run.count.total - accepted - stopped - run.open
        numbers = (run.planned or 0, accepted, run.count.handsets.get("delivered", 0), left, run.open)
        rows.append([words.way(run), first, *(f"{each:,}" for each in numbers), f"{run.confirmed} / {run.possible}"])
    return rows


def _places(report: Report) -> list[list[str]]:
    rows = [["Community", "County", "Counted", "Accepted", "Delivered", "Said STOP", "Not reached", "Twice"]]
    for one in report.facts.places:
        accepted, stopped = one.count.of(State.ACCEPTED), one.count.of(State.SUPPRESSED)
        delivered, total = one.count.handsets.get("delivered", 0), one.count.total
        numbers = (total, accepted, delivered, stopped, total - accepted - stopped)
        twice = f"{one.confirmed} / {one.possible}"
        rows.append([one.name, one.county_name, *(f"{each:,}" for each in numbers), twice])
    return rows


def _agencies(report: Report, paper: Paper) -> list[list[str]]:
    rows = [["Agency", "Told", "Acknowledged", "After", "Further contacts"]]
    for one in report.facts.agencies:
        told = words.exact(one.told_at, paper.zone) if one.told_at else "no contact"
        silent = "nobody left to try" if one.exhausted else "no answer"
        answered = words.exact(one.answered_at, paper.zone) if one.answered_at else silent
        both = one.answered_at and one.told_at
        after = words.length((one.answered_at - one.told_at).total_seconds()) if both else ""  # type: ignore[operator]
        rows.append([one.name, told, answered, after, str(one.steps)])
    return rows


def _events(report: Report, paper: Paper) -> list[list[str]]:
    shown = [one for one in report.facts.events if one.action != "acknowledged"]
    return [["No.", "When", "Who", "What"]] + [
        [str(one.seq), words.dated(one.at, paper.zone), one.who, one.action.replace("_", " ").replace("-", " ")]
        for one in shown
    ]
