"""Who is asking, and may they. Authorisation fails closed; the reason is said in a sentence.

Flask-Security knows who is signed in (`current_user`) and what roles they have; here it learns who has come back with a
session or a token.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, redirect, request, session, url_for
from flask_security import UserMixin, WebauthnUtil, current_user, login_user, roles_accepted
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.alert.lifecycle import AT_THE_DESK, Role
from broadcaster.said import Said, joined
from broadcaster.store.desk import desk_sessions
from broadcaster.store.desk.desk_sessions import Visit, Way
from broadcaster.store.desk.people import User
from broadcaster.web import sources
from broadcaster.web.api import tokens
from broadcaster.web.house import house
from broadcaster.web.signin import security
from broadcaster.web.signin.security import Held

IDLE, ABSOLUTE = (int(length.total_seconds()) for length in (desk_sessions.IDLE, desk_sessions.ABSOLUTE))
"""Seconds without a request, and seconds in all, after which a session ends."""
ENDED = Said("Your session has ended. Sign in and go on.")

A_ROLE = {
    Role.ISSUER: Said("an issuer"),
    Role.APPROVER: Said("an approver"),
    Role.ADMIN: Said("an admin"),
    Role.AUDITOR: Said("an auditor"),
    Role.DIRECTORY: Said("a directory-editor"),
    Role.AGENCY: Said("an agency"),
    Role.CANARY: Said("a canary"),
}
KEY = "_user_id"
"""What the cookie calls the session's id: Flask-Login's name for whatever brings somebody back."""
POLLS = frozenset({"paged.fragment", "paged.called", "desk_trouble.strip", "detector.strip"})
"""What an open page asks by itself: nobody is at the desk for it, and the session grows older."""

OWN = frozenset({"signin", "provider", "account", "passkeys", "identities", "agency"})
"""The blueprints of whoever is signed in: how they sign in, and their agency's pages."""
OF_AGENCIES = frozenset(
    f"missed.{name}"
    for name in ("worklist", "take_next", "caller", "claim", "give_back", "outcome", "note", "end_check")
)
"""Besides, the list of an answering point that is wholly their own (`agency.own_list`)."""
OF_READERS = frozenset({"ledger.export", "roster.save", "paged.confirm"})
"""What takes a button, and is open to those who only read: a file, and how they themselves are reached."""
SAFE = ("GET", "HEAD", "OPTIONS")
WRITERS = (Role.ISSUER, Role.APPROVER, Role.ADMIN, Role.DIRECTORY)
NO_ROLE = Said("You have no role here yet: an administrator gives you one, under People.")
NOT_YOURS = Said("This is no page of your agency: start from its own.")
READS = Said("You may read everything here and change nothing: ask somebody on duty.")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Person(UserMixin):
    """Who is signed in, as of this request."""

    id: int
    email: str
    name: str
    roles: frozenset[Held]  # type: ignore[assignment] # Flask-Security reads them, and gives nobody any
    session: int = 0
    """The number of this session; 0 for a program with a token."""
    has_passkey: bool = False
    fs_uniquifier: str = ""
    """The id of this session: what Flask-Login puts in the cookie."""
    active: bool = True

    def may(self, *roles: str) -> bool:
        """Whether this person has one of these roles."""
        return any(self.has_role(role) for role in roles)

    @property
    def at_desk(self) -> bool:
        """Whether this person reads the desk; a person of an agency sees what is that agency's, and nothing else."""
        return self.may(*AT_THE_DESK)


def _roles(user: User) -> frozenset[Held]:
    return frozenset(Held(name) for name in user.role_names)


def install(app: Flask, issuer: str, devices: type[WebauthnUtil]) -> None:
    """Flask-Security, which asks here who somebody is; `issuer` is how authenticators call this desk."""
    made = security.install(app, issuer, returned, devices)
    made.login_manager.request_loader(by_token)
    made.unauthz_handler(_lacking)


