"""What is typed into the form is kept as it is typed, through a closed tab, a refused send and an ended session.

A form that arrives without a session, or with the token of one that has ended, is not acted on: it goes through the
sign-in page as hidden fields, and stands in the form again afterwards, for its person to look at and send.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.alert.alert import Area
from broadcaster.alert.lifecycle import Role
from broadcaster.said import Said
from broadcaster.store.alerting import areas
from broadcaster.store.alerting import drafts as store_of
from broadcaster.store.alerting.drafts import Fields, Kept
from broadcaster.store.database import public_id
from broadcaster.store.sealed import Unsealable
from broadcaster.web.form import typed as form_typed
from broadcaster.web.house import house
from broadcaster.web.signin import guard
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _, said

log = logs.get(__name__)
DESK = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
drafts = Blueprint("drafts", __name__, url_prefix="/desk/drafts")
drafts.before_request(require_person)

NOTICE, RECORD = "notice.", "record."
KEY = re.compile(r"(notice|record)\.[a-z0-9]{16}|[a-z0-9]{16}(\.[0-9]{1,4}(\.numbers)?)?")
"""A new alert's form has a random key; that of a revision is ``alert.no``, that of its numbers ``alert.no.numbers``; a
provider's notice has one that begins with ``notice.``, words for the record of an outage have ``record.outage``."""
OF_RECORDS = frozenset({"outages.note", "outages.hand_over", "outages.close", "outages.join"})
SENT_FROM = frozenset({"form.create", "form.save", "numbers.save", "approval.submit", "notices.create"}) | OF_RECORDS
"""The endpoints whose form outlives its session; a submit only for the numbers that are typed beside it."""
SEALED = "sealed"
LEFT_OUT = frozenset({"csrf_token"})
LONGEST_KNOWN = timedelta(hours=24)
"""A form that lay for longer is about another outage."""
AGAIN = Said("Your session had ended. Everything you typed stands below: look at it and send it again.")


@dataclass(frozen=True, slots=True)
class Begun:
    """A form that was begun, as the home page lists it."""

    key: str
    where: str
    known: datetime
    saved_at: datetime
    what: str
    page: str


WHAT = (Said("A new alert"), Said("An edit of an alert"), Said("The numbers of an alert"))
"""What a form of an alert is, by the dots in its key."""
A_NOTICE, A_LINE = Said("A provider’s notice"), Said("Words for the record of an outage")


def key_of(alert: str, no: int, *, numbers: bool = False) -> str:
    """The key of the form of a revision, or of its numbers."""
    return f"{alert}.{no}.numbers" if numbers else f"{alert}.{no}"


def sent_key() -> str:
    """The key that a sent form carries; a new one when it carries none of ours."""
    if request.endpoint in OF_RECORDS:
        return f"{RECORD}{(request.view_args or {}).get('outage', '')}"
    given, start = request.form.get("draft", ""), NOTICE if request.endpoint == "notices.create" else ""
    return given if KEY.fullmatch(given) and given.startswith(start) else f"{start}{public_id()}"


def fields_of(form: MultiDict[str, str]) -> Fields:
    """A form as it is kept: no token, no field longer than the form reads, and nothing that PostgreSQL cannot hold."""
    return {
        name[:80]: [value[: form_typed.LONGEST] for value in values]
        for name, values in form.lists()
        if name not in LEFT_OUT and "\0" not in name
    }


def as_form(fields: Fields) -> MultiDict[str, str]:
    """A kept form as a request would carry it."""
    return MultiDict([(name, value) for name, values in fields.items() for value in values])


def drill_of(fields: MultiDict[str, str]) -> str:
    """The run of a drill that a form is for, or ``""``: a drill's form never becomes a real alert, nor the reverse."""
    return fields.get("drill", "")[:16]


def known_since(fields: MultiDict[str, str]) -> datetime:
    """Since when the outage is known: when its form was first opened; now when that cannot be so."""
    now = house().clock()
    try:
        given = datetime.fromisoformat(fields.get("known", ""))
    except ValueError:
        return now
    return given if given.tzinfo and now - LONGEST_KNOWN < given <= now else now


def keep(store: Session, key: str) -> None:
    """Keep the form of this request for whoever sent it."""
    _keep(store, person().id, key, request.form)


def _keep(store: Session, user: int, key: str, form: MultiDict[str, str]) -> None:
    """What a provider says in confidence stands in no table in clear: the form of a notice is kept sealed."""
    fields = fields_of(form)
    if key.startswith(NOTICE):
        sealed = house().sealer.seal(json.dumps(fields), _bound(key))
        fields = {SEALED: [base64.b64encode(sealed).decode()]}
    store_of.keep(store, user, key, fields, house().clock())


def opened(kept: Kept) -> MultiDict[str, str]:
    """A kept form as a request would carry it; nothing of one that was sealed with a key that we no longer have."""
    if not kept.key.startswith(NOTICE):
        return as_form(kept.fields)
    try:
        return as_form(json.loads(house().sealer.open(base64.b64decode(kept.fields[SEALED][0]), _bound(kept.key))))
    except Unsealable as error:
        log.warning("draft_not_opened", why=str(error))
        return MultiDict()


