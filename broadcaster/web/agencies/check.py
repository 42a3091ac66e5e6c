"""An agency answers the monthly round: GET shows what we have of it and changes nothing, POST says that it is right, or
what is right instead. No sign-in: nobody else can make the proof in the address."""

from __future__ import annotations

import hmac
import re

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.alert.phone import PhoneRefused, display, parse
from broadcaster.channels.upkeep_mail import token as token_of
from broadcaster.messages.template import plain
from broadcaster.said import Said
from broadcaster.store.places import upkeep
from broadcaster.store.places.directory import Agency, AgencyContact
from broadcaster.store.places.upkeep import UpkeepAsk
from broadcaster.web.by_link import LONGEST_NOTE, NOT_OURS, pages, refused
from broadcaster.web.house import house

blueprint = pages("check", __name__)
GONE = "This question is no longer open here. Call the 911 authority if something of yours has changed."
_TOKEN = re.compile(r"(\d{1,18})\.[A-Za-z0-9_-]{22}")
Answer = str | AnyResponse | tuple[str, int]


def _asked(store: Session, token: str) -> UpkeepAsk | None:
    """The question of an address that is ours, whose contact is still listed."""
    match = _TOKEN.fullmatch(token)
    if match is None or not house().settings.keyring.prove(lambda key: _made_by(key, int(match[1]), token)):
        return None
    query = select(UpkeepAsk).where(UpkeepAsk.id == int(match[1])).with_for_update()
    ask = store.scalar(query)
    listed = ask and store.get(AgencyContact, (ask.agency_id, ask.address_id))
    return ask if listed else None


def _made_by(key: str, ask: int, token: str) -> bool:
    return hmac.compare_digest(token_of(key, ask).encode(), token.encode())


@blueprint.get("/ack/check/<token>")
def page(token: str) -> Answer:
    """What we have, and two ways to answer; nothing is recorded."""
    with house().sessions.begin() as store:
        ask = _asked(store, token)
        return _page(store, ask, token) if ask else refused(NOT_OURS if "." not in token else GONE)


@blueprint.post("/ack/check/<token>")
def answer(token: str) -> Answer:
    """“Still right” counts at once, for what the page showed; a correction waits for an editor of the directory."""
    with house().sessions.begin() as store:
        ask = _asked(store, token)
        if ask is None:
            return refused(NOT_OURS if "." not in token else GONE)
        if request.form.get("do") == "right":
            upkeep.confirm(store, ask, set(request.form.getlist("shown")), house().clock().date())
        else:
            try:
                upkeep.correct(store, house().sealer, ask, correction(store, ask.agency_id))
            except PhoneRefused as error:
                return _page(store, ask, token, str(error)), 422
    return redirect(url_for("check.page", token=token), 303)


def correction(store: Session, agency: int) -> dict[str, str]:
    """What was typed; PhoneRefused, with a sentence, when it says nothing or cannot be dialled."""
    note, new = plain(request.form.get("note", ""))[:LONGEST_NOTE], request.form.get("new", "").strip()[:40]
    old = request.form.get("old", "")
    if not new and not note:
        raise PhoneRefused(Said("Write the number that is right, or a note."))
    known = {number.e164 for _, number in upkeep.numbers(store, agency)}
    return {"new": parse(new) if new else "", "old": old if old in known else "", "note": note}


def _page(store: Session, ask: UpkeepAsk, token: str, problem: str = "") -> str:
    contact = store.get_one(AgencyContact, (ask.agency_id, ask.address_id))
    return render_template(
        "ack/check.html",
        token=token,
        ask=ask,
        name=store.get_one(Agency, ask.agency_id).name,
        verified_on=contact.verified_on,
        lines=[(place.name, number, display(number.e164)) for place, number in upkeep.numbers(store, ask.agency_id)],
        problem=problem,
    )
