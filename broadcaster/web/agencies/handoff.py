"""The agency with the state's seat at IPAWS answers a hand-off: GET shows it and changes nothing, POST says when it was
on air, or that it cannot be.

No sign-in: the proof in the address is ours and nobody else can make one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, redirect, render_template, request, url_for
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.channels import proof
from broadcaster.channels.handoff import HANDOFF
from broadcaster.messages.handoff import LINK
from broadcaster.messages.template import plain
from broadcaster.store.alerting import ipaws
from broadcaster.store.timeline import ledger
from broadcaster.web.by_link import LONGEST_NOTE, NOT_OURS, pages, refused
from broadcaster.web.house import house

blueprint = pages("handoff", __name__)
AHEAD = timedelta(minutes=2)
"""Clocks differ: a time this far ahead is now, and one further ahead was yesterday."""
GONE = "This alert is no longer kept here. Call the 911 authority if you need it."
WHEN = "Write the time at which it was on air as 14:05."
_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Handoff:
    """A hand-off: what was sent, and what was answered so far."""

    fanout: int
    address: int
    alert: str
    subject: str
    text: str
    document: str
    answered_at: datetime | None
    aired_at: datetime | None
    note: str


_HANDOFF = text(
    "SELECT t.fanout_id, t.address_id, a.public_id, b.subject, b.text, b.html, h.at, h.aired_at, coalesce(h.note, '')"
    " FROM target t JOIN fanout f ON f.id = t.fanout_id JOIN revision r ON r.id = f.revision_id"
    " JOIN alert a ON a.id = r.alert_id JOIN body b ON b.id = t.body_id"
    " LEFT JOIN handoff_answer h ON h.fanout_id = t.fanout_id AND h.address_id = t.address_id"
    " WHERE t.fanout_id = :f AND t.address_id = :a AND f.channel = 'handoff'"
)


@blueprint.get("/ack/aired/<token>")
def page(token: str) -> str | tuple[str, int]:
    """The alert, its texts and the buttons; nothing is recorded."""
    return _shown(token)


@blueprint.get("/ack/aired/<token>/alert.cap.xml")
def document(token: str) -> Response | tuple[str, int]:
    """The signed document, byte for byte."""
    found = _found(token)
    if isinstance(found, str) or not found.document:
        return refused(found if isinstance(found, str) else GONE)
    answer = Response(found.document.encode(), content_type="application/cap+xml")
    answer.headers["Content-Disposition"] = 'attachment; filename="alert.cap.xml"'
    return answer


@blueprint.post("/ack/aired/<token>")
def answer(token: str) -> AnyResponse | str | tuple[str, int]:
    """Record when it was on air, or that it cannot be; another answer replaces it, the same one changes nothing."""
    note = plain(request.form.get("note", ""))[:LONGEST_NOTE]
    aired = None
    if request.form.get("answer") != "cannot":
        aired = aired_at(request.form.get("at", ""), house().clock())
        if aired is None:
            return _shown(token, WHEN, note)
    found = _found(token)
    if isinstance(found, str):
        return refused(found)
    with house().sessions.begin() as store:
        _record(store, found, aired, note)
    return redirect(url_for("handoff.page", token=token), 303)


def aired_at(typed: str, now: datetime) -> datetime | None:
    """The moment of an hour such as 14:05 in the authority's zone, the last one that is not ahead; None if it is none.

    Nothing typed is now.
    """
    if not typed.strip():
        return now
    parts = _HOUR.fullmatch(typed.strip())
    if parts is None:
        return None
    local = now.astimezone(house().zone)
    moment = local.replace(hour=int(parts[1]), minute=int(parts[2]), second=0)
    return moment if moment <= local + AHEAD else moment - timedelta(days=1)


def _record(store: Session, found: Handoff, aired: datetime | None, note: str) -> None:
    if ipaws.answer(store, (found.fanout, found.address), aired, note):
        said = {"fanout": found.fanout, "aired_at": aired.isoformat() if aired else None, "note": note}
        ledger.append(store, "agency:ipaws-seat", "aired" if aired else "cannot_air", f"alert:{found.alert}", said)


def _found(token: str) -> Handoff | str:
    """The hand-off of a link that we made, or the sentence that says why there is none."""
    place = house().settings.keyring.first(lambda key: proof.place(key, HANDOFF, token))
    if place is None:
        return NOT_OURS
    with house().sessions() as store:
        row = store.execute(_HANDOFF, {"f": place[0], "a": place[1]}).first()
    return Handoff(*row) if row else GONE


def _shown(token: str, problem: str = "", note: str = "") -> str | tuple[str, int]:
    found = _found(token)
    if isinstance(found, str):
        return refused(found)
    now = house().clock().astimezone(house().zone)
    address = f"{house().settings.public_base_url}{url_for('handoff.page', token=token)}"
    shown = render_template(
        "ack/handoff.html",
        found=found,
        token=token,
        words=found.text.replace(LINK, address),
        hour=f"{now:%H:%M}",
        problem=problem,
        note=note or found.note,
    )
    return (shown, 422) if problem else shown
