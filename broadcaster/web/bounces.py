"""Mail that comes back, by HTTP: a mail gateway or a few lines of procmail post each bounce as it is (message/rfc822).

The address is open to whoever has BOUNCE_TOKEN; without one it does not exist. Durable before it is acknowledged.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import NamedTuple

from flask import Flask, Response, request

from broadcaster import logs
from broadcaster.receipts.bounces import LARGEST, Desk, NoReport, Refused
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions

log = logs.get(__name__)
BOUNCE = "/callbacks/mail/bounce"


class Reply(NamedTuple):
    """A status and, unless it is 204, a sentence."""

    status: int
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Bounces:
    """The webhook, whatever serves it."""

    token: str
    desk: Desk
    sessions: Sessions

    def may(self, authorization: str) -> bool:
        """Whether an Authorization header holds the token; takes the same time for every wrong one."""
        kind, _, given = authorization.partition(" ")
        right = hmac.compare_digest(given.encode(), self.token.encode())
        return right and kind.lower() == "bearer"

    def take(self, raw: bytes) -> Reply:
        """204 when it is committed, 202 for a mail that is no report, 422 for one that is not read."""
        try:
            with self.sessions.begin() as session:
                self.desk.take(session, raw)
        except NoReport as error:
            log.info("mail_is_no_report", why=error.why)
            return Reply(202, str(error))
        except Refused as error:
            log.warning("mail_refused", why=error.why)
            return Reply(422, str(error))
        return Reply(204)


def register(app: Flask, settings: Settings, sessions: Sessions) -> None:
    """Add the address to the callbacks' application, if it has a token."""
    if settings.bounce_token:
        bounces = Bounces(settings.bounce_token, Desk.of(settings), sessions)
        app.add_url_rule(BOUNCE, view_func=lambda: _bounce(bounces), methods=["POST"], endpoint="bounce")


def _bounce(bounces: Bounces) -> Response:
    """401 before a byte of the body is read, 413 when it is too long, and what `Bounces.take` says."""
    if not bounces.may(request.headers.get("Authorization", "")):
        log.warning("webhook_forged", path=request.path, why="the token is wrong")
        return _said(Reply(401, "Send BOUNCE_TOKEN as `Authorization: Bearer`."))
    request.max_content_length = LARGEST
    return _said(bounces.take(request.get_data(cache=False)))


def _said(reply: Reply) -> Response:
    return Response(f"{reply.sentence}\n" if reply.sentence else "", reply.status, mimetype="text/plain")
