"""A notice comes in: kept as a version of its ticket, tied to an outage, written into the record. The same once.

Nothing of it goes out by itself, and no line of the record or the ledger holds what was said in confidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.directory import Directory
from broadcaster.outage import record
from broadcaster.outage.notice import rule as rules
from broadcaster.outage.notice.area import mapped
from broadcaster.outage.notice.rule import Clock, Confidential, Notice, Open, Told
from broadcaster.outage.record import Facts, RecordRefused, Writer
from broadcaster.store import directory_load, ledger, outages, provider_notices
from broadcaster.store.database import public_id
from broadcaster.store.outages import Entry, Outage
from broadcaster.store.provider_notices import NoticeKind, NoticeVersion, ProviderNotice, Source
from broadcaster.store.sealed import Sealer

MOST_CARRIERS = 10
"""As many as the form of a record takes."""
WORDS = {Source.FORM: "by the form of the desk", Source.MAIL: "by mail", Source.API: "by the API"}
KINDS = {
    NoticeKind.INITIAL: "an initial notice",
    NoticeKind.UPDATE: "an update",
    NoticeKind.FINAL: "a final notice",
    None: "a notice",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a notice came, when we were told, and from whom, in words; which notice it goes on with and which outage it
    is about, where a person has said so."""

    source: Source
    at: datetime
    by: str
    notice: ProviderNotice | None = None
    outage: Outage | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was kept; `new` is False where the same words had come before, `outage` None where a person must look."""

    row: ProviderNotice
    version: NoticeVersion
    outage: Outage | None
    new: bool


@dataclass(frozen=True, slots=True)
class Intake:
    """Where notices are taken in: the key of what is sealed, and the name of the state."""

    sealer: Sealer
    state: str

    def take(self, writer: Writer, notice: Notice, arrival: Arrival) -> Taken:
        """Keep a notice, in the caller's transaction. One that cannot be read waits for a person."""
        said = notice.open
        if arrival.notice is not None:
            row = provider_notices.lock(writer.session, arrival.notice)
        else:
            row = provider_notices.locked(writer.session, _keys(said), said.provider, said.ticket)
        known = provider_notices.versions(writer.session, row.id)
        digest = self.sealer.index(f"notice:{notice.canonical()}")
        same = next((version for version in known if version.digest == digest), None)
        if same is not None:
            return Taken(row, same, _outage_of(writer.session, row), new=False)
        version = self._kept(writer.session, row, len(known) + 1, notice, arrival, digest)
        surely = arrival.outage is not None or (notice.is_readable and row.dismissed_at is None)
        if row.outage_id is None and surely:
            tie(writer, row, version, self.state, arrival.outage)
        outage = _outage_of(writer.session, row)
        _written(writer, row, version, outage)
        return Taken(row, version, outage, new=True)

    def _kept(
        self, session: Session, row: ProviderNotice, no: int, notice: Notice, arrival: Arrival, digest: bytes
    ) -> NoticeVersion:  # fmt: skip
        said = notice.open
        version = NoticeVersion(notice_id=row.id, no=no, digest=digest, kind=said.kind.value if said.kind else None)
        version.source, version.by, version.at = arrival.source.value, arrival.by, arrival.at
        version.provider, version.area, version.effect = said.provider, said.area, said.effect
        version.discovered_at, version.began, version.expected = said.discovered, said.began, said.expected
        version.services = list(said.services)
        version.confidential_enc = self.sealer.seal(notice.confidential.sealable(), _bound(row, no))
        session.add(version)
        session.flush()
        return version

    def opened(self, row: ProviderNotice, version: NoticeVersion) -> Confidential:
        """What a version says in confidence, for people of the desk and the answering points."""
        return Confidential.opened(self.sealer.open(version.confidential_enc, _bound(row, version.no)))


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


def newest(row: ProviderNotice, versions: list[NoticeVersion]) -> Open:
    """What is known by all versions of a notice: the newest word on each thing."""
    known = Open()
    for version in versions:
        said = open_part(row, version)
        known = replace(known, **{name: value for name in Open.__slots__ if (value := getattr(said, name))})
    return known


def tie(
    writer: Writer, row: ProviderNotice, version: NoticeVersion, state: str, given: Outage | None = None
) -> Outage:  # fmt: skip
    """Tie a notice to the outage that is given or to the one of its place, or begin a record with it.
    RecordRefused when it is tied."""
    if row.outage_id is not None:
        raise RecordRefused("This notice belongs to an outage already.")
    directory = directory_load.load(writer.session, agencies=False)
    said = open_part(row, version)
    area = mapped(said.area, directory, state).area
    facts = Facts(version.at, _from(said), rules.failure(said), area, _carriers(said), said.services)
    outage = given or record.fitting(record.living(writer.session, writer.now), area, directory)
    outage = outage or _of_carrier(writer.session, said)
    if outage is None:
        outage = record.begin(writer, facts)
    else:
        _add(writer, outage, facts)
    row.outage_id, row.dismissed_at, row.dismissed_by = outage.id, None, None
    writer.session.flush()
    return outage


