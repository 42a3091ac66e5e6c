"""What people who text or call us are told, read together and kept for a moment: no flood of texts reads it again."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcaster.dispatch.documents import publish
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.residents.phrasebook import Phrasebook
from broadcaster.feeds.lookup import Advice, advice_by_town, speaking
from broadcaster.feeds.replies import Reception
from broadcaster.feeds.snapshot import AirState, Snapshot
from broadcaster.settings import Mode
from broadcaster.store.alerting import wordings
from broadcaster.store.alerting.alerts import Release
from broadcaster.store.database import Sessions, now
from broadcaster.store.places import directory_load, lines

KEPT_S = 30.0
"""So long what was read is good when nothing was released meanwhile: a corrected number is told within this time."""
LOOK_EVERY_S = 1.0
"""A release, a line that an agency says is not answered, or words that were approved, are seen within this time."""


@dataclass
class FrontDoor:
    """Shared by the threads of a process."""

    sessions: Sessions
    office: Office
    phrasebook: Phrasebook = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: Reception | None = None
    _seen: Any = None
    _read_at: float = 0.0
    _looked_at: float = 0.0

    def __post_init__(self) -> None:
        self.phrasebook = Phrasebook(strict=self.office.mode is Mode.LIVE)

    def reception(self) -> Reception:
        """What holds now, at most a second old after a release, an agency's word of a line, or an approval of words.
        OperationalError when the database is away."""
        with self._lock:
            moment = time.monotonic()
            if self._kept is None or moment - self._looked_at > LOOK_EVERY_S:
                with self.sessions() as session:
                    self.phrasebook.read(session)
                    seen = (
                        session.scalar(select(func.max(Release.at))),
                        lines.newest(session),
                        wordings.approvals(session),
                    )
                    if self._kept is None or seen != self._seen or moment - self._read_at > KEPT_S:
                        self._kept = read(session, self.office)
                        self._seen, self._read_at = seen, moment
                self._looked_at = moment
            return self._kept


def read(session: Session, office: Office) -> Reception:
    """Towns, numbers and approved texts as they are now."""
    directory = directory_load.load(session, agencies=False)
    shown = publish.snapshot(session, office, directory, now(session))
    advice = advice_by_town(shown)
    return Reception(
        towns=[one.plain() for one in advice.values()],
        texts=_texts(shown, advice),
        base=office.public_base_url,
        outage=any(alert.state(shown.as_of) not in (AirState.ENDED, AirState.TEST) for alert in shown.on_air),
        phrases=shown.phrases,
        books=shown.books,
        voice=replace(office.voice, lookup_url=office.voice.lookup_url or office.public_base_url),
    )


def _texts(shown: Snapshot, advice: Mapping[str, Advice]) -> dict[tuple[str, str], str]:
    """The approved text of every town by (code, language): where alerts overlap, of the one that says what holds."""
    found: dict[tuple[str, str], str] = {}
    for code, one in advice.items():
        alert = speaking(shown, one)
        for lang, text in reversed(alert.texts[code] if alert else ()):
            found[code, lang] = text
    return found
