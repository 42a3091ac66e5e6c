"""How a log of calls is to be read, as a form: guessed, remembered for each system, and corrected by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadcaster.outage.missed_calls import call_columns, call_times
from broadcaster.outage.missed_calls.call_columns import Columns, Field, plain
from broadcaster.outage.missed_calls.call_log import Table
from broadcaster.outage.missed_calls.call_times import TimeStyle
from broadcaster.said import Said
from broadcaster.web import moments
from broadcaster.web.house import house

ZONES = (
    *("UTC", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico", "Pacific/Guam"),
)
"""The zones of the United States, and that of many switches."""


def to_json(columns: Columns) -> dict[str, object]:
    """What is remembered of a reading for the system's next log: all but between which moments a call counts."""
    return {
        "names": {wanted.value: name for wanted, name in columns.names.items()},
        "style": columns.style.value,
        "zone": columns.zone,
        "through": sorted(columns.through),
    }


def remembered(kept: Mapping[str, object], table: Table) -> Columns | None:
    """The reading of the system's last log, if this one has the same columns."""
    names = kept.get("names")
    if not isinstance(names, dict) or not names or not {*names.values()} <= {*table.header}:
        return None
    through = kept.get("through")
    return Columns(
        {Field(wanted): str(name) for wanted, name in names.items()},
        TimeStyle(str(kept["style"])),
        str(kept["zone"]),
        frozenset(map(str, through)) if isinstance(through, list) else call_columns.THROUGH,
    )


def guessed(table: Table, kept: Mapping[str, object], zone: str) -> Columns:
    """As the last log of the system, or as the names of the columns say."""
    return remembered(kept, table) or call_columns.guessed(table.header, table.first, zone)


def typed(form: Mapping[str, str], table: Table, zone: ZoneInfo, problems: dict[str, str]) -> Columns:
    """What was chosen in the form; `zone` is that of the two moments, in which the desk reads and types."""
    names = {one: name for one in Field if (name := form.get(f"column-{one.value}", "")) in table.header and name}
    words = frozenset(filter(None, (plain(word) for word in form.get("through", "").split(","))))
    chosen = Columns(names, _style(form), _zone(form, problems), words or call_columns.THROUGH)
    if missing := chosen.missing():
        problems["columns"] = missing
    elif not _reads_any(chosen, table):
        chosen = call_columns.styled(chosen, table.first)
    since, until = (_moment(form.get(name, ""), name, zone, problems) for name in ("since", "until"))
    if since and until and until < since:
        problems["until"] = Said("This is before the beginning: choose a later moment, or leave it empty.")
    return replace(chosen, since=since, until=until)


def _reads_any(columns: Columns, table: Table) -> bool:
    """Whether any time can be read so: a column that was chosen anew may be written otherwise."""
    zone = ZoneInfo(columns.zone)
    return any(call_times.reads(call_columns.written(row, columns), columns.style, zone) for row in table.first)


def _style(form: Mapping[str, str]) -> TimeStyle:
    given = form.get("style", "")
    return TimeStyle(given) if given in {each.value for each in TimeStyle} else TimeStyle.ISO


def _zone(form: Mapping[str, str], problems: dict[str, str]) -> str:
    given = form.get("zone", "").strip()[:60]
    try:
        return ZoneInfo(given).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems["zone"] = Said("This is no zone: choose one from the list.")
        return "UTC"


def _moment(text: str, name: str, zone: ZoneInfo, problems: dict[str, str]) -> datetime | None:
    if not text.strip():
        return None
    try:
        return moments.typed(text, zone, house().clock()).astimezone(UTC)
    except ValueError:
        problems[name] = Said("Fill in date and time, like 2026-06-18T13:00, or leave it empty.")
        return None