def tie_by_hand(writer: Writer, row: ProviderNotice, state: str) -> Outage:
    """A person says that it is about an outage."""
    provider_notices.lock(writer.session, row)
    last = provider_notices.versions(writer.session, row.id)[-1]
    outage = tie(writer, row, last, state)
    _written(writer, row, last, outage)
    return outage


def dismiss(writer: Writer, row: ProviderNotice) -> None:
    """A person says that it is nothing for us; it stays in the ledger. RecordRefused when it is tied to an outage."""
    provider_notices.lock(writer.session, row)
    if row.outage_id is not None:
        raise RecordRefused("This notice belongs to an outage already: write what is wrong into its log.")
    row.dismissed_at, row.dismissed_by = writer.now, writer.user_id
    ledger.append(writer.session, writer.actor, "notice_dismissed", f"notice:{row.public_id}", {})


def clocks(session: Session, outage: Outage) -> list[Clock]:
    """The clocks of the providers of an outage, the one that runs out first in front."""
    told = [_told(session, row) for row in provider_notices.of_outage(session, outage.id)]
    since = outage.reopened_at or outage.known_at
    return sorted(rules.clocks(told, since, outage.carriers), key=lambda clock: clock.due)


def overdue(session: Session, outage: Outage, now: datetime) -> list[Clock]:
    """The clocks of an open outage that have run out without a word."""
    return [clock for clock in clocks(session, outage) if outage.is_open and clock.is_overdue(now)]


def placed(said: Open, directory: Directory, state: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """The area of a notice by the names of `Area`, and the words that name nothing here."""
    found = mapped(said.area, directory, state)
    return {name: getattr(found.area, name) for name in ("statewide", "counties", "communities", "psaps")}, found.missed


def _told(session: Session, row: ProviderNotice) -> Told:
    versions = provider_notices.versions(session, row.id)
    known = newest(row, versions)
    at = tuple(sorted(version.at for version in versions))  # one may be written down after a later one
    return Told(row.public_id, known.provider or row.provider, known.discovered, at, known.kind is NoticeKind.FINAL)


def _keys(said: Open) -> tuple[str, str]:
    """By which a notice is known again; without a ticket it is one of its own."""
    provider, ticket = rules.name_key(said.provider), rules.name_key(said.ticket)
    return provider, ticket or f"~{public_id()}"


def _bound(row: ProviderNotice, no: int) -> bytes:
    return f"notice:{row.public_id}:{no}".encode()


def _outage_of(session: Session, row: ProviderNotice) -> Outage | None:
    return session.get(Outage, row.outage_id) if row.outage_id else None


def _from(said: Open) -> str:
    return ", ".join(
        part for part in (said.provider or "a provider", f"ticket {said.ticket}" if said.ticket else "") if part
    )


def _carriers(said: Open) -> tuple[str, ...]:
    return (said.provider,) if said.provider else ()


def _of_carrier(session: Session, said: Open) -> Outage | None:
    """An open outage of the same carrier of which nobody knows where yet."""
    named = rules.name_key(said.provider)
    found = (one for one in outages.open_ones(session) if one.area.is_empty)
    return next((one for one in found if named and named in map(rules.name_key, one.carriers)), None)


def _add(writer: Writer, outage: Outage, facts: Facts) -> None:
    """What a provider adds to a record: its name, its services, and a place only where nobody had one."""
    known = record.facts_of(outage)
    names = set(map(rules.name_key, known.carriers))
    carriers = (*known.carriers, *(name for name in facts.carriers if rules.name_key(name) not in names))
    services = tuple(dict.fromkeys((*known.services, *facts.services)))[:MOST_CARRIERS]
    area = facts.area if known.area.is_empty else known.area
    record.change(writer, outage, replace(known, carriers=carriers[:MOST_CARRIERS], services=services, area=area))


def _written(writer: Writer, row: ProviderNotice, version: NoticeVersion, outage: Outage | None) -> None:
    kind = NoticeKind(version.kind) if version.kind else None
    ticket = f", ticket {row.ticket}" if row.ticket else ""
    words = f"{version.provider or 'A provider'} sent {KINDS[kind]} {WORDS[Source(version.source)]}{ticket}."
    if outage is not None:
        record.note(writer, outage, words, min(version.at, writer.now), Entry.NOTICE)
    said = {"no": version.no, "kind": version.kind, "source": version.source, "digest": version.digest.hex()}
    ledger.append(writer.session, writer.actor, "notice_received", f"notice:{row.public_id}", said)
