"""A provider's notice by the API: what 47 CFR 4.9(h) asks for, of which any part may be missing."""

from __future__ import annotations

from typing import Annotated, cast

from pydantic import AwareDatetime, BaseModel, Field

from broadcaster.alert.alert import Problem
from broadcaster.messages.template import plain
from broadcaster.outage.notice import clocks as notice_clocks
from broadcaster.outage.notice import trust
from broadcaster.outage.notice.fields import MOST_SERVICES
from broadcaster.outage.notice.intake import Arrival
from broadcaster.outage.notice.rule import LONGEST, Confidential, Notice, Open
from broadcaster.store.agencies import provider_notices
from broadcaster.store.agencies.provider_notices import NoticeKind, NoticeVersion, ProviderNotice, Source
from broadcaster.store.outage.outages import Outage
from broadcaster.web.api import models as m
from broadcaster.web.api.calls import Call
from broadcaster.web.api.problem import Refused
from broadcaster.web.notices import form
from broadcaster.web.notices import shown as notice_shown
from broadcaster.web.outages import hanging
from broadcaster.web.signin.guard import person

Words = Annotated[str, Field(max_length=LONGEST)]
Name = Annotated[str, Field(max_length=200)]


class ContactIn(m.In):
    """Whom to call at the provider."""

    name: Name = ""
    phone: Name = ""
    email: Name = ""


class NoticeIn(m.In):
    """A notice. `provider` and `ticket` name it: the same two again are a further version. Everything else may be
    missing; `contact`, `cause`, `nors_number`, `circuits` and `user_minutes` never reach a public text."""

    provider: Name = ""
    ticket: Name = ""
    kind: NoticeKind | None = None
    discovered: m.Moment | None = None
    began: m.Moment | None = None
    expected_restoration: m.Moment | None = None
    services: list[Name] = Field(default_factory=list, max_length=MOST_SERVICES)
    area: Words = ""
    effect: Words = ""
    contact: ContactIn = ContactIn()
    cause: Words = ""
    nors_number: Name = ""
    circuits: Words = ""
    user_minutes: Name = ""


class ClockOut(BaseModel):
    """A clock of the provider: `notice` runs 30 minutes from its discovery, `follow_up` 2 hours from its first word."""

    name: str
    due: AwareDatetime
    met: AwareDatetime | None
    overdue: bool


class NoticeOut(BaseModel):
    """A notice that is kept: its newest version, the outage it is about, and its clocks. What was said in confidence is
    not repeated. `sender_proved` is null where the newest version came by no mail; `joined` says why a word without a
    ticket became a version of this notice."""

    id: str
    outage: str | None
    provider: str
    ticket: str
    version: int
    kind: str | None
    sender_proved: bool | None
    joined: str
    clocks: list[ClockOut]


def notify(call: Call) -> NoticeOut:
    """A provider's notice of an outage; it opens or joins the record of one, and nothing goes out by itself."""
    body = cast(NoticeIn, call.body)
    notice = _notice(body)
    if not notice.is_readable:
        raise Refused(Problem("provider", form.NOTHING))
    arrival = Arrival(Source.API, call.actor.now, person().name)
    taken = notice_shown.intake().take(hanging.writer(call.store), notice, arrival)
    return _told(call, taken.row, taken.version)


def notice(call: Call) -> NoticeOut:
    """A notice as it stands."""
    row = notice_shown.found(call.store, call.alert)
    return _told(call, row, provider_notices.versions(call.store, row.id)[-1])


def _notice(body: NoticeIn) -> Notice:
    opened = Open(
        provider=plain(body.provider),
        ticket=plain(body.ticket),
        kind=body.kind,
        discovered=body.discovered,
        began=body.began,
        expected=body.expected_restoration,
        services=tuple(filter(None, map(plain, body.services))),
        area="\n".join(filter(None, map(plain, body.area.splitlines()))),
        effect=plain(body.effect),
    )
    secret = Confidential(
        contact_name=plain(body.contact.name),
        contact_phone=plain(body.contact.phone),
        contact_email=plain(body.contact.email),
        cause=plain(body.cause),
        nors=plain(body.nors_number),
        circuits=plain(body.circuits),
        user_minutes=plain(body.user_minutes),
    )
    return Notice(opened, secret)


def _told(call: Call, row: ProviderNotice, version: NoticeVersion) -> NoticeOut:
    outage = call.store.get(Outage, row.outage_id) if row.outage_id else None
    own = [one for one in (notice_clocks.clocks(call.store, outage) if outage else []) if one.about == row.public_id]
    now = call.actor.now
    return NoticeOut(
        id=row.public_id,
        outage=outage.public_id if outage else None,
        provider=row.provider,
        ticket=row.ticket,
        version=version.no,
        kind=version.kind,
        sender_proved=trust.is_proved(call.store, [version]) if version.proof else None,
        joined=version.joined,
        clocks=[ClockOut(name=one.name, due=one.due, met=one.met, overdue=one.is_overdue(now)) for one in own],
    )
