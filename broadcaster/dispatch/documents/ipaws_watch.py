"""Whether the path to IPAWS-OPEN stands, and what our group may send there: asked on a timer, kept, and shown.

The PING is the carrier's own test of the whole way, signature included, and alerts nobody (getAck, PONG).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from broadcaster import logs
from broadcaster.channels.errors import SendError
from broadcaster.channels.ipaws import Ipaws
from broadcaster.dispatch.engine import Engine
from broadcaster.feeds import certificates
from broadcaster.feeds.certificates import CertificateRefused
from broadcaster.said import Said
from broadcaster.store.alerting import ipaws
from broadcaster.store.alerting.ipaws import Path as Stands

log = logs.get(__name__)
PING_EVERY_S = 60.0
DAY_S = 86_400.0
WITHIN_S = 15.0
WHAT = "IPAWS certificate"
STALE_S = 3 * PING_EVERY_S
REASONS = {
    "no_connection": Said("nobody can be reached at IPAWS_URL"),
    "connection_lost": Said("the connection broke"),
    "timeout": Said("no answer in time"),
    "certificate": Said("our certificate is refused"),
    "certificate_unreadable": Said("IPAWS_KEY or IPAWS_CERT cannot be read"),
    "cannot_sign": Said("IPAWS_KEY does not fit IPAWS_CERT"),
    "account_refused": Said("our access is refused"),
}
"""Why it does not answer, in words; others as they are logged."""
Answer = TypeVar("Answer")


@dataclass
class Watch:
    """The sweep's duty, `look` called every PING_EVERY_S: a PING, and at start and daily the profile of our group.

    `channel` is the engine's own, which it closes.
    """

    engine: Engine
    channel: Ipaws
    cert: Path | None = None
    clock: Callable[[], float] = time.monotonic
    _profile_due: float = 0.0
    _warned: str = ""

    def look(self) -> bool:
        """One round; whether the path answered."""
        self._look_at_the_certificate()
        why = self._asked(self.channel.ping())[1]
        with self.engine.sessions.begin() as session:
            before = ipaws.path(session)
            ipaws.tried(session, why)
        if why and before.down_since is None:
            log.error("ipaws_is_down", reason=why)
        if not why and before.down_since is not None:
            log.warning("ipaws_is_back")
        if not why and self.clock() >= self._profile_due:
            self._ask_for_the_profile()
        return not why

    def _ask_for_the_profile(self) -> None:
        profile, why = self._asked(self.channel.profile())
        if profile is None:
            log.warning("ipaws_profile_not_known", reason=why)
            return
        self._profile_due = self.clock() + DAY_S
        with self.engine.sessions.begin() as session:
            ipaws.keep_profile(session, profile.json())
        log.info("ipaws_profile", cog=profile.cog, enabled=profile.enabled)

    def _asked(self, question: Coroutine[Any, Any, Answer]) -> tuple[Answer | None, str]:
        """The answer, or why there is none."""
        try:
            return self.engine.window.run(question, WITHIN_S), ""
        except SendError as error:
            return None, error.reason
        except TimeoutError:
            return None, "timeout"

    def _look_at_the_certificate(self) -> None:
        """Say it in the log once a day and stage, not every minute."""
        said = certificate_warning(self.cert, datetime.now(UTC))
        if said and said != self._warned:
            log.warning("ipaws_certificate", warning=said)
        self._warned = said


def certificate_warning(cert: Path | None, now: datetime) -> str:
    """A sentence from 60, 30 and 7 days before the certificate of the requests ends, or when it cannot be read."""
    if cert is None:
        return ""
    try:
        return certificates.expiry_warning(cert.read_bytes(), now, WHAT)
    except (OSError, ValueError, CertificateRefused):
        return Said("The IPAWS certificate cannot be read: check IPAWS_CERT.")


def words(stands: Stands, now: datetime) -> str:
    """How the path stands, as people read it."""
    if stands.tried_at is None:
        return Said("The path to IPAWS was never tried: is the sweep running?")
    seen = (
        Said("It last answered %(ago)s.", ago=_ago(stands.seen_at, now))
        if stands.seen_at
        else Said("It has never answered.")
    )
    if stands.down_since is not None:
        why = REASONS.get(stands.reason, stands.reason)
        return Said(
            "IPAWS has not answered for %(length)s (%(why)s). %(seen)s",
            length=_length(stands.down_since, now),
            why=why,
            seen=seen,
        )
    if (now - stands.tried_at).total_seconds() > STALE_S:
        return Said("The path to IPAWS is not being tried: is the sweep running? %(seen)s", seen=seen)
    return Said("IPAWS answers. %(seen)s", seen=seen)


def _ago(moment: datetime, now: datetime) -> str:
    return f"{_length(moment, now)} ago"


def _length(moment: datetime, now: datetime) -> str:
    seconds = max(0, round((now - moment).total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
