"""Providers' notices that arrive by mail, read one after the other by the sweep: the mailbox of NOTICE_MAILBOX."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.outage.notice import mail as notice_mail
from broadcaster.outage.notice.intake import Arrival, Intake, Taken
from broadcaster.outage.notice.mail import Mailed, NoMail
from broadcaster.outage.notice.rule import Notice, name_key
from broadcaster.outage.record import Writer
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.agencies import provider_senders
from broadcaster.store.agencies.provider_notices import Proof, Source
from broadcaster.store.sealed import Sealer

log = logs.get(__name__)
ACTOR = "mail:notices"


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Reads a mail, and keeps what it says; hours without a zone are of `zone`, `relay` is the authserv-id of our own
    mail relay, by whose word alone a sender is proved."""

    intake: Intake
    zone: ZoneInfo
    relay: str = ""

    @classmethod
    def of(cls, settings: Settings, sealer: Sealer) -> NoticeReader:
        """For an installation."""
        return cls(Intake(sealer, settings.state_name), ZoneInfo(settings.timezone), settings.notice_authserv_id)

    def take(self, session: Session, raw: bytes) -> Taken | None:
        """Keep a mail in the caller's transaction, wholly or not at all; None for what a machine sent by itself."""
        now = database.now(session).replace(microsecond=0)
        try:
            mailed = notice_mail.read(raw, self.zone, now, self.relay)
        except NoMail as error:
            log.info("mail_is_no_notice", why=error.why)
            return None
        with session.begin_nested():
            writer = Writer(session, ACTOR, "Mail to the desk", now)
            proof, notice = whose(session, mailed)
            arrival = Arrival(Source.MAIL, mailed.received or now, mailed.sender, proof=proof)
            taken = self.intake.take(writer, notice, arrival)
        log.info("notice_mailed", notice=taken.row.public_id, no=taken.version.no, new=taken.new, proof=proof.value)
        return taken


def whose(session: Session, mailed: Mailed) -> tuple[Proof, Notice]:
    """Whether a mail is proved to be the provider's that it speaks for; a text that names none is of the provider that
    writes from there."""
    notice, author = mailed.notice, mailed.author
    if author.proof is not Proof.PROVED:
        return author.proof, notice
    known = {sender.provider_key: sender.provider for sender in provider_senders.known(session, author.address)}
    if not known:
        return Proof.STRANGER, notice
    if not mailed.names_provider and len(known) == 1:
        [provider] = known.values()
        return Proof.PROVED, replace(notice, open=replace(notice.open, provider=provider))
    return (Proof.PROVED if name_key(notice.open.provider) in known else Proof.OTHER), notice
