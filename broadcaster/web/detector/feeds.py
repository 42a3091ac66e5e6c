"""What the detector hears of each PSAP: whether its feed lives, what came in the last hour, and what was expected."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster.outage.detector import learning, listening
from broadcaster.outage.detector.judge import LEAST_WEEKS
from broadcaster.outage.detector.listening import MINUTE
from broadcaster.said import Said
from broadcaster.store.outage import call_counts, proposals
from broadcaster.store.outage.call_counts import Feed

HOUR = timedelta(hours=1)
LATE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Line:
    """A PSAP: how its feed is (`state`, and a sentence), and calls beside expected calls of the last hour's heard
    minutes; None where nobody knows yet what is usual."""

    name: str
    state: str
    sentence: str
    calls: int
    expected: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """All of them, those with trouble first, and how many are in which state; of `plain` ones nobody says when the last
    call was."""

    lines: tuple[Line, ...]
    states: Counter[str]
    judged: datetime | None
    plain: int = 0


ORDER = ("silent", "stopped", "late", "learning", "muted", "alive", "never")


def heard(store: Session, now: datetime, zone: ZoneInfo) -> Heard:
    """As it stands now."""
    known, usual = listening.moment_of(store, now, zone), learning.profiles(store)
    calls: Counter[str] = Counter()
    exact: set[str] = set()
    due: dict[str, float] = defaultdict(float)
    for row in call_counts.since(store, listening.floor(now - HOUR), now + MINUTE):
        calls[row.code] += row.calls
        if row.last_s is not None:
            exact.add(row.code)
        if row.code in usual:
            at = learning.minute_of_week(row.minute, zone) + 0.5
            due[row.code] += usual[row.code].at(at) * row.through_s / 60.0
    muted = proposals.muted(known.work, now, frozenset(feed.code for feed in known.feeds))
    lines = []
    for feed in known.feeds:
        weeks = usual[feed.code].weeks if feed.code in usual else 0.0
        beat = known.beats.get(feed.code)
        state, sentence = _state(feed, now, weeks, is_silent=beat is not None and beat.is_overdue)
        if feed.code in muted and state in ("alive", "silent", "stopped", "late"):
            state, sentence = "muted", Said("planned work: not judged now")
        judged = weeks >= LEAST_WEEKS and feed.newest is not None
        lines.append(Line(feed.name, state, sentence, calls[feed.code], due[feed.code] if judged else None))
    lines.sort(key=lambda one: (ORDER.index(one.state), one.name))
    plain = sum(many > 0 and code not in exact for code, many in calls.items())
    return Heard(tuple(lines), Counter(one.state for one in lines), call_counts.watch(store).judged, plain)


def _state(feed: Feed, now: datetime, weeks: float, *, is_silent: bool) -> tuple[str, str]:
    if feed.newest is None or feed.heard_at is None:
        alive = feed.beat_at and not is_silent
        return "never", Said("never heard, its equipment is alive") if alive else Said("never heard")
    if is_silent:
        return "silent", Said("its equipment has fallen silent: no heartbeat")
    if not listening.is_alive(feed, now):
        return "stopped", Said("no data: its feed has stopped, so that nothing is known of its calls")
    if now - feed.newest > LATE:
        behind = round((now - feed.newest) / MINUTE)
        if now - feed.newest > listening.PATIENCE:
            return "late", Said("its feed is %(minutes)s min behind, too late to be judged", minutes=behind)
        return "late", Said("its feed is %(minutes)s min behind", minutes=behind)
    if weeks < LEAST_WEEKS:
        known, needed = f"{weeks * 7:.0f}", f"{LEAST_WEEKS * 7:.0f}"
        return "learning", Said("its week is being learnt: %(days)s of %(all)s days", days=known, all=needed)
    return "alive", Said("heard")
