"""One's own passkeys: made with a name, and ended; and the challenge by which one consents to an act."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.said import Said
from broadcaster.store.desk import lockout, staff
from broadcaster.store.desk import passkeys as kept
from broadcaster.store.desk.lockout import LockedOut
from broadcaster.store.desk.people import User
from broadcaster.web.house import house
from broadcaster.web.signin import passkey_answers, stepup
from broadcaster.web.signin.account import Answer, shown
from broadcaster.web.signin.guard import person, require_person
from broadcaster.web.signin.passkey_answers import AnswerRefused
from broadcaster.web.tongue import _, said

mine = Blueprint("passkeys", __name__, url_prefix="/desk/account/passkeys")
mine.before_request(require_person)
log = logs.get(__name__)
ACT = re.compile(r"/desk(/[A-Za-z0-9_.-]+)+")
LONGEST_NAME = 40
NO_PASSKEY = Said("Your browser sent no passkey: press the button again and answer your device.")


@mine.post("/challenge")
def ask() -> Response | tuple[str, int]:
    """What one of this person's passkeys signs to consent to the act at an address, and to no other."""
    about = request.form.get("about", "")
    if not ACT.fullmatch(about):
        return "", 404
    with house().sessions.begin() as store:
        options, _ = passkey_answers.asked(store, store.get_one(User, person().id), about)
    return Response(options, mimetype="application/json")


@mine.post("/new")
def begin() -> Response:
    """What a device makes a passkey of this person by."""
    with house().sessions.begin() as store:
        options = passkey_answers.asked_to_make(store, store.get_one(User, person().id))
    return Response(options, mimetype="application/json")


@mine.post("/add")
def add() -> Answer:
    """Keep the passkey that a device has made, on a fresh proof."""
    stepup.wait()
    name = " ".join(request.form.get("name", "").split())[:LONGEST_NAME] or Said("Passkey")
    answer = request.form.get("credential", "")
    with house().sessions.begin() as store:
        if not answer:
            return shown(store, {"passkey": NO_PASSKEY}, {"name": name}), 422
        if len(kept.of_person(store, person().id)) >= kept.MOST:
            return shown(store, {"passkey": Said("You have twenty passkeys: end one first.")}), 422
        if problem := stepup.refusal(store):
            return shown(store, {"passkey": problem}, {"name": name}), 422
        try:
            passkey_answers.register(store, answer, store.get_one(User, person().id), name)
        except AnswerRefused as refused:
            log.warning("passkey.not_made", person=person().id, reason=str(refused))
            return shown(store, {"passkey": Said("The passkey could not be used: press the button again.")}), 422
    flash(_("Made. From now on “%(name)s” signs you in, and approves.", name=name), "success")
    return redirect(url_for("account.page"), 303)


@mine.post("/<int:key>/end")
def end(key: int) -> Answer:
    """End a passkey: a device that was lost or given away; on a fresh proof."""
    stepup.wait()
    try:
        with house().sessions.begin() as store:
            lockout.one_at_a_time(store)
            if problem := stepup.refusal(store):
                return shown(store, {f"passkey-{key}": problem}), 422
            gone = staff.end_passkey(store, person().id, key, person().email)
    except LockedOut as refused:
        flash(said(str(refused)), "error")
        return redirect(url_for("account.page"), 303)
    flash(_("Ended.") if gone else _("There is no such passkey any more."), "success")
    return redirect(url_for("account.page"), 303)
