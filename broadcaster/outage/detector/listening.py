"""The detector at work, a duty of the sweep: what was heard since the last look is judged, and what is found proposed.

Nothing is kept of the judging itself: whoever starts hears the last day again, from the database. Minutes that every
living feed has told are judged for good; those that are not over are judged as far as they go, at each look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.outage.detector import learning, proposing
from broadcaster.outage.detector.evidence import Beat, Report
from broadcaster.outage.detector.folder import Folder
from broadcaster.outage.detector.judge import Beside, Count, Judge
from broadcaster.outage.detector.watch import Finding
from broadcaster.settings import Settings
from broadcaster.store import database as clocks
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.outage import call_counts, proposals
from broadcaster.store.outage.call_counts import Feed
from broadcaster.store.outage.proposals import Span

log = logs.get(__name__)
LOOK_EVERY_S = 5.0
WARM_UP = timedelta(hours=24)
"""What is heard again at the start: the longest gap that a small PSAP needs, and the level of the day."""
PATIENCE = timedelta(minutes=20)
"""So long a minute waits for a feed that was alive; one that says nothing for longer has stopped."""
FRESH = timedelta(minutes=30)
"""What was found in older minutes, after a time without a sweep, is history."""
MINUTE = timedelta(minutes=1)
WHOLE_S = 60.0
Minutes = dict[datetime, dict[str, Count]]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known beside the counts at one look."""

    now: datetime
    feeds: Sequence[Feed]
    zone: ZoneInfo
    work: Sequence[Span]
    reports: tuple[Report, ...]
    beats: dict[str, Beat]

    @property
    def edge(self) -> datetime:
        """Until when everybody who lives has been heard."""
        told = [one.newest for one in self.feeds if one.newest and is_alive(one, self.now)]
        oldest = max(min(told, default=self.now), self.now - PATIENCE)
        return floor(min(oldest, self.now))

    def beside(self, minute: datetime) -> Beside:
        """What speaks beside the counts of a minute; of one that is long over only the planned work is known."""
        everybody = frozenset(feed.code for feed in self.feeds)
        muted = proposals.muted(self.work, minute, everybody)
        fresh = self.now - minute <= PATIENCE + MINUTE
        beats, reports = (self.beats, self.reports) if fresh else ({}, ())
        return Beside(beats, reports, muted, learning.turned(minute, self.zone))

    def silent(self, minute: datetime) -> list[str]:
        """PSAPs whose feed and equipment both fell silent before a minute: of them silence is no missing feed."""
        return [
            feed.code
            for feed in self.feeds
            if feed.beat_at and feed.beat_every_s and self.beats[feed.code].is_overdue
            if feed.newest is not None and feed.newest <= minute and feed.beat_at <= minute
        ]


@dataclass
class Listening:
    """One installation's ears."""

    sessions: Sessions
    zone: ZoneInfo
    state_fips: str
    folder: Folder | None = None
    _judge: Judge | None = field(default=None, init=False)
    _learnt: datetime | None = field(default=None, init=False)
    _until: datetime | None = field(default=None, init=False)

    @classmethod
    def of(cls, settings: Settings, sessions: Sessions) -> Listening:
        """For an installation."""
        zone = ZoneInfo(settings.timezone)
        folder = Folder(settings.call_counts_dir, zone) if settings.call_counts_dir else None
        return cls(sessions, zone, settings.state_fips, folder)

    def look(self, moment: datetime | None = None) -> int:
        """Read what arrived, judge it, and propose; returns how many proposals were made. One sweep at a time does."""
        taken = []
        with self.sessions.begin() as session, only_one(session, "detector") as alone:
            if not alone:
                return 0
            now = moment or clocks.now(session)
            if self.folder:
                taken = self.folder.take(session, now)
            self._keep_up(session, now)
            made = self._listen(session, now) if self._judge and self._judge.units else 0
        if self.folder and taken:
            self.folder.move(taken)
        return made

    def _keep_up(self, session: Session, now: datetime) -> None:
        """Learn once a day; whoever has learnt, here or in another sweep, begins to hear anew."""
        if learning.due(session, now):
            learning.learn(session, self.zone, self.state_fips, now)
        learnt = call_counts.watch(session).learnt_at
        if self._judge is None or learnt != self._learnt:
            self._judge, self._learnt = learning.judge(session, self.state_fips), learnt
            self._until = floor(now - WARM_UP)

    def _listen(self, session: Session, now: datetime) -> int:
        known, row = moment_of(session, now, self.zone), call_counts.watch(session)
        start = self._until or floor(now)
        minutes = heard(session, start, now)
        mark, edge = row.judged or floor(now - FRESH), known.edge
        found = self._judged(self._judge, start, edge, minutes, known) if self._judge else []
        self._until = max(start, edge)
        if self._judge:
            found += self._judged(self._judge.ahead(), self._until, floor(now) + MINUTE, minutes, known)
        row.judged = max(mark, self._until)
        fresh = [(minute, one) for minute, one in found if minute >= max(mark, now - FRESH)]
        return proposing.propose(session, self._judge, fresh, self.zone, now) if self._judge and fresh else 0

    def _judged(
        self, judging: Judge | None, start: datetime, until: datetime, minutes: Minutes, known: Moment
    ) -> list[tuple[datetime, Finding]]:
        found = []
        minute = start
        while judging is not None and minute < until:
            told = minutes.get(minute, {})
            silent = known.silent(minute) if minute + MINUTE <= known.now else []
            whole = {**dict.fromkeys(silent, Count(0)), **told}
            at = learning.minute_of_week(minute, self.zone)
            found += [(minute, one) for one in judging.hear(at, whole, known.beside(minute))]
            minute += MINUTE
        return found


def floor(moment: datetime) -> datetime:
    """The minute of a moment."""
    return moment.replace(second=0, microsecond=0)


def is_alive(feed: Feed, now: datetime) -> bool:
    """Whether a feed still tells us something."""
    return feed.heard_at is not None and now - feed.heard_at <= PATIENCE


def heard(session: Session, start: datetime, now: datetime) -> Minutes:
    """The counts since a minute, by minute and PSAP. Who says nothing of `through` claims the whole minute, and is
    believed when it is over: its calls may be still to come."""
    found: Minutes = defaultdict(dict)
    for row in call_counts.since(session, start, now + MINUTE):
        if row.through_s < WHOLE_S or row.minute + MINUTE <= now:
            found[row.minute][row.code] = Count(row.calls, row.retries, row.last_s, row.through_s)
    return found


def moment_of(session: Session, now: datetime, zone: ZoneInfo) -> Moment:
    """What is known at a moment."""
    feeds = call_counts.feeds(session)
    beats = {
        feed.code: Beat((now - feed.beat_at).total_seconds() / 60.0, feed.beat_every_s / 60.0)
        for feed in feeds
        if feed.beat_at and feed.beat_every_s
    }
    told = proposals.reported(session, now - timedelta(minutes=30))
    reports = tuple(Report(code, (now - at).total_seconds() / 60.0) for code, at in told)
    return Moment(now, feeds, zone, proposals.spans(session, now - WARM_UP), reports, beats)
