"""Mail that comes back, by HTTP: a mail gateway or a few lines of procmail post each bounce as it is (message/rfc822).

The address is open to whoever has BOUNCE_TOKEN; without one it does not exist. Durable before it is acknowledged.
"""

from __future__ import annotations

import hmac

from flask import Flask, Response, request

from broadcaster import logs
from broadcaster.receipts.bounces import LARGEST, Desk, NoReport, Refused
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions

log = logs.get(__name__)
BOUNCE = "/callbacks/mail/bounce"


def register(app: Flask, settings: Settings, sessions: Sessions) -> None:
    """Add the address to the callbacks' application, if it has a token."""
    if settings.bounce_token:
        desk = Desk.of(settings)
        view = lambda: _bounce(settings.bounce_token, desk, sessions)  # noqa: E731 - as the other routes
        app.add_url_rule(BOUNCE, view_func=view, methods=["POST"], endpoint="bounce")


def _bounce(token: str, desk: Desk, sessions: Sessions) -> Response:
    """204 when it is committed; 202 for a mail that is no report; 401, 413 and 422 when it changed nothing."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not hmac.compare_digest(given, token.encode()):
        log.warning("webhook_forged", path=request.path, why="the token is wrong")
        return _said(401, "Send BOUNCE_TOKEN as `Authorization: Bearer`.")
    request.max_content_length = LARGEST
    raw = request.get_data(cache=False)
    try:
        with sessions.begin() as session:
            desk.take(session, raw)
    except NoReport as error:
        log.info("mail_is_no_report", why=error.why)
        return _said(202, str(error))
    except Refused as error:
        log.warning("mail_refused", why=error.why)
        return _said(422, str(error))
    return Response(status=204)


def _said(status: int, sentence: str) -> Response:
    return Response(f"{sentence}\n", status, mimetype="text/plain")
