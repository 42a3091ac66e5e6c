"""The home page of the desk: one large action, and everything that waits for somebody."""

from __future__ import annotations

from flask import Blueprint, g, render_template
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import AlertState
from broadcaster.store import inbound, incoming
from broadcaster.web import drafts as typed
from broadcaster.web.guard import require_person
from broadcaster.web.house import house
from broadcaster.web.outages import open_records
from broadcaster.web.watch import lately_ended, watched

desk = Blueprint("desk", __name__, url_prefix="/desk")
desk.before_request(require_person)


@desk.get("/")
def home() -> str | Response:
    """What is open, what waits, what was begun."""
    with house().sessions.begin() as store:
        drafts = watched(store, house().clock(), AlertState.DRAFT)
        ended = lately_ended(store)
        others, texts = incoming.waiting(store), inbound.how_many(store)
        begun = typed.begun(store)
        records = [one for one in open_records(store) if not one.goes_on]
    waiting = [item for item in (*g.open_alerts, *drafts) if item.waits]
    shown = {"drafts": drafts, "waiting": waiting, "ended": ended, "others": others, "texts": texts}
    return render_template("desk/home.html", begun=begun, records=records, **shown)
