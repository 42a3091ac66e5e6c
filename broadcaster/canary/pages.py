"""Whom the canary wakes, and by which ways of its own: a mail over a relay that no alert uses, and a POST.

Nothing here touches the database, the workers or their settings: they are what the page may be about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from typing import Protocol

from aiosmtplib.errors import SMTPException

from broadcaster import logs
from broadcaster.channels.errors import SendError
from broadcaster.channels.http import Door, DoorClosed
from broadcaster.channels.smtp_pool import LOST, Pool, Relay
from broadcaster.settings import Mode, Settings, SettingsError
from broadcaster.store.canaries import Run, Step

log = logs.get(__name__)
BEFORE_A_PAGE = 2
"""Misses in a row; one may be chance."""
RAREST = 64
"""Pages come after 2, 4, 8, 16, 32 and 64 misses in a row, then after each 64: at five minutes, every 5 h 20 min."""
TO_DO = {
    Step.WEB: "Alerts cannot be written or approved: look at the web process and the proxy before it.",
    Step.DRAFT: "Alerts cannot be written: look at the web process and at PostgreSQL, `broadcaster doctor` says more.",
    Step.SUBMIT: "Alerts cannot be frozen: look at the log of the web process.",
    Step.APPROVE: "Alerts cannot be approved: look at the log of the web process, and whether its clock is right.",
    Step.CARRIER: "Look whether a worker serves the queue sms, whether Valkey runs, and whether the carrier can be"
    " reached. The sweep sends what workers do not, and an alert goes out more slowly.",
    Step.CALLBACK: "Texts go out, and nobody reports their delivery, nor STOP: look at the callbacks process, the proxy"
    " and firewall before it, and the carrier's own status page.",
}
"""What somebody who is woken does first."""


class NotPaged(Exception):
    """A way to the operators failed; it is tried again at the next run."""


@dataclass(frozen=True, slots=True)
class Page:
    """What operators are told: `misses` in a row, 0 when the way is open again."""

    office: str
    misses: int
    run: Run

    @property
    def subject(self) -> str:
        """One line."""
        if not self.misses:
            return f"{self.office}: the canary works again"
        return f"{self.office}: {self.misses} canaries missed, at the step {self.run.step}"

    @property
    def text(self) -> str:
        """All of it, in plain words."""
        if not self.misses:
            return f"{self.subject}. A test alert went the whole way in {self.run.whole:.1f} s."
        said = f"{self.subject}: {self.run.why}. {TO_DO[self.run.step]}"
        return f"{said} The last try began at {self.run.started_at:%Y-%m-%d %H:%M} UTC."


class Way(Protocol):
    """One way to the operators."""

    name: str

    async def send(self, page: Page) -> None:
        """Hand a page over; NotPaged when that fails."""


@dataclass
class Post:
    """A POST of JSON to CANARY_PAGE_URL; its `text` is what chat rooms and pagers show."""

    url: str
    door: Door
    name: str = "post"

    async def send(self, page: Page) -> None:
        """Once; a 2xx is all that counts."""
        state = "missed" if page.misses else "works"
        said = {"text": page.text, "subject": page.subject, "state": state, "misses": page.misses}
        said |= {"step": page.run.step.value, "why": page.run.why}
        headers = {"Content-Type": "application/json", "User-Agent": "Broadcaster"}
        try:
            reply = await self.door.request("POST", self.url, headers, json.dumps(said).encode())
        except (SendError, DoorClosed, OSError, ValueError) as error:
            raise NotPaged(str(error)) from error
        if not 200 <= reply.status < 300:
            raise NotPaged(f"answered {reply.status}")


@dataclass
class Mail:
    """A mail over CANARY_SMTP_URL to CANARY_PAGE_TO, from the same mailbox."""

    pool: Pool
    to: str
    name: str = "mail"

    async def send(self, page: Page) -> None:
        """Once, on a connection of its own."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.to, self.to, page.subject
        mail["Date"], mail["Message-ID"] = format_datetime(localtime()), make_msgid(domain=self.to.partition("@")[2])
        mail["X-Priority"] = "1"
        mail.set_content(page.text)
        try:
            client = await self.pool.take()
        except (SMTPException, DoorClosed, *LOST) as error:
            raise NotPaged(str(error)) from error
        try:
            await client.sendmail(self.to, [self.to], mail.as_bytes())
        except (SMTPException, *LOST) as error:
            raise NotPaged(str(error)) from error
        finally:
            self.pool.drop(client)


def ways(settings: Settings, door: Door) -> list[Way]:
    """The ways that are set up; SettingsError when there is none, for a canary that nobody hears is none."""
    found: list[Way] = []
    if settings.canary_page_url:
        found.append(Post(settings.canary_page_url, door))
    if settings.canary_smtp_url and settings.canary_page_to:
        hello = settings.canary_page_to.partition("@")[2]
        relay = Relay.of(settings.canary_smtp_url)
        found.append(Mail(Pool(relay, live=settings.mode is Mode.LIVE, size=1, hello=hello), settings.canary_page_to))
    if not found:
        raise SettingsError("Set CANARY_PAGE_URL, or CANARY_SMTP_URL and CANARY_PAGE_TO: else nobody hears the canary.")
    return found


def is_due(misses: int) -> bool:
    """Whether a page goes after so many misses in a row: after two, then at growing intervals, and never no more."""
    return misses >= BEFORE_A_PAGE and (misses % RAREST == 0 or (misses < RAREST and misses & (misses - 1) == 0))
