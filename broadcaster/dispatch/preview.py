"""What every channel will carry, made by the code that will send, and whom it reaches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ChannelName, CommunityAnswer, Content, RevisionKind
from broadcaster.directory import Directory
from broadcaster.dispatch import cap_document, plan, render, stamp, where
from broadcaster.dispatch.cap_document import Stamp
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.plan import Draft
from broadcaster.dispatch.render import Text, Work
from broadcaster.feeds import cap, receivers
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.receivers import Screen, Spoken
from broadcaster.feeds.shapes import Drawn
from broadcaster.messages.book import normal
from broadcaster.messages.bulletin import Page
from broadcaster.messages.edition import Edition
from broadcaster.messages.message import Message
from broadcaster.store import alerts, directory_load, residents, senders, texts
from broadcaster.store.alerts import Revision


@dataclass(frozen=True, slots=True)
class SmsText:
    """A text message as the people of one community will read it."""

    community: str
    name: str
    lang: str
    text: str
    encoding: str
    segments: int


@dataclass(frozen=True, slots=True)
class CallText:
    """A call as the landlines of one community will hear it, a line for each language that it is said in."""

    community: str
    name: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail as one agency will read it."""

    agency: str
    name: str
    message: Message


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people, and how long the carrier needs for them: `late` of them would come after the expiry. Beside
    them the landlines of the area, and the seconds that their calls take (0: no call goes out)."""

    people: int
    communities: int
    segments: int
    seconds: float
    late: int
    agencies: int
    landlines: int = 0
    call_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Preview:
    """What every channel will carry, made by the code that will send; `text_first` goes to those who cannot make
    voice calls, instead of `sms`."""

    kind: RevisionKind
    content: Content
    sms: list[SmsText]
    text_first: list[SmsText]
    calls: list[CallText]
    mails: list[MailText]
    desk_texts: list[MailText]
    lists: tuple[audience.AgencyList, ...]
    cap_xml: str
    findings: list[Finding]
    page: Page
    wea: list[Screen]
    eas: list[Spoken]
    area: Drawn
    reach: Reach
    unanswered: list[CommunityAnswer]
    stale: list[str]
    missing_languages: tuple[str, ...]
    hash: str = ""


def of_draft(
    session: Session, office: Office, directory: Directory, draft: Draft, now: datetime, *, mails: int | None = None
) -> Preview:
    """What every channel would carry if this draft were submitted now; `mails` bounds how many are worded."""
    work = plan.work_for(session, office, directory, draft, now)
    return _shown(session, work, render.texts(work, mails), stamp.of(session, work, now))


def of_frozen(session: Session, office: Office, directory: Directory, revision: Revision) -> Preview:
    """What a submitted revision carries, from its frozen rows: nothing is rendered again."""
    content = heart.content_from_json(revision.content)
    kind = RevisionKind(revision.kind)
    issued = revision.frozen_at or revision.made_at
    edition = Edition(kind, content, office.voice, issued, reference=revision.alert.public_id)
    told = tuple(answer.community for answer in content.answers)
    drawn = where.frozen(session, revision.id)
    work = Work(office, directory, edition, told, where.known(session, office.state_fips), drawn)
    codes = {key: code for code, key in directory_load.community_ids(session).items()}
    desks = {key: code for code, key in directory_load.agency_ids(session).items()}
    frozen = [
        Text(
            codes.get(row.community_id or 0) or desks.get(row.agency_id or 0) or render.EVERYBODY,
            row.lang,
            row.form,
            Message(row.subject, row.text, row.html),
            row.encoding,
            row.segments,
        )
        for form in ("sms", render.TEXT_FIRST, render.CALL, *render.OF_AGENCIES, "cap", "page")
        for row in texts.of_revision(session, revision.id, form)
    ]
    shown = _shown(session, work, frozen, stamp.of(session, work, issued, before=revision.no))
    document = alerts.document_of(session, revision.id)
    return replace(
        shown,
        hash=revision.hash or "",
        cap_xml=document.bytes.decode() if document else shown.cap_xml,
        findings=[plan.as_finding(plain) for plain in revision.findings],
    )


def _shown(session: Session, work: Work, made: Sequence[Text], stamped: Stamp) -> Preview:
    now = stamped.sent
    names = {community.code: community.name for community in (*work.directory.former, *work.directory.communities)}
    names |= {agency.code: agency.name for agency in work.directory.agencies}
    infos = [InfoTexts(**json.loads(text.message.text)) for text in made if text.form == "cap"]
    document, found = cap_document.judged(work, infos, stamped)
    page = next(text for text in made if text.form == "page")
    content = work.content
    return Preview(
        kind=work.edition.kind,
        content=content,
        sms=_to_phones(made, names, "sms"),
        text_first=_to_phones(made, names, render.TEXT_FIRST),
        calls=[CallText(t.audience, names[t.audience], t.lang, t.message.text) for t in made if t.form == render.CALL],
        mails=[MailText(t.audience, names.get(t.audience, t.audience), t.message) for t in made if t.form == "mail"],
        desk_texts=[
            MailText(t.audience, names.get(t.audience, t.audience), t.message)
            for t in made
            if t.form == render.DESK_SMS
        ],
        lists=audience.agency_lists(content, work.directory, work.told) if _is_mailed(content) else (),
        cap_xml=cap.serialise(document).decode(),
        findings=found,
        page=Page(page.message.subject, tuple(json.loads(page.message.text))),
        wea=receivers.screens(document),
        eas=receivers.spoken(document, _place_names(work), work.office.voice.timezone),
        area=work.drawn,
        reach=_reach(session, work, made, now),
        unanswered=_unanswered(work),
        stale=_stale(content, now.date()),
        missing_languages=tuple(lang for lang in dict.fromkeys(content.languages) if not normal(lang)),
    )


def _to_phones(made: Sequence[Text], names: Mapping[str, str], form: str) -> list[SmsText]:
    return [
        SmsText(one.audience, names[one.audience], one.lang, one.message.text, one.encoding, one.segments)
        for one in made
        if one.form == form
    ]


def _place_names(work: Work) -> dict[str, str]:
    return receivers.place_names(work.directory.counties, work.office.state_fips, work.office.voice.state_name)


def _unanswered(work: Work) -> list[CommunityAnswer]:
    without = set(audience.unanswered(work.content, work.directory))
    return [answer for answer in work.content.answers if answer.community in without]


def _stale(content: Content, today: date) -> list[str]:
    return [answer.community for answer in content.answers if answer.number and answer.number.is_stale(today)]


def _reach(session: Session, work: Work, made: Sequence[Text], now: datetime) -> Reach:
    ids = directory_load.community_ids(session)
    codes = [community.code for community in work.affected]
    people = residents.active_in(session, [ids[code] for code in codes if code in ids])
    sms = [text.segments for text in made if text.form == "sms" and text.lang == "en"]
    each = sum(sms) / len(sms) if sms else 0.0
    pace = senders.pace(session, ChannelName.SMS.value)
    seconds = people * each / pace if pace else 0.0
    life = max(0.0, (work.content.expires - now).total_seconds())
    late = max(0, round(people - life * pace / each)) if pace and each else 0
    agencies = len(audience.agencies(work.content, work.directory, work.told)) if _is_mailed(work.content) else 0
    lines = residents.active_in(session, [ids[code] for code in codes if code in ids], render.CALL)
    calls = senders.pace(session, render.CALL) if any(text.form == render.CALL for text in made) else 0.0
    return Reach(
        people=people,
        communities=len(codes),
        segments=round(people * each),
        seconds=seconds,
        late=late,
        agencies=agencies,
        landlines=lines,
        call_seconds=lines / calls if calls else 0.0,
    )


def _is_mailed(content: Content) -> bool:
    """Whether agencies are told at all: the mail stands for every way to them."""
    return ChannelName.EMAIL in content.channels
