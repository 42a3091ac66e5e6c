"""One person alone: break the glass, review what was released so, take back our own error, end what only agencies heard
of; each with a fresh code."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for

from broadcaster.alert import lifecycle
from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch.revision import alone as acts
from broadcaster.dispatch.revision import never_public
from broadcaster.dispatch.revision.alone import LONGEST
from broadcaster.said import Said
from broadcaster.store.alerting.reviews import Verdict
from broadcaster.web.house import house
from broadcaster.web.release import acting, alone
from broadcaster.web.release.alone import Slip
from broadcaster.web.release.approval import BELLS, Answer
from broadcaster.web.release.revision import shown
from broadcaster.web.signin import stepup
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _

glass = Blueprint("glass", __name__, url_prefix="/desk/alerts/<alert>/revisions/<int:no>")
glass.before_request(require_person)


@glass.post("/break-glass")
@only(Role.ISSUER, Role.APPROVER)
def break_it(alert: str, no: int) -> Answer:
    """Release to the public without a second person, after the wait: a reason, the place typed out, a code."""
    stepup.wait()
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in ("reason", "place")}
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        waited = house().clock() - (row.frozen_at or house().clock())
        lifecycle.check_alone(person().roles, waited, alone.wait())
        problems: dict[str, str] = {} if typed["reason"] else {"reason": Said("Say why nobody else could be asked.")}
        if not alone.same(typed["place"], alone.place(store, row)):
            problems["place"] = Said("Type %(place)s, so that it is surely this place.", place=alone.place(store, row))
        if not problems and (refused := stepup.refusal(store, alone=True)):
            problems["code"] = refused
        if problems:
            return shown(store, row, slip=Slip(problems, typed)), 422
        lifecycle.check_hash(request.form.get("hash", ""), row.hash or "")
        acts.break_glass(acting.actor(store), row, typed["reason"], alone.wait())
    house().bell(*BELLS)
    flash(_("Released by you alone. Another person must review it within 15 minutes."), "warning")
    return redirect(url_for("board.page", alert=alert), 303)


@glass.post("/review")
@only(Role.APPROVER)
def review(alert: str, no: int) -> Answer:
    """Another person has read what was released alone, and says whether it is right."""
    stepup.wait()
    note = request.form.get("note", "").strip()[:LONGEST]
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        try:
            verdict = Verdict(request.form.get("verdict", ""))
        except ValueError:
            return shown(store, row, slip=Slip({"verdict": Said("Choose whether it is right.")}, {"note": note})), 422
        if verdict is Verdict.WRONG and not note:
            wrong = {"note": Said("Say what is wrong in a few words: the officer corrects it by that.")}
            return shown(store, row, slip=Slip(wrong, {"verdict": verdict.value})), 422
        if problem := stepup.refusal(store):
            kept = {"note": note, "verdict": verdict.value}
            return shown(store, row, slip=Slip({"code": problem}, kept)), 422
        acts.review(acting.actor(store), row, verdict, note)
    house().bell(*BELLS)
    if verdict is Verdict.RIGHT:
        flash(_("Reviewed: you stand behind it as the second person."), "success")
    else:
        flash(_("You say that it is wrong. Now correct it: an update, a number change, or “False alarm”."), "error")
    return redirect(url_for("board.page", alert=alert), 303)


@glass.post("/withdraw")
@only(Role.ISSUER, Role.APPROVER)
def withdraw(alert: str, no: int) -> Answer:
    """Take our own error back over every channel, at once and on one person's word; its words are fixed."""
    stepup.wait()
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        if problem := stepup.refusal(store, alone=True):
            return shown(store, row, slip=Slip({"code": problem})), 422
        acts.withdraw(acting.actor(store), row)
    house().bell(*BELLS)
    flash(_("Withdrawn. Everybody who was told is being told now."), "success")
    return redirect(url_for("board.page", alert=alert), 303)


@glass.post("/end-for-agencies")
@only(Role.APPROVER)
def end_for_agencies(alert: str, no: int) -> Answer:
    """End an alert whose public text was turned down: the agencies that were told hear it, and nobody else."""
    stepup.wait()
    said = request.form.get("confirmed", "").strip()[: never_public.LONGEST]
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        problems: dict[str, str] = (
            {} if said else {"confirmed": Said("Say who confirmed that 911 works again, and how.")}
        )
        if not problems and (refused := stepup.refusal(store)):
            problems["code"] = refused
        if problems:
            return shown(store, row, slip=Slip(problems, {"confirmed": said})), 422
        never_public.end(acting.actor(store), row, said)
    house().bell(*BELLS)
    flash(_("Ended. The agencies that were told are being told now."), "success")
    return redirect(url_for("board.page", alert=alert), 303)
