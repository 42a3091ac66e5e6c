"""Providers' notices at the desk: written down, read, tied to an outage, made a draft of, passed on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import Area
from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch import outage_words
from broadcaster.dispatch.outage_words import Word
from broadcaster.outage import record
from broadcaster.outage.notice import intake as notice_intake
from broadcaster.outage.notice.area import mapped
from broadcaster.outage.notice.intake import Arrival
from broadcaster.outage.notice.words import PassedOn
from broadcaster.outage.record import RecordRefused
from broadcaster.settings import Mode
from broadcaster.store import directory_load, outages, passed_on, provider_notices
from broadcaster.store import drafts as typed_drafts
from broadcaster.store.outages import Entry, Outage
from broadcaster.store.provider_notices import NoticeKind, ProviderNotice, Source
from broadcaster.web import hanging, notice_form, notice_shown
from broadcaster.web.guard import only, person, require_person
from broadcaster.web.house import house
from broadcaster.web.notice_form import Typed
from broadcaster.web.notice_shown import found
from broadcaster.web.outages import DESK
from broadcaster.web.outages import found as outage_of

notices = Blueprint("notices", __name__, url_prefix="/desk/outages")
notices.before_request(require_person)
Answer = Response | str | tuple[str, int]
KEPT = "Kept. Call the provider back if anything is missing."
TWICE = "The same words had come before: nothing was added."


@notices.get("/notices/new")
@only(*DESK)
def new() -> str:
    """The form of a notice; of a further word on one, with its provider and ticket."""
    with house().sessions.begin() as store:
        row = provider_notices.by_public_id(store, request.args.get("notice", ""))
    if row is None:
        return _form(notice_form.blank())
    return _form(notice_form.blank(row.provider, row.ticket, NoticeKind.UPDATE.value), row.public_id)


@notices.post("/notices/new")
@only(*DESK)
def create() -> Answer:
    """Write down what a provider said; it opens or joins the record of an outage."""
    sent, goes_on = notice_form.typed(), request.form.get("notice", "")
    read = notice_form.read(sent)
    if read is None:
        return _form(sent, goes_on), 422
    with house().sessions.begin() as store:
        outage = outages.by_public_id(store, request.form.get("outage", ""))
        row = provider_notices.by_public_id(store, goes_on) if goes_on else None
        arrival = Arrival(Source.FORM, min(read[1], house().clock()), person().name, row, outage)
        taken = notice_shown.intake().take(hanging.writer(store), read[0], arrival)
    flash(KEPT if taken.new else TWICE, "success" if taken.new else "warning")
    return redirect(url_for("notices.page", notice=taken.row.public_id), 303)


@notices.get("/notices/<notice>")
@only(*DESK)
def page(notice: str) -> str:
    """Everything that was said, the clocks, and what can be made of it."""
    return _shown(notice)


@notices.post("/notices/<notice>/take")
@only(*DESK)
def take(notice: str) -> Answer:
    """It is about an outage: tie it to the open one of its place, or open a record."""
    try:
        with house().sessions.begin() as store:
            row = found(store, notice)
            outage = notice_intake.tie_by_hand(hanging.writer(store), row, house().settings.state_name)
    except RecordRefused as refused:
        return _shown(notice, str(refused)), 422
    return redirect(url_for("outages.one", outage=outage.public_id), 303)


@notices.post("/notices/<notice>/dismiss")
@only(*DESK)
def dismiss(notice: str) -> Answer:
    """It is nothing for us; it stays in the ledger."""
    try:
        with house().sessions.begin() as store:
            notice_intake.dismiss(hanging.writer(store), found(store, notice))
    except RecordRefused as refused:
        return _shown(notice, str(refused)), 422
    flash("Put aside. Nothing was sent.", "success")
    return redirect(url_for("desk.home"), 303)


@notices.post("/notices/<notice>/draft")
@only(Role.ISSUER)
def draft(notice: str) -> Response:
    """The form of an alert, filled in; what this person has typed into it before is never written over."""
    with house().sessions.begin() as store:
        row = found(store, notice)
        if typed_drafts.kept(store, person().id, row.public_id) is not None:
            flash("You had begun this form: it stands as you left it. Look at the newest notice beside it.", "warning")
        else:
            _fill(store, row)
    return redirect(url_for("form.new", draft=row.public_id), 303)


@notices.post("/notices/<notice>/pass-on")
@only(Role.ISSUER)
def pass_on(notice: str) -> Answer:
    """Mail and call the answering points that it concerns, on one person's word: they are owed it at once."""
    with house().sessions.begin() as store:
        problem = _passed_on(store, found(store, notice))
    if problem:
        return _shown(notice, problem), 422
    house().bell("urgent")
    flash("It is on its way to the answering points, by mail and by telephone.", "success")
    return redirect(url_for("notices.page", notice=notice), 303)


