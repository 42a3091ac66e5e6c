"""A notice comes in: kept as a version of its ticket, tied to an outage, written into the record. The same once.

Nothing of it goes out by itself, and no line of the record or the ledger holds what was said in confidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.directory import Directory
from broadcaster.outage import record
from broadcaster.outage.notice import joining, trust
from broadcaster.outage.notice import rule as rules
from broadcaster.outage.notice.area import mapped
from broadcaster.outage.notice.rule import Confidential, Notice, Open
from broadcaster.outage.record import Facts, RecordRefused, Writer
from broadcaster.said import Said
from broadcaster.store.agencies import provider_notices, provider_senders
from broadcaster.store.agencies.provider_notices import NoticeKind, NoticeVersion, Proof, ProviderNotice, Source
from broadcaster.store.database import public_id
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Entry, Outage
from broadcaster.store.places import directory_load
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

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
    is about, where a person has said so; of a mail whether its sender is proved."""

    source: Source
    at: datetime
    by: str
    notice: ProviderNotice | None = None
    outage: Outage | None = None
    proof: Proof | None = None

    @property
    def is_sure(self) -> bool:
        """Whether it came from the provider itself."""
        return self.proof in (None, Proof.PROVED)


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
        row, why = self._place(writer, notice.open, arrival)
        known = provider_notices.versions(writer.session, row.id)
        digest = self.sealer.index(f"notice:{notice.canonical()}")
        same = next((version for version in known if version.digest == digest), None)
        if same is not None and (same.is_sure or not arrival.is_sure):
            return Taken(row, same, _outage_of(writer.session, row), new=False)
        version = same or self._kept(writer.session, row, notice, arrival, digest)
        version.joined = why
        if arrival.is_sure and row.dismissed_at and not provider_senders.sure(writer.session, known):
            row.dismissed_at = row.dismissed_by = None  # what was put aside was nobody's word
        if same is not None:
            trust.proved_later(writer, row, same)
        surely = notice.is_readable and row.dismissed_at is None and arrival.is_sure
        if row.outage_id is None and (surely or arrival.outage is not None):
            tie(writer, row, version, self.state, arrival.outage)
        outage = _outage_of(writer.session, row)
        _written(writer, row, version, outage)
        return Taken(row, version, outage, new=same is None)

    def _place(self, writer: Writer, said: Open, arrival: Arrival) -> tuple[ProviderNotice, str]:
        """The notice that a word belongs to, locked, and the sentence that says why where a machine has found it."""
        session = writer.session
        if arrival.notice is not None:
            return provider_notices.lock(session, arrival.notice), ""
        if not said.ticket and arrival.is_sure:
            ledger.hold(session)  # of two at once the second sees the first
            earlier = joining.earlier(session, said, arrival.at, self.state)
            if earlier and (arrival.outage is None or earlier.notice.outage_id in (None, arrival.outage.id)):
                return provider_notices.lock(session, earlier.notice), earlier.why
        return provider_notices.locked(session, _keys(said), said.provider, said.ticket), ""

    def _kept(
        self, session: Session, row: ProviderNotice, notice: Notice, arrival: Arrival, digest: bytes
    ) -> NoticeVersion:  # fmt: skip
        said, no = notice.open, provider_notices.next_no(session, row.id)
        version = NoticeVersion(notice_id=row.id, no=no, digest=digest, kind=said.kind.value if said.kind else None)
        version.proof = arrival.proof.value if arrival.proof else None
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


def tie(
    writer: Writer, row: ProviderNotice, version: NoticeVersion, state: str, given: Outage | None = None
) -> Outage:  # fmt: skip
    """Tie a notice to the outage that is given or to the one of its place, or begin a record with it.
    RecordRefused when it is tied."""
    if row.outage_id is not None:
        raise RecordRefused(Said("This notice belongs to an outage already."))
    directory = directory_load.load(writer.session, agencies=False)
    said = trust.open_part(row, version)
    area = mapped(said.area, directory, state).area
    facts = Facts(
        version.at,
        _from(said, proved=trust.is_proved(writer.session, [version])),
        rules.failure(said),
        area,
        _carriers(said),
        said.services,
    )
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
    """A person says that it is about an outage. RecordRefused when none of it is the provider's, or it is tied."""
    provider_notices.lock(writer.session, row)
    last = next(reversed(trust.relied_on(writer.session, row)), None)
    if last is None:
        raise RecordRefused(Said("The provider has said that none of this is theirs: there is nothing to go on with."))
    outage = tie(writer, row, last, state)
    _written(writer, row, last, outage)
    return outage


