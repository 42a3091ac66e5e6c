"""Signing in by the agency's identity provider: there, back, and, where it saw one factor alone, our own second one.

Where it does not answer, the page says so above the sign-in of this desk, which never waits for it: the addresses here
have threads of their own (`routes`). Whatever is wrong with an answer, nobody learns who has an account.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict, dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.said import Said, pattern
from broadcaster.store.desk import identities
from broadcaster.store.desk.desk_sessions import Way
from broadcaster.store.desk.identities import IdentityRefused, Told
from broadcaster.store.desk.people import User
from broadcaster.web.house import house
from broadcaster.web.signin import signin
from broadcaster.web.signin.guard import visitor
from broadcaster.web.signin.provider import AnswerRefused, Provider, ProviderDown, Question
from broadcaster.web.tongue import _, said

provider = Blueprint("provider", __name__, url_prefix="/desk/sign-in/provider")
log = logs.get(__name__)
ASKED, HALF = "provider", "provider-half"
"""What the cookie calls the question that this browser asked, and whoever has shown one factor."""
LASTS_S = identities.LASTS.total_seconds()
DOWN = pattern("%(name)s does not answer. Sign in here instead: this desk needs nothing of it.")
NOT_ASKED = pattern("This browser asked nothing of %(name)s, or has its answer already. Begin again, or sign in here.")
NOT_HELD = pattern(
    "What %(name)s answered cannot be used. Sign in here instead, and tell the operator: the log says why."
)
NOBODYS = pattern(
    "Your account at %(name)s opens nothing here yet. Sign in here and connect it under your name, or ask an"
    " administrator to accept it."
)
TOO_LATE = Said("That took too long. Begin again, or sign in here.")
Answer = Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Begun:
    """A question under way: when it was asked, where to go afterwards, and whose account is to be connected (0: this
    is a sign-in)."""

    state: str
    nonce: str
    verifier: str
    at: int
    goal: str = ""
    link: int = 0

    @property
    def question(self) -> Question:
        """What the provider was asked."""
        return Question(self.state, self.nonce, self.verifier)


@dataclass(frozen=True, slots=True)
class Half:
    """Somebody who has shown the provider one factor: who, when, and where to go afterwards."""

    user: int
    at: int
    goal: str


def there() -> Provider:
    """The provider of this desk; 404 when it has none."""
    found = house().provider
    if found is None:
        abort(404, description=Said("This desk has no identity provider: sign in here."))
    return found


def asked(goal: str = "", link: int = 0) -> str:
    """Ask in the name of this browser; the address at the provider to go to. ProviderDown."""
    question = Question()
    where = there().address(question)
    session[ASKED] = asdict(Begun(**asdict(question), at=_now(), goal=goal, link=link))
    return where


def _now() -> int:
    return int(house().clock().timestamp())


@provider.get("")
def begin() -> Answer:
    """To the provider. Nothing is written down: the question stands in this browser's cookie."""
    goal = request.args.get("next", "")
    try:
        return redirect(asked(goal), 303)
    except ProviderDown as down:
        return _down(down, goal)


@provider.get("/answer")
def answer() -> Answer:
    """Back from the provider. The state is good for one answer, in the browser that asked."""
    name, begun = there().name, _taken()
    if begun is None or not _is_first(begun):
        return signin.form(problem=Said(NOT_ASKED, name=name)), 422
    try:
        told = _told(begun)
    except ProviderDown as down:
        return _down(down, begun.goal)
    except AnswerRefused as refused:
        log.warning("signin.provider_refused", reason=str(refused))
        return signin.form(problem=Said(NOT_HELD, name=name), goal=begun.goal), 422
    return _connected(begun, told) if begun.link else _signed_in(begun, told)


def _taken() -> Begun | None:
    """The question that this answer is to, if this browser asked it within ten minutes; it is taken out. An answer to
    another question leaves it where it is."""
    try:
        begun = Begun(**session[ASKED])
    except (KeyError, TypeError):
        return None
    if not hmac.compare_digest(begun.state.encode(), request.args.get("state", "").encode()):
        return None
    session.pop(ASKED)
    return begun if 0 <= _now() - begun.at < LASTS_S else None


def _is_first(begun: Begun) -> bool:
    with house().sessions.begin() as store:
        return identities.spend(store, begun.state, house().clock())


def _told(begun: Begun) -> Told:
    code = request.args.get("code", "")
    if not code or "error" in request.args:
        raise AnswerRefused(f"no code: {request.args.get('error', '')[:80]!r}")
    return there().told(code[:4096], request.args.get("iss", ""), begun.question, house().clock())


def _down(down: ProviderDown, goal: str) -> Answer:
    log.warning("signin.provider_down", reason=str(down))
    return signin.form(problem=Said(DOWN, name=there().name), goal=goal), 503


def _signed_in(begun: Begun, told: Told) -> Answer:
    """The session of whoever has this account here. Our own second factor is asked for where the provider saw none."""
    with house().sessions.begin() as store:
        user = identities.owner(store, told, house().clock())
        if user is None:
            identities.ask(store, told, house().clock())
        elif told.two_factors:
            signin.begin(store, user, Way.PROVIDER)
    if user is None:
        return signin.form(problem=Said(NOBODYS, name=there().name), goal=begun.goal), 422
    if told.two_factors:
        return signin.on(user.id, begun.goal)
    session[HALF] = asdict(Half(user.id, _now(), begun.goal))
    return redirect(url_for("provider.second"), 303)


def _connected(begun: Begun, told: Told) -> Answer:
    """Connect the account with whoever sits here, who has proved who they are before they left for the provider."""
    who = visitor()
    if who is None or who.id != begun.link:
        return signin.form(problem=Said(NOT_ASKED, name=there().name)), 422
    try:
        with house().sessions.begin() as store:
            identities.link(store, told, store.get_one(User, who.id), house().clock())
        done = _(
            "Connected: %(provider)s signs you in from now on. Your password and codes still do, too.",
            provider=there().name,
        )
        flash(done, "success")
    except IdentityRefused as refused:
        flash(said(str(refused)), "error")
    return redirect(url_for("account.page"), 303)


@provider.get("/second")
def second() -> str | Response:
    """The second factor, which the provider did not see."""
    return _second("") if _half() else redirect(url_for("signin.page"), 303)


@provider.post("/second")
def enter() -> Answer:
    """A code of the authenticator, or a recovery code; as slow after wrong ones as the sign-in with a password."""
    half = _half()
    if half is None:
        return signin.form(problem=TOO_LATE), 422
    brake, name = house().brake, f"second:{half.user}"
    brake.wait(name)
    with house().sessions.begin() as store:
        user = store.get(User, half.user)
        way = signin.second(store, user) if user is not None and user.active else None
        if user is not None and way is not None:
            signin.begin(store, user, Way.PROVIDER)
        elif user is not None:
            signin.failed(store, user)
    if way is None:
        brake.failed(name)
        return _second(signin.WRONG_CODE), 422
    brake.passed(name)
    return signin.on(half.user, half.goal)


def _half() -> Half | None:
    try:
        half = Half(**session[HALF])
    except (KeyError, TypeError):
        return None
    return half if 0 <= _now() - half.at < LASTS_S else None


def _second(problem: str) -> str:
    return render_template("desk/second_factor.html", problem=problem, name=there().name)
