"""The detector at the desk: what it proposes, with its evidence; what is heard of each PSAP; and planned work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import Certainty, Content, FailureKind
from broadcaster.alert.lifecycle import AlertKind, Role
from broadcaster.dispatch import actions
from broadcaster.dispatch.paging.proposal_pages import SIGNS
from broadcaster.messages.book import languages
from broadcaster.outage import record
from broadcaster.said import Said
from broadcaster.store.alerting import areas
from broadcaster.store.desk.people import User
from broadcaster.store.outage import outages, proposals
from broadcaster.store.outage.outages import Entry, Outage
from broadcaster.store.outage.proposals import Proposal, ProposalSign, ProposalState
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger
from broadcaster.web.detector import feeds, planned_work
from broadcaster.web.detector.chart import chart
from broadcaster.web.form import typed as form_typed
from broadcaster.web.house import house
from broadcaster.web.outages import hanging
from broadcaster.web.release import acting
from broadcaster.web.signin import guard
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _

detector = Blueprint("detector", __name__, url_prefix="/desk/detector")
detector.before_request(require_person)
DESK = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
LONGEST_REASON = 500
DECIDED = Said("Somebody has decided about this proposal already: look at the list.")
FAILURES = {ProposalSign.SILENCE: FailureKind.ALL_CALLS}
"""What a first draft says of it; of all others, that people try 911 first."""
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as it is listed: where, and what was found."""

    row: Proposal
    place: str
    words: str
    by: str = ""


@detector.app_context_processor
def _proposed() -> dict[str, Any]:
    """What nobody has decided about stands on every page of the desk, as far as anybody is signed in there."""
    if guard.visitor() is None or request.method != "GET" or request.endpoint in guard.POLLS - {"detector.strip"}:
        return {"proposed": []}
    with house().sessions.begin() as store:
        return {"proposed": [_shown(store, row) for row in proposals.open_ones(store)]}


@detector.get("")
def page() -> str:
    """What is proposed, planned and heard."""
    return _page({}, {})


@detector.get("/strip")
def strip() -> str:
    """What is proposed in a line, for the page that is open."""
    return render_template("desk/detector/_strip.html")


@detector.get("/<key>")
def one(key: str) -> str:
    """A proposal with its evidence as a chart."""
    return _proposal(key, "")


@detector.post("/<key>/draft")
@only(Role.ISSUER)
def draft(key: str) -> Response:
    """Make a draft of an alert from it, on the outage of its place; the evidence goes into the outage's log."""
    with house().sessions.begin() as store:
        row = _open(store, key)
        revision = actions.new_alert(acting.actor(store), AlertKind.OUTAGE, _content(row), row.decided_at)
        hanging.hang(store, revision, directory_load.load(store))
        outage = store.get_one(Outage, revision.alert.outage_id)
        record.note(hanging.writer(store), outage, evidence(store, row), what=Entry.SIGNAL)
        proposals.settle(row, ProposalState.DRAFTED, person().id, house().clock())
        row.alert_id = revision.alert_id
        where = revision.alert.public_id
        said = {"alert": where, "outage": outage.public_id}
        ledger.append(store, f"user:{person().id}", "proposal_drafted", f"proposal:{key}", said)
    flash(
        _("A draft was made from it. Check every field: nothing goes out before a second person approves."), "success"
    )
    return redirect(url_for("form.edit", alert=where), 303)


@detector.post("/<key>/dismiss")
@only(*DESK)
def dismiss(key: str) -> Answer:
    """It is no outage, for a reason that stays."""
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if not reason:
        return _proposal(key, Said("Say why it is none: whom you asked, and what they said.")), 422
    with house().sessions.begin() as store:
        row = _open(store, key)
        proposals.settle(row, ProposalState.DISMISSED, person().id, house().clock(), reason)
        ledger.append(store, f"user:{person().id}", "proposal_dismissed", f"proposal:{key}", {"reason": reason})
    flash(_("Dismissed. It is not proposed again until calls have come and stopped again."), "success")
    return redirect(url_for("detector.page"), 303)


