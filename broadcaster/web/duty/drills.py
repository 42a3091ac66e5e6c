"""Drills at the desk: what is asked of whom, what is planned, how it went, and who is out of practice."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import FailureKind
from broadcaster.alert.lifecycle import Role
from broadcaster.directory import Directory
from broadcaster.dispatch.practice import drills as practising
from broadcaster.messages.drill_page import FAILS
from broadcaster.said import Said
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.desk import drill_pages, practice, practice_records
from broadcaster.store.desk import drills as kept
from broadcaster.store.desk.drills import Drill, DrillOutcome, DrillPart, DrillRun
from broadcaster.store.desk.people import User
from broadcaster.store.desk.practice import Practice, Result, Standing
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger
from broadcaster.web import moments
from broadcaster.web.duty import second as drill_second
from broadcaster.web.house import house
from broadcaster.web.moments import Of
from broadcaster.web.signin.guard import Person, only, person, require_person
from broadcaster.web.tongue import _

drills = Blueprint("drills", __name__, url_prefix="/desk/drills")
drills.before_request(require_person)
Answer = Response | str | tuple[str, int]
OUTCOMES = {
    DrillOutcome.ASKED: Said("asked, not begun"),
    DrillOutcome.RUNNING: Said("under way"),
    DrillOutcome.COMPLETE: Said("complete"),
    DrillOutcome.MISSED: Said("not begun in time"),
    DrillOutcome.UNFINISHED: Said("not finished"),
    DrillOutcome.OVERTAKEN: Said("ended: 911 really failed"),
}
PRACTISE = (Role.ISSUER, Role.APPROVER)
BOSSES = (Role.ADMIN, Role.AUDITOR)
"""Who sees everybody's results; everybody sees their own."""
COLUMNS: tuple[str, ...] = ("person", "shift_from", "shift_to", "announced", "fails", "where", "asked", "started")
COLUMNS += ("form_opened", "submitted", "released", "outcome", "seconds_to_submit", "seconds_to_release")
COLUMNS += ("approver", "seconds_to_approve", "part")
SHOWN = 100
"""Pages that the list of them shows."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What somebody is asked to practise: in a sentence; `begun` once they have, `alert` once it has a draft."""

    run: str
    words: str
    begun: bool
    alert: str
    asked: datetime


def prompt(store: Session, who: Person) -> Prompt | None:
    """The drill that waits for this person, or that they are in."""
    found = kept.of_person(store, who.id) if who.may(Role.ISSUER) else None
    if found is not None and found[0].part != DrillPart.ISSUE:
        return None
    if found is None:
        return None
    run, drill = found
    alert = store.get_one(Alert, run.alert_id).public_id if run.alert_id else ""
    words = _words(drill.failure, drill.county, directory_load.load(store, agencies=False))
    return Prompt(run.public_id, words, run.outcome == DrillOutcome.RUNNING, alert, run.asked_at)


def _words(failure: str, county: str, directory: Directory) -> str:
    what, name = FAILS[FailureKind(failure)], directory.county_names.get(county, county)
    if county:
        return Said("%(what)s in %(name)s County", what=what, name=name)
    return Said("%(what)s in the whole state", what=what)


@drills.get("/")
def page() -> str:
    """What waits, what is planned, how it went."""
    return _shown({})


@drills.post("/")
@only(Role.ADMIN)
def plan() -> Answer:
    """Plan a drill, for one person or for whoever is on call; an unannounced one is seen by administrators alone."""
    problems: dict[str, str] = {}
    typed, begins = request.form, _moment(problems)
    failure = typed.get("failure", "")
    if failure not in set(FailureKind):
        problems["failure"] = Said("Choose what fails.")
    with house().sessions.begin() as store:
        directory = directory_load.load(store, agencies=False)
        if (county := typed.get("county", "")) and county not in directory.county_names:
            problems["county"] = Said("Choose a county of the list, or the whole state.")
        whom = _chosen(store, problems)
        if not problems and begins:
            announced = "announced" in typed
            row = Drill(failure=failure, county=county, user_id=whom.id if whom else None, announced=announced)
            row.pages = "pages" in typed
            row.begins, row.planned_by, row.planned_at = begins, person().id, house().clock()
            store.add(row)
            store.flush()
            said = {"begins": begins.isoformat(), "for": whom.email if whom else "on call", "announced": announced}
            said["pages"] = row.pages
            ledger.append(store, person().email, "drill-planned", f"drill:{row.public_id}", said)
    if problems:
        return _shown(problems), 422
    flash(_("Planned. It appears for whoever it is for when its hour comes."), "success")
    return redirect(url_for("drills.page"), 303)


