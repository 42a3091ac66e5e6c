"""The roster at the desk: who is on call, who is in charge, handing the office over, and how each of us is reached."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.alert.phone import PhoneRefused, display, parse_personal
from broadcaster.dispatch.paging import page_tests as page_trials
from broadcaster.said import Said
from broadcaster.store.desk import contacts, page_tests
from broadcaster.store.desk import roster as kept
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.people import User
from broadcaster.store.desk.roster import Charge, Handover, Shift
from broadcaster.store.fanout import senders
from broadcaster.store.timeline import ledger
from broadcaster.values import MAIL_ADDRESS
from broadcaster.web import moments
from broadcaster.web.house import house
from broadcaster.web.moments import Of
from broadcaster.web.signin.guard import Person, only, person, require_person
from broadcaster.web.tongue import _

roster = Blueprint("roster", __name__, url_prefix="/desk/roster")
roster.before_request(require_person)
LONGEST_NOTE = 1000
DESK = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
LABELS = {What.PHONE: Said("Phone"), What.SECOND_PHONE: Said("Second phone"), What.MAIL: Said("Mail for pages")}
Answer = Response | str | tuple[str, int]


@roster.get("/")
def page() -> str:
    """Who is on call now and later, and who is in charge."""
    return _shown({})


@roster.post("/shifts")
@only(*DESK)
def add() -> Answer:
    """Put somebody on call; everybody may put themselves, administrators anybody."""
    problems: dict[str, str] = {}
    begins, ends = _moment("begins", problems, Of.AHEAD), _moment("ends", problems, Of.END)
    if begins and ends and ends <= begins:
        problems["ends"] = Said("The shift would end before it begins: choose a later end.")
    with house().sessions.begin() as store:
        who = _chosen(store, problems, "who")
        if who is not None and who.id != person().id and not person().may(Role.ADMIN):
            problems["who"] = Said("Only an administrator puts somebody else on call: choose yourself.")
        if not problems and who is not None and begins and ends:
            store.add(Shift(user_id=who.id, begins=begins, ends=ends, made_by=person().id))
            said = {"begins": begins.isoformat(), "ends": ends.isoformat()}
            ledger.append(store, person().email, "shift-added", who.email, said)
    if problems:
        return _shown(problems), 422
    flash(_("The shift is on the roster."), "success")
    return redirect(url_for("roster.page"), 303)


@roster.post("/shifts/<int:key>/remove")
@only(*DESK)
def remove(key: int) -> Response:
    """Take a shift off the roster: one's own, or anybody's for an administrator."""
    with house().sessions.begin() as store:
        row = store.get(Shift, key)
        if row is not None and (row.user_id == person().id or person().may(Role.ADMIN)):
            ledger.append(store, person().email, "shift-removed", store.get_one(User, row.user_id).email)
            store.delete(row)
            flash(_("The shift is off the roster."), "success")
        else:
            flash(_("Only an administrator takes somebody else's shift away."), "error")
    return redirect(url_for("roster.page"), 303)


@roster.post("/hand-over")
@only(*DESK)
def hand_over() -> Answer:
    """Offer the office to the next officer, with a note; it is theirs when they say so."""
    problems: dict[str, str] = {}
    note = request.form.get("note", "").strip()[:LONGEST_NOTE]
    if not note:
        problems["note"] = Said(
            "Write what the next officer must know: what is open, who was called, what is promised."
        )
    with house().sessions.begin() as store:
        charge = kept.in_charge(store)
        if not may_hand_over(person(), charge):
            abort(403, description=Said("Only the officer in charge or an administrator hands the office over."))
        who = _chosen(store, problems, "to")
        if not problems and who is not None:
            giver = charge.officer_id if charge else None
            store.add(Handover(from_user=giver, to_user=who.id, note=note, made_at=house().clock()))
            ledger.append(store, person().email, "handed-over", who.email, {"note": note})
    if problems:
        return _shown(problems), 422
    flash(_("Offered. You stay in charge until it is received."), "success")
    return redirect(url_for("roster.page"), 303)


@roster.post("/hand-over/<int:key>/receive")
@only(*DESK)
def receive(key: int) -> Response:
    """The receipt: the next officer has read the note and has the office."""
    with house().sessions.begin() as store:
        taken = kept.receive(store, key, person().id, house().clock())
        if taken:
            ledger.append(store, person().email, "received-the-office", person().email)
    said = _("You are the officer in charge.") if taken else _("This hand-over is not for you, or it is over.")
    flash(said, "success" if taken else "error")
    return redirect(url_for("roster.page"), 303)


def may_hand_over(who: Person, charge: Charge | None) -> bool:
    """Whether this person may: the officer in charge, an administrator, and an issuer where nobody is in charge."""
    if charge is None:
        return who.may(Role.ISSUER, Role.ADMIN)
    return who.id == charge.officer_id or who.may(Role.ADMIN)


@roster.get("/me")
def mine() -> str:
    """How the one who asks is reached."""
    with house().sessions.begin() as store:
        found = contacts.of(store, house().sealer, person().id)
    typed = {what: display(way.value) for what, way in found.items()}
    return render_template("desk/roster/me.html", typed=typed, problems={}, labels=LABELS)


@roster.post("/me")
def save() -> Answer:
    """Keep one's own contacts; they are sealed, and the ledger does not hold them."""
    typed = {what: request.form.get(what.value, "").strip()[:254] for what in What}
    problems: dict[str, str] = {}
    values = {what: _contact(what, text, problems) for what, text in typed.items()}
    if values[What.PHONE] and values[What.PHONE] == values[What.SECOND_PHONE]:
        problems["second_phone"] = Said("This is the same phone again: give another one, or leave it empty.")
    if problems:
        return render_template("desk/roster/me.html", typed=typed, problems=problems, labels=LABELS), 422
    with house().sessions.begin() as store:
        for what, value in values.items():
            contacts.put(store, house().sealer, person().id, what, value)
        given = sorted(what.value for what, value in values.items() if value)
        ledger.append(store, person().email, "contacts-changed", person().email, {"given": given})
    flash(_("Kept. You are called and texted there when your approval is asked for."), "success")
    return redirect(url_for("roster.mine"), 303)


