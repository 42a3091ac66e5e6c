"""How many 911 calls each PSAP heard, minute by minute, and what is usual there.

A minute is kept for days and stands once for each PSAP: the last word wins. Hours are what is learnt from, for weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.arrays import numbers, texts
from broadcaster.store.database import Base
from broadcaster.store.places.directory import Psap

MINUTES_KEPT = timedelta(days=3)
HOURS_KEPT = timedelta(weeks=10)
LEARNT_FROM = timedelta(weeks=8)


class CallCount(Base):
    """The calls of a PSAP in a minute, by its first second; `last_s` is the second of the last one, if it is known, and
    `through_s` the second until which the minute was counted."""

    __tablename__ = "call_count"
    __table_args__ = (
        CheckConstraint("calls >= 0 AND retries >= 0", name="counts"),
        CheckConstraint("last_s BETWEEN 0 AND through_s", name="last"),
        CheckConstraint("through_s > 0 AND through_s <= 60", name="through"),
        Index("ix_call_count_minute", "minute"),
    )
    psap_id: Mapped[int] = mapped_column(ForeignKey("psap.id"), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    calls: Mapped[int]
    retries: Mapped[int] = mapped_column(default=0, server_default="0")
    last_s: Mapped[float | None]
    through_s: Mapped[float] = mapped_column(default=60.0, server_default="60")


class CallHour(Base):
    """The calls of a PSAP in an hour, and in how many of its minutes they were counted."""

    __tablename__ = "call_hour"
    __table_args__ = (Index("ix_call_hour_hour", "hour"),)
    psap_id: Mapped[int] = mapped_column(ForeignKey("psap.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    minutes: Mapped[int]
    calls: Mapped[int]


class CallFeed(Base):
    """When a PSAP was last heard, and until when; the heartbeat of its equipment, and the seconds between two."""

    __tablename__ = "call_feed"
    psap_id: Mapped[int] = mapped_column(ForeignKey("psap.id"), primary_key=True)
    heard_at: Mapped[datetime | None]
    newest: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    beat_every_s: Mapped[float | None]


class CallUsual(Base):
    """The rates of the 168 hours of a PSAP's week, in calls a minute, and over how many weeks they were learnt."""

    __tablename__ = "call_usual"
    psap_id: Mapped[int] = mapped_column(ForeignKey("psap.id"), primary_key=True)
    rates: Mapped[list[float]] = mapped_column(JSONB)
    weeks: Mapped[float]


class CallWatch(Base):
    """One row: until which minute was judged, when was learnt, and the spread of each unit."""

    __tablename__ = "call_watch"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    judged: Mapped[datetime | None]
    learnt_at: Mapped[datetime | None]
    spreads: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict, server_default="{}")


@dataclass(frozen=True, slots=True)
class NewCount:
    """A minute of a PSAP, by its id."""

    psap: int
    minute: datetime
    calls: int
    retries: int = 0
    last_s: float | None = None
    through_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Feed:
    """A PSAP as it is heard."""

    code: str
    name: str
    county: str
    heard_at: datetime | None
    newest: datetime | None
    beat_at: datetime | None
    beat_every_s: float | None


def psap_ids(session: Session) -> dict[str, int]:
    """The ids of the PSAPs of the directory, by code."""
    rows = session.execute(select(Psap.code, Psap.id).where(Psap.retired_at.is_(None)))
    return {row.code: row.id for row in rows}


_PUT = text(
    "WITH given AS (SELECT * FROM unnest(CAST(:psaps AS bigint[]), CAST(:minutes AS timestamptz[]),"
    "   CAST(:calls AS bigint[]), CAST(:retries AS bigint[]), CAST(:lasts AS float8[]), CAST(:throughs AS float8[]))"
    "   AS g(psap_id, minute, calls, retries, last_s, through_s)),"
    " put AS (INSERT INTO call_count (psap_id, minute, calls, retries, last_s, through_s)"
    "   SELECT psap_id, minute, calls, retries, CASE WHEN last_s >= 0 THEN last_s END, through_s FROM given"
    "   ORDER BY psap_id, minute"
    "   ON CONFLICT (psap_id, minute) DO UPDATE SET calls = excluded.calls, retries = excluded.retries,"
    "   last_s = excluded.last_s, through_s = excluded.through_s)"
    " INSERT INTO call_feed AS f (psap_id, heard_at, newest)"
    " SELECT psap_id, CAST(:now AS timestamptz), max(minute + make_interval(secs => through_s)) FROM given GROUP BY 1"
    " ORDER BY 1 ON CONFLICT (psap_id) DO UPDATE SET heard_at = excluded.heard_at,"
    " newest = greatest(f.newest, excluded.newest)"
)


def put(session: Session, rows: Iterable[NewCount], now: datetime) -> int:
    """Keep minutes; of one that stands there or is given twice the last word counts. Returns how many are kept."""
    last = {(row.psap, row.minute): row for row in rows}
    if last:
        given = list(last.values())
        values = {
            "psaps": numbers(row.psap for row in given),
            "minutes": texts(row.minute.isoformat() for row in given),
            "calls": numbers(row.calls for row in given),
            "retries": numbers(row.retries for row in given),
            "lasts": numbers(-1.0 if row.last_s is None else row.last_s for row in given),
            "throughs": numbers(row.through_s for row in given),
        }
        session.execute(_PUT, {**values, "now": now})
    return len(last)


_BEAT = text(
    "INSERT INTO call_feed (psap_id, beat_at, beat_every_s) SELECT * FROM unnest(CAST(:psaps AS bigint[]),"
    " CAST(:at AS timestamptz[]), CAST(:every AS float8[])) ON CONFLICT (psap_id) DO UPDATE SET"
    " beat_at = greatest(call_feed.beat_at, excluded.beat_at), beat_every_s = excluded.beat_every_s"
)


