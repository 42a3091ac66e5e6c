"""One's own account: how one signs in, and the sessions that are open, which can be ended."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.said import Said
from broadcaster.store.desk import desk_sessions, identities, passkeys
from broadcaster.store.desk.people import User
from broadcaster.store.timeline import ledger
from broadcaster.web.house import house
from broadcaster.web.signin import accounts, stepup
from broadcaster.web.signin.accounts import AccountRefused
from broadcaster.web.signin.guard import person, require_person
from broadcaster.web.signin.security import RECOVERY_CODES
from broadcaster.web.tongue import _

account = Blueprint("account", __name__, url_prefix="/desk/account")
account.before_request(require_person)
TOO_OLD = Said("The page was too old: set the authenticator up anew.")
NOT_ITS_CODE = Said("This is no code of the new authenticator: type the one that it shows.")
Answer = Response | str | tuple[str, int]


@account.get("/")
def page() -> str:
    """The password, the authenticator, the recovery codes and the passkeys of whoever asks."""
    with house().sessions.begin() as store:
        return shown(store, {})


def shown(store: Session, problems: Mapping[str, str], typed: Mapping[str, str] | None = None) -> str:
    """The page, with a sentence in the form that was wrong."""
    return render_template(
        "desk/account/page.html",
        user=store.get_one(User, person().id, populate_existing=True),
        passkeys=passkeys.of_person(store, person().id),
        identities=identities.of_person(store, person().id),
        provider=house().provider,
        of_ten=RECOVERY_CODES,
        shortest=accounts.SHORTEST_PASSWORD,
        problems=problems,
        typed=typed or {},
    )


@account.post("/password")
def password() -> Answer:
    """Another password, on a fresh proof; every other session ends."""
    stepup.wait()
    new = request.form.get("password", "")[:1024]
    with house().sessions.begin() as store:
        if problem := stepup.refusal(store):
            return shown(store, {"password": problem}), 422
        try:
            user = store.get_one(User, person().id)
            accounts.change_password(store, user, new, person().email, keep=person().session)
        except AccountRefused as refused:
            return shown(store, {"new": str(refused)}), 422
    flash(_("The password is changed. Every other session of yours was ended."), "success")
    return redirect(url_for("account.page"), 303)


@account.post("/recovery-codes")
def codes() -> Answer:
    """Ten new recovery codes, shown this once, on a fresh proof."""
    stepup.wait()
    with house().sessions.begin() as store:
        if problem := stepup.refusal(store):
            return shown(store, {"codes": problem}), 422
        made = accounts.new_recovery_codes(store, store.get_one(User, person().id), person().email)
    return render_template("desk/account/codes.html", codes=made)


@account.get("/authenticator")
def authenticator() -> str:
    """A new secret for an authenticator; nothing is changed before a code of it was typed."""
    return _authenticator(accounts.new_secret())


def _authenticator(secret: str, problems: Mapping[str, str] | None = None) -> str:
    sealed = house().sealer.seal(secret, _context()).hex()
    link = accounts.link(secret, person().email)
    fours = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return render_template(
        "desk/account/authenticator.html", sealed=sealed, secret=fours, link=link, problems=problems or {}
    )


@account.post("/authenticator")
def change() -> Answer:
    """Put the new authenticator in the old one's place: a proof of before, and a code of the new one."""
    stepup.wait()
    try:
        secret = house().sealer.open(bytes.fromhex(request.form.get("sealed", "")), _context())
    except ValueError:
        return _authenticator(accounts.new_secret(), {"new": TOO_OLD}), 422
    with house().sessions.begin() as store:
        step = accounts.step_of(secret, request.form.get("new", "")[:16], house().clock())
        if step is None:
            return _authenticator(secret, {"new": NOT_ITS_CODE}), 422
        if problem := stepup.refusal(store):
            return _authenticator(secret, {"proof": problem}), 422
        user = store.get_one(User, person().id, populate_existing=True)
        accounts.set_authenticator(store, house().sealer, user, secret, person().email, step)
    flash(_("Changed. Codes of the old authenticator are worth nothing from now on."), "success")
    return redirect(url_for("account.page"), 303)


def _context() -> bytes:
    """What a new secret on its way through the page is bound to: this person's session."""
    return f"new authenticator {person().id} {person().session}".encode()


@account.get("/sessions")
def sessions() -> str:
    """Every session of whoever asks: since when, from where, when it was last seen."""
    with house().sessions.begin() as store:
        rows = desk_sessions.of_person(store, person().id, house().clock())
        return render_template("desk/account/sessions.html", rows=rows, idle=desk_sessions.IDLE)


@account.post("/sessions/<int:key>/end")
def end(key: int) -> Response:
    """End one of them; whoever sits there signs in again, and finds the form as they left it."""
    with house().sessions.begin() as store:
        gone = desk_sessions.end(store, person().id, key)
        if gone:
            ledger.append(store, person().email, "session-ended", person().email, {"session": key})
    flash(_("Ended.") if gone else _("That session had ended already."), "success")
    return redirect(url_for("account.sessions"), 303)


@account.post("/sessions/end-others")
def end_others() -> Response:
    """End all but this one."""
    with house().sessions.begin() as store:
        many = desk_sessions.end_all(store, person().id, but=person().session)
        ledger.append(store, person().email, "sessions-ended", person().email, {"sessions": many})
    flash(_("This is your only session now."), "success")
    return redirect(url_for("account.sessions"), 303)
