"""The application: its settings, its blueprints, what it says when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, flash, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.alert.lifecycle import AlertState, LifecycleRefused
from broadcaster.dispatch.office import Office
from broadcaster.feeds.public_page import dialable
from broadcaster.outage.trouble import WORDS
from broadcaster.said import Said
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.alerting import reviews
from broadcaster.store.database import Sessions
from broadcaster.store.sealed import Sealer
from broadcaster.tasks import ring
from broadcaster.web import headers, metrics, outline, practice_words, sources, tongue
from broadcaster.web.agencies.trouble_desk import heard
from broadcaster.web.api.problem import DETAILS, problem
from broadcaster.web.asked import Asked
from broadcaster.web.blueprints import PAGES
from broadcaster.web.duty import second as drill_second
from broadcaster.web.duty.drills import prompt
from broadcaster.web.form.drafts import after_the_session
from broadcaster.web.house import NAME, OUTER, House, house, utc_now
from broadcaster.web.lengths import ago, spoken
from broadcaster.web.release.paged import asked
from broadcaster.web.signin import guard, passkey_answers
from broadcaster.web.signin.provider import Provider
from broadcaster.web.watch import watched

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "web"
STATIC_PATH = "/desk/static"
LARGEST_REQUEST = 2 * 1024 * 1024
DESK_CONNECTIONS, OUTER_CONNECTIONS = 20, 5
"""Ten more are opened in need: as many as `routes.THREADS` has threads."""
log = logs.get(__name__)


def create_app(
    settings: Settings,
    sessions: Sessions | None = None,
    clock: Callable[[], datetime] = utc_now,
    bell: Callable[..., None] = ring,
) -> Flask:
    """The application of one installation. SettingsError when a secret is missing.

    `sessions` is for callers that have a database already; `clock` gives aware moments in
    whole seconds; `bell` is rung after a release has committed.
    """
    app = Flask("broadcaster.web", template_folder=str(TEMPLATES), static_folder="static", static_url_path=STATIC_PATH)
    app.request_class = Asked
    home = app.extensions[NAME] = House(
        settings=settings,
        sessions=sessions or _pool(settings, DESK_CONNECTIONS),
        sealer=Sealer(settings.field_key_bytes, settings.index_key_bytes, settings.field_key_id),
        office=Office.of(settings),
        clock=clock,
        bell=bell,
        provider=Provider.of(settings),
    )
    app.extensions[OUTER] = replace(home, sessions=sessions or _pool(settings, OUTER_CONNECTIONS))
    _configure(app, settings)
    sources.behind(app, settings.trusted_proxies)
    CSRFProtect(app)
    headers.install(app, https=settings.public_base_url.startswith("https:"))
    practice_words.install(app, settings.mode)
    app.before_request(guard.refuse_other_sites)
    guard.install(app, settings.authority_short, passkey_answers.Devices)
    app.before_request(_look_around)
    app.before_request(guard.keep_out)
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    metrics.install(app, metrics.Page.of(settings, app.extensions[NAME].sessions, lambda: clock().timestamp()))
    app.add_url_rule("/", "front", lambda: redirect(url_for("desk.home")))
    _templates(app, settings)
    _refusals(app)
    return app


def _pool(settings: Settings, connections: int) -> Sessions:
    return database.sessions(database.connect(settings.required("database_url"), connections))


def _configure(app: Flask, settings: Settings) -> None:
    https, keyring = settings.public_base_url.startswith("https:"), settings.keyring
    app.config.update(
        SECRET_KEY=keyring.newest,
        SECRET_KEY_FALLBACKS=list(keyring.keys[1:]),
        WTF_CSRF_SECRET_KEY=list(reversed(keyring.keys)),  # itsdangerous signs with the last one and takes each
        TRUSTED_HOSTS=[urlsplit(settings.public_base_url).hostname or "localhost", "localhost", "127.0.0.1"],
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_PARTS=5_000,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,  # a directory's file comes back with the difference it was shown for
        SESSION_COOKIE_NAME="__Host-desk" if https else f"desk-{settings.mode}",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # an approver comes by a link in a message; every POST carries a token besides
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),  # their addresses change with their content
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form that was open all night must still go
    )


def _look_around() -> None:
    """Who is asking, and which outages are open: both stand on every page."""
    g.open_alerts, g.broken, g.asked, g.trouble, g.drill, g.seconds = [], [], [], None, None, []
    if request.endpoint == "static" or request.blueprint == "health":
        return
    who = guard.visitor()
    if who is not None and who.at_desk and request.method == "GET" and request.endpoint not in guard.POLLS:
        with house().sessions.begin() as store:
            g.open_alerts = watched(store, house().clock(), AlertState.OPEN)
            g.broken, g.asked, g.trouble = reviews.waiting(store), asked(store), heard(store)
            g.drill = prompt(store, who)
            g.seconds = drill_second.asked(store, who, house().clock())


def _templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(dialable=dialable, spoken=spoken, ago=ago, thousands=lambda number: f"{number:,}")

    def shared() -> dict[str, Any]:
        return {
            "person": guard.visitor(),
            "open_alerts": g.get("open_alerts", []),
            "broken": g.get("broken", []),
            "asked_of_me": g.get("asked", []),
            "drill": g.get("drill"),
            "drills_to_approve": g.get("seconds", []),
            "trouble": g.get("trouble"),
            "trouble_words": WORDS,
            "mode": settings.mode.value,
            "certificate_warning": guard.visitor() and house().office.certificate_warning(house().clock()),
            "authority": settings.authority,
            "state_name": settings.state_name,
            "when": tongue.Hours(house().zone),
            "now": house().clock(),
            "tongue": tongue.language,
            "csp_nonce": headers.nonce,
            "passkey_origin": passkey_answers.origin,
            "asset": lambda name: url_for("static", filename=name, v=outline.stamp()),
        }

    app.context_processor(shared)
    tongue.install(app)


def _refusals(app: Flask) -> None:
    """What the desk says when it says no; always a sentence that says what to do."""
    app.register_error_handler(LifecycleRefused, _lifecycle)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SecurityError, _strange_host)
    app.register_error_handler(DataError, _unfit)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(PoolTimeout, _no_database)
    app.register_error_handler(Exception, _broken)


def _lifecycle(refused: LifecycleRefused) -> Response:
    flash(tongue.said(str(refused)), "error")
    where = request.view_args or {}
    if "alert" in where and "no" in where:
        return redirect(url_for("revision.page", alert=where["alert"], no=where["no"]), 303)
    return redirect(url_for("desk.home"), 303)


def _csrf(error: CSRFError) -> tuple[str, int] | Response:
    log.warning("web.csrf_refused", path=request.path, reason=str(error.description))
    if (way_back := after_the_session()) is not None:
        return way_back
    return _said(
        400, Said("This page was open for too long or came from elsewhere: go back, load it again, then send it.")
    )


def _http(error: HTTPException) -> tuple[str, int] | HTTPException | Response:
    if error.code is None or error.code < 400:
        return error
    if request.path.startswith("/api/"):
        answer = problem(error.code, DETAILS.get(error.code) or f"{error.name}.")
        answer.headers.extend([(name, value) for name, value in error.get_headers() if name == "Allow"])
        return answer
    own = {
        400: Said("The request could not be read: go back and try again."),
        401: Said("Sign in first."),
        404: Said("There is nothing at this address: start from the desk."),
        405: Said("This address only takes the button of its page: start from the desk."),
        413: Said("That is too much at once: send less text."),
    }
    given = error.description if type(error).description != error.description else None
    return _said(error.code, given or own.get(error.code) or f"{error.name}.")


def _strange_host(error: SecurityError) -> tuple[str, int, dict[str, str]]:
    """Plain words without any address in them: nothing is built from a host name that is not ours."""
    log.warning("web.strange_host", reason=str(error.description))
    return (
        "This desk is not at that address: use the one in PUBLIC_BASE_URL.\n",
        400,
        {"Content-Type": "text/plain"},
    )


def _unfit(error: DataError) -> tuple[str, int]:
    """An address or a field that no row can hold, such as a number of thirty digits: then no row has it."""
    log.warning("web.unfit", path=request.path, error=type(error.orig).__name__)
    if request.method in guard.SAFE:
        return _said(404, Said("There is nothing at this address: start from the desk."))
    return _said(422, Said("Something in this is too large to be kept. Nothing was saved: go back and change it."))


def _no_database(error: Exception) -> tuple[str, int]:
    log.error("web.no_database", error=str(error))
    return _said(
        503, Said("The database does not answer. Nothing was saved. Try again; `broadcaster doctor` says more.")
    )


def _broken(error: Exception) -> tuple[str, int]:
    log.exception("web.broken", path=request.path)
    return _said(500, Said("Something in Broadcaster is broken; it was logged. Nothing was saved. Try again."))


def _said(code: int, sentence: str) -> tuple[str, int]:
    return render_template("desk/problem.html", sentence=sentence, code=code), code
