"""Who is asking, and may they. Authorisation fails closed; the reason is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, abort, g, redirect, request, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.alert.lifecycle import Role
from broadcaster.store.people import User
from broadcaster.web.house import house

IDLE = 3600
"""Seconds without a request after which a session ends (FEMA IPAWS rules of behaviour: 60 minutes)."""
ABSOLUTE = 12 * 3600
"""Seconds after which a session ends in any case (NIST SP 800-63B-4, AAL2 asks for at most 24 h)."""
ENDED = "Your session has ended. Sign in and go on."

POLLS = frozenset({"paged.fragment", "paged.called", "desk_trouble.strip"})
"""What an open page asks by itself: nobody is at the desk for it, and the session grows older."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as of this request."""

    id: int
    email: str
    name: str
    roles: frozenset[str]

    def may(self, *roles: str) -> bool:
        """Whether this person has one of these roles."""
        return not self.roles.isdisjoint(roles)


def sign_in(user: User) -> None:
    """Start a new session: nothing of an older one is carried over (session fixation)."""
    moment = int(house().clock().timestamp())
    session.clear()
    session.update(key=user.session_key, since=moment, seen=moment)


def load_person() -> None:
    """Before every request: the person whose session key this cookie carries, if the key is still theirs."""
    g.person = None
    key, moment = session.get("key"), int(house().clock().timestamp())
    if not isinstance(key, str):
        return
    if moment - int(session.get("seen", 0)) > IDLE or moment - int(session.get("since", 0)) > ABSOLUTE:
        session.clear()
        return
    with house().sessions.begin() as store:
        user = store.scalar(select(User).where(User.session_key == key, User.active))
        if user is None:
            session.clear()
            return
        g.person = Person(user.id, user.email, user.name, frozenset(user.role_names))
    if moment - int(session["seen"]) >= 60 and request.endpoint not in POLLS:
        session["seen"] = moment


def visitor() -> Person | None:
    """Who is signed in, if anybody."""
    person: Person | None = g.get("person")
    return person


def person() -> Person:
    """Who is signed in; 401 when nobody is."""
    found = visitor()
    if found is None:
        abort(401)
    return found


def require_person() -> AnyResponse | None:
    """Before every page of the desk: nobody signed in is sent to the sign-in page, and back afterwards."""
    if visitor() is not None:
        return None
    if request.method == "GET":
        return redirect(url_for("signin.page", next=request.path), 303)
    return redirect(url_for("signin.page", ended=1), 303)


def only(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only people with one of these roles through; everybody else gets 403 with the reason."""

    def guarded(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not person().may(*roles):
                names = " or ".join(f"an {role}" if role[0] in "aeiou" else f"a {role}" for role in roles)
                abort(403, description=f"Only {names} can do this, and you are not one: ask somebody on duty.")
            return view(*args, **kwargs)

        return checked

    return guarded


def refuse_other_sites() -> Response | None:
    """Before every request: a form that another site sends is refused, whatever its token (Fetch Metadata)."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403, description="This form was sent from another site: open the desk itself and try again.")
    return None