def beat(session: Session, beats: Mapping[int, tuple[datetime, float]]) -> None:
    """The equipment of these PSAPs (by id) was alive at a moment, and says so every so many seconds."""
    at = [moment.isoformat() for moment, _ in beats.values()]
    values = {"psaps": numbers(beats), "at": texts(at), "every": numbers(every for _, every in beats.values())}
    session.execute(_BEAT, values)


_HOURS = text(
    "INSERT INTO call_hour (psap_id, hour, minutes, calls)"
    " SELECT psap_id, date_trunc('hour', minute), count(*), sum(calls) FROM call_count WHERE through_s = 60"
    " AND minute < date_trunc('hour', CAST(:now AS timestamptz)) GROUP BY 1, 2"
    " ON CONFLICT (psap_id, hour) DO UPDATE SET minutes = greatest(excluded.minutes, call_hour.minutes),"
    " calls = CASE WHEN excluded.minutes >= call_hour.minutes THEN excluded.calls ELSE call_hour.calls END"
)
_FORGET = (
    text("DELETE FROM call_count WHERE minute < CAST(:now AS timestamptz) - CAST(:minutes AS interval)"),
    text("DELETE FROM call_hour WHERE hour < CAST(:now AS timestamptz) - CAST(:hours AS interval)"),
)


def fold(session: Session, now: datetime) -> None:
    """Sum the minutes of the hours that are over, and forget what is too old."""
    session.execute(_HOURS, {"now": now})
    for statement, values in zip(_FORGET, ({"minutes": MINUTES_KEPT}, {"hours": HOURS_KEPT}), strict=True):
        session.execute(statement, {"now": now, **values})


_REMEMBER = text(
    "INSERT INTO call_hour (psap_id, hour, minutes, calls) SELECT * FROM unnest(CAST(:psaps AS bigint[]),"
    " CAST(:hours AS timestamptz[]), CAST(:minutes AS bigint[]), CAST(:calls AS bigint[]))"
    " ON CONFLICT (psap_id, hour) DO UPDATE SET minutes = excluded.minutes, calls = excluded.calls"
)


def remember(session: Session, hours: Mapping[tuple[int, datetime], tuple[int, int]]) -> None:
    """Hours of the past by PSAP and beginning: the minutes that were counted, and their calls. What is usual is learnt
    anew from them."""
    keys, counted = list(hours), list(hours.values())
    values = {
        "psaps": numbers(psap for psap, _ in keys),
        "hours": texts(hour.isoformat() for _, hour in keys),
        "minutes": numbers(minutes for minutes, _ in counted),
        "calls": numbers(calls for _, calls in counted),
    }
    session.execute(_REMEMBER, values)
    watch(session).learnt_at = None


_PAST = text(
    "SELECT p.code, h.hour, h.minutes, h.calls FROM call_hour h JOIN psap p ON p.id = h.psap_id"
    " WHERE p.retired_at IS NULL AND h.hour >= CAST(:now AS timestamptz) - CAST(:weeks AS interval) ORDER BY h.hour"
)


def past(session: Session, now: datetime) -> Sequence[Any]:
    """The hours to learn from: rows of code, hour, minutes, calls."""
    return session.execute(_PAST, {"now": now, "weeks": LEARNT_FROM}).all()


def watch(session: Session) -> CallWatch:
    """The one row, locked."""
    row = session.get(CallWatch, 1, with_for_update=True)
    if row is None:
        row = CallWatch(id=1, spreads={})
        session.add(row)
        session.flush()
    return row


def learn(session: Session, usual: Mapping[str, tuple[Sequence[float], float]]) -> None:
    """Put what is usual (rates and weeks by code) in the place of what was."""
    ids = psap_ids(session)
    session.execute(text("DELETE FROM call_usual"))
    session.add_all(
        CallUsual(psap_id=ids[code], rates=[round(rate, 6) for rate in rates], weeks=weeks)
        for code, (rates, weeks) in usual.items()
        if code in ids
    )
    session.flush()


def usual(session: Session) -> dict[str, tuple[list[float], float]]:
    """What is usual, by code: rates and weeks."""
    rows = session.execute(select(Psap.code, CallUsual.rates, CallUsual.weeks).join(Psap, Psap.id == CallUsual.psap_id))
    return {row.code: (row.rates, row.weeks) for row in rows}


_SINCE = text(
    "SELECT p.code, c.minute, c.calls, c.retries, c.last_s, c.through_s FROM call_count c JOIN psap p"
    " ON p.id = c.psap_id WHERE p.retired_at IS NULL AND c.minute >= CAST(:since AS timestamptz)"
    " AND c.minute < CAST(:until AS timestamptz) ORDER BY c.minute"
)


def since(session: Session, start: datetime, until: datetime) -> Sequence[Any]:
    """The minutes from a moment to another: rows of code, minute, calls, retries, last_s, through_s."""
    return session.execute(_SINCE, {"since": start, "until": until}).all()


def feeds(session: Session) -> list[Feed]:
    """Every PSAP of the directory with how it is heard, by name."""
    query = (
        select(Psap, CallFeed)
        .outerjoin(CallFeed, CallFeed.psap_id == Psap.id)
        .where(Psap.retired_at.is_(None))
        .order_by(Psap.name, Psap.id)
    )
    return [
        Feed(
            psap.code,
            psap.name,
            psap.county_fips,
            *((row.heard_at, row.newest, row.beat_at, row.beat_every_s) if row else (None, None, None, None)),
        )
        for psap, row in session.execute(query)
    ]
