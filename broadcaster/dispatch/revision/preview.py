"""What every channel will carry, made by the code that will send, and whom it reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ChannelName, CommunityAnswer, Content, RevisionKind
from broadcaster.directory import Directory
from broadcaster.dispatch.documents import cap_document, stamp
from broadcaster.dispatch.documents.cap_document import Stamp
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import plan, render, where, worded
from broadcaster.dispatch.revision.plan import Draft
from broadcaster.dispatch.revision.render import EVERYTHING, Look, Work
from broadcaster.dispatch.revision.worded import CallText, MailText, SmsText, Told, Words
from broadcaster.feeds import cap, receivers
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.receivers import Screen, Spoken
from broadcaster.feeds.shapes import Drawn, Outlines
from broadcaster.messages.book import normal
from broadcaster.messages.bulletin import Page
from broadcaster.messages.edition import Edition
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.fanout import senders
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents


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
    voice calls, instead of `sms`. `told` are all agencies that are told; of calls, and of mails and texts to agencies,
    there are those that were looked for (`render.Look`). `around` is the land that the area is drawn on."""

    kind: RevisionKind
    content: Content
    sms: list[SmsText]
    text_first: list[SmsText]
    calls: list[CallText]
    told: list[Told]
    mails: list[MailText]
    desk_texts: list[MailText]
    lists: tuple[audience.AgencyList, ...]
    cap_xml: str
    findings: list[Finding]
    page: Page
    wea: list[Screen]
    eas: list[Spoken]
    area: Drawn
    around: Outlines
    reach: Reach
    unanswered: list[CommunityAnswer]
    stale: list[str]
    missing_languages: tuple[str, ...]
    hash: str = ""


def of_draft(
    session: Session, office: Office, directory: Directory, draft: Draft, now: datetime, look: Look = EVERYTHING
) -> Preview:
    """What every channel would carry if this draft were submitted now."""
    work = plan.work_for(session, office, directory, draft, now)
    return _shown(session, work, worded.made(work, look), stamp.of(session, work, now))


def of_frozen(
    session: Session, office: Office, directory: Directory, revision: Revision, look: Look = EVERYTHING
) -> Preview:
    """What a submitted revision carries, from its frozen rows: nothing is rendered again."""
    content = heart.content_from_json(revision.content)
    kind = RevisionKind(revision.kind)
    issued = revision.frozen_at or revision.made_at
    edition = Edition(kind, content, office.voice, issued, reference=revision.alert.public_id)
    told = tuple(answer.community for answer in content.answers)
    drawn = where.frozen(session, revision.id)
    work = Work(office, directory, edition, told, where.known(session, office.state_fips), drawn)
    words = worded.frozen(session, work, revision.id, look)
    shown = _shown(session, work, words, stamp.of(session, work, issued, before=revision.no))
    document = alerts.document_of(session, revision.id)
    return replace(
        shown,
        hash=revision.hash or "",
        cap_xml=document.bytes.decode() if document else shown.cap_xml,
        findings=[plan.as_finding(plain) for plain in revision.findings],
    )


def _shown(session: Session, work: Work, words: Words, stamped: Stamp) -> Preview:
    document, found = cap_document.judged(work, words.infos, stamped)
    content, now = work.content, stamped.sent
    return Preview(
        kind=work.edition.kind,
        content=content,
        sms=words.sms,
        text_first=words.text_first,
        calls=words.calls,
        told=words.told,
        mails=words.mails,
        desk_texts=words.desk_texts,
        lists=audience.agency_lists(content, work.directory, work.told) if render.is_mailed(content) else (),
        cap_xml=cap.serialise(document).decode(),
        findings=found,
        page=words.page,
        wea=receivers.screens(document),
        eas=receivers.spoken(document, _place_names(work), work.office.voice.timezone),
        area=work.drawn,
        around=work.outlines,
        reach=_reach(session, work, words, now),
        unanswered=_unanswered(work),
        stale=_stale(content, now.date()),
        missing_languages=tuple(lang for lang in dict.fromkeys(content.languages) if not normal(lang)),
    )


def _place_names(work: Work) -> dict[str, str]:
    return receivers.place_names(work.directory.counties, work.office.state_fips, work.office.voice.state_name)


def _unanswered(work: Work) -> list[CommunityAnswer]:
    without = set(audience.unanswered(work.content, work.directory))
    return [answer for answer in work.content.answers if answer.community in without]


def _stale(content: Content, today: date) -> list[str]:
    return [answer.community for answer in content.answers if answer.number and answer.number.is_stale(today)]


def _reach(session: Session, work: Work, words: Words, now: datetime) -> Reach:
    ids = directory_load.community_ids(session)
    codes = [community.code for community in work.affected]
    people = residents.active_in(session, [ids[code] for code in codes if code in ids])
    sms = [text.segments for text in words.sms if text.lang == "en"]
    each = sum(sms) / len(sms) if sms else 0.0
    pace = senders.pace(session, ChannelName.SMS.value)
    seconds = people * each / pace if pace else 0.0
    life = max(0.0, (work.content.expires - now).total_seconds())
    late = max(0, round(people - life * pace / each)) if pace and each else 0
    agencies = len(work.agencies) if render.is_mailed(work.content) else 0
    lines = residents.active_in(session, [ids[code] for code in codes if code in ids], render.CALL)
    calls = senders.pace(session, render.CALL) if words.calls else 0.0
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
