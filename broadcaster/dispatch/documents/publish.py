"""The one writer of the public files: what is on air, rewritten every ten seconds and at every release."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcaster import audience, logs
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ChannelName, CommunityAnswer, RevisionKind
from broadcaster.alert.lifecycle import HEARD, AlertKind, Tier
from broadcaster.channels import files
from broadcaster.directory import Directory
from broadcaster.dispatch.documents import pictures
from broadcaster.dispatch.documents.catalogue import Catalogue
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import render
from broadcaster.feeds import atom, paper, places, public_page
from broadcaster.feeds.recent import Held, recent_files
from broadcaster.feeds.snapshot import OnAir, PublishedDocument, Sealed, Snapshot, Words
from broadcaster.messages import book
from broadcaster.messages.edition import door
from broadcaster.messages.volume import RESIDENTS
from broadcaster.settings import Mode
from broadcaster.store.alerting import alerts, texts, wordings
from broadcaster.store.alerting.alerts import Alert, Document, Release, Revision
from broadcaster.store.database import Installation, Sessions, now, only_one
from broadcaster.store.places import directory_load, lines
from broadcaster.store.timeline import checkpoints

log = logs.get(__name__)
SHOWN_AFTER_END_S = 6 * 3600
"""An ended alert stays on the page for six hours, so that people find the all-clear."""
LOCK = "publish"


def publish(
    sessions: Sessions, office: Office, root: Path, at: datetime, catalogue: Catalogue | None = None
) -> list[str]:
    """Write the public files as they should be now; returns what changed. Another writer at work: nothing.

    What machines poll comes first: a statewide alert changes every town's page, and each is synced to the disk.
    A writer that stays keeps its `catalogue`, so that documents are not read and compared again every time.
    """
    known = catalogue or Catalogue(root)
    with sessions.begin() as session, only_one(session, LOCK) as ours:
        if not ours:
            return []
        listing = known.look(session, at)
        shown = snapshot(session, office, directory_load.load(session), at, listing.listed)
        pages = {**_feeds(session, office, at, listing.listed), **paper.files(shown), **public_page.files(shown)}
        changed = files.publish(root, pages, listing.unwritten)
        for folder in (public_page.LANGUAGE_FOLDER, *paper.FOLDERS):  # what may speak no longer, or is no ZIP of ours
            changed += files.prune(root, folder, pages)
        known.wrote(listing)
        return changed


def _feeds(session: Session, office: Office, at: datetime, listed: Sequence[Held]) -> dict[str, bytes]:
    """The indexes; an empty one keeps the date of the installation, so that its bytes stay the same."""
    facts = atom.FeedFacts(
        base=office.public_base_url,
        title=f"{office.voice.authority}: 911 outage alerts",
        author=office.voice.authority,
        updated=session.scalar(select(Installation.made_at)) or at,
        hub=office.websub_hub,
    )
    return {**recent_files(facts, listed, at), **atom.feed_files(facts, [held.alert for held in listed])}


def snapshot(
    session: Session, office: Office, directory: Directory, at: datetime, listed: Sequence[Held] = ()
) -> Snapshot:
    """Everything the public may know at this moment."""
    shown = _true([_on_air(session, office, directory, alert, revision) for alert, revision in _public(session, at)])
    return Snapshot(
        as_of=at,
        authority=office.voice.authority,
        mode=office.mode,
        state_name=office.voice.state_name,
        timezone=office.voice.timezone,
        on_air=tuple(shown),
        towns=places.towns(directory),
        documents=tuple(
            PublishedDocument(held.alert.identifier, held.alert.identifier, held.alert.sent.astimezone(UTC))
            for held in listed
        ),
        changed=max((air.issued for air in shown), default=None),
        lookup_url=door(office.voice)["link"],
        lookup_sms=office.voice.lookup_sms,
        lookup_voice=office.voice.lookup_voice,
        books=wordings.books(session, strict=office.mode is Mode.LIVE),
        phrases=wordings.books(session, RESIDENTS, strict=office.mode is Mode.LIVE),
        ledger=_sealed(session),
    )


def _sealed(session: Session) -> Sealed | None:
    row = checkpoints.newest(session)
    return Sealed(row.size, row.root.hex(), row.at.astimezone(UTC), row.note) if row else None


def _public(session: Session, at: datetime) -> list[tuple[Alert, Revision]]:
    """Alerts that are open, or ended a short while ago, with their newest public revision."""
    found = []
    query = select(Alert).where(Alert.state != "draft", Alert.kind.in_(HEARD))
    for alert in session.scalars(query.order_by(Alert.id.desc())):
        ended = alert.closed_at is not None and (at - alert.closed_at).total_seconds() > SHOWN_AFTER_END_S
        revisions = [] if ended else alerts.released_revisions(session, alert.id, Tier.PUBLIC)
        if revisions and ChannelName.FEED in heart.content_from_json(revisions[-1].content).channels:
            found.append((alert, revisions[-1]))
    return found


def _true(shown: Sequence[OnAir]) -> list[OnAir]:
    """A test says that 911 works: it is not shown while another alert leaves 911 down in one of its places."""
    down = {town.code for air in shown if not air.is_test for town in air.communities if air.fails_in(town.code)}
    return [air for air in shown if not air.is_test or not down & {town.code for town in air.communities}]


def _on_air(session: Session, office: Office, directory: Directory, alert: Alert, revision: Revision) -> OnAir:
    content = heart.content_from_json(revision.content)
    pages = texts.of_revision(session, revision.id, "page")
    english = next(page for page in pages if page.lang == "en")
    answers = audience.switched(content.answers, directory, lines.unanswered(session, alert.id))
    moved = _moved(content.answers, answers)
    return OnAir(
        alert=alert.public_id,
        kind=RevisionKind(revision.kind),
        failure=book.agency().word("service", content.failure.value),
        headline=_now(english.subject, moved),
        paragraphs=_paragraphs(english.text, moved),
        began=content.began,
        issued=(revision.frozen_at or revision.made_at).astimezone(UTC),
        expires=content.expires,
        communities=places.town_answers(directory, answers, content.restored),
        next_update=content.next_update,
        translations=tuple(
            Words(page.lang, _now(page.subject, moved), _paragraphs(page.text, moved))
            for page in pages
            if page.lang != "en"
        ),
        is_test=alert.kind == AlertKind.TEST,
        texts=_still_right(_exact_words(session, alert, revision), moved),
        drawing=pictures.of(session, office, directory, revision),
        beside=frozenset(answer.community for other in content.beside for answer in other.answers),
    )


Exact = Mapping[str, Sequence[tuple[str, str]]]
_exact: dict[tuple[str, int, datetime | None], Exact] = {}
"""By what a restored database cannot give to other words again, as it does with the number of a row."""
MOST_EXACT = 16


def _exact_words(session: Session, alert: Alert, revision: Revision) -> Exact:
    """The texts of a frozen revision by the code of their community: read once, because they never change."""
    key = (alert.public_id, revision.no, revision.frozen_at)
    if key not in _exact:
        codes = {key: code for code, key in directory_load.community_ids(session).items()}
        found: dict[str, list[tuple[str, str]]] = {}
        for form in ("sms", render.TEXT_FIRST):
            for row in texts.of_revision(session, revision.id, form):
                found.setdefault(codes.get(row.community_id or 0, ""), []).append((row.lang, row.text))
        while len(_exact) >= MOST_EXACT:
            _exact.pop(next(iter(_exact)), None)
        _exact[key] = found
    return _exact[key]


def _still_right(said: Exact, moved: Moved) -> Exact:
    """The texts without those whose number is not answered: a quotation must not send anybody to it."""
    return {
        code: [(lang, words) for lang, words in quoted if not any(old in words for old in moved)]
        for code, quoted in said.items()
    }


Moved = dict[str, set[str]]
"""The numbers, as people read them, that are not answered, and what their communities are told instead."""


def _moved(before: Sequence[CommunityAnswer], after: Sequence[CommunityAnswer]) -> Moved:
    found: Moved = {}
    for old, new in zip(before, after, strict=True):
        if old.number and new.number and old.number.e164 != new.number.e164:
            found.setdefault(old.number.display, set()).add(new.number.display)
    return found


def _now(words: str, moved: Moved) -> str:
    """Approved words with the next number in the place of one that is not answered, where there is one for all."""
    for old, new in moved.items():
        words = words.replace(old, min(new)) if len(new) == 1 else words
    return words


def _paragraphs(text: str, moved: Moved) -> tuple[str, ...]:
    """The same, without a paragraph whose number has no one successor: the table below it has each town's own."""
    several = [old for old, new in moved.items() if len(new) > 1]
    return tuple(_now(each, moved) for each in json.loads(text) if not any(old in each for old in several))


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

    def __post_init__(self) -> None:
        self._catalogue = Catalogue(self.root)
        files.tidy(self.root)

    def look(self) -> list[str]:
        """Publish if there is a reason to; returns the paths that changed."""
        with self.sessions() as session:
            moment = now(session)
            newest = (
                session.scalar(select(func.max(Release.at))),
                session.scalar(select(func.max(Document.id))),
                lines.newest(session),
                wordings.approvals(session),
            )
        fresh = newest != self._seen
        if not fresh and time.monotonic() - self._written < self.every:
            return []
        changed = publish(self.sessions, self.office, self.root, moment, self._catalogue)
        self._seen, self._written = newest, time.monotonic()
        self._warn(moment)
        return changed

    def _warn(self, moment: datetime) -> None:
        """Say in the log, once a day, what the desk says on every page."""
        sentence = self.office.certificate_warning(moment)
        if sentence and self._warned != moment.date():
            log.warning("cap_certificate", warning=sentence)
            self._warned = moment.date()
