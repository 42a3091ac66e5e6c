"""Texts from residents that no machine could answer: a list that stays red until somebody takes each one on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.store.public import inbound
from broadcaster.store.public.inbound import AlreadyClaimed
from broadcaster.web.house import house
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _, said

inbox = Blueprint("inbox", __name__, url_prefix="/desk/texts")
inbox.before_request(require_person)


@inbox.get("/")
def page() -> str:
    """What waits, the oldest first, and what this person has taken on, with the numbers to call back."""
    with house().sessions.begin() as store:
        return render_template(
            "desk/inbox.html",
            waiting=inbound.unclaimed(store, house().sealer),
            many=inbound.how_many(store),
            mine=inbound.claimed_by(store, house().sealer, person().id),
        )


@inbox.post("/<key>/claim")
@only(Role.ISSUER, Role.APPROVER)
def claim(key: str) -> Response:
    """Take one on: it leaves the list of everybody else, and its number can be seen."""
    with house().sessions.begin() as store:
        try:
            inbound.claim(store, key, person().id, house().clock())
        except AlreadyClaimed as refused:
            flash(said(str(refused)), "error")
        else:
            flash(_("You have taken this text on. Call back if somebody may need help."), "success")
    return redirect(url_for("inbox.page"), 303)
