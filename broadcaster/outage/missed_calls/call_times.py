"""When a call was made, as telephone systems write it. Pure; the zone is for times that name none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from broadcaster.said import Said


class TimeStyle(StrEnum):
    """How a log writes its moments; `us` has the month first, `world` the day."""

    ISO = "iso"
    US = "us"
    WORLD = "world"
    EPOCH = "epoch"


EXAMPLES = {
    TimeStyle.ISO: "2024-06-18 13:15:00",
    TimeStyle.US: "6/18/2024 1:15:00 PM",
    TimeStyle.WORLD: "18/06/2024 13:15:00",
    TimeStyle.EPOCH: Said("1718730900 (seconds since 1970)"),
}
DAYS = {
    TimeStyle.US: ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%b %d %Y"),
    TimeStyle.WORLD: ("%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y"),
}
HOURS = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%H%M%S")
MILLIS = 10**11
"""A count since 1970 above this is in thousandths of a second."""
APART = re.compile(r"(.+?) (\d{1,2}:\d\d.*|\d{6})")
"""The day, and the time of day."""
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[ T]?(\d\d):?(\d\d):?(\d\d)")


class BadTime(ValueError):
    """A moment that cannot be read; the message is what stands behind the line's number."""


def moment(text: str, style: TimeStyle, zone: ZoneInfo) -> datetime:
    """The moment in UTC; BadTime when it is none in this style, or an hour that the clocks jumped over.

    Of an hour that came twice the first is meant: whoever waits is then taken to wait longer.
    """
    words = " ".join(text.replace(",", " ").split())
    if not words:
        raise BadTime(Said("there is no time."))
    try:
        found = _epoch(words) if style is TimeStyle.EPOCH else _written(words, style)
    except (ValueError, OverflowError, OSError) as error:
        raise BadTime(Said("the time cannot be read: choose how the log writes it.")) from error
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    local = found.replace(tzinfo=zone)
    there = local.astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) != found:
        raise BadTime(Said("the clocks were put forward over this hour: look at the zone."))
    return there


def _epoch(words: str) -> datetime:
    count = float(words)
    return datetime.fromtimestamp(count / 1000 if abs(count) > MILLIS else count, UTC)


def _written(words: str, style: TimeStyle) -> datetime:
    if style is TimeStyle.ISO:
        packed = COMPACT.fullmatch(words)
        return datetime(*map(int, packed.groups())) if packed else datetime.fromisoformat(words)  # type: ignore[arg-type] # noqa: DTZ001 - the zone follows
    apart = APART.fullmatch(words)
    if apart is None:
        raise ValueError(style.value)
    return datetime.combine(_first(apart[1], DAYS[style]).date(), _first(apart[2], HOURS).time())


def _first(words: str, forms: Sequence[str]) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(words, form)  # noqa: DTZ007 - the zone follows
        except ValueError:
            continue
    raise ValueError(words)


def guessed(samples: Sequence[str], zone: ZoneInfo, chosen: TimeStyle = TimeStyle.ISO) -> TimeStyle:
    """The style that reads most of these; of several the one that was chosen, then the first of `TimeStyle`."""

    def read(style: TimeStyle) -> int:
        return sum(reads(text, style, zone) for text in samples)

    styles: list[TimeStyle] = [chosen, *TimeStyle]
    return max(styles, key=read)


def reads(text: str, style: TimeStyle, zone: ZoneInfo) -> bool:
    """Whether this is a moment in this style, and one of our days."""
    try:
        return moment(text, style, zone) > datetime(1990, 1, 1, tzinfo=UTC)
    except BadTime:
        return False


def length(text: str) -> timedelta | None:
    """``83``, ``83.5``, ``1:23`` or ``00:01:23`` as a length; None for anything else."""
    parts = text.strip().split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) > 3 or any(number < 0 for number in numbers):
        return None
    seconds = 0.0
    for number in numbers:
        seconds = seconds * 60 + number
    return timedelta(seconds=seconds) if seconds < 10**6 else None
