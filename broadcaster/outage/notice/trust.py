"""Which words of a notice count: those that are surely the provider's.

A mail whose sender nobody has proved is kept and shown, and fills in nothing by itself until somebody has asked the
provider; where it is the only word there is, an officer may use it, marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from broadcaster.outage.notice.rule import Open
from broadcaster.outage.record import RecordRefused, Writer
from broadcaster.said import Said
from broadcaster.store.agencies import provider_notices, provider_senders
from broadcaster.store.agencies.provider_notices import NoticeKind, NoticeVersion, Proof, ProviderNotice
from broadcaster.store.agencies.provider_senders import SenderJudgement
from broadcaster.store.timeline import ledger

NOT_PROVED = "Sender not proved"
"""The mark that such a word bears wherever it is used."""
WHY = {
    Proof.PROVED: "",
    Proof.NOT_SET_UP: Said("This installation does not know the name of its mail relay (NOTICE_AUTHSERV_ID)."),
    Proof.NOT_SAID: Said("Our mail relay says nothing of its sender."),
    Proof.FAILED: Said("Our mail relay could not confirm that it comes from the address that it names."),
    Proof.STRANGER: Said("The sender is who it says, and no known address of a provider."),
    Proof.OTHER: Said("The sender is who it says, and not known to write for the provider that it names."),
}
RELAY = Said("our mail relay")
AGAIN = Said("The same words came once more, and their sender is proved.")


def open_part(row: ProviderNotice, version: NoticeVersion) -> Open:
    """What a draft may be filled from."""
    return Open(
        provider=version.provider or row.provider,
        ticket=row.ticket,
        kind=NoticeKind(version.kind) if version.kind else None,
        discovered=version.discovered_at,
        began=version.began,
        expected=version.expected,
        services=tuple(version.services),
        area=version.area,
        effect=version.effect,
    )


def newest(row: ProviderNotice, versions: Sequence[NoticeVersion]) -> Open:
    """What is known by these versions of a notice, oldest first: the newest word on each thing."""
    known = Open()
    for version in versions:
        said = open_part(row, version)
        known = replace(known, **{name: value for name in Open.__slots__ if (value := getattr(said, name))})
    return known


def relied_on(session: Session, row: ProviderNotice) -> list[NoticeVersion]:
    """The versions that count, oldest first: those that are surely the provider's. Where there is none, those of which
    nobody has found that they are not: a person who uses them has read the mark."""
    versions = provider_notices.versions(session, row.id)
    return provider_senders.sure(session, versions) or provider_senders.possible(session, versions)


def is_proved(session: Session, versions: Sequence[NoticeVersion]) -> bool:
    """Whether each of these versions is surely the provider's."""
    return len(provider_senders.sure(session, versions)) == len(versions)


def judge(writer: Writer, row: ProviderNotice, no: int, words: str, *, is_theirs: bool) -> NoticeVersion:
    """Somebody has asked the provider: a version is theirs or it is not. RecordRefused without words, for a version
    that needs no judgement, or has one."""
    session = writer.session
    provider_notices.lock(session, row)
    version = next((one for one in provider_notices.versions(session, row.id) if one.no == no), None)
    if version is None or version.is_sure:
        raise RecordRefused(Said("Nobody has to confirm this word: read the newest one."))
    if session.get(SenderJudgement, version.id) is not None:
        raise RecordRefused(Said("Somebody has asked the provider already: read what they wrote."))
    if not words.strip():
        raise RecordRefused(Said("Write whom you called, and at which number that you knew before."))
    _keep(writer, row, version, words.strip(), is_theirs=is_theirs)
    return version


def proved_later(writer: Writer, row: ProviderNotice, version: NoticeVersion) -> None:
    """The same words came again, proved: they are theirs, whatever was thought of the first copy."""
    session = writer.session
    if earlier := session.get(SenderJudgement, version.id):
        session.delete(earlier)
        session.flush()
    _keep(replace(writer, name=RELAY), row, version, AGAIN, is_theirs=True)


def _keep(writer: Writer, row: ProviderNotice, version: NoticeVersion, words: str, *, is_theirs: bool) -> None:
    made = SenderJudgement(version_id=version.id, is_theirs=is_theirs, at=writer.now, by=writer.name, words=words)
    writer.session.add(made)
    writer.session.flush()
    said = {"no": version.no, "is_theirs": is_theirs, "words": words}
    ledger.append(writer.session, writer.actor, "notice_judged", f"notice:{row.public_id}", said)
