"""Dates and times as providers write them: ISO 8601, ``06/18/2026 1:15 PM EDT``, ``June 18, 2026 13:15 ET``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

ZONES = {
    **dict.fromkeys(("et", "est", "edt", "eastern"), "America/New_York"),
    **dict.fromkeys(("ct", "cst", "cdt", "central"), "America/Chicago"),
    **dict.fromkeys(("mt", "mst", "mdt", "mountain"), "America/Denver"),
    **dict.fromkeys(("pt", "pst", "pdt", "pacific"), "America/Los_Angeles"),
    **dict.fromkeys(("utc", "gmt", "z"), "UTC"),
}
"""EST is written all summer by people who mean the clock on their wall: each name is the zone, not its winter hour."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(MONTHS)
_ISO = re.compile(r"\b(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?=\D|$)")
_SLASHED = re.compile(r"(?<!\d)(?P<m>\d{1,2})[/.](?P<d>\d{1,2})[/.](?P<y>(?:20)?\d\d)(?!\d)")
_NAMED = re.compile(rf"\b(?P<m>{_MONTH})[a-z]*\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>20\d\d)\b", re.I)
_DAY_FIRST = re.compile(rf"\b(?P<d>\d{{1,2}})[ -](?P<m>{_MONTH})[a-z]*\.?[ -](?P<y>20\d\d)\b", re.I)
_DATES = (_ISO, _SLASHED, _NAMED, _DAY_FIRST)
_TIME = re.compile(
    r"(?<![\d:.+-])(?P<h>\d{1,2}(?=[:.])|\d\d)[:.]?(?P<min>\d\d)(?::\d\d(?:\.\d+)?)?\s*(?P<half>[ap]\.?m\.?)?(?!\d)",
    re.I,
)
_HOUR = re.compile(r"(?<![\d:.+-])(?P<h>\d{1,2})()\s*(?P<half>[ap]\.?m\.?)", re.I)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<h>\d\d):?(?P<min>\d\d)\s*\)?\s*$", re.I)
_BARE = re.compile(r"\s*\d{4}\s*")
"""Alone it may be a year as well as an hour."""
_ZONE = re.compile(rf"(?<![a-z])({'|'.join(ZONES)})(?![a-z])", re.I)
NOON = 12


def moment(text: str, zone: ZoneInfo, told: datetime) -> datetime | None:
    """The aware moment that a text names, or None. A time without a date is the last one before `told` or the next one
    after it, whichever is nearer; one without a zone is of `zone`."""
    plain = " ".join(text.split())
    date = next((match for pattern in _DATES if (match := pattern.search(plain))), None)
    rest = plain.replace(date[0], " ", 1).replace(" T", " ") if date else plain
    offset = _OFFSET.search(rest)
    where = _offset(offset) if offset else _zone(rest, zone)
    clock = _clock(rest[: offset.start()] if offset else rest)
    if where is None or clock is None or (date is None and _BARE.fullmatch(rest)):
        return None
    try:
        if date is None:
            return _nearest(told.astimezone(where), *clock)
        return datetime(*_day(date), *clock, tzinfo=where)
    except ValueError:
        return None


def _day(date: re.Match[str]) -> tuple[int, int, int]:
    month = date["m"].casefold()[:3]
    year = int(date["y"])
    return (
        year if year > 100 else 2000 + year,
        int(month) if month.isdigit() else MONTHS.index(month) + 1,
        int(date["d"]),
    )


def _clock(text: str) -> tuple[int, int] | None:
    """Hour and minute; None without a time, or where there are two."""
    found = list(_times(text))
    return found[0] if len(found) == 1 else None


def _times(text: str) -> Iterator[tuple[int, int]]:
    for match in _TIME.finditer(text) if _TIME.search(text) else _HOUR.finditer(text):
        hour, half = int(match["h"]), (match["half"] or "").casefold()[:1]
        if half:
            hour = hour % NOON + (NOON if half == "p" else 0)
        if hour < 24:
            yield hour, int(match[2] or 0)


def _zone(text: str, zone: ZoneInfo) -> tzinfo:
    named = _ZONE.search(text)
    return ZoneInfo(ZONES[named[1].casefold()]) if named else zone


def _offset(found: re.Match[str]) -> tzinfo | None:
    length = timedelta(hours=int(found["h"]), minutes=int(found["min"]))
    if length >= timedelta(hours=24):
        return None
    return timezone(-length if found["sign"] == "-" else length)


def _nearest(told: datetime, hour: int, minute: int) -> datetime:
    same = told.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return min((same + timedelta(days=days) for days in (-1, 0, 1)), key=lambda day: abs(day - told))
