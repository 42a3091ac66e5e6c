"""Where carriers call us: a process of its own, so that no page and no flood of pages can slow a receipt down.

Law: verified, then durable, then acknowledged. Forged is 403 and changes nothing; Postgres away is 503 (the carrier's
listing settles the rest); STOP is committed before the answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.exceptions import HTTPException

from broadcaster import logs
from broadcaster import settings as knobs
from broadcaster.channels.proof import proves
from broadcaster.receipts import intake
from broadcaster.receipts.batch import Batches, NotKept
from broadcaster.receipts.intake import UnreadableWebhook, Wish
from broadcaster.receipts.signature import Verifier
from broadcaster.settings import Settings
from broadcaster.store import database, receipts
from broadcaster.store.database import Sessions
from broadcaster.store.receipts import NewReceipt
from broadcaster.store.sealed import Sealer
from broadcaster.tasks import ring

log = logs.get(__name__)
STATUS, INBOUND = "/callbacks/twilio/status", "/callbacks/twilio/inbound"
DELIVERY = "delivery"
"""The purpose of the proofs that our own status callbacks carry."""
LONGEST_BODY = 64 * 1024
MOST_FIELDS = 200
RING_EVERY_S = 0.25
THREADS = 64
"""Requests that wait for one commit together."""
ANSWERS = {
    "en": "{who}: this number only sends alerts when 911 is down; nobody reads answers. In an emergency call 911."
    " Is 911 down? Your community's number: {where} Reply STOP to end.",
    "es": "{who}: este numero solo avisa cuando el 911 no funciona; nadie lee respuestas. En una emergencia llame"
    " al 911. No funciona? El numero de su comunidad: {where} Responda STOP para terminar.",
}
"""What a phone hears that texts us anything else: the one door, and never a guess at a dispatch number."""

Bell = Callable[[], object]


class Forged(PermissionError):
    """The carrier did not sign this, or we did not make the address that it came to."""


class ReceiptsBell:
    """Tells the workers that receipts wait, at most every `RING_EVERY_S`; nothing depends on it, the sweep applies
    what waits within seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self) -> None:
        """Ring, unless it rang a moment ago; returns at once."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + RING_EVERY_S
            ring("receipts")


@dataclass(frozen=True, slots=True)
class _Hooks:
    """What the two webhooks work with."""

    settings: Settings
    sessions: Sessions
    sealer: Sealer
    batches: Batches
    status: Verifier
    inbound: Verifier


def create_callbacks(settings: Settings, sessions: Sessions, bell: Bell | None = None) -> Flask:
    """The WSGI application; `bell` (the workers', if none is given) is rung after commits.

    SettingsError when a secret is missing.
    """
    token, address = settings.required("twilio_auth_token"), settings.callback_address
    hooks = _Hooks(
        settings=settings,
        sessions=sessions,
        sealer=Sealer(settings.field_key_bytes, settings.index_key_bytes, settings.field_key_id),
        batches=Batches(lambda waiting: _write(sessions, waiting), bell or ReceiptsBell()),
        status=Verifier.of(token, address + STATUS),
        inbound=Verifier.of(token, address + INBOUND),
    )
    app = Flask("broadcaster.web.callbacks", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.add_url_rule(STATUS, view_func=lambda: _status(hooks), methods=["POST"], endpoint="status")
    app.add_url_rule(INBOUND, view_func=lambda: _inbound(hooks), methods=["POST"], endpoint="inbound")
    app.add_url_rule("/healthz", view_func=lambda: _said(200, "alive"), endpoint="healthz")
    app.add_url_rule("/readyz", view_func=lambda: _ready(sessions), endpoint="readyz")
    _sentences(app)
    return app


def wsgi() -> Flask:
    """The application of this process's environment, for any WSGI server."""
    settings = knobs.current()
    logs.configure(settings.log_level)
    return create_callbacks(settings, database.sessions(database.connect(settings.database_url)))


def serve(settings: Settings) -> None:
    """Serve the environment's application on `bind` and `callbacks_port` until a signal ends it."""
    server = Granian(
        "broadcaster.web.callbacks:wsgi",
        address=settings.bind,
        port=settings.callbacks_port,
        interface=Interfaces.WSGI,
        factory=True,
        blocking_threads=THREADS,
        backpressure=THREADS * 8,
        log_access=False,
        websockets=False,
    )
    server.serve()


def _status(hooks: _Hooks) -> Response:
    raw, form = _verified(hooks.status)
    delivery, given = request.args.get("d", ""), request.args.get("m", "")
    if not proves(hooks.settings.secret_key, DELIVERY, delivery, given):
        raise Forged("the proof does not fit the delivery")
    hooks.batches.keep(intake.status_receipt(form, delivery, raw, hooks.sealer))
    return Response(status=204)


def _inbound(hooks: _Hooks) -> Response:
    raw, form = _verified(hooks.inbound)
    with hooks.sessions.begin() as session:
        heard = intake.keep_words(session, hooks.sealer, form, raw)
    answer = MessagingResponse()
    if heard.wish is Wish.OTHER:
        answer.message(_answer(hooks.settings, heard.lang))
    return Response(str(answer), mimetype="application/xml")


def _answer(settings: Settings, lang: str) -> str:
    where = settings.lookup_url or settings.public_base_url
    return ANSWERS.get(lang, ANSWERS["en"]).format(who=settings.authority_short, where=where)


def _verified(verifier: Verifier) -> tuple[str, dict[str, str]]:
    """The raw body and its form; Forged unless the carrier signed both for this very address."""
    try:
        raw = request.get_data(cache=False).decode()
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Forged("the body is no form") from error
    if not verifier.holds(request.query_string.decode("latin-1"), pairs, request.headers.get("X-Twilio-Signature", "")):
        raise Forged("the signature does not hold")
    return raw, dict(pairs)


def _write(sessions: Sessions, waiting: Sequence[NewReceipt]) -> None:
    with sessions.begin() as session:
        receipts.keep(session, waiting)


def _ready(sessions: Sessions) -> Response:
    with sessions() as session:
        database.now(session)
    return _said(200, "ready")


def _said(status: int, sentence: str) -> Response:
    return Response(f"{sentence}\n", status, mimetype="text/plain")


def _sentences(app: Flask) -> None:
    """Every failure as a status that the carrier understands, and a line in the log."""

    @app.errorhandler(Forged)
    def forged(error: Forged) -> Response:
        log.warning("webhook_forged", path=request.path, why=str(error))
        return _said(403, "This was not signed for this address.")

    @app.errorhandler(UnreadableWebhook)
    def unreadable(error: UnreadableWebhook) -> Response:
        log.error("webhook_unreadable", path=request.path, why=str(error))
        return _said(400, str(error))

    @app.errorhandler(NotKept)
    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def away(error: Exception) -> Response:
        log.error("webhook_not_kept", path=request.path, why=type(error).__name__)
        return _said(503, "The database is away: nothing was acknowledged.")

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return _said(error.code or 500, error.description or error.name)
