"""One click of the officer: the text with the next number to every community whose line is not answered."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import LifecycleRefused, Role
from broadcaster.dispatch.actor import AlertRefused
from broadcaster.dispatch.telling import switch
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, require_person
from broadcaster.web.tongue import _, said

lines = Blueprint("lines", __name__, url_prefix="/desk/alerts/<alert>/lines")
lines.before_request(require_person)
BELLS = ("urgent", "sms")


@lines.post("/tell")
@only(Role.ISSUER)
def tell(alert: str) -> Response:
    """Send it, or say why not."""
    try:
        with house().sessions.begin() as store:
            revision = switch.tell(acting.actor(store), acting.alert_of(store, alert))
            no = revision.no
    except (LifecycleRefused, AlertRefused) as refused:
        flash(said(str(refused)), "error")
    else:
        house().bell(*BELLS)
        flash(
            _("Revision %(no)s goes out: the people whose line is not answered are told the next number.", no=no),
            "success",
        )
    return redirect(url_for("board.page", alert=alert), 303)
