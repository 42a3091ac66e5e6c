"""One form makes one alert: sent again, by a second click or from the page before, it leads to the alert that it made.

What was changed in between stands in the form of that alert, for its person to look at: another alert beside the first
would tell the same people twice.
"""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlencode

from flask import flash, request, url_for
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import AlertState
from broadcaster.said import Said
from broadcaster.store.alerting import answers
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.alerting.answers import AnotherRequest, Answer, Given
from broadcaster.web.form import drafts
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import person
from broadcaster.web.tongue import said

GOING_ON = (AlertState.DRAFT, AlertState.OPEN)
MADE = Said("This form has made an alert already. What you changed stands below: send it to change that alert.")


def before(store: Session, key: str) -> str:
    """Where a form leads that has made an alert before; ``""`` for a new one, and whoever sends it now again waits."""
    try:
        answers.find(store, person().id, _name(key), _digest())
        changed = False
    except AnotherRequest:
        changed = True
    made = store.get_one(Answer, (person().id, _name(key))).location
    alert = acting.alert_of(store, made) if made else None
    if alert is None or alert.state not in GOING_ON:
        return ""
    return _changed(store, alert) if changed else _page(acting.newest(store, alert.public_id))


def note(store: Session, key: str, revision: Revision) -> None:
    """This form has made this alert."""
    answers.keep(store, person().id, _name(key), Given(303, revision.alert.public_id, b""))


def _changed(store: Session, alert: Alert) -> str:
    drafts.keep(store, drafts.key_of(alert.public_id, acting.newest(store, alert.public_id).no))
    flash(said(MADE), "warning")
    return url_for("form.edit", alert=alert.public_id)


def _page(revision: Revision) -> str:
    return url_for("revision.page", alert=revision.alert.public_id, no=revision.no)


def _name(key: str) -> str:
    return f"form.{key}"


def _digest() -> bytes:
    fields = sorted(pair for pair in request.form.items(multi=True) if pair[0] not in drafts.LEFT_OUT)
    return sha256(urlencode(fields).encode()).digest()
