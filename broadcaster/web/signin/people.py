"""The people of the desk, for administrators: who may what, what waits for a second one, and ending what must end.

What gives a right is asked for here and confirmed by another administrator; what takes one away acts at once.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import PEOPLE, Role
from broadcaster.said import Said
from broadcaster.store.agencies import agency_people
from broadcaster.store.agencies.agency_people import NoSuchAgency
from broadcaster.store.desk import desk_sessions, identities, lockout, passkeys, rights, staff
from broadcaster.store.desk.lockout import LockedOut
from broadcaster.store.desk.people import User
from broadcaster.store.desk.rights import RightsRefused
from broadcaster.store.timeline import ledger
from broadcaster.web.api import tokens
from broadcaster.web.house import house
from broadcaster.web.signin import stepup
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _, said, word

people = Blueprint("people", __name__, url_prefix="/desk/people")
people.before_request(require_person)
LONGEST_LABEL = 60
NO_ROLE = Said("There is no such role: start from the list of people.")
Answer = Response | str | tuple[str, int]


@people.get("/")
@only(Role.ADMIN, Role.AUDITOR)
def page() -> str:
    """Everybody, and what waits for a second administrator."""
    with house().sessions.begin() as store:
        return _page(store)


def _page(store: Session, problem: str = "", at: int = 0) -> str:
    return render_template(
        "desk/people/page.html",
        everybody=staff.everybody(store),
        with_passkeys=passkeys.holders(store),
        requests=rights.waiting(store),
        standing=lockout.standing(store),
        alone=rights.administrators(store) < 2,
        problem=problem,
        at=at,
    )


@people.get("/<int:key>")
@only(Role.ADMIN, Role.AUDITOR)
def one(key: int) -> str:
    """One person: roles, sessions, tokens, second factors."""
    with house().sessions.begin() as store:
        return _one(store, key)


def _one(store: Session, key: int, problems: dict[str, str] | None = None) -> str:
    user = known(store, key)
    return render_template(
        "desk/people/person.html",
        user=user,
        roles=[role.value for role in PEOPLE],
        by_two=rights.BY_TWO,
        requests=rights.waiting(store, key),
        passkeys=passkeys.of_person(store, key),
        sessions=desk_sessions.of_person(store, key, house().clock()),
        tokens=tokens.active(store, user),
        agency=agency_people.of(store, key),
        identities=identities.of_person(store, key),
        problems=problems or {},
        typed=request.form,
    )


def known(store: Session, key: int) -> User:
    """The person of this number, or 404."""
    user = store.get(User, key, populate_existing=True)
    if user is None:
        abort(404, description=Said("There is nobody of this number: start from the list of people."))
    return user


@people.post("/<int:key>/ask")
@only(Role.ADMIN)
def ask(key: int) -> Answer:
    """Ask for a role, or for an account that was ended; another administrator confirms it."""
    name, reason = request.form.get("role", ""), request.form.get("reason", "")
    if name and name not in PEOPLE:
        abort(400, description=NO_ROLE)
    try:
        with house().sessions.begin() as store:
            user, asker = known(store, key), store.get_one(User, person().id)
            if not name:
                rights.ask_account(store, user, asker, reason)
            elif name == Role.AGENCY:
                bound = agency_people.bind(store, user, request.form.get("agency", ""))
                rights.ask_role(store, user, Role.AGENCY, asker, f"of {bound.name}")
                flash(
                    _("%(name)s sees what is of %(agency)s now, and nothing else.", name=user.name, agency=bound.name),
                    "success",
                )
                return redirect(url_for("people.one", key=key), 303)
            elif rights.ask_role(store, user, Role(name), asker, reason) is None:
                flash(_("%(name)s has the role %(role)s now.", name=user.name, role=word(name)), "success")
                return redirect(url_for("people.one", key=key), 303)
    except (RightsRefused, NoSuchAgency) as refused:
        with house().sessions.begin() as store:
            return _one(store, key, {"ask": str(refused)}), 422
    flash(_("Asked for. Nothing is given before another administrator has confirmed it."), "success")
    return redirect(url_for("people.one", key=key), 303)


@people.post("/<int:key>/token")
@only(Role.ADMIN)
def token(key: int) -> Answer:
    """Make a token of a person, shown this once; it does nothing before another administrator has confirmed it."""
    label = " ".join(request.form.get("label", "").split())[:LONGEST_LABEL]
    try:
        with house().sessions.begin() as store:
            user, asker = known(store, key), store.get_one(User, person().id)
            if not label:
                raise RightsRefused(Said("Say what the token is for: it is listed by that."))
            made = tokens.ask(store, user, label, asker, request.form.get("reason", ""))
    except RightsRefused as refused:
        with house().sessions.begin() as store:
            return _one(store, key, {"token": str(refused)}), 422
    return render_template("desk/people/token.html", user=user, token=made, label=label)


@people.post("/<int:key>/tokens/<int:no>/end")
@only(Role.ADMIN)
def end_token(key: int, no: int) -> Response:
    """End a token of a person at once."""
    with house().sessions.begin() as store:
        gone = tokens.end(store, known(store, key), no, person().email, house().clock())
    flash(_("The token works no more.") if gone else _("That token had ended already."), "success")
    return redirect(url_for("people.one", key=key), 303)


@people.post("/<int:key>/sessions/<int:no>/end")
@only(Role.ADMIN)
def end_session(key: int, no: int) -> Response:
    """End a session of a person; what they had typed stands in the form again when they have signed in."""
    with house().sessions.begin() as store:
        user, gone = known(store, key), desk_sessions.end(store, key, no)
        if gone:
            ledger.append(store, person().email, "session-ended", user.email, {"session": no})
    flash(_("Ended.") if gone else _("That session had ended already."), "success")
    return redirect(url_for("people.one", key=key), 303)


@people.post("/<int:key>/take")
@only(Role.ADMIN)
def take(key: int) -> Answer:
    """Take a role away at once, unless too few would be left."""
    name = request.form.get("role", "")
    if name not in PEOPLE:
        abort(400, description=NO_ROLE)
    return act(key, name, lambda store: staff.take(store, key, Role(name), person().email), _("The role is taken."))


@people.post("/<int:key>/disable")
@only(Role.ADMIN)
def disable(key: int) -> Answer:
    """End an account at once, unless too few would be left."""
    return act(key, "disable", lambda store: staff.disable(store, key, person().email), _("The account has ended."))


@people.post("/<int:key>/end-factors")
@only(Role.ADMIN)
def end_factors(key: int) -> Answer:
    """End a person's second factors: they were lost or stolen. Unless too few would be left who can approve."""
    done = _("They work no more. The operator makes a new authenticator: `broadcaster users authenticator`.")
    return act(key, "factors", lambda store: staff.end_factors(store, key, person().email), done)


