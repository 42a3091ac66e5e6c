"""The after-action report at the desk: one page and a full one, to read, to print and to take along.

Nothing here publishes anything: the statement and the mail to the FCC are drafts that a person copies out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.alert.lifecycle import AlertKind, Role
from broadcaster.alert.reach import WORDS
from broadcaster.outage import record
from broadcaster.outage.report import charts, words
from broadcaster.outage.report import pdf as report_pdf
from broadcaster.outage.report import rows as report_rows
from broadcaster.outage.report.figures import Report
from broadcaster.outage.report.pdf import Paper
from broadcaster.outage.report.places import mapped
from broadcaster.said import Said
from broadcaster.store.desk.people import User
from broadcaster.store.outage import statements
from broadcaster.store.outage.outages import Entry
from broadcaster.store.outage.statements import PublicStatement
from broadcaster.web import outline, tongue, town_map
from broadcaster.web.house import ASSETS, house
from broadcaster.web.ledger import csv_row
from broadcaster.web.outages import hanging, outages, report_data
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import Hours, _
from broadcaster.web.town_map import TownMap

reports = Blueprint("reports", __name__, url_prefix="/desk", static_folder=ASSETS / "report", static_url_path="/report")
reports.before_request(require_person)
ALERT, OUTAGE = "/alerts/<alert>/report", "/outages/<outage>/report"
LONGEST = 20_000
SAVED = "Saved a version of the public statement."
FCC_WITHIN = timedelta(hours=24)
"""By when an EAS Participant tells the FCC of a false alert that it has sent (47 CFR 11.45(b))."""
QUIET = frozenset({"acknowledged"})
"""What the full report counts instead of naming each: the CSV file has every event."""


Where = dict[str, Any]
"""What an address names: an ``alert`` or an ``outage``."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a report is about: its own address, where one comes from and goes back to, and the towns of its map."""

    report: Report
    address: str
    back: str
    back_words: str
    towns: TownMap

    def at(self, part: str = "") -> str:
        """The address of a part of the report."""
        return f"{self.address}/{part}" if part else self.address


def matter(store: Session, where: Where) -> Matter:
    """The report of this address, or 404."""
    here, towns = url_for("reports.page", **where), town_map.of(store)
    if outage := where.get("outage"):
        made = report_data.of_outage(store, outages.found(store, outage))
        return Matter(made, here, url_for("outages.one", outage=outage), Said("Record"), towns)
    row = acting.alert_of(store, where["alert"])
    made = report_data.of_alert(store, row)
    if row.kind == AlertKind.DRILL:
        return Matter(made, here, url_for("drills.page"), Said("Drills"), towns)
    return Matter(made, here, url_for("board.page", alert=row.public_id), Said("Board"), towns)


@reports.get(ALERT)
@reports.get(OUTAGE)
def page(**where: str) -> str:
    """The one page: what a governor asks first."""
    return _page(where, "report/one.html")


@reports.get(f"{ALERT}/full")
@reports.get(f"{OUTAGE}/full")
def full(**where: str) -> str:
    """Everything, with the source of each figure."""
    return _page(where, "report/full.html")


def _page(where: Where, template: str) -> str:
    with house().sessions.begin() as store:
        found = matter(store, where)
    return render_template(template, **_shown(found))


def _shown(found: Matter) -> dict[str, Any]:
    report = found.report
    people = int(report.figure("people").value or 0)
    start, when = report.moment("approved"), Hours(house().zone)
    return {
        "matter": found,
        "report": report,
        "words": words,
        "heads": list(words.headlines(report)),
        "curve": charts.curve(report.facts.first, start.at if start else None, people, report.moments),
        "bars": charts.bars,
        "mapped": mapped(report.facts.places, found.towns.towns),
        "drawing": outline.of_state(house().settings.state_fips),
        "county_words": WORDS,
        "foot": list(words.foot(report, house().zone, when.dated)),
        "became": report_data.BECAME,
        "dated": when.dated,
        "exact": when.second,
        "shown_events": [event for event in report.facts.events if event.action not in QUIET],
    }


def _pdf(report: Report, towns: TownMap, *, whole: bool) -> bytes:
    drawing = outline.of_state(house().settings.state_fips)
    shapes = {code: town.path for code, town in towns.towns.items()}
    paper = Paper(house().settings.authority, house().zone, drawing.counties if drawing else {}, shapes)
    return report_pdf.pdf(report, paper, whole=whole)


