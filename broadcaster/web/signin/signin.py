"""Signing in with a password and a one-time code, or with a passkey, on one page; signing out of this session.

Flask-Security judges the password and the codes, and keeps who is signed in; its own pages stay off (`security`).
"""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_security import logout_user
from sqlalchemy.orm import Session
from webauthn.helpers import bytes_to_base64url
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.said import Said
from broadcaster.store.desk import desk_sessions, people
from broadcaster.store.desk.desk_sessions import Way
from broadcaster.store.desk.people import User
from broadcaster.store.timeline import ledger
from broadcaster.web.form import drafts
from broadcaster.web.house import house
from broadcaster.web.signin import accounts, passkey_answers
from broadcaster.web.signin.guard import ENDED, person, require_person, sign_in, visitor
from broadcaster.web.signin.passkey_answers import AnswerRefused

signin = Blueprint("signin", __name__, url_prefix="/desk")
log = logs.get(__name__)

OURS = re.compile(r"/desk(/[A-Za-z0-9_-]+)*/?")
WRONG_CODE = Said("This code does not fit, or it was used already: wait for the next one and type that.")
WRONG = Said("That does not fit. Check the mail address, the password and the code; each code works once.")
LOUD_AFTER = 20
ASKED = "asked"
"""What the cookie calls the challenge that this browser was asked: an answer comes from where it was asked."""


@signin.get("/sign-in")
def page() -> str | Response:
    """The form; whoever is signed in goes on."""
    if visitor() is not None:
        return redirect(_goal(request.args.get("next", "")), 303)
    return form(problem=ENDED if request.args.get("ended") else "", goal=request.args.get("next", ""))


def form(problem: str = "", goal: str = "", email: str = "", typed: str = "") -> str:
    """The page, with a sentence above it; the identity provider is a link on it, if there is one."""
    there = house().provider
    shown = {"email": email, "goal": goal, "typed": typed, "provider": there.name if there else ""}
    return render_template("desk/sign_in.html", problem=problem, **shown)


@signin.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Check all three; the answer is the same whatever was wrong, and as slow."""
    email = request.form.get("email", "").strip()[:254]
    house().brake.wait(email.lower())
    user = _check(email, request.form.get("password", "")[:1024])
    if user is None:
        failures = house().brake.failed(email.lower())
        if failures % LOUD_AFTER == 0:
            log.error("signin.many_failures", account=email, failures=failures)
        return _again(email, WRONG)
    house().brake.passed(email.lower())
    return on(user, request.form.get("next", ""))


def _check(email: str, password: str) -> int | None:
    """The person whom all three fit; their new session has begun."""
    with house().sessions.begin() as store:
        user = people.by_email(store, email)
        if not accounts.password_fits(user, password) or user is None:
            if user is not None:
                failed(store, user)
            return None
        way = second(store, user)
        if way is None:
            failed(store, user)
            return None
        begin(store, user, way)
        return user.id


def second(store: Session, user: User) -> Way | None:
    """By what second factor, if one fits: a code of the authenticator, or a recovery code in its place."""
    if recovery := request.form.get("recovery", "").strip():
        return Way.RECOVERY if accounts.use_recovery_code(store, user, recovery[:40], "sign-in") else None
    code = request.form.get("code", "")[:16]
    return Way.CODE if accounts.use_code(store, house().sealer, user, code, house().clock()) else None


def begin(store: Session, user: User, way: Way) -> None:
    """Begin their session, with the event of it."""
    ledger.append(store, user.email, "signed-in", user.email, {"failures_before": user.failures, "with": way.value})
    user.failures, user.failed_at = 0, None
    sign_in(store, user, way)


def failed(store: Session, user: User) -> None:
    """Count it. The ledger gets the first, second, fourth, eighth in a row: whoever tries a thousand passwords must
    not stand in line before an alert at the end of the chain."""
    user.failures, user.failed_at = user.failures + 1, house().clock()
    if user.failures & (user.failures - 1) == 0:
        ledger.append(store, "web", "sign-in-failed", user.email, {"failures": user.failures})


@signin.post("/sign-in/challenge")
def ask() -> Response:
    """What any passkey of this desk may sign; the same for everybody."""
    with house().sessions.begin() as store:
        options, challenge = passkey_answers.asked(store, None, passkey_answers.SIGN_IN)
    session[ASKED] = bytes_to_base64url(challenge)
    return Response(options, mimetype="application/json")


@signin.post("/sign-in/passkey")
def by_passkey() -> Response | tuple[str, int]:
    """A passkey in the place of all three. There is nothing to guess here, so nothing is slowed down."""
    asked = session.pop(ASKED, "")
    with house().sessions.begin() as store:
        try:
            row = passkey_answers.judged(store, request.form.get("passkey", ""), passkey_answers.SIGN_IN, None, asked)
        except AnswerRefused as refused:
            log.warning("signin.passkey_refused", reason=str(refused))
            return _again("", passkey_answers.REFUSED)
        begin(store, row.user, Way.PASSKEY)
        user = row.user_id
    return on(user, request.form.get("next", ""))


def _again(email: str, problem: str) -> tuple[str, int]:
    goal, typed = request.form.get("next", ""), request.form.get("typed", "")
    return form(problem, goal, email, typed), 422


def on(user: int, goal: str) -> Response:
    """Whoever has signed in goes on: to the form that came through the page, or where they wanted to go."""
    return redirect(drafts.came_through(user) or _goal(goal), 303)


@signin.post("/sign-out")
def leave() -> Response:
    """End this session; those on other machines are listed, and ended, under one's own name."""
    if (stopped := require_person()) is not None:
        return stopped
    who = person()
    with house().sessions.begin() as store:
        desk_sessions.end(store, who.id, who.session)
        ledger.append(store, who.email, "signed-out", who.email)
    logout_user()
    session.clear()
    return redirect(url_for("signin.page"), 303)


def _goal(path: str) -> str:
    """Where to go afterwards: a page of the desk, and nothing else that a link can name (open redirect, CRLF)."""
    return path if OURS.fullmatch(path) else url_for("desk.home")