def act(key: int, name: str, act: Callable[[Session], object], done: str) -> Answer:
    """Do it on a fresh proof, one such act at a time; a wrong proof stands beside the form of that name."""
    stepup.wait()
    try:
        with house().sessions.begin() as store:
            lockout.one_at_a_time(store)
            known(store, key)
            if problem := stepup.refusal(store):
                return _one(store, key, {name: problem}), 422
            _still_may(store)
            act(store)
    except LockedOut as refused:
        with house().sessions.begin() as store:
            return _one(store, key, {name: str(refused)}), 422
    flash(done, "success")
    return redirect(url_for("people.one", key=key), 303)


def _still_may(store: Session) -> None:
    """Somebody else may have taken this very role a moment ago: then this act, which waited for theirs, is none."""
    me = store.get_one(User, person().id, populate_existing=True)
    if not me.active or Role.ADMIN not in me.role_names:
        abort(403, description=Said("You are not an administrator any more: ask another one."))


@people.post("/requests/<int:key>/confirm")
@only(Role.ADMIN)
def confirm(key: int) -> Answer:
    """The second administrator gives what was asked for, on a fresh proof."""
    stepup.wait()
    try:
        with house().sessions.begin() as store:
            lockout.one_at_a_time(store)
            if problem := stepup.refusal(store):
                return _page(store, problem, key), 422
            row = rights.confirm(store, key, person().id, house().clock())
            flash(_("Confirmed: %(name)s has %(right)s.", name=row.user.name, right=row.words), "success")
    except RightsRefused as refused:
        flash(said(str(refused)), "error")
    return redirect(url_for("people.page"), 303)


@people.post("/requests/<int:key>/refuse")
@only(Role.ADMIN)
def refuse(key: int) -> Response:
    """Not given; whoever asked takes it back by the same button."""
    try:
        with house().sessions.begin() as store:
            rights.refuse(store, key, person().id, house().clock())
        flash(_("Not given."), "success")
    except RightsRefused as refused:
        flash(said(str(refused)), "error")
    return redirect(url_for("people.page"), 303)