def _contact(what: What, text: str, problems: dict[str, str]) -> str:
    if not text:
        return ""
    if what is What.MAIL:
        if not MAIL_ADDRESS.fullmatch(parseaddr(text)[1]):
            problems[what.value] = Said("“%(typed)s” is no mail address: write name@host.", typed=text)
        return parseaddr(text)[1]
    try:
        return parse_personal(text)
    except PhoneRefused as refused:
        problems[what.value] = str(refused)
        return ""


def _moment(name: str, problems: dict[str, str], of: Of) -> datetime | None:
    try:
        return moments.typed(request.form.get(name, ""), house().zone, house().clock(), of)
    except ValueError:
        problems[name] = Said("Fill in date and time, like 2026-06-18T19:00.")
        return None


def _chosen(store: Session, problems: dict[str, str], name: str) -> User | None:
    given = request.form.get(name, "")
    found = store.get(User, int(given)) if given.isascii() and given.isdigit() and len(given) < 10 else None
    if found is None or not found.active or found.role_names.isdisjoint(DESK):
        problems[name] = Said("Choose somebody of the desk.")
        return None
    return found


def ways_tested(store: Session) -> list[str]:
    """By what approvers are tried every month here; calls only where calls are set up."""
    return [way for way in page_trials.WAYS if way != "voice" or senders.is_set_up(store, way)]


def _shown(problems: dict[str, str]) -> str:
    with house().sessions.begin() as store:
        now = house().clock()
        charge = kept.in_charge(store)
        shifts = kept.shifts(store, now)
        everybody = store.scalars(select(User).where(User.active).order_by(User.name, User.id))
        return render_template(
            "desk/roster/page.html",
            shifts=shifts,
            approver_on_call=any(one.begins <= now and Role.APPROVER in one.roles for one in shifts),
            charge=charge,
            offered=kept.offered(store),
            hands_over=may_hand_over(person(), charge),
            staff=[user for user in everybody if not user.role_names.isdisjoint(DESK)],
            reach=contacts.by_person(store),
            silent=page_tests.silent(store, now.strftime("%Y-%m"), ways_tested(store)),
            labels=LABELS,
            may_edit=person().may(*DESK),
            problems=problems,
            typed=request.form,
        )
