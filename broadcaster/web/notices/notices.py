"""Providers' notices at the desk: written down, read, tied to an outage, made a draft of, passed on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import Area
from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch.telling import notice_chase, outage_words
from broadcaster.messages.template import plain
from broadcaster.outage import record
from broadcaster.outage.notice import clocks as notice_clocks
from broadcaster.outage.notice import intake as notice_intake
from broadcaster.outage.notice import trust
from broadcaster.outage.notice.area import mapped
from broadcaster.outage.notice.intake import Arrival
from broadcaster.outage.record import RecordRefused
from broadcaster.said import Said
from broadcaster.store.agencies import notice_chases, passed_on, provider_notices, provider_senders
from broadcaster.store.agencies.provider_notices import NoticeKind, ProviderNotice, Source
from broadcaster.store.alerting import drafts as typed_drafts
from broadcaster.store.database import public_id
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Entry, Outage
from broadcaster.store.places import directory_load
from broadcaster.web.form import drafts
from broadcaster.web.house import house
from broadcaster.web.notices import form
from broadcaster.web.notices import shown as notice_shown
from broadcaster.web.notices.form import Sheet
from broadcaster.web.notices.shown import found
from broadcaster.web.outages import hanging
from broadcaster.web.outages.outages import DESK
from broadcaster.web.outages.outages import remaining as outage_of
from broadcaster.web.signin.guard import only, person
from broadcaster.web.tongue import _, kept, said

notices = Blueprint("notices", __name__, url_prefix="/desk/outages")
notices.before_request(drafts.let_in)
Answer = Response | str | tuple[str, int]
LONGEST_WORDS = 500
KEPT = Said("Kept. Call the provider back if anything is missing.")
TWICE = Said("The same words had come before: nothing was added.")


@notices.get("/notices/new")
@only(*DESK)
def new() -> str:
    """The form of a notice, or as it was left; of a further word on one, with its provider and ticket."""
    with house().sessions.begin() as store:
        row = provider_notices.by_public_id(store, request.args.get("notice", ""))
        key = f"{drafts.NOTICE}{row.public_id}" if row else request.args.get("draft", "")
        left = typed_drafts.kept(store, person().id, key) if key.startswith(drafts.NOTICE) else None
    if left is not None:
        sent = drafts.opened(left)
        typed = form.typed(sent)
        return _form(Sheet(key, drafts.known_since(sent), typed, sent.get("notice", ""), sent.get("outage", ""), left))
    now, outage = house().clock(), request.args.get("outage", "")
    if row is None:
        return _form(Sheet(f"{drafts.NOTICE}{public_id()}", now, form.blank(), outage=outage))
    return _form(Sheet(key, now, form.blank(row.provider, row.ticket, NoticeKind.UPDATE.value), row.public_id))


@notices.post("/notices/new")
@only(*DESK)
def create() -> Answer:
    """Write down what a provider said; it opens or joins the record of an outage."""
    sent, goes_on, key = form.typed(request.form), request.form.get("notice", ""), drafts.sent_key()
    read = form.read(sent)
    with house().sessions.begin() as store:
        if read is None:
            drafts.keep(store, key)
            return _form(
                Sheet(key, drafts.known_since(request.form), sent, goes_on, request.form.get("outage", ""))
            ), 422
        named = outages.by_public_id(store, request.form.get("outage", ""))
        outage = outages.remaining(store, named) if named else None
        row = provider_notices.by_public_id(store, goes_on) if goes_on else None
        arrival = Arrival(Source.FORM, min(read[1], house().clock()), person().name, row, outage)
        taken = notice_shown.intake().take(hanging.writer(store), read[0], arrival)
        typed_drafts.drop(store, person().id, key)
    told = " ".join(filter(None, (said(KEPT), kept(taken.version.joined)))) if taken.new else said(TWICE)
    flash(told, "success" if taken.new else "warning")
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


@notices.post("/notices/<notice>/judge")
@only(*DESK)
def judge(notice: str) -> Answer:
    """Somebody has asked the provider whether a word that nobody proved is theirs."""
    theirs = request.form.get("theirs") == "yes"
    words = plain(request.form.get("words", ""))[:LONGEST_WORDS]
    try:
        with house().sessions.begin() as store:
            row, state = found(store, notice), house().settings.state_name
            notice_intake.judge(hanging.writer(store), row, _number("version"), words, state, is_theirs=theirs)
    except RecordRefused as refused:
        return _shown(notice, str(refused)), 422
    flash(_("Confirmed: it counts as the provider’s own word.") if theirs else _("It is used for nothing."), "success")
    return redirect(url_for("notices.page", notice=notice), 303)


@notices.post("/notices/<notice>/separate")
@only(*DESK)
def separate(notice: str) -> Answer:
    """A word that a machine has joined to this notice is about another thing: it is a notice of its own."""
    try:
        with house().sessions.begin() as store:
            hand, row = hanging.writer(store), found(store, notice)
            made = notice_intake.separate(hand, notice_shown.intake(), row, _number("version"))
            where = made.public_id
    except RecordRefused as refused:
        return _shown(notice, str(refused)), 422
    flash(_("Separated: this word is a notice of its own now, about the same outage."), "success")
    return redirect(url_for("notices.page", notice=where), 303)


@notices.post("/notices/<notice>/dismiss")
@only(*DESK)
def dismiss(notice: str) -> Answer:
    """It is nothing for us; it stays in the ledger."""
    try:
        with house().sessions.begin() as store:
            notice_intake.dismiss(hanging.writer(store), found(store, notice))
    except RecordRefused as refused:
        return _shown(notice, str(refused)), 422
    flash(_("Put aside. Nothing was sent."), "success")
    return redirect(url_for("desk.home"), 303)


@notices.post("/notices/<notice>/draft")
@only(Role.ISSUER)
def draft(notice: str) -> Response:
    """The form of an alert, filled in; what this person has typed into it before is never written over."""
    with house().sessions.begin() as store:
        row = found(store, notice)
        if typed_drafts.kept(store, person().id, row.public_id) is not None:
            flash(
                _("You had begun this form: it stands as you left it. Look at the newest notice beside it."), "warning"
            )
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
    flash(_("It is on its way to the answering points, by mail and by telephone."), "success")
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
            clocks=notice_clocks.clocks(store, row),
            rows=[(one, provider_notices.versions(store, one.id)) for one in rows],
            doubtful={one.id for one, _ in provider_senders.doubtful(store)},
            may_write=person().may(*DESK),
        )


def _fill(store: Session, row: ProviderNotice) -> None:
    newest = trust.newest(row, versions := trust.relied_on(store, row))
    directory = directory_load.load(store, agencies=False)
    area, missed = notice_intake.placed(newest, directory, house().settings.state_name)
    outage = _outage_of(store, row)
    fields = notice_shown.as_draft(row.public_id, newest, area, outage)
    typed_drafts.keep(store, person().id, row.public_id, fields, house().clock())
    if missed:
        flash(
            _("The directory does not know: %(names)s. Add those places by hand.", names=", ".join(missed[:10])),
            "warning",
        )
    if trust.is_proved(store, versions):
        flash(
            _("Filled in from the notice. Check every field: a provider said it, nobody here has confirmed it."),
            "success",
        )
    else:
        flash(
            _("Sender not proved. Filled in from a mail that anybody may have written: call the provider."), "warning"
        )


def _passed_on(store: Session, row: ProviderNotice) -> str:
    """Pass the newest version that counts on; why not, in a sentence, or ``""``."""
    provider_notices.lock(store, row)
    outage, versions = _outage_of(store, row), trust.relied_on(store, row)
    if outage is None:
        return Said("Say first that it is about an outage.")
    if not versions:
        return Said("The provider has said that none of this is theirs: there is nothing to pass on.")
    if passed_on.of_version(store, versions[-1].id) or notice_chases.of_version(store, versions[-1].id):
        return Said("This version was passed on already.")
    agencies = _concerned(store, row)
    if not agencies:
        return Said("No answering point is known for its area: write into the record of the outage where it fails.")
    notice_chases.supersede(store, row.id)
    words = notice_shown.on_its_way(store, row, versions)
    after = house().settings.chase_seconds
    if not notice_chase.pass_on(store, outage.id, versions[-1].id, set(agencies), words, after):
        return Said("None of these answering points has a mail address or a telephone in the directory: call them.")
    names = f"Passed on to {len(agencies)} answering point{'s' if len(agencies) > 1 else ''} by mail and by telephone."
    mark = "" if trust.is_proved(store, versions) else f" {trust.NOT_PROVED}."
    record.note(hanging.writer(store), outage, f"{names}{mark}", what=Entry.NOTICE)
    return ""


def _concerned(store: Session, row: ProviderNotice) -> dict[int, str]:
    """The answering points that a notice concerns: their names by id."""
    directory, ids = directory_load.load(store), directory_load.agency_ids(store)
    newest = trust.newest(row, trust.relied_on(store, row))
    area: Area = mapped(newest.area, directory, house().settings.state_name).area
    outage = _outage_of(store, row)
    return {ids[one.code]: one.name for one in notice_shown.concerned(directory, outage, area)}


def _outage_of(store: Session, row: ProviderNotice) -> Outage | None:
    return store.get(Outage, row.outage_id) if row.outage_id else None


def _number(name: str) -> int:
    """The number that a button carries; 0 for none, which names nothing."""
    given = request.form.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def _form(sheet: Sheet) -> str:
    return render_template(
        "desk/notices/new.html", sheet=sheet, typed=sheet.typed.values, problems=sheet.typed.problems
    )


def _shown(notice: str, problem: str = "") -> str:
    with house().sessions.begin() as store:
        row = found(store, notice)
        outage, agencies = _outage_of(store, row), _concerned(store, row)
        ways = outage_words.ways(store, set(agencies))
        clocks = notice_clocks.clocks(store, outage) if outage else []
        relied = trust.relied_on(store, row)
        return render_template(
            "desk/notices/page.html",
            row=row,
            versions=notice_shown.versions(store, row),
            outage=outage,
            clocks=[clock for clock in clocks if clock.about == row.public_id],
            concerned=sorted(agencies.values()),
            silent=sorted(name for key, name in agencies.items() if not any(key in way for way in ways.values())),
            unheard=sorted(name for key, name in agencies.items() if key not in ways.get("voice", {})),
            passed=passed_on.of_version(store, relied[-1].id) if relied else [],
            chases=notice_chases.of_version(store, relied[-1].id) if relied else [],
            is_proved=trust.is_proved(store, relied) and bool(relied),
            problem=problem,
            typed=request.form,
            may_issue=person().may(Role.ISSUER),
            may_write=person().may(*DESK),
        )
