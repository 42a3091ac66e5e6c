"""The home page of the desk: one large action, and everything that waits for somebody."""

from __future__ import annotations

from flask import Blueprint, g, render_template
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import AlertState, Role
from broadcaster.store.agencies import provider_notices, provider_senders
from broadcaster.store.alerting import incoming
from broadcaster.store.binder import binders
from broadcaster.store.desk import rights
from broadcaster.store.public import inbound
from broadcaster.web.board.canary_line import line
from broadcaster.web.duty.drills import own
from broadcaster.web.form import drafts as typed
from broadcaster.web.house import house
from broadcaster.web.notices import shown as notice_shown
from broadcaster.web.outages.index import open_records
from broadcaster.web.signin.guard import person, require_person
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
        begun, canary = typed.begun(store), line(store, house().settings, house().clock())
        records = [one for one in open_records(store) if not one.goes_on]
        shown = {"notices": provider_notices.waiting(store), "owed": notice_shown.owed(store)}
        shown |= {"doubtful": [row for row, _ in provider_senders.doubtful(store)]}
        shown |= {"rusty": own(store, person(), house().clock()), "bound": binders.standing(store)}
        shown |= {"asked_for": len(rights.waiting(store)) if person().may(Role.ADMIN) else 0}
    waiting = [item for item in (*g.open_alerts, *drafts) if item.waits]
    shown |= {"drafts": drafts, "waiting": waiting, "ended": ended, "others": others, "texts": texts}
    return render_template("desk/home.html", begun=begun, records=records, canary=canary, **shown)
