"""The one writer of the public files: what is on air, rewritten every ten seconds and at every release."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ChannelName, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.channels import files
from broadcaster.directory import Directory
from broadcaster.dispatch.office import Office
from broadcaster.feeds import atom, places, public_page
from broadcaster.feeds.snapshot import OnAir, PublishedDocument, Snapshot, Words
from broadcaster.messages import wording
from broadcaster.store import alerts, directory_load, texts
from broadcaster.store.alerts import Alert, Document, Release, Revision
from broadcaster.store.database import Sessions, now, only_one

log = logs.get(__name__)
SHOWN_AFTER_END_S = 6 * 3600
"""An ended alert stays on the page for six hours, so that people find the all-clear."""
LOCK = "publish"


def publish(sessions: Sessions, office: Office, root: Path, at: datetime) -> list[str]:
    """Write the public files as they should be now; returns what changed. Another writer at work: nothing."""
    with sessions.begin() as session, only_one(session, LOCK) as ours:
        if not ours:
            return []
        directory = directory_load.load(session)
        shown = snapshot(session, office, directory, at)
        documents = {f"cap/{row.identifier}.xml": row.bytes for row in _documents(session)}
        pages = {**public_page.files(shown), **_feeds(session, office, at)}
        return files.publish(root, pages, documents)


def _documents(session: Session) -> list[Document]:
    return list(session.scalars(select(Document).where(Document.kind == "cap").order_by(Document.id)))


def _feeds(session: Session, office: Office, at: datetime) -> dict[str, bytes]:
    facts = atom.FeedFacts(
        base=office.public_base_url,
        title=f"{office.voice.authority}: 911 outage alerts",
        author=office.voice.authority,
        updated=at,
    )
    return atom.feed_files(facts, {row.identifier: row.bytes for row in _documents(session)[-atom.MOST_ENTRIES :]})


def snapshot(session: Session, office: Office, directory: Directory, at: datetime) -> Snapshot:
    """Everything the public may know at this moment."""
    shown = [_on_air(session, directory, alert, revision) for alert, revision in _public(session, at)]
    return Snapshot(
        as_of=at,
        authority=office.voice.authority,
        mode=office.mode,
        state_name=office.voice.state_name,
        timezone=office.voice.timezone,
        on_air=tuple(shown),
        towns=places.towns(directory),
        documents=tuple(
            PublishedDocument(row.identifier, row.identifier, row.sent.astimezone(UTC)) for row in _documents(session)
        ),
        changed=max((air.issued for air in shown), default=None),
        lookup_sms=office.voice.lookup_sms,
        lookup_voice=office.voice.lookup_voice,
    )


def _public(session: Session, at: datetime) -> list[tuple[Alert, Revision]]:
    """Alerts that are open, or ended a short while ago, with their newest public revision."""
    found = []
    for alert in session.scalars(select(Alert).where(Alert.state != "draft").order_by(Alert.id.desc())):
        ended = alert.closed_at is not None and (at - alert.closed_at).total_seconds() > SHOWN_AFTER_END_S
        revisions = [] if ended else alerts.released_revisions(session, alert.id, Tier.PUBLIC)
        if revisions and ChannelName.FEED in heart.content_from_json(revisions[-1].content).channels:
            found.append((alert, revisions[-1]))
    return found


def _on_air(session: Session, directory: Directory, alert: Alert, revision: Revision) -> OnAir:
    content = heart.content_from_json(revision.content)
    pages = texts.of_revision(session, revision.id, "page")
    english = next(page for page in pages if page.lang == "en")
    return OnAir(
        alert=alert.public_id,
        kind=RevisionKind(revision.kind),
        failure=wording.service(content.failure, "en"),
        headline=english.subject,
        paragraphs=tuple(json.loads(english.text)),
        began=content.began,
        issued=(revision.frozen_at or revision.made_at).astimezone(UTC),
        expires=content.expires,
        communities=places.town_answers(directory, content.answers, content.restored),
        next_update=content.next_update,
        translations=tuple(
            Words(page.lang, page.subject, tuple(json.loads(page.text))) for page in pages if page.lang != "en"
        ),
        is_test=alert.kind == AlertKind.TEST,
    )


@dataclass
class Publisher:
    """The writer's watch: at once when something was released, and every `every` seconds for the "as of"."""

    sessions: Sessions
    office: Office
    root: Path
    every: float
    _seen: object = None
    _written: float = 0.0
    _warned: date | None = None

    def look(self) -> list[str]:
        """Publish if there is a reason to; returns the paths that changed."""
        with self.sessions() as session:
            moment = now(session)
            newest = (session.scalar(select(func.max(Release.at))), session.scalar(select(func.max(Document.id))))
        fresh = newest != self._seen
        if not fresh and time.monotonic() - self._written < self.every:
            return []
        changed = publish(self.sessions, self.office, self.root, moment)
        self._seen, self._written = newest, time.monotonic()
        self._warn(moment)
        return changed

    def _warn(self, moment: datetime) -> None:
        """Say in the log, once a day, what the desk says on every page."""
        sentence = self.office.certificate_warning(moment)
        if sentence and self._warned != moment.date():
            log.warning("cap_certificate", warning=sentence)
            self._warned = moment.date()
