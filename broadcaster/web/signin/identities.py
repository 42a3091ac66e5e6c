"""Accounts at the identity provider, and whose they are: connected by their person, accepted by an administrator, ended
by either. Connecting takes a fresh proof of this desk's own: nobody comes by the provider whom we do not know."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.store.desk import identities as store_of
from broadcaster.store.desk.identities import IdentityRefused
from broadcaster.store.desk.people import User
from broadcaster.web.house import house
from broadcaster.web.signin import provider_signin, stepup
from broadcaster.web.signin.account import Answer, shown
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.signin.people import act, known
from broadcaster.web.signin.provider import ProviderDown
from broadcaster.web.tongue import _, said

identities = Blueprint("identities", __name__, url_prefix="/desk")
identities.before_request(require_person)


@identities.post("/account/provider")
def connect() -> Answer:
    """On a fresh proof, the way to the provider; what comes back connects the account there with this one."""
    stepup.wait()
    with house().sessions.begin() as store:
        if problem := stepup.refusal(store):
            return shown(store, {"provider": problem}), 422
    try:
        where = provider_signin.asked(link=person().id)
    except ProviderDown:
        flash(_("%(provider)s does not answer: try again later.", provider=provider_signin.there().name), "error")
        return redirect(url_for("account.page"), 303)
    return render_template("desk/account/provider.html", where=where, name=provider_signin.there().name)


@identities.post("/account/provider/<int:no>/end")
def end_own(no: int) -> Response:
    """Forget one's account there at once; every other session ends, because one of them may have come from it."""
    with house().sessions.begin() as store:
        user = store.get_one(User, person().id)
        gone = store_of.end(store, user, no, person().email, keep=person().session)
    flash(_("Ended: that account opens nothing here any more.") if gone else _("It had ended already."), "success")
    return redirect(url_for("account.page"), 303)


@identities.post("/people/<int:key>/identities/<int:no>/accept")
@only(Role.ADMIN)
def accept(key: int, no: int) -> Answer:
    """An administrator knows whose account it is, and says so on a fresh proof."""

    def accepted(store: Session) -> None:
        by = store.get_one(User, person().id)
        store_of.accept(store, no, known(store, key), by, house().clock())

    try:
        return act(key, f"identity-{no}", accepted, _("Accepted: it signs them in from now on."))
    except IdentityRefused as refused:
        flash(said(str(refused)), "error")
        return redirect(url_for("people.one", key=key), 303)


@identities.post("/people/<int:key>/identities/<int:no>/end")
@only(Role.ADMIN)
def end(key: int, no: int) -> Response:
    """Forget somebody's account there, or that it asked; every session of theirs ends at once."""
    with house().sessions.begin() as store:
        gone = store_of.end(store, known(store, key), no, person().email)
    flash(_("Ended: that account opens nothing here.") if gone else _("It had ended already."), "success")
    return redirect(url_for("people.one", key=key), 303)
