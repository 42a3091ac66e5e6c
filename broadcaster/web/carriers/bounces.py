"""Mail that comes back, by HTTP: a mail gateway or a few lines of procmail post each bounce as it is (message/rfc822).

The address is open to whoever has BOUNCE_TOKEN; without one it does not exist. Durable before it is acknowledged.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import NamedTuple

from broadcaster import logs
from broadcaster.receipts.bounces import Desk, NoReport, Refused
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
