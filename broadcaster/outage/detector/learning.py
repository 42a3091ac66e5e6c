"""What is usual, learnt once a day from the weeks before and kept; and the judge that listens by it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.feeds import shapes
from broadcaster.feeds.shapes import NoOutlines
from broadcaster.outage.detector import expected, pools
from broadcaster.outage.detector.expected import Hour, Profile
from broadcaster.outage.detector.judge import LEAST_WEEKS, Judge
from broadcaster.outage.detector.pools import Centres, Place, Unit
from broadcaster.store.outage import call_counts
from broadcaster.store.places import outlines
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
EVERY = timedelta(hours=24)
TURNED = timedelta(hours=12)
MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - local hours are counted from it


def hour_no(moment: datetime, zone: ZoneInfo) -> int:
    """The hours since a Monday 00:00, by the clock on the wall."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return int((local - MONDAY).total_seconds() // 3600)


def minute_of_week(moment: datetime, zone: ZoneInfo) -> int:
    """0 to 10,079, by the clock on the wall."""
    local = moment.astimezone(zone)
    return (local.weekday() * 24 + local.hour) * 60 + local.minute


def turned(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks were changed not long ago."""
    return moment.astimezone(zone).utcoffset() != (moment - TURNED).astimezone(zone).utcoffset()


def due(session: Session, now: datetime) -> bool:
    """Whether it is time to learn anew."""
    learnt = call_counts.watch(session).learnt_at
    return learnt is None or now - learnt >= EVERY


def learn(session: Session, zone: ZoneInfo, state_fips: str, now: datetime) -> None:
    """Learn from the hours that were kept."""
    call_counts.fold(session, now)
    history: dict[str, list[Hour]] = defaultdict(list)
    for row in call_counts.past(session, now):
        history[row.code].append(Hour(hour_no(row.hour, zone), row.minutes, row.calls))
    profiles = expected.learn(history)
    call_counts.learn(session, {code: (one.rates, one.weeks) for code, one in profiles.items()})
    row = call_counts.watch(session)
    row.learnt_at = now.astimezone(UTC)
    row.spreads = {
        unit.key: round(expected.spread(history, profiles, unit.psaps), 4)
        for unit in units(session, profiles, state_fips)
    }
    if profiles:
        ledger.append(session, "machine:sweep", "calls_learnt", "detector", {"psaps": len(profiles)})
    log.info("calls_learnt", psaps=len(profiles))


def profiles(session: Session) -> dict[str, Profile]:
    """What was learnt."""
    return {code: Profile(tuple(rates), weeks) for code, (rates, weeks) in call_counts.usual(session).items()}


def units(session: Session, known: dict[str, Profile], state_fips: str) -> tuple[Unit, ...]:
    """What is judged together, of all PSAPs that were heard for long enough."""
    counties = {feed.code: feed.county for feed in call_counts.feeds(session)}
    places = {
        code: Place(counties[code], one.daily)
        for code, one in known.items()
        if code in counties and one.weeks >= LEAST_WEEKS
    }
    return pools.units(places, _centres(session, state_fips))


def judge(session: Session, state_fips: str) -> Judge:
    """Somebody who judges by what was learnt, and has heard nothing yet."""
    known = profiles(session)
    return Judge(units(session, known, state_fips), known, call_counts.watch(session).spreads)


def _centres(session: Session, state_fips: str) -> Centres:
    """The middle of each county; none where no outlines are kept, and then small counties stand alone."""
    text = outlines.load(session, state_fips)
    try:
        drawn = shapes.read(text).counties if text else {}
    except NoOutlines as error:
        log.warning("no_outlines", why=str(error))
        return {}
    return {fips: (land.centroid.x, land.centroid.y) for fips, land in drawn.items()}
