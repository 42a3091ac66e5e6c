"""Join an alert that is on air in the same place, or replace it: each makes a draft, and nothing goes out by it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.dispatch import together as merging
from broadcaster.web import acting
from broadcaster.web.guard import only, require_person
from broadcaster.web.house import house

together = Blueprint("together", __name__, url_prefix="/desk/alerts/<alert>/revisions/<int:no>")
together.before_request(require_person)


@together.post("/<any(join, replace):how>/<earlier>")
@only(Role.ISSUER)
def merge(alert: str, no: int, how: str, earlier: str) -> Response:
    """Go on with the earlier alert; this draft ends, and the update that takes its place is shown."""
    with house().sessions.begin() as store:
        act = merging.join if how == "join" else merging.take_over
        made = act(acting.actor(store), acting.revision_of(store, alert, no), acting.alert_of(store, earlier))
        goal = url_for("revision.page", alert=earlier, no=made.no)
    flash("This is now an update of the alert that was on air. Look at it, then submit it.", "success")
    return redirect(goal, 303)
