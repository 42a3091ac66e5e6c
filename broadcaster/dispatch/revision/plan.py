"""Submit: the same rendering that the preview shows, frozen; what is approved is what was shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ENDINGS, Content, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.directory import Directory
from broadcaster.dispatch.documents import cap_document, stamp
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import beside, render, where
from broadcaster.dispatch.revision.render import Text, Work
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.finding import Concern, Finding, Level
from broadcaster.messages.edition import Edition
from broadcaster.messages.volume import RESIDENTS
from broadcaster.settings import Mode
from broadcaster.store.alerting import alerts, texts, wordings
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.fanout import senders
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents

TEXTS = frozenset({"sms", render.TEXT_FIRST, render.CALL})
"""The forms that go to the phones of a community."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A revision that is not frozen yet; `alert` is None until the first one is saved."""

    alert: Alert | None
    kind: RevisionKind
    content: Content


def work_for(session: Session, office: Office, directory: Directory, draft: Draft, now: datetime) -> Work:
    """What is to be rendered for a draft at this moment: its answers resolved, its history looked up."""
    told: Sequence[str] = texts.told_communities(session, draft.alert.id) if draft.alert else ()
    content = replace(draft.content, answers=render.answered(draft.content, directory, told), beside=())
    content = replace(content, beside=beside.standing(session, draft.alert, draft.kind, content, now))
    released = alerts.released_revisions(session, draft.alert.id, Tier.PUBLIC) if draft.alert else []
    edition = Edition(
        kind=draft.kind,
        content=content,
        voice=office.voice,
        issued=now,
        earlier=released[-1].frozen_at if released else None,
        previous=heart.content_from_json(released[-1].content) if released else None,
        reference=draft.alert.public_id if draft.alert else "",
        is_test=draft.alert is not None and AlertKind(draft.alert.kind).is_test,
        books=wordings.books(session, strict=office.mode is Mode.LIVE),
        phrases=wordings.books(session, RESIDENTS, strict=office.mode is Mode.LIVE),
    )
    outlines, silent = where.known(session, office.state_fips), residents.cannot_call(session)
    calls = senders.is_set_up(session, render.CALL)
    return Work(office, directory, edition, tuple(told), outlines, cannot_call=silent, calls=calls)


def freeze(
    session: Session, office: Office, directory: Directory, revision: Revision, now: datetime
) -> list[heart.Problem]:
    """Freeze a draft: resolve, render, hash, write. Returns the problems that stop it; then nothing was written."""
    kind = RevisionKind(revision.kind)
    draft = Draft(revision.alert, kind, heart.content_from_json(revision.content))
    affected = () if draft.content.area.is_empty else audience.affected(draft.content.area, directory)
    problems = heart.problems(kind, draft.content, affected)
    if problems:
        return problems
    work = work_for(session, office, directory, draft, now)
    made = [text for text in render.texts(work) if text.form == "sms" or not revision.alert.is_canary]
    whole = heart.Revision(
        alert=revision.alert.public_id,
        no=revision.no,
        kind=kind,
        content=work.content,
        texts={text.key: text.sha for text in made},
    )
    _write(session, revision, made)
    revision.findings = [] if revision.alert.is_canary else _findings(session, work, made, now, revision.no)
    revision.content = heart.content_to_json(work.content)
    revision.hash = whole.hash
    revision.frozen_at = now
    session.flush()
    return []


def _findings(session: Session, work: Work, made: Sequence[Text], now: datetime, no: int) -> list[dict[str, object]]:
    infos = [InfoTexts(**json.loads(text.message.text)) for text in made if text.form == "cap"]
    _, found = cap_document.judged(work, infos, stamp.of(session, work, now, before=no))
    return [_plain(finding) for finding in found]


def _plain(finding: Finding) -> dict[str, object]:
    return {name: str(value) for name, value in asdict(finding).items()}


def _write(session: Session, revision: Revision, made: Sequence[Text]) -> None:
    communities = directory_load.community_ids(session)
    agencies = directory_load.agency_ids(session)
    texts.freeze(
        session,
        revision.id,
        [
            texts.FrozenText(
                community_id=communities.get(text.audience) if text.form in TEXTS else None,
                agency_id=agencies.get(text.audience) if text.form in render.OF_AGENCIES else None,
                lang=text.lang,
                form=text.form,
                sha=text.sha,
                subject=text.message.subject,
                text=text.message.text,
                html=text.message.html,
                encoding=text.encoding,
                segments=text.segments,
            )
            for text in made
        ],
    )


def blocked(revision: Revision, channel: Concern) -> bool:
    """Whether a finding that was frozen keeps this revision from a channel."""
    return any(as_finding(plain).keeps_from(channel) for plain in revision.findings)


def as_finding(plain: dict[str, object]) -> Finding:
    """A finding as a revision froze it."""
    given = {name: str(value) for name, value in plain.items()}
    concern = Concern(given.get("concern", Concern.CAP))
    return Finding(given["code"], Level(given["level"]), given["xpath"], given["sentence"], given["source"], concern)


def is_ending(revision: Revision) -> bool:
    """Whether this revision ends its alert."""
    return RevisionKind(revision.kind) in ENDINGS
