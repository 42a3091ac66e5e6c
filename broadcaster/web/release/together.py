"""What becomes of a draft besides being sent: joined to an alert on air in the same place, put in its place, or thrown
away. Nothing goes out by any of it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.revision import discard as throwing
from broadcaster.dispatch.revision import together as merging
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, require_person
from broadcaster.web.tongue import _

together = Blueprint("together", __name__, url_prefix="/desk/alerts/<alert>/revisions/<int:no>")
together.before_request(require_person)


@together.post("/join/<earlier>")
@only(Role.ISSUER)
def join(alert: str, no: int, earlier: str) -> Response:
    """Add the places of this draft to the earlier alert."""
    return _go_on(merging.join, alert, no, earlier)


@together.post("/replace/<earlier>")
@only(Role.ISSUER)
def take_over(alert: str, no: int, earlier: str) -> Response:
    """Let the earlier alert say what this draft says."""
    return _go_on(merging.take_over, alert, no, earlier)


@together.post("/discard")
@only(Role.ISSUER)
def discard(alert: str, no: int) -> Response:
    """Throw a draft away that nobody was told of."""
    with house().sessions.begin() as store:
        throwing.discard(acting.actor(store), acting.revision_of(store, alert, no))
    flash(_("Thrown away. Nobody was told of it; the ledger remembers that it was begun."), "success")
    return redirect(url_for("desk.home"), 303)


def _go_on(act: Callable[[Actor, Revision, Alert], Revision], alert: str, no: int, earlier: str) -> Response:
    with house().sessions.begin() as store:
        made = act(acting.actor(store), acting.revision_of(store, alert, no), acting.alert_of(store, earlier))
        goal = url_for("revision.page", alert=earlier, no=made.no)
    flash(_("This is now an update of the alert that was on air. Look at it, then submit it."), "success")
    return redirect(goal, 303)
