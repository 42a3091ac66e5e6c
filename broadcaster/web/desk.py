"""The home page of the desk: one large action, and everything that waits for somebody."""

from __future__ import annotations

from flask import Blueprint, g, render_template
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import AlertState, Role
from broadcaster.store import inbound, incoming, rights
from broadcaster.web import drafts as typed
from broadcaster.web.guard import person, require_person
from broadcaster.web.house import house
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
        asked_for = rights.waiting(store) if person().may(Role.ADMIN) else []
    waiting = [item for item in (*g.open_alerts, *drafts) if item.waits]
    shown = {"begun": begun, "drafts": drafts, "waiting": waiting, "ended": ended, "others": others, "texts": texts}
    return render_template("desk/home.html", **shown, asked_for=len(asked_for))
