"""A provider's notice as the desk shows it: its versions, its clocks, whom it concerns, as a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import abort
from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area, Certainty
from broadcaster.directory import Agency, AgencyRole, Directory
from broadcaster.dispatch.telling import notice_chase
from broadcaster.messages.book import languages
from broadcaster.outage import record
from broadcaster.outage.notice import clocks as notice_clocks
from broadcaster.outage.notice import rule as rules
from broadcaster.outage.notice import trust
from broadcaster.outage.notice.intake import Intake
from broadcaster.outage.notice.rule import Clock, Confidential, Open
from broadcaster.outage.notice.words import PassedOn
from broadcaster.said import Said
from broadcaster.settings import Mode
from broadcaster.store.agencies import provider_notices, provider_senders
from broadcaster.store.agencies.provider_notices import NoticeVersion, Proof, ProviderNotice
from broadcaster.store.agencies.provider_senders import SenderJudgement
from broadcaster.store.alerting import areas
from broadcaster.store.alerting.drafts import Fields
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.web.form import typed as form_typed
from broadcaster.web.form.typed import Typed
from broadcaster.web.house import house
from broadcaster.web.outages import hanging


@dataclass(frozen=True, slots=True)
class Shown:
    """One version: what may be said on, what was said in confidence, and whether it is surely the provider's: why not
    (``""`` where it is), and what somebody has heard who asked the provider."""

    version: NoticeVersion
    said: Open
    secret: Confidential
    doubt: str
    judged: SenderJudgement | None


@dataclass(frozen=True, slots=True)
class Owed:
    """A clock of an open outage that has run out."""

    outage: str
    place: str
    clock: Clock


def intake() -> Intake:
    """Where notices are taken in."""
    return Intake(house().sealer, house().settings.state_name)


def found(store: Session, notice: str) -> ProviderNotice:
    """The notice of this address, or 404."""
    row = provider_notices.by_public_id(store, notice)
    if row is None:
        abort(404, description=Said("There is no notice at this address: start from the list of outages."))
    return row


def versions(store: Session, row: ProviderNotice) -> list[Shown]:
    """Every version, the newest first."""
    kept = provider_notices.versions(store, row.id)
    opened, judged = intake(), provider_senders.judgements(store, kept)
    return [
        Shown(
            version=one,
            said=trust.open_part(row, one),
            secret=opened.opened(row, one),
            doubt=trust.WHY[Proof(one.proof)] if one.proof else "",
            judged=judged.get(one.id),
        )
        for one in reversed(kept)
    ]


def on_its_way(store: Session, row: ProviderNotice, versions: Sequence[NoticeVersion]) -> notice_chase.Said:
    """What these versions say by now, oldest first, in the words for answering points."""
    voice = house().office.voice
    words = PassedOn(
        authority=voice.authority,
        office=voice.authority_short,
        zone=house().zone,
        said=trust.newest(row, versions),
        confidential=intake().opened(row, versions[-1]),
        practice=house().office.mode is Mode.TRAINING,
        is_proved=trust.is_proved(store, versions),
    )
    return notice_chase.Said(words.mail(), words.call(), words.text())


def owed(store: Session) -> list[Owed]:
    """Every clock of a provider that has run out without a word, over all open outages."""
    now: datetime = house().clock()
    return [
        Owed(outage.public_id, areas.place(store, outage.area) or Said("nobody knows where yet"), clock)
        for outage in outages.open_ones(store)
        for clock in notice_clocks.overdue(store, outage, now)
    ]


def concerned(directory: Directory, outage: Outage | None, area: Area) -> list[Agency]:
    """The answering points that a notice concerns: those of its own places and of its outage's."""
    places = {code for one in (area, outage.area if outage else area) for code in record.communities(one, directory)}
    return [one for one in directory.agencies_for(sorted(places)) if one.role is AgencyRole.PSAP] if places else []


def as_draft(key: str, said: Open, area: dict[str, object], outage: Outage | None) -> Fields:
    """The form of an alert as a notice fills it. What was said in confidence cannot come in here: `said` has none."""
    now, zone = house().clock(), house().zone
    typed = replace(
        form_typed.blank(now, zone, languages()),
        failure=rules.failure(said).value,
        provider=said.provider if rules.failure(said) == "one_carrier" else "",
        certainty=Certainty.REPORTED.value,
        began=form_typed.local(said.began or said.discovered or now, zone),
        expected_restoration=form_typed.local(_expected(said), zone),
        **area,  # type: ignore[arg-type]
    )
    known = hanging.known_since(outage) if outage else now
    kept = {name: _values(getattr(typed, name)) for name in Typed.__slots__ if name != "confirmations"}
    more = {"draft": [key], "known": [known.isoformat()], "outage": [outage.public_id] if outage else []}
    return {name: values for name, values in {**kept, **more}.items() if values}


def _expected(said: Open) -> datetime | None:
    """When it is back, unless that contradicts when it began: the form would refuse both."""
    if said.expected and said.began and said.expected <= said.began:
        return None
    return said.expected


def _values(value: object) -> list[str]:
    if isinstance(value, bool):
        return ["1"] if value else []
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return [str(value)] if value else []