def _csv(report: Report, towns: TownMap) -> bytes:
    return "".join(csv_row(row) for row in report_rows.rows(report)).encode()


FILES: dict[str, tuple[str, Callable[[Report, TownMap], bytes]]] = {
    "one-page.pdf": ("application/pdf", lambda report, towns: _pdf(report, towns, whole=False)),
    "full.pdf": ("application/pdf", lambda report, towns: _pdf(report, towns, whole=True)),
    "figures.csv": ("text/csv; charset=utf-8", _csv),
}


NAMES = f"<any({', '.join(map(repr, FILES))}):name>"


@reports.get(f"{ALERT}/{NAMES}")
@reports.get(f"{OUTAGE}/{NAMES}")
def file(name: str, **where: str) -> Response:
    """The report as a file, to take along."""
    with house().sessions.begin() as store:
        found = matter(store, where)
    kind, make = FILES[name]
    stem = found.report.story.about.replace(":", "-")
    headers = {"Content-Disposition": f'attachment; filename="{stem}-{name}"'}
    return Response(make(found.report, found.towns), headers=headers, content_type=kind)


@reports.get(f"{ALERT}/statement")
@reports.get(f"{OUTAGE}/statement")
def statement(**where: str) -> str:
    """The public statement: as it was saved last, or as it is drafted from the figures now."""
    with house().sessions.begin() as store:
        found = matter(store, where)
        saved = statements.newest(store, found.report.story.about)
        by = store.get_one(User, saved.saved_by).name if saved else ""
    text = saved.text if saved and "fresh" not in request.args else drafted(found.report)
    return _editor(found, text, saved=saved, by=by)


@reports.post(f"{ALERT}/statement")
@reports.post(f"{OUTAGE}/statement")
@only(Role.ISSUER, Role.APPROVER)
def save(**where: str) -> AnyResponse | tuple[str, int]:
    """Keep a version; it is not published by this."""
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    with house().sessions.begin() as store:
        found = matter(store, where)
        if problem := _problem(text):
            return _editor(found, text, problem=problem), 422
        statements.save(store, found.report.story.about, text, person().id, house().clock())
        if outage := where.get("outage"):
            record.note(hanging.writer(store), outages.found(store, outage), SAVED, what=Entry.REPORT)
    flash(_("Saved. Nothing was published: copy it to where it shall stand."), "success")
    return redirect(found.at("statement"), 303)


def _editor(
    found: Matter, text: str, *, saved: PublicStatement | None = None, by: str = "", problem: str = ""
) -> str:  # fmt: skip
    return render_template(
        "report/statement.html", matter=found, text=text, saved=saved, by=by, problem=problem, longest=LONGEST
    )


def _problem(text: str) -> str:
    if not text:
        return Said("The statement is empty: write something, or go back and leave what was saved.")
    if len(text) > LONGEST:
        return Said("This is longer than %(most)s characters: shorten it, then save again.", most=f"{LONGEST:,}")
    return Said("Leave out the character of code zero: no text has one.") if "\0" in text else ""


def drafted(report: Report) -> str:
    """The statement in plain words; a number that is preliminary says so, and no cause is given."""
    return _in_english("report/statement.txt", report=report, people=_people)


def _in_english(template: str, **values: Any) -> str:
    """A text for others than the reader, whatever this one's language."""
    reader = tongue.speaking()
    tongue.speak("en")
    text = render_template(template, words=words, **values)
    tongue.speak(reader)
    return text.strip() + "\n"


def _people(report: Report, key: str) -> str:
    found = report.figure(key)
    return f"{words.value(found)} (preliminary; source: {found.source})" if found.preliminary else words.value(found)


@reports.get(f"{ALERT}/fcc")
@reports.get(f"{OUTAGE}/fcc")
def fcc(**where: str) -> str:
    """The mail that tells the FCC of a false alert, drafted; only where one was taken back."""
    with house().sessions.begin() as store:
        found = matter(store, where)
    ways = [words.way(run) for run in found.report.facts.runs if run.tier == "public" and run.kind == "initial"]
    corrected = found.report.moment("corrected")
    if corrected is None:
        abort(404, description=Said("No false alarm was declared here: there is nothing to tell the FCC."))
    text = _in_english("report/fcc.txt", report=found.report, ways=ways, corrected=corrected, settings=house().settings)
    return render_template("report/fcc.html", matter=found, text=text, due=corrected.at + FCC_WITHIN)