@drills.post("/<key>/cancel")
@only(Role.ADMIN)
def cancel(key: str) -> Response:
    """Take a plan back."""
    with house().sessions.begin() as store:
        row = store.scalar(select(Drill).where(Drill.public_id == key).with_for_update())
        if row is None or row.begun_at or row.cancelled_at:
            flash(_("This drill has begun already, or it was taken back."), "error")
        else:
            row.cancelled_at = house().clock()
            ledger.append(store, person().email, "drill-cancelled", f"drill:{row.public_id}")
            flash(_("Taken back."), "success")
    return redirect(url_for("drills.page"), 303)


@drills.post("/practise")
@only(Role.ISSUER)
def practise() -> Response:
    """Practise now, without being asked: the county is another one every day."""
    with house().sessions.begin() as store:
        now, who = house().clock(), person()
        if kept.is_real(store):
            flash(_("911 really fails somewhere: this is no time for a drill."), "error")
            return redirect(url_for("drills.page"), 303)
        if (found := kept.of_person(store, who.id)) is None:
            counties = sorted(directory_load.load(store, agencies=False).county_names)
            county = counties[(now.toordinal() + who.id) % len(counties)] if counties else ""
            row = Drill(failure=FailureKind.ALL_CALLS.value, county=county, user_id=who.id, announced=True)
            row.begins = row.begun_at = row.planned_at = now
            row.planned_by = who.id
            store.add(row)
            store.flush()
            ledger.append(store, who.email, "drill-begun", f"drill:{row.public_id}", {"people": [who.email]})
            run = kept.ask(store, row, who.id, now)
        else:
            run = found[0]
        return _begun(store, run)


@drills.post("/runs/<key>/start")
@only(Role.ISSUER)
def start(key: str) -> Response:
    """Begin: the form opens, and its clock runs."""
    with house().sessions.begin() as store:
        return _begun(store, _run(store, key))


def _begun(store: Session, run: DrillRun) -> Response:
    """On to the form, or to the draft that it has led to."""
    if run.alert_id:
        return redirect(url_for("form.edit", alert=store.get_one(Alert, run.alert_id).public_id), 303)
    if run.outcome == DrillOutcome.ASKED:
        practising.start(store, run, house().clock())
    return redirect(url_for("form.new", drill=run.public_id), 303)


@drills.post("/runs/<key>/finish")
@only(Role.ISSUER)
def finish(key: str) -> Response:
    """End one's drill: complete once it was submitted."""
    with house().sessions.begin() as store:
        outcome = practising.finish(store, _run(store, key), house().clock())
    done = outcome is DrillOutcome.COMPLETE
    ended = _("Drill complete. Nobody was told.") if done else _("The drill is ended; it was not submitted.")
    flash(ended, "success" if done else "info")
    return redirect(url_for("drills.page"), 303)


def _run(store: Session, key: str) -> DrillRun:
    run = kept.by_key(store, key, person().id)
    if run is None:
        abort(404, description=Said("There is no drill of yours at this address: start from Drills."))
    return run


@drills.get("/results.csv")
def results() -> Response:
    """The results as a file: one's own, or everybody's for administrators and auditors."""
    with house().sessions.begin() as store:
        names = directory_load.load(store, agencies=False).county_names
        found = practice.results(store, None if person().may(*BOSSES) else person().id, most=10_000)
    rows = [_row(COLUMNS), *(_row(_cells(one, names.get(one.county, one.county))) for one in found)]
    headers = {"Content-Disposition": 'attachment; filename="drills.csv"', "Cache-Control": "no-store"}
    return Response("".join(rows), headers=headers, content_type="text/csv; charset=utf-8")