def sign_in(store: Session, user: User, way: Way) -> None:
    """Start a new session: nothing of an older one is carried over (session fixation)."""
    visit, moment = Visit(way, sources.network(), sources.machine()), house().clock()
    session.clear()
    key = desk_sessions.begin(store, user.id, visit, moment)
    found = _going(store, key, moment)
    if found is not None:
        login_user(found, remember=False, authn_via=[way.value])
    for spare in set(session) - {KEY}:  # from which address, when: the row says what may be known of it
        del session[spare]


def returned(key: str) -> Person | None:
    """The person whose session this cookie carries, if it was not ended. A cookie counts for nothing at the API; the
    database is asked once, so that a page can still be drawn which says that it does not answer."""
    if request.endpoint == "static" or request.blueprint in ("health", "api") or g.get("asked_who"):
        return None
    g.asked_who, moment = True, house().clock()
    with house().sessions.begin() as store:
        found = _going(store, key, moment, seen=request.endpoint not in POLLS)
    if found is None:
        session.clear()
    return found


def _going(store: Session, key: str, moment: datetime, *, seen: bool = False) -> Person | None:
    found = desk_sessions.going(store, key, moment)
    if found is None:
        return None
    if seen:
        desk_sessions.see(store, found.row, moment)
    user = found.user
    return Person(user.id, user.email, user.name, _roles(user), found.row.id, found.has_passkey, key)


def by_token(asked: Request) -> Person | None:
    """The person of a bearer token, at the API alone."""
    header = asked.headers.get("Authorization", "")
    if asked.blueprint != "api" or not header:
        return None
    with house().sessions.begin() as store:
        user = tokens.bearer(store, header, house().clock())
        return Person(user.id, user.email, user.name, _roles(user)) if user else None


def visitor() -> Person | None:
    """Who is signed in, if anybody."""
    return cast(Person | None, current_user._get_current_object())


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


def keep_out() -> AnyResponse | None:
    """Before every address of the desk, and before any page asks for a role of its own: nobody without a role comes in,
    a person of an agency sees their agency's pages, and whoever only reads presses no button."""
    inside = request.path.startswith("/desk") and request.blueprint is not None
    if not inside or request.blueprint in OWN or str(request.endpoint).endswith(".static"):
        return None
    if (who := visitor()) is None:
        return None
    if not who.at_desk:
        return _of_an_agency(who)
    reads = request.method in SAFE or request.endpoint in OF_READERS
    if not (reads or who.may(*WRITERS)):
        abort(403, description=READS)
    return None


def _of_an_agency(who: Person) -> AnyResponse | None:
    if not who.may(Role.AGENCY):
        abort(403, description=NO_ROLE)
    if request.endpoint == "desk.home":
        return redirect(url_for("agency.page"), 303)
    if request.endpoint not in OF_AGENCIES:
        abort(403, description=NOT_YOURS)
    return None


def only(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only people with one of these roles through; everybody else gets 403 with the reason."""
    return cast(Callable[[Callable[P, R]], Callable[P, R]], roles_accepted(*roles))


def _lacking(_decorator: str, roles: Sequence[str] | None) -> NoReturn:
    person()
    abort(403, description=_only([Role(role) for role in roles or ()]))


def _only(roles: Collection[Role]) -> Said:
    names = joined(Said(" or "), (A_ROLE[role] for role in roles))
    return Said("Only %(roles)s can do this, and you are not one: ask somebody on duty.", roles=names)


def refuse_other_sites() -> Response | None:
    """Before every request: a form that another site sends is refused, whatever its token: by Fetch Metadata, or at the
    desk by its Origin where a browser sends none (OWASP, Cross-Site Request Forgery Prevention). Who names neither has
    its token; an agency's link is opened by programs of many kinds, and is its own proof."""
    if request.method not in SAFE and _is_from_elsewhere():
        abort(403, description=Said("This form was sent from another site: open the desk itself and try again."))
    return None


def _is_from_elsewhere() -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site", ""), request.headers.get("Origin", "")
    if site or not origin or not request.path.startswith("/desk/"):
        return site == "cross-site"
    return _host(origin) != _host(f"//{request.host}")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
