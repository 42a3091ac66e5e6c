"""Counts as others send them: each row checked, and said what is wrong with it.

A row is a PSAP, a minute, its calls; and, where the feed knows, how many of them were redialled, the moment of the last
one, and until which moment the minute was counted. A zero must be sent: nothing at all is a feed that stopped.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from broadcaster.store.outage.call_counts import MINUTES_KEPT, NewCount

AHEAD = timedelta(minutes=2)
"""How far the clock of a feed may be ahead of ours."""
MOST_CALLS = 100_000
NEEDED = ("psap", "minute", "calls")
MINUTE_S = 60.0


class BadCount(ValueError):
    """A row that cannot be counted: the field, and a sentence."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = name


@dataclass(frozen=True, slots=True)
class Given:
    """A row as it was sent."""

    psap: str
    minute: datetime
    calls: int
    retries: int = 0
    last_call_at: datetime | None = None
    through: datetime | None = None


@dataclass
class Reading:
    """The rows of a file: the good ones, and for each bad one its line and a sentence."""

    rows: list[NewCount] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def checked(given: Given, ids: Mapping[str, int], now: datetime | None) -> NewCount:
    """A row that can be kept. BadCount otherwise; without `now` it may be as old as it likes."""
    key = ids.get(given.psap)
    if key is None:
        raise BadCount("psap", f"There is no PSAP {given.psap[:60]!r} in the directory: use its code there.")
    minute = given.minute.astimezone(UTC)
    if minute.second or minute.microsecond:
        raise BadCount("minute", "A minute begins with its second 0: send 2026-06-18T16:04:00Z.")
    if now is not None and minute > now + AHEAD:
        raise BadCount("minute", "That minute is still to come: check the clock and the time zone of the feed.")
    if now is not None and minute < now - MINUTES_KEPT:
        raise BadCount("minute", "That is older than three days: import it by `broadcaster calls import`.")
    if not 0 <= given.calls <= MOST_CALLS:
        raise BadCount("calls", "Calls are a number from 0 to 100,000.")
    if not 0 <= given.retries <= given.calls:
        raise BadCount("retries", "Redialled calls are some of the calls: from 0 to their number.")
    through = _second("through", given.through, minute, MINUTE_S)
    through_s = MINUTE_S if through is None or through <= 0.0 else through
    last = _second("last_call_at", given.last_call_at, minute, through_s)
    return NewCount(key, minute, given.calls, given.retries, last if given.calls else None, through_s)


def _second(name: str, moment: datetime | None, minute: datetime, most: float) -> float | None:
    if moment is None:
        return None
    second = (moment - minute).total_seconds()
    if not 0.0 <= second <= most:
        raise BadCount(name, "That moment lies outside of the minute that was counted.")
    return second


def read(lines: Iterable[str], ids: Mapping[str, int], zone: ZoneInfo, now: datetime | None) -> Reading:
    """A CSV file with the columns psap, minute, calls and, if known, retries, last_call_at, through. Moments are ISO
    8601, local to the installation where they name no zone; of the hour that clocks repeat in autumn the later one is
    meant as soon as it has come. BadCount when it is no such table at all."""
    table = csv.DictReader(lines, strict=True)
    reading = Reading()
    try:
        missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
        if missing:
            raise BadCount("", f"The file has no column {' and no column '.join(missing)}: name it in line 1.")
        for row in table:
            try:
                reading.rows.append(checked(_given(row, zone, now), ids, now))
            except BadCount as bad:
                reading.refused.append((table.line_num, str(bad)))
    except (csv.Error, UnicodeDecodeError) as error:
        where = table.line_num + 1
        raise BadCount("", f"The file cannot be read near line {where}: save it as CSV in UTF-8.") from error
    return reading


def _given(row: Mapping[str | None, str | None], zone: ZoneInfo, now: datetime | None) -> Given:
    if None in row:
        raise BadCount("", "It has more fields than line 1 has names.")
    minute = _moment("minute", row.get("minute"), zone, now)
    if minute is None:
        raise BadCount("minute", "Name the minute: 2026-06-18T16:04:00Z.")
    return Given(
        (row.get("psap") or "").strip(),
        minute,
        _number("calls", row.get("calls")),
        _number("retries", row.get("retries") or "0"),
        _moment("last_call_at", row.get("last_call_at"), zone, now),
        _moment("through", row.get("through"), zone, now),
    )


def _number(name: str, text: str | None) -> int:
    plain = (text or "").strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 8):
        raise BadCount(name, f"{name.capitalize()} must be a whole number, and 0 where there were none.")
    return int(plain)


def _moment(name: str, text: str | None, zone: ZoneInfo, now: datetime | None) -> datetime | None:
    plain = (text or "").strip()
    if not plain:
        return None
    try:
        found = datetime.fromisoformat(plain)
    except ValueError as error:
        raise BadCount(name, f"{plain[:40]!r} is no moment: write 2026-06-18T16:04:00Z.") from error
    return found if found.tzinfo else _local(found, zone, now)


def _local(wall: datetime, zone: ZoneInfo, now: datetime | None) -> datetime:
    """The moment of a clock on the wall. Of an hour that it shows twice `now` decides; the past is taken for the
    first."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if now is not None and first < second <= now + AHEAD else first