@notices.get("/<outage>/notices")
def of_outage(outage: str) -> str:
    """The notices about an outage, and the clocks of its providers."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        rows = provider_notices.of_outage(store, row.id)
        return render_template(
            "desk/notices/outage.html",
            outage=row,
            clocks=notice_intake.clocks(store, row),
            rows=[(one, provider_notices.versions(store, one.id)) for one in rows],
            may_write=person().may(*DESK),
        )


def _fill(store: Session, row: ProviderNotice) -> None:
    said = notice_intake.newest(row, provider_notices.versions(store, row.id))
    directory = directory_load.load(store, agencies=False)
    area, missed = notice_intake.placed(said, directory, house().settings.state_name)
    outage = store.get(Outage, row.outage_id) if row.outage_id else None
    fields = notice_shown.as_draft(row.public_id, said, area, outage)
    typed_drafts.keep(store, person().id, row.public_id, fields, house().clock())
    if missed:
        flash(f"The directory does not know: {', '.join(missed[:10])}. Add those places by hand.", "warning")
    flash("Filled in from the notice. Check every field: a provider said it, nobody here has confirmed it.", "success")


def _passed_on(store: Session, row: ProviderNotice) -> str:
    """Pass the newest version on; why not, in a sentence, or ``""``."""
    provider_notices.lock(store, row)
    outage = store.get(Outage, row.outage_id) if row.outage_id else None
    if outage is None:
        return "Say first that it is about an outage."
    version = provider_notices.versions(store, row.id)[-1]
    if passed_on.of_version(store, outage.id, version.id):
        return "This version was passed on already."
    agencies = _concerned(store, row)
    if not agencies:
        return "No answering point is known for its area: write into the record of the outage where it fails."
    secret = notice_shown.intake().opened(row, version)
    said = notice_intake.newest(row, provider_notices.versions(store, row.id))
    office = house().office.voice
    words = PassedOn(office.authority, house().zone, said, secret, practice=house().office.mode is Mode.TRAINING)
    word = Word(outage.id, passed_on.purpose(version.id))
    made = outage_words.to_agencies(store, word, set(agencies), words.mail(), words.call())
    if not made:
        return "None of these answering points has a mail address or a telephone in the directory: call them."
    names = f"Passed on to {len(agencies)} answering point{'s' if len(agencies) > 1 else ''} by mail and by telephone."
    record.note(hanging.writer(store), outage, names, what=Entry.NOTICE)
    return ""


def _concerned(store: Session, row: ProviderNotice) -> dict[int, str]:
    """The answering points that a notice concerns: their names by id."""
    directory, ids = directory_load.load(store), directory_load.agency_ids(store)
    said = notice_intake.newest(row, provider_notices.versions(store, row.id))
    area: Area = mapped(said.area, directory, house().settings.state_name).area
    outage = store.get(Outage, row.outage_id) if row.outage_id else None
    return {ids[one.code]: one.name for one in notice_shown.concerned(directory, outage, area)}


def _form(sent: Typed, goes_on: str = "") -> str:
    outage = request.values.get("outage", "")
    return render_template(
        "desk/notices/new.html", typed=sent.values, problems=sent.problems, outage=outage, goes_on=goes_on
    )


def _shown(notice: str, problem: str = "") -> str:
    with house().sessions.begin() as store:
        row = found(store, notice)
        kept = notice_shown.versions(store, row)
        outage = store.get(Outage, row.outage_id) if row.outage_id else None
        agencies = _concerned(store, row)
        ways = outage_words.ways(store, set(agencies))
        clocks = notice_intake.clocks(store, outage) if outage else []
        return render_template(
            "desk/notices/page.html",
            row=row,
            versions=kept,
            outage=outage,
            clocks=[clock for clock in clocks if clock.about == row.public_id],
            concerned=sorted(agencies.values()),
            silent=sorted(name for key, name in agencies.items() if not any(key in way for way in ways.values())),
            unheard=sorted(name for key, name in agencies.items() if key not in ways.get("voice", {})),
            passed=passed_on.of_version(store, outage.id, kept[0].version.id) if outage else [],
            problem=problem,
            may_issue=person().may(Role.ISSUER),
        )