def judge(
    writer: Writer, row: ProviderNotice, no: int, words: str, state: str, *, is_theirs: bool
) -> Outage | None:  # fmt: skip
    """A person has asked the provider whether a word is theirs. What is goes on as if it had been proved; what is not
    is used for nothing. RecordRefused as `trust.judge` says."""
    version = trust.judge(writer, row, no, words, is_theirs=is_theirs)
    said = trust.open_part(row, version)
    if row.outage_id is None and is_theirs and (said.provider or said.ticket) and said.says_something:
        tie(writer, row, version, state)
    outage = _outage_of(writer.session, row)
    if outage is not None:
        who = f"{said.provider or 'The provider'}, asked whether word {version.no} is theirs:"
        record.note(writer, outage, f"{who} {'yes' if is_theirs else 'no'}. {words.strip()}", what=Entry.NOTICE)
    elif not is_theirs and not trust.relied_on(writer.session, row):
        dismiss(writer, row)
    return outage


def separate(writer: Writer, intake: Intake, row: ProviderNotice, no: int) -> ProviderNotice:
    """A person says that a word that was joined to a notice is about another thing: it becomes a notice of its own,
    about the same outage. RecordRefused when nobody has joined it."""
    session = writer.session
    provider_notices.lock(session, row)
    version = next((one for one in provider_notices.versions(session, row.id) if one.no == no and one.joined), None)
    if version is None:
        raise RecordRefused(Said("This word stands on its own already, or was never joined to another."))
    secret = intake.opened(row, version)
    made = provider_notices.locked(session, (row.provider_key, f"~{public_id()}"), row.provider, "")
    made.outage_id = row.outage_id
    version.notice_id, version.no, version.joined = made.id, 1, ""
    version.confidential_enc = intake.sealer.seal(secret.sealable(), _bound(made, 1))
    session.flush()
    said = {"no": no, "from": row.public_id}
    ledger.append(session, writer.actor, "notice_separated", f"notice:{made.public_id}", said)
    if (outage := _outage_of(session, row)) is not None:
        words = f"A word of {row.provider} was separated from its earlier notice: it is one of its own."
        record.note(writer, outage, words, what=Entry.NOTICE)
    return made


def dismiss(writer: Writer, row: ProviderNotice) -> None:
    """A person says that it is nothing for us; it stays in the ledger. RecordRefused when it is tied to an outage."""
    provider_notices.lock(writer.session, row)
    if row.outage_id is not None:
        raise RecordRefused(Said("This notice belongs to an outage already: write what is wrong into its log."))
    row.dismissed_at, row.dismissed_by = writer.now, writer.user_id
    ledger.append(writer.session, writer.actor, "notice_dismissed", f"notice:{row.public_id}", {})


def placed(said: Open, directory: Directory, state: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """The area of a notice by the names of `Area`, and the words that name nothing here."""
    found = mapped(said.area, directory, state)
    return {name: getattr(found.area, name) for name in ("statewide", "counties", "communities", "psaps")}, found.missed


def _keys(said: Open) -> tuple[str, str]:
    """By which a notice is known again; without a ticket it is one of its own."""
    provider, ticket = rules.name_key(said.provider), rules.name_key(said.ticket)
    return provider, ticket or f"~{public_id()}"


def _bound(row: ProviderNotice, no: int) -> bytes:
    return f"notice:{row.public_id}:{no}".encode()


def _outage_of(session: Session, row: ProviderNotice) -> Outage | None:
    return session.get(Outage, row.outage_id) if row.outage_id else None


def _from(said: Open, *, proved: bool) -> str:
    ticket, mark = f"ticket {said.ticket}" if said.ticket else "", "" if proved else trust.NOT_PROVED.lower()
    return ", ".join(part for part in (said.provider or "a provider", ticket, mark) if part)


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
    if not trust.is_proved(writer.session, [version]):
        words = f"{words} {trust.NOT_PROVED}: ask the provider before you rely on it."
    if version.joined:
        words = f"{words} {version.joined}"
    if outage is not None:
        record.note(writer, outage, words, min(version.at, writer.now), Entry.NOTICE)
    said = {"no": version.no, "kind": version.kind, "source": version.source, "digest": version.digest.hex()}
    said |= {"proof": version.proof} if version.proof else {}
    said |= {"joined": version.joined} if version.joined else {}
    ledger.append(writer.session, writer.actor, "notice_received", f"notice:{row.public_id}", said)
