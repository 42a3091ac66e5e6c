"""From which mail addresses the providers write to us, and what people have said of a mail that nobody proved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.agencies.provider_notices import NoticeVersion, Proof, ProviderNotice
from broadcaster.store.database import Base, identity
from broadcaster.store.outage.outages import Outage, OutageState


class ProviderSender(Base):
    """A provider writes from this address (``noc@host``), or from every address of this domain; in lower case."""

    __tablename__ = "provider_sender"
    __table_args__ = (UniqueConstraint("provider_key", "sender"),)
    id: Mapped[int] = identity()
    provider: Mapped[str]
    provider_key: Mapped[str]
    sender: Mapped[str]
    added_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class SenderJudgement(Base):
    """Somebody has asked the provider whether a word that nobody proved is theirs; `words` say whom, and how."""

    __tablename__ = "sender_judgement"
    version_id: Mapped[int] = mapped_column(ForeignKey("provider_notice_version.id"), primary_key=True)
    is_theirs: Mapped[bool]
    at: Mapped[datetime]
    by: Mapped[str]
    words: Mapped[str]


def every(session: Session) -> list[ProviderSender]:
    """Every known sender, by the provider's name."""
    query = select(ProviderSender).order_by(func.lower(ProviderSender.provider), ProviderSender.sender)
    return list(session.scalars(query))


def known(session: Session, address: str) -> list[ProviderSender]:
    """Whose address this is: of the providers that write from it, or from its domain itself and no other."""
    either = (address, address.rpartition("@")[2])
    query = select(ProviderSender).where(ProviderSender.sender.in_(either))
    return list(session.scalars(query.order_by(ProviderSender.id)))


def find(session: Session, provider_key: str, sender: str) -> ProviderSender | None:
    """This sender of this provider, if it is known."""
    query = select(ProviderSender).where(ProviderSender.provider_key == provider_key, ProviderSender.sender == sender)
    return session.scalars(query).one_or_none()


def judgements(session: Session, versions: Iterable[NoticeVersion]) -> dict[int, SenderJudgement]:
    """What people have said of these versions, by version."""
    ids = [version.id for version in versions]
    query = select(SenderJudgement).where(SenderJudgement.version_id.in_(ids))
    return {row.version_id: row for row in session.scalars(query)}


def sure(session: Session, versions: Sequence[NoticeVersion]) -> list[NoticeVersion]:
    """The versions that are surely the provider's: told to a person or a program, proved, or found to be theirs."""
    said = judgements(session, versions)
    return [one for one in versions if (said[one.id].is_theirs if one.id in said else one.is_sure)]


def possible(session: Session, versions: Sequence[NoticeVersion]) -> list[NoticeVersion]:
    """The versions of which nobody has found that they are somebody else's."""
    said = judgements(session, versions)
    return [one for one in versions if one.id not in said or said[one.id].is_theirs]


def doubtful(session: Session) -> list[tuple[ProviderNotice, Outage]]:
    """The notices about open outages that have a word which nobody proved or judged, the oldest first, each once."""
    unsure = NoticeVersion.proof.is_not(None) & (NoticeVersion.proof != Proof.PROVED.value)
    judged = select(SenderJudgement.version_id)
    waits = select(NoticeVersion.notice_id).where(unsure, NoticeVersion.id.not_in(judged))
    query = select(ProviderNotice, Outage).join(Outage, Outage.id == ProviderNotice.outage_id)
    query = query.where(Outage.state == OutageState.OPEN.value, ProviderNotice.id.in_(waits))
    return [(notice, outage) for notice, outage in session.execute(query.order_by(ProviderNotice.id))]