def _cells(one: Result, county: str) -> Iterator[str]:
    yield one.name
    yield from (moment.isoformat() for moment in one.shift) if one.shift else ("", "")
    yield from ("yes" if one.announced else "no", FAILS[FailureKind(one.failure)], county or "the whole state")
    for moment in (one.asked, one.started, one.opened, one.submitted, one.released):
        yield moment.isoformat() if moment else ""
    yield one.outcome.value
    for seconds in (one.to_submit, one.to_release):
        yield "" if seconds is None else f"{seconds:.0f}"
    yield from (one.approver, "" if one.to_approve is None else f"{one.to_approve:.0f}", one.part.value)


def _row(cells: Iterator[str] | tuple[str, ...]) -> str:
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells)
    return out.getvalue()


def own(store: Session, who: Person, now: datetime) -> Practice | None:
    """Where this person stands, if they are out of practice."""
    mine = [one for one in practice.practice(store, now) if one.user_id == who.id]
    return mine[0] if mine and mine[0].standing is not Standing.FRESH else None


def _moment(problems: dict[str, str]) -> datetime | None:
    try:
        return moments.typed(request.form.get("begins", ""), house().zone, house().clock(), Of.AHEAD)
    except ValueError:
        problems["begins"] = Said("Fill in date and time, like 2026-06-18T19:00.")
        return None


def _chosen(store: Session, problems: dict[str, str]) -> User | None:
    """The person of the plan; None for whoever is on call."""
    given = request.form.get("who", "")
    if given == "on-call":
        return None
    found = store.get(User, int(given)) if given.isascii() and given.isdigit() and len(given) < 10 else None
    if found is None or not found.active or found.role_names.isdisjoint(PRACTISE):
        problems["who"] = Said("Choose an issuer, an approver, or whoever is on call.")
    elif Role.ISSUER not in found.role_names and found.id == person().id:
        problems["who"] = Said(
            "Somebody else plans it for you: whoever plans it writes the alert, and cannot approve it."
        )
    return found


def _shown(problems: dict[str, str]) -> str:
    with house().sessions.begin() as store:
        who, now, directory = person(), house().clock(), directory_load.load(store, agencies=False)
        everything = who.may(*BOSSES)
        found = practice.results(store, None if everything else who.id)
        issued = [one for one in found if one.part is DrillPart.ISSUE and (everything or one.user_id == who.id)]
        second = [one for one in found if one.part is DrillPart.APPROVE and (everything or one.user_id == who.id)]
        approved = [one for one in found if one.approver and (everything or one.approver_id == who.id)]
        people = list(store.scalars(select(User).where(User.active).order_by(User.name, User.id)))
        return render_template(
            "desk/drills.html",
            waiting=drill_second.waiting(store, who),
            plans=[
                (row, _words(row.failure, row.county, directory)) for row in kept.ahead(store, everything=everything)
            ],
            results=[(one, _words(one.failure, one.county, directory)) for one in issued],
            second=[(one, _words(one.failure, one.county, directory)) for one in second],
            paged=drill_pages.paged(store, None if everything else who.id, SHOWN),
            shifts=practice.by_shift(issued),
            approved=approved,
            second_shifts=practice.approvals_by_shift(approved),
            people=[one for one in practice.practice(store, now) if everything or one.user_id == who.id],
            names={user.id: user.name for user in people},
            able=[user for user in people if not user.role_names.isdisjoint(PRACTISE)],
            counties=sorted(directory.county_names.items(), key=lambda one: one[1]),
            fails=FAILS,
            outcomes=OUTCOMES,
            posted=practice_records.standing(store, now) if house().settings.practice_url else None,
            everything=everything,
            problems=problems,
            typed=request.form,
        )
