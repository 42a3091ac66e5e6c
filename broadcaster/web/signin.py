"""Signing in with a password and a one-time code on one page, and signing out everywhere."""

from __future__ import annotations

import re

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.store import ledger, people
from broadcaster.store.people import User
from broadcaster.web import accounts, drafts
from broadcaster.web.guard import ENDED, require_person, sign_in, visitor
from broadcaster.web.house import house

signin = Blueprint("signin", __name__, url_prefix="/desk")
log = logs.get(__name__)

OURS = re.compile(r"/desk(/[A-Za-z0-9_-]+)*/?")
WRONG = "That does not fit. Check the mail address, the password and the code; each code works once."
LOUD_AFTER = 20


@signin.get("/sign-in")
def page() -> str | Response:
    """The form; whoever is signed in goes on."""
    if visitor() is not None:
        return redirect(_goal(request.args.get("next", "")), 303)
    problem = ENDED if request.args.get("ended") else ""
    return render_template("desk/sign_in.html", email="", problem=problem, goal=request.args.get("next", ""), typed="")


@signin.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Check all three; the answer is the same whatever was wrong, and as slow."""
    email = request.form.get("email", "").strip()[:254]
    house().brake.wait(email.lower())
    user = _check(email, request.form.get("password", "")[:1024], request.form.get("code", "")[:16])
    if user is None:
        failures = house().brake.failed(email.lower())
        if failures % LOUD_AFTER == 0:
            log.error("signin.many_failures", account=email, failures=failures)
        goal, typed = request.form.get("next", ""), request.form.get("typed", "")
        return render_template("desk/sign_in.html", email=email, problem=WRONG, goal=goal, typed=typed), 422
    house().brake.passed(email.lower())
    return redirect(drafts.came_through(user) or _goal(request.form.get("next", "")), 303)


def _check(email: str, password: str, code: str) -> int | None:
    """The person whom all three fit; their new session has begun."""
    with house().sessions.begin() as store:
        user = people.by_email(store, email)
        if not accounts.password_fits(user, password) or user is None:
            if user is not None:
                _failed(store, user)
            return None
        if not accounts.use_code(store, house().sealer, user, code, house().clock()):
            _failed(store, user)
            return None
        ledger.append(store, user.email, "signed-in", user.email, {"failures_before": user.failures})
        user.failures, user.failed_at = 0, None
        sign_in(user)
        return user.id


def _failed(store: Session, user: User) -> None:
    """Count it. The ledger gets the first, second, fourth, eighth in a row: whoever tries a thousand passwords must
    not stand in line before an alert at the end of the chain."""
    user.failures, user.failed_at = user.failures + 1, house().clock()
    if user.failures & (user.failures - 1) == 0:
        ledger.append(store, "web", "sign-in-failed", user.email, {"failures": user.failures})


@signin.post("/sign-out")
def leave() -> Response:
    """End every session of this person, on this machine and on any other."""
    if (stopped := require_person()) is not None:
        return stopped
    who = visitor()
    if who is None:
        abort(401)
    with house().sessions.begin() as store:
        user = people.by_email(store, who.email)
        if user is not None:
            accounts.end_sessions(house().sealer, user)
            ledger.append(store, user.email, "signed-out", user.email)
    session.clear()
    return redirect(url_for("signin.page"), 303)


def _goal(path: str) -> str:
    """Where to go afterwards: a page of the desk, and nothing else that a link can name (open redirect, CRLF)."""
    return path if OURS.fullmatch(path) else url_for("desk.home")