@detector.post("/planned")
@only(*DESK)
def plan() -> Answer:
    """Plan work that mutes the detector for its PSAPs."""
    with house().sessions.begin() as store:
        problems = planned_work.plan(store, request.form)
    if problems:
        return _page(problems, request.form), 422
    flash(
        _("Planned. The detector says nothing about these PSAPs meanwhile; reports of trouble count as ever."),
        "success",
    )
    return redirect(url_for("detector.page"), 303)


@detector.post("/planned/<int:key>/end")
@only(*DESK)
def end(key: int) -> Response:
    """End planned work, or call it off: the detector listens again at once."""
    with house().sessions.begin() as store:
        done = planned_work.end(store, key)
    flash(_("Ended: the detector listens again.") if done else _("That work was over already."), "success")
    return redirect(url_for("detector.page"), 303)


def evidence(store: Session, row: Proposal) -> str:
    """What the detector has seen, as a line of the outage's log."""
    given, zone = row.evidence, house().zone
    minutes = max(1, round((row.decided_at - row.began).total_seconds() / 60.0))
    beside = "".join(f" {name.capitalize()} speak for it too." for name in given["beside"])
    return (
        f"The detector: {SIGNS[ProposalSign(row.sign)]} in {areas.place(store, row.area)} since"
        f" {row.began.astimezone(zone):%H:%M}; {given['calls']} of {given['expected']:.0f} expected calls in"
        f" {minutes} min.{beside}"
    )


def _content(row: Proposal) -> Content:
    """A first content for a person to correct: never more certain than a report."""
    now = house().clock()
    failure = FAILURES.get(ProposalSign(row.sign), FailureKind.INTERMITTENT)
    content = Content(failure, row.area, began=row.began, expires=now + form_typed.LIFE)
    promised = now + form_typed.NEXT_UPDATE
    return replace(content, certainty=Certainty.REPORTED, next_update=promised, languages=languages())


def _open(store: Session, key: str) -> Proposal:
    row = proposals.by_public_id(store, key, lock=True)
    if row is None:
        abort(404, description=Said("There is no proposal at this address: start from the list."))
    if row.state != ProposalState.OPEN:
        abort(409, description=DECIDED)
    return row


def _shown(store: Session, row: Proposal) -> Shown:
    by = store.get(User, row.settled_by) if row.settled_by else None
    return Shown(row, areas.place(store, row.area), SIGNS[ProposalSign(row.sign)], by.name if by else "")


def _proposal(key: str, problem: str) -> str:
    with house().sessions.begin() as store:
        row = proposals.by_public_id(store, key)
        if row is None:
            abort(404, description=Said("There is no proposal at this address: start from the list."))
        fitting = record.fitting(
            outages.open_ones(store), row.area, directory_load.load(store, agencies=False)
        )  # fmt: skip
        return render_template(
            "desk/detector/proposal.html",
            one=_shown(store, row),
            row=row,
            chart=chart(row),
            outage=fitting,
            problems={"reason": problem} if problem else {},
            reason=request.form.get("reason", ""),
            may_decide=row.state == ProposalState.OPEN and person().may(*DESK),
            may_issue=row.state == ProposalState.OPEN and person().may(Role.ISSUER),
        )


def _page(problems: Mapping[str, str], typed: Mapping[str, str]) -> str:
    now: datetime = house().clock()
    with house().sessions.begin() as store:
        return render_template(
            "desk/detector/page.html",
            opened=[_shown(store, row) for row in proposals.open_ones(store)],
            lately=[_shown(store, row) for row in proposals.lately(store, now)],
            heard=feeds.heard(store, now, house().zone),
            work=planned_work.shown(store, now),
            places=planned_work.places(store),
            may_write=person().may(*DESK),
            problems=problems,
            typed=typed or planned_work.blank(now, house().zone),
        )
