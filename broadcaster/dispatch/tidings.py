"""Mails to people about their own account, a duty of the sweep: whoever did not do it learns of it so."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.engine import Engine
from broadcaster.messages.message import Message
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.desk import tidings
from broadcaster.store.desk.tidings import Mail, News

log = logs.get(__name__)
EVERY_S = 5.0
WITHIN_S = 25.0
AT_ONCE = 10
NUMBERED_FROM = 2 * 10**12
"""Their numbers in Message-IDs, beyond those of the test pages, which belong to no alert either."""
SUBJECT = "Your account at the desk of {office}"
TEXT = """{what}, at {at}.

If it was you, nothing is to be done. If it was not, tell an administrator of {office} now: they end your sessions and
your second factors in a minute.
"""
WHAT = {
    News.RECOVERY_USED: "One of your recovery codes was used",
    News.RECOVERY_MADE: "Ten new recovery codes were made for you; those of before work no more",
    News.AUTHENTICATOR: "Another authenticator was set up for you; codes of the old one work no more",
    News.PASSKEY: "A passkey was made for you",
    News.IDENTITY: "Your account at the identity provider was connected: it signs you in here from now on",
    News.PASSWORD: "Your password was changed, and your other sessions were ended",
}


@dataclass
class Tidings:
    """The duty. Without mail nothing is taken: it goes when mail is set up."""

    engine: Engine
    office: str
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings, engine: Engine) -> Tidings:
        """For an installation, over the relay of its alerts."""
        return cls(engine, settings.authority, ZoneInfo(settings.timezone))

    def look(self) -> int:
        """Send what waits; returns how many were tried."""
        names = self.engine.carriers_by_channel.get("email", [])
        for tried in range(AT_ONCE if names else 0):
            with self.engine.sessions.begin() as session:
                mail = tidings.take(session, database.now(session))
            if mail is None or not self._sent(self.engine.carriers[names[0]], mail):
                return tried
        return AT_ONCE if names else 0

    def _sent(self, channel: Channel, mail: Mail) -> bool:
        """Send one. What surely was not sent is tried again in the next round; what may have been is not."""
        try:
            self.engine.window.run(channel.send(self._written(mail)), WITHIN_S)
        except SendError as error:
            log.warning("tiding_not_sent", tiding=mail.id, reason=error.reason)
            if error.event is not Event.NOT_SENT:
                return True
            with self.engine.sessions.begin() as session:
                tidings.put_back(session, mail.id)
            return False
        except TimeoutError:
            log.warning("tiding_not_sent", tiding=mail.id, reason="timeout")
        return True

    def _written(self, mail: Mail) -> Outgoing:
        at = f"{mail.at.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"
        text = TEXT.format(what=WHAT[mail.what], at=at, office=self.office)
        message = Message(SUBJECT.format(office=self.office), text, "")
        return Outgoing(Key(0, NUMBERED_FROM + mail.id, 1), mail.to, message, "", 0)
