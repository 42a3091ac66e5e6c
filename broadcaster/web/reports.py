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

from broadcaster.alert.lifecycle import Role
from broadcaster.alert.reach import WORDS
from broadcaster.outage import charts, report_pdf, report_rows
from broadcaster.outage import report as figures
from broadcaster.outage import report_words as words
from broadcaster.outage.report import Report
from broadcaster.outage.report_pdf import Paper
from broadcaster.store import statements
from broadcaster.store.people import User
from broadcaster.web import acting, outline, report_data
from broadcaster.web.guard import only, person, require_person
from broadcaster.web.house import house
from broadcaster.web.ledger import csv_row

reports = Blueprint("reports", __name__, url_prefix="/desk", static_folder="assets/report", static_url_path="/report")
reports.before_request(require_person)
ALERT = "/alerts/<alert>/report"
LONGEST = 20_000
FCC_WITHIN = timedelta(hours=24)
"""By when an EAS Participant tells the FCC of a false alert that it has sent (47 CFR 11.45(b))."""
QUIET = frozenset({"acknowledged"})
"""What the full report counts instead of naming each: the CSV file has every event."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a report is about: its own address, and where one comes from and goes back to."""

    report: Report
    address: str
    back: str
    back_words: str

    def at(self, part: str = "") -> str:
        """The address of a part of the report."""
        return f"{self.address}/{part}" if part else self.address


def matter(store: Session, alert: str) -> Matter:
    """The report of this address, or 404."""
    row = acting.alert_of(store, alert)
    here = url_for("reports.page", alert=alert)
    return Matter(report_data.of_alert(store, row), here, url_for("board.page", alert=alert), "Board")


@reports.get(ALERT)
def page(alert: str) -> str:
    """The one page: what a governor asks first."""
    return _page(alert, "report/one.html")


@reports.get(f"{ALERT}/full")
def full(alert: str) -> str:
    """Everything, with the source of each figure."""
    return _page(alert, "report/full.html")


def _page(alert: str, template: str) -> str:
    with house().sessions.begin() as store:
        found = matter(store, alert)
    return render_template(template, **_shown(found))


def _shown(found: Matter) -> dict[str, Any]:
    report = found.report
    people = int(report.figure("people").value or 0)
    counties = figures.counties(report.facts.places)
    start = report.moment("approved")
    return {
        "matter": found,
        "report": report,
        "words": words,
        "heads": list(words.headlines(report)),
        "curve": charts.curve(report.facts.first, start.at if start else None, people, report.moments),
        "bars": charts.bars,
        "counties": counties,
        "by_fips": {each.fips: each for each in counties},
        "drawing": outline.of_state(house().settings.state_fips),
        "county_words": WORDS,
        "foot": list(words.foot(report, house().zone)),
        "exact": lambda moment: words.exact(moment, house().zone),
        "shown_events": [event for event in report.facts.events if event.action not in QUIET],
    }


def _pdf(report: Report, *, whole: bool) -> bytes:
    drawing = outline.of_state(house().settings.state_fips)
    paper = Paper(house().settings.authority, house().zone, drawing.counties if drawing else {})
    return report_pdf.pdf(report, paper, whole=whole)


def _csv(report: Report) -> bytes:
    return "".join(csv_row(row) for row in report_rows.rows(report)).encode()


FILES: dict[str, tuple[str, Callable[[Report], bytes]]] = {
    "one-page.pdf": ("application/pdf", lambda report: _pdf(report, whole=False)),
    "full.pdf": ("application/pdf", lambda report: _pdf(report, whole=True)),
    "figures.csv": ("text/csv; charset=utf-8", _csv),
}


@reports.get(f"{ALERT}/<any('one-page.pdf', 'full.pdf', 'figures.csv'):name>")
def file(alert: str, name: str) -> Response:
    """The report as a file, to take along."""
    with house().sessions.begin() as store:
        report = matter(store, alert).report
    kind, make = FILES[name]
    stem = report.story.about.replace(":", "-")
    headers = {"Content-Disposition": f'attachment; filename="{stem}-{name}"'}
    return Response(make(report), headers=headers, content_type=kind)


@reports.get(f"{ALERT}/statement")
def statement(alert: str) -> str:
    """The public statement: as it was saved last, or as it is drafted from the figures now."""
    with house().sessions.begin() as store:
        found = matter(store, alert)
        saved = statements.newest(store, found.report.story.about)
        by = store.get_one(User, saved.saved_by).name if saved else ""
    fresh = drafted(found.report)
    return render_template(
        "report/statement.html",
        matter=found,
        fresh=fresh,
        text=saved.text if saved and "fresh" not in request.args else fresh,
        saved=saved,
        by=by,
        longest=LONGEST,
    )


@reports.post(f"{ALERT}/statement")
@only(Role.ISSUER, Role.APPROVER)
def save(alert: str) -> AnyResponse | tuple[str, int]:
    """Keep a version; it is not published by this."""
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    with house().sessions.begin() as store:
        about = f"alert:{acting.alert_of(store, alert).public_id}"
        if problem := _problem(text):
            shown = matter(store, alert)
            return render_template(
                "report/statement.html", matter=shown, fresh="", text=text, saved=None, by="", longest=LONGEST,
                problem=problem,
            ), 400  # fmt: skip
        statements.save(store, about, text, person().id, house().clock())
    flash("Saved. Nothing was published: copy it to where it shall stand.", "success")
    return redirect(url_for("reports.statement", alert=alert), 303)


def _problem(text: str) -> str:
    if not text:
        return "The statement is empty: write something, or go back and leave what was saved."
    if len(text) > LONGEST:
        return f"This is longer than {LONGEST:,} characters: shorten it, then save again."
    return "Leave out the character of code zero: no text has one." if "\0" in text else ""


def drafted(report: Report) -> str:
    """The statement in plain words; a number that is preliminary says so, and no cause is given."""
    return render_template("report/statement.txt", report=report, words=words, people=_people).strip() + "\n"


def _people(report: Report, key: str) -> str:
    found = report.figure(key)
    return f"{words.value(found)} (preliminary; source: {found.source})" if found.preliminary else words.value(found)


@reports.get(f"{ALERT}/fcc")
def fcc(alert: str) -> str:
    """The mail that tells the FCC of a false alert, drafted; only where one was taken back."""
    with house().sessions.begin() as store:
        found = matter(store, alert)
        ways = [words.way(run) for run in found.report.facts.runs if run.tier == "public" and run.kind == "initial"]
    corrected = found.report.moment("corrected")
    if corrected is None:
        abort(404, description="No false alarm was declared here: there is nothing to tell the FCC.")
    text = render_template(
        "report/fcc.txt", report=found.report, words=words, ways=ways, corrected=corrected, settings=house().settings
    )
    return render_template("report/fcc.html", matter=found, text=text.strip() + "\n", due=corrected.at + FCC_WITHIN)
