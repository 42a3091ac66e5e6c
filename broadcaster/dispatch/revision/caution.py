"""The facts that the guards judge: audiences so far, other alerts in the same places, the preview's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert.alert import ENDINGS, NUMBERED, Area, ChannelName, content_from_json
from broadcaster.alert.guards import Earlier, Facts
from broadcaster.alert.lifecycle import AlertKind, AlertState, Tier
from broadcaster.directory import Directory, UnknownCommunity
from broadcaster.dispatch.revision.preview import Preview
from broadcaster.dispatch.revision.worded import SmsText
from broadcaster.messages.book import ENGLISH_NAMES
from broadcaster.store.alerting import areas
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.places import unverified

OUT = ("released", "held")


def facts(session: Session, directory: Directory, preview: Preview, alert: Alert, now: datetime) -> Facts:
    """What is unusual about a previewed revision, and what stands beside it; an ending is compared with nothing."""
    names = _names(directory)
    reach = preview.reach
    is_ending = preview.kind in ENDINGS
    numbered = preview.kind in NUMBERED
    return Facts(
        people=reach.people if ChannelName.SMS in preview.content.channels else 0,
        before=() if is_ending else audiences(session, but=alert.id),
        seconds=reach.seconds,
        each=reach.segments / reach.people if reach.people else 1.0,
        long_languages=longer(preview.sms),
        unanswered=[
            f"{names[each.community]} ({each.number.display if each.number else 'nearest fire or police station'})"
            for each in preview.unanswered
            if numbered
        ],
        stale=[names[code] for code in preview.stale if numbered],
        unverified=_unverified(session, preview, now),
        untranslated=[ENGLISH_NAMES.get(lang, lang) for lang in preview.missing_languages],
        spill=preview.area.spill.sentence if preview.area.spill.km2 >= 1 else "",
        earlier=earlier(session, directory, preview, alert, now),
        is_ending=is_ending,
        is_test=alert.kind == AlertKind.TEST,
    )


def _unverified(session: Session, preview: Preview, now: datetime) -> list[str]:
    """The agencies that are told and of whose contacts one was not verified within a year, by name."""
    told = dict(preview.told)
    return [told[code] for code in unverified.contacts(session, told, now.date())]


def audiences(session: Session, but: int = 0) -> list[int]:
    """How many people each alert and each test was planned for by text, as far as that is counted; `but` one alert."""
    query = (
        select(func.max(Fanout.planned))
        .join(Revision, Revision.id == Fanout.revision_id)
        .where(Fanout.channel == "sms", Fanout.tier == Tier.PUBLIC.value, Fanout.purpose == "alert")
        .where(Fanout.planned > 0, Revision.alert_id != but)
        .group_by(Revision.alert_id)
    )
    return [most for most in session.scalars(query) if most]


def longer(texts: Sequence[SmsText]) -> list[tuple[str, int]]:
    """Languages whose longest text takes more segments than the longest English one, with how many, most first."""
    most: dict[str, int] = {}
    for text in texts:
        most[text.lang] = max(most.get(text.lang, 0), text.segments)
    english = most.get("en", 1)
    found = [(ENGLISH_NAMES.get(lang, lang), many) for lang, many in most.items() if many > english]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def earlier(session: Session, directory: Directory, preview: Preview, alert: Alert, now: datetime) -> list[Earlier]:
    """The other open alerts that speak in a community of this one, the longest known first; a test is none."""
    here = set(_inside(directory, preview.content.area))
    query = select(Alert).where(Alert.state == AlertState.OPEN.value, Alert.kind == AlertKind.OUTAGE.value)
    query = query.where(Alert.id != alert.id)
    names, found = _names(directory), []
    for other in session.scalars(query.order_by(Alert.known_since, Alert.id)):
        last = _last_out(session, other)
        if last is None:
            continue
        content = content_from_json(last.content)
        shared = [code for code in _inside(directory, content.area) if code in here and code not in content.restored]
        if shared:
            found.append(
                Earlier(
                    alert=other.public_id,
                    place=areas.place(session, content.area),
                    shared=[names[code] for code in shared],
                    since=other.known_since,
                    heard=_public_heard(session, other),
                    ended=content.expires <= now,
                )
            )
    return found


def _names(directory: Directory) -> dict[str, str]:
    return {community.code: community.name for community in (*directory.former, *directory.communities)}


def _inside(directory: Directory, area: Area) -> Sequence[str]:
    """The communities of an area; of one that names a place which is gone since, those that it can still mean."""
    try:
        return audience.affected(area, directory)
    except UnknownCommunity:
        known = {community.code for community in directory.communities}
        return tuple(code for code in area.communities if code in known)


def _last_out(session: Session, alert: Alert) -> Revision | None:
    query = (
        select(Revision)
        .join(Release)
        .where(Revision.alert_id == alert.id, Release.state.in_(OUT))
        .order_by(Revision.no.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def _public_heard(session: Session, alert: Alert) -> bool:
    query = select(Release.id).join(Revision).where(Revision.alert_id == alert.id, Release.state.in_(OUT))
    return session.scalars(query.where(Release.tier == Tier.PUBLIC.value).limit(1)).first() is not None
