"""The report as a table of one shape, for a spreadsheet: a section, a name, a value, its unit, source and mark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from broadcaster.outage.report import words
from broadcaster.outage.report.figures import LEDGER, TALLIES, Report

COLUMNS = ("section", "name", "value", "unit", "at", "source", "preliminary")
Row = tuple[str, ...]


def rows(report: Report) -> Iterator[Row]:
    """Every row, the head first; moments in UTC."""
    yield COLUMNS
    yield from _about(report)
    yield from (_row("timeline", one.label, at=one.at, source=one.source) for one in report.moments)
    for one in report.figures:
        yield "figures", one.label, _number(one.value), one.unit, "", one.source, one.preliminary
    for measure in report.measures:
        yield from (_row("minutes", *row) for row in _measure(report, measure.interval.key))
    yield from _places(report)
    yield from _agencies(report)
    yield from _ways(report)
    if report.missed:
        source = report.missed.source
        for name, many in report.missed.outcomes.items():
            yield _row("missed callers", name, str(many), "people", source=source)
    for event in report.facts.events:
        yield _row("ledger", f"{event.seq} {event.action}", event.who, at=event.at, source=event.canonical)


def _row(
    section: str, name: str, value: str = "", unit: str = "", *, at: datetime | None = None, source: str = ""
) -> Row:  # fmt: skip
    return section, name, value, unit, at.isoformat() if at else "", source, ""


def _about(report: Report) -> Iterator[Row]:
    yield _row("report", "about", report.story.about)
    yield _row("report", "place", report.story.place)
    yield _row("report", "as of", at=report.as_of)
    yield _row("report", "drill", report.story.drill or "no")
    yield "report", "reconciled", "no" if report.preliminary else "yes", "", "", "", "; ".join(report.preliminary)
    chain = report.chain
    yield _row("report", "ledger", chain.sentence, at=chain.at, source=LEDGER)
    yield _row("report", "checkpoint", chain.root, f"{chain.size} events", at=chain.sealed_at, source=LEDGER)


def _measure(report: Report, key: str) -> Iterator[tuple[str, str, str]]:
    measure = next(one for one in report.measures if one.interval.key == key)
    label = measure.interval.label
    yield label, _number(measure.minutes), "minutes"
    yield f"{label}: target", _number(measure.interval.target), "minutes"
    for other in measure.interval.references:
        yield f"{label}: {other.name} ({other.source})", _number(other.minutes), "minutes"


def _places(report: Report) -> Iterator[Row]:
    for one in report.facts.places:
        name = f"{one.name}, {one.county_name} County"
        told = {**one.count.states, **{f"phone {word}": many for word, many in one.count.handsets.items()}}
        told |= {"twice for certain": one.confirmed, "perhaps twice": one.possible}
        for state, many in sorted(told.items()):
            yield _row("communities", name, str(many), state, source=TALLIES)


def _agencies(report: Report) -> Iterator[Row]:
    for one in report.facts.agencies:
        silent = "nobody was left to try" if one.exhausted else "no answer"
        said = "acknowledged" if one.answered_at else silent
        yield _row("agencies", one.name, said, f"{one.steps} further contacts", at=one.answered_at, source=LEDGER)


def _ways(report: Report) -> Iterator[Row]:
    for run in report.facts.runs:
        for state, many in sorted(run.count.states.items()):
            yield _row("ways out", words.way(run), str(many), state, at=run.first_accepted_at, source=TALLIES)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if value != round(value) else str(round(value))
