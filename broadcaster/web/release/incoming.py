"""Other agencies' alerts at the desk: read one, begin an alert of ours from it, or put it aside."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch.documents import incoming as messages
from broadcaster.feeds.xmldoor import decoded
from broadcaster.said import Said
from broadcaster.store.alerting.incoming import Incoming
from broadcaster.store.places import directory_load
from broadcaster.web.house import house
from broadcaster.web.outages import hanging
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, require_person
from broadcaster.web.tongue import _

incoming = Blueprint("incoming", __name__, url_prefix="/desk/incoming/<key>")
incoming.before_request(require_person)


@incoming.get("")
def page(key: str) -> str:
    """What it says, who signed it, and what the profile found."""
    with house().sessions.begin() as store:
        row = store.scalar(select(Incoming).where(Incoming.public_id == key))
        if row is None:
            abort(404, description=Said("There is no message at this address: start from the desk."))
        return render_template("desk/incoming.html", row=row, message=messages.message(row), xml=decoded(row.bytes))


@incoming.post("/take")
@only(Role.ISSUER)
def take(key: str) -> Response:
    """Begin an alert of ours: a draft for this person to correct."""
    with house().sessions.begin() as store:
        revision = messages.take(acting.actor(store), key)
        hanging.hang(store, revision, directory_load.load(store, agencies=False))
        where = revision.alert.public_id
    flash(
        _("A draft was made from it. Check every field: nothing goes out before a second person approves."), "success"
    )
    return redirect(url_for("form.edit", alert=where), 303)


@incoming.post("/dismiss")
@only(Role.ISSUER, Role.APPROVER)
def dismiss(key: str) -> Response:
    """Put it aside; it stays in the ledger."""
    with house().sessions.begin() as store:
        messages.dismiss(acting.actor(store), key)
    flash(_("Put aside. Nothing was sent."), "success")
    return redirect(url_for("desk.home"), 303)
