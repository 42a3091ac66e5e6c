"""The clock on the wall, as people type it into a form, as a moment. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from zoneinfo import ZoneInfo

SLACK = timedelta(minutes=5)
"""Clocks differ, and a form is open for a while."""
WRITTEN = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d.*")
"""A day and a time of this century: a day alone would be midnight, which nobody meant."""


class Of(Enum):
    """What the hour that a clock shows twice, in the night when summer time ends, is taken for: what has happened is
    the second one once that has begun; what is promised the first one that is still to come; and an end the second
    one, for an alert that ends an hour too soon leaves people without it."""

    PAST = "past"
    AHEAD = "ahead"
    END = "end"


def typed(text: str, zone: ZoneInfo, now: datetime, of: Of = Of.PAST) -> datetime:
    """The moment, in whole minutes, of a local time ``2026-06-18T13:15``; one that names its own zone is believed.
    ValueError for everything else."""
    if not WRITTEN.fullmatch(text.strip()):
        raise ValueError(f"{text[:40]!r} is no day with a time")
    wall = datetime.fromisoformat(text.strip()).replace(second=0, microsecond=0)
    if wall.tzinfo:
        return wall
    first, second = (_fixed(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if of is Of.END or first >= second:  # or it is an hour that the clock leaves out in spring
        return max(first, second)
    if of is Of.AHEAD:
        return first if first > now else second
    return second if second <= now + SLACK else first


def _fixed(moment: datetime) -> datetime:
    """With the offset of that moment: two moments of one zone are compared by what the clock shows."""
    offset = moment.utcoffset() or timedelta()
    return moment.astimezone(UTC).astimezone(timezone(offset))
