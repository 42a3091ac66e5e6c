"""Providers' notices that arrive by mail, read one after the other by the sweep: the mailbox of NOTICE_MAILBOX."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.outage.notice import mail as notice_mail
from broadcaster.outage.notice.intake import Arrival, Intake, Taken
from broadcaster.outage.notice.mail import NoMail
from broadcaster.outage.record import Writer
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.provider_notices import Source
from broadcaster.store.sealed import Sealer

log = logs.get(__name__)
ACTOR = "mail:notices"


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Reads a mail, and keeps what it says; hours without a zone are of `zone`."""

    intake: Intake
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings, sealer: Sealer) -> NoticeReader:
        """For an installation."""
        return cls(Intake(sealer, settings.state_name), ZoneInfo(settings.timezone))

    def take(self, session: Session, raw: bytes) -> Taken | None:
        """Keep a mail in the caller's transaction, wholly or not at all; None for what a machine sent by itself."""
        now = database.now(session).replace(microsecond=0)
        try:
            mailed = notice_mail.read(raw, self.zone, now)
        except NoMail as error:
            log.info("mail_is_no_notice", why=error.why)
            return None
        with session.begin_nested():
            writer = Writer(session, ACTOR, "Mail to the desk", now)
            arrival = Arrival(Source.MAIL, mailed.received or now, mailed.sender)
            taken = self.intake.take(writer, mailed.notice, arrival)
        log.info("notice_mailed", notice=taken.row.public_id, no=taken.version.no, new=taken.new)
        return taken
