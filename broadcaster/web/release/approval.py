"""Submit, release, approve, return, reject, hold, resume: a view checks who asks, calls, redirects."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import Move, ReleaseState, Role, Tier
from broadcaster.alert.policy import needs_two_people
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import AlertRefused
from broadcaster.dispatch.practice import drills
from broadcaster.said import Said
from broadcaster.store.alerting import drafts as typed_drafts
from broadcaster.store.alerting.alerts import Revision
from broadcaster.web.form import drafts, seen
from broadcaster.web.form import numbers as form_numbers
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.release.revision import shown
from broadcaster.web.signin import stepup
from broadcaster.web.signin.guard import only, person
from broadcaster.web.tongue import _, said

approval = Blueprint("approval", __name__, url_prefix="/desk/alerts/<alert>/revisions/<int:no>")
approval.before_request(drafts.let_in)

BELLS = ("urgent", "sms")
Answer = Response | tuple[str, int]


@approval.post("/submit")
@only(Role.ISSUER)
def submit(alert: str, no: int) -> Answer:
    """Freeze exactly what was previewed and ask for its release; a number that was typed since is looked at first."""
    if _is_older(alert, no):
        return _look_again(alert, no)
    if form_numbers.were_typed(alert, no):
        flash(_("A number was typed in since: look at the texts as they are now, then submit."), "warning")
        return form_numbers.save_typed(alert)
    try:
        with house().sessions.begin() as store:
            acting.newest(store, alert, locked=True)
            revision = acting.revision_of(store, alert, no)
            if seen.is_older(revision):  # somebody has saved it since; from here on nobody can
                return _look_again(alert, no)
            actions.submit(acting.actor(store), revision)
            typed_drafts.drop(store, person().id, drafts.key_of(alert, no, numbers=True))
    except AlertRefused as refused:
        for problem in refused.problems:
            flash(said(problem.sentence), "error")
        return redirect(url_for("form.edit", alert=alert), 303)
    flash(_("Submitted. What you see here is frozen: this is what goes out."), "success")
    return _back(alert, no)


def _is_older(alert: str, no: int) -> bool:
    """Whether the page showed something else than what would be frozen; a number typed on it is kept."""
    with house().sessions.begin() as store:
        older = seen.is_older(acting.revision_of(store, alert, no))
        if older and any(value for name, value in request.form.items() if name.startswith("number-")):
            drafts.keep(store, drafts.key_of(alert, no, numbers=True))
        return older


def _look_again(alert: str, no: int) -> Response:
    flash(said(seen.LOOK_AGAIN), "warning")
    return _back(alert, no)


@approval.post("/release-agencies")
@only(Role.ISSUER)
def release_agencies(alert: str, no: int) -> Response:
    """The agency tier, at once."""
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        actions.release_agencies(acting.actor(store), row)
    house().bell(*BELLS)
    flash(
        _("The agencies are being told now.") if row.alert.is_heard else _("In a drill no agency is told."), "success"
    )
    return _back(alert, no)


@approval.post("/approve")
@only(Role.APPROVER)
def approve(alert: str, no: int) -> Answer:
    """The second person, with a one-time code, for the hash that they saw."""
    stepup.wait()
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        if problem := stepup.refusal(store):
            return shown(store, row, problem), 422
        actions.approve(acting.actor(store), row, request.form.get("hash", ""))
        if not row.alert.is_heard:
            drills.released(store, row.alert, person().id, house().clock())
            flash(_("Approved. The drill is complete, and nobody was told."), "success")
            return redirect(url_for("drills.page"), 303)
    house().bell(*BELLS)
    flash(_("Approved. It is going out now."), "success")
    return redirect(url_for("board.page", alert=alert), 303)


@approval.post("/return")
@only(Role.APPROVER)
def send_back(alert: str, no: int) -> Answer:
    """Back to the author, with a reason."""
    return _turn_down(alert, no, Move.RETURN)


@approval.post("/reject")
@only(Role.APPROVER)
def reject(alert: str, no: int) -> Answer:
    """Not to go out, with a reason."""
    return _turn_down(alert, no, Move.REJECT)


def _turn_down(alert: str, no: int, move: Move) -> Answer:
    reason = request.form.get("reason", "").strip()[:500]
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        if not reason:
            return shown(store, row, reason=Said("Say why in a few words: the author reads it.")), 422
        actions.turn_down(acting.actor(store), row, move, reason)
        drills.turned_down(store, row.alert, person().id, house().clock())
    house().bell(*BELLS)
    done = (
        _("Returned: “%(reason)s”", reason=reason)
        if move is Move.RETURN
        else _("Rejected: “%(reason)s”", reason=reason)
    )
    flash(done, "success")
    return _back(alert, no)


@approval.post("/hold")
@only(Role.ISSUER)
def hold(alert: str, no: int) -> Response:
    """Stop a tier at once; one person is enough to stop. What is out now stops, whatever the page still showed."""
    with house().sessions.begin() as store:
        newest = acting.revision_of(store, alert, acting.newest(store, alert, locked=True).no)
        out = acting.out(store, newest.alert, request.form.get("tier"))
        for row, release in out:
            if release.state == ReleaseState.RELEASED:
                actions.hold(acting.actor(store), row, Tier(release.tier))
        at = max((row.no for row, _release in out), default=no)
        public = acting.releases_of(store, newest).get(Tier.PUBLIC)
        waits = public is not None and public.state == ReleaseState.PENDING
    if out:
        flash(_("On hold: nothing more goes out until it is resumed."), "success")
    else:
        flash(_("Nothing of this alert is out: there is nothing to hold."), "warning")
    if waits:
        flash(
            _("The public’s release still waits, and can be approved: edit it to take it back."),
            "warning",
        )
    return _back(alert, at)


@approval.post("/resume")
@only(Role.ISSUER, Role.APPROVER)
def resume(alert: str, no: int) -> Answer:
    """Let a tier go on; the public one takes a second person and a code, as the approval did."""
    stepup.wait()
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        tiers = _tiers(row, store, "held")
        needs_code = any(needs_two_people(tier, RevisionKind(row.kind)) for tier in tiers)
        if needs_code and (problem := stepup.refusal(store)):
            return shown(store, row, problem), 422
        for tier in tiers:
            actions.resume(acting.actor(store), row, tier, request.form.get("hash", ""))
    house().bell(*BELLS)
    flash(_("Resumed: it goes on."), "success")
    return _back(alert, no)


def _tiers(row: Revision, store: Session, state: str) -> list[Tier]:
    """The tiers asked for, or else every one in this state."""
    asked = request.form.get("tier", "")
    found = [Tier(tier) for tier, release in acting.releases_of(store, row).items() if release.state == state]
    return [tier for tier in found if asked in ("", tier)]


def _back(alert: str, no: int) -> Response:
    return redirect(url_for("revision.page", alert=alert, no=no), 303)