def _bound(key: str) -> bytes:
    return f"draft:{key}".encode()


def begun(store: Session) -> list[Begun]:
    """What this person has begun and not sent."""
    return [_begun(store, kept) for kept in store_of.of_person(store, person().id)]


def _begun(store: Session, kept: Kept) -> Begun:
    form = opened(kept)
    if kept.key.startswith(NOTICE):
        whose = ", ".join(form[name].strip() for name in ("provider", "ticket") if form.get(name, "").strip())
        return Begun(kept.key, whose, known_since(form), kept.saved_at, A_NOTICE, page_of(kept.key))
    if kept.key.startswith(RECORD):
        words = next((form[name].strip() for name in ("note", "hand", "close", "join") if form.get(name)), "")
        return Begun(kept.key, words[:60], kept.saved_at, kept.saved_at, A_LINE, page_of(kept.key))
    typed = [name.strip() for name in form.get("names", "").replace("\n", ",").split(",") if name.strip()]
    area = Area("statewide" in form, tuple(form.getlist("counties")), tuple(form.getlist("communities")))
    where = ", ".join(name for name in (areas.place(store, area), *typed[:3]) if name)
    return Begun(kept.key, where, known_since(form), kept.saved_at, WHAT[kept.key.count(".")], page_of(kept.key))


def page_of(key: str) -> str:
    """The address at which a kept form is gone on with."""
    if key.startswith(NOTICE):
        return url_for("notices.new", draft=key)
    if key.startswith(RECORD):
        return url_for("outages.one", outage=key.removeprefix(RECORD))
    alert, *rest = key.split(".")
    pages = (url_for("form.new", draft=key), url_for("form.edit", alert=alert), url_for("numbers.page", alert=alert))
    return pages[len(rest)]


@drafts.post("/<key>")
@only(*DESK)
def save(key: str) -> tuple[str, int]:
    """Keep what stands in the form now, unread: the browser sends it as somebody types."""
    if not KEY.fullmatch(key):
        return "", 404
    if not key.startswith(NOTICE) and not person().may(Role.ISSUER):
        return "", 403
    with house().sessions.begin() as store:
        keep(store, key)
    return "", 204


@drafts.post("/<key>/discard")
@only(*DESK)
def discard(key: str) -> Response:
    """Throw a form away, on the word of whoever typed it."""
    with house().sessions.begin() as store:
        gone = store_of.drop(store, person().id, key)
    flash(_("Thrown away. Nothing of it was sent.") if gone else _("There is nothing left to throw away."), "success")
    return redirect(url_for("desk.home"), 303)


def let_in() -> Response | tuple[str, int] | None:
    """Before every page of the form: nobody signed in signs in first, and what they sent goes with them."""
    if guard.visitor() is None and request.method == "POST":
        return after_the_session() or require_person()
    return require_person()


def after_the_session() -> tuple[str, int] | Response | None:
    """The way back for a form that came when its session had ended; None when this request is no such form.

    A form of another site never comes back to anybody, nor does one that no page of ours can have sent.
    """
    if request.endpoint not in SENT_FROM or "csrf_token" not in request.form or not _is_ours():
        return None
    if request.endpoint == "approval.submit" and not any(
        value for name, value in request.form.items() if name.startswith("number-")
    ):
        return None
    if guard.visitor() is None:
        typed = {**fields_of(request.form), "draft": [sent_key()]}
        return _sign_in_page(json.dumps(typed), guard.ENDED), 403
    key = sent_key()
    if not KEY.fullmatch(key):
        return None
    with house().sessions.begin() as store:
        keep(store, key)
    flash(said(AGAIN), "warning")
    return redirect(page_of(key), 303)


def _is_ours() -> bool:
    """Whether a page of this desk sent the request, by Fetch Metadata and by its origin."""
    origin = request.headers.get("Origin", "")
    same = not origin or urlsplit(origin).netloc == request.host
    return same and request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _sign_in_page(typed: str, problem: str) -> str:
    shown = {"email": "", "goal": request.path, "provider": ""}  # what was typed would not come back from there
    return render_template("desk/sign_in.html", problem=problem, typed=typed, **shown)


def came_through(user: int) -> str:
    """Keep the form that came through the sign-in page for whoever signed in; its address, or ``""``."""
    given = request.form.get("typed", "")
    if not given:
        return ""
    try:
        fields = {str(name): [str(value) for value in values] for name, values in json.loads(given).items()}
    except (ValueError, AttributeError, TypeError):
        return ""
    form = as_form(fields)
    key = form.get("draft", "")
    if not KEY.fullmatch(key):
        return ""
    with house().sessions.begin() as store:
        _keep(store, user, key, form)
    flash(said(AGAIN), "warning")
    return page_of(key)
