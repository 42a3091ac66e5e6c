"""Which column of a log of calls is what: ALI and CDR exports name theirs in a hundred ways. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from broadcaster.outage.missed_calls import call_times
from broadcaster.outage.missed_calls.call_times import TimeStyle
from broadcaster.said import Said


class Field(StrEnum):
    """What a column may hold. `callback` is the number to call, `phone` the one that the network showed."""

    AT = "at"
    DATE = "date"
    HOUR = "hour"
    CALLBACK = "callback"
    PHONE = "phone"
    STATUS = "status"
    ANSWERED = "answered"
    TALK = "talk"
    DIRECTION = "direction"
    PSAP = "psap"
    HOUSE = "house"
    STREET = "street"
    TOWN = "town"
    PLACE = "place"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    SERVICE = "service"
    REF = "ref"


LABELS = {
    Field.AT: Said("When the call began (date and time)"),
    Field.DATE: Said("Date, where it stands apart"),
    Field.HOUR: Said("Time of day, where it stands apart"),
    Field.CALLBACK: Said("Number to call back (CBN)"),
    Field.PHONE: Said("Caller’s number (ANI)"),
    Field.STATUS: Said("Whether it got through (disposition)"),
    Field.ANSWERED: Said("When it was answered"),
    Field.TALK: Said("How long they talked"),
    Field.DIRECTION: Said("Incoming or outgoing"),
    Field.PSAP: Said("Answering point (PSAP)"),
    Field.HOUSE: Said("House number"),
    Field.STREET: Said("Street"),
    Field.TOWN: Said("Community"),
    Field.PLACE: Said("Whole address or location (ALI)"),
    Field.LATITUDE: Said("Latitude"),
    Field.LONGITUDE: Said("Longitude"),
    Field.SERVICE: Said("Class of service (wireless or not)"),
    Field.REF: Said("The system’s own number of the call"),
}
NAMES: dict[Field, tuple[str, ...]] = {
    Field.AT: (
        *("call start", "start time", "call time", "date time", "datetime", "timestamp", "call date time", "begin"),
        *("received", "call received", "seizure time", "setup time", "time of call", "arrival time", "starttime"),
        *("calldate", "call begin", "initiated", "presented", "start", "utc", "event time", "at", "when"),
    ),
    Field.DATE: ("date", "call date", "start date", "day"),
    Field.HOUR: ("time", "hour", "time of day", "clock"),
    Field.CALLBACK: (
        *("callback number", "callback", "cbn", "call back number", "call back", "cb number", "cbnumber", "cpn"),
        *("callback phone", "main number", "mtn"),
    ),
    Field.PHONE: (
        *("ani", "caller number", "calling number", "caller", "phone", "phone number", "telephone", "from", "tn"),
        *("caller id", "callerid", "clid", "cli", "calling party", "calling party number", "number", "src", "source"),
        *("origination number", "originating number", "a number", "msisdn", "mdn", "telephone number", "from number"),
    ),
    Field.STATUS: (
        *("disposition", "status", "call status", "result", "call result", "outcome", "call outcome", "call type"),
        *("release cause", "termination", "end reason", "completion", "state"),
    ),
    Field.ANSWERED: (
        "answer time",
        "answered at",
        "time answered",
        "answered time",
        "connect time",
        "answered",
        "pickup",
    ),
    Field.TALK: (
        "talk time",
        "talk",
        "billsec",
        "talk seconds",
        "conversation time",
        "talk duration",
        "connected seconds",
    ),
    Field.DIRECTION: ("direction", "call direction", "in out", "inbound outbound"),
    Field.PSAP: (
        *("psap", "psap id", "psap name", "psap code", "answering point", "agency", "agency name", "center", "centre"),
        *("site", "esn", "routed to", "destination psap", "dispatch center"),
    ),
    Field.HOUSE: ("house number", "house", "hno", "house no", "street number"),
    Field.STREET: ("street", "street name", "str", "prd street"),
    Field.TOWN: ("community", "city", "town", "municipality", "msag community", "postal community"),
    Field.PLACE: (
        "address",
        "location",
        "ali",
        "ali address",
        "caller location",
        "civic address",
        "full address",
        "place",
    ),
    Field.LATITUDE: ("latitude", "lat", "y"),
    Field.LONGITUDE: ("longitude", "lon", "lng", "long", "x"),
    Field.SERVICE: ("class of service", "cos", "class", "service class", "service type", "line type"),
    Field.REF: (
        *(
            "call id",
            "callid",
            "unique id",
            "uniqueid",
            "call identifier",
            "incident id",
            "sequence",
            "record id",
            "id",
        ),
        *("uuid", "guid", "call number", "reference", "icr"),
    ),
}
"""Names that mean each field, the likeliest first; case, dashes, dots and underscores are nothing."""
THROUGH = frozenset(
    {
        *("answered", "answer", "connected", "connect", "completed", "complete", "normal", "ans", "handled", "talked"),
        *("yes", "y", "true", "1", "success", "ok", "transferred", "normal clearing", "16", "200"),
    }
)
"""Words of a disposition that say: somebody spoke with them. 16 is Q.850's normal clearing, 200 SIP's OK."""
MISSED = frozenset(
    {
        *(
            "abandoned",
            "abandon",
            "aband",
            "missed",
            "no answer",
            "noanswer",
            "unanswered",
            "busy",
            "fast busy",
            "failed",
        ),
        *("fail", "failure", "blocked", "overflow", "dropped", "lost", "not connected", "not answered", "congestion"),
        *("rejected", "canceled", "cancelled", "no", "n", "false", "0", "timeout", "unreachable", "disconnected"),
    }
)
SAMPLE = 200


def plain(name: str) -> str:
    """A name as it is compared: small letters and single blanks."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", apart.lower()).split())


@dataclass(frozen=True, slots=True)
class Columns:
    """How one system's log is read: the column of each field, the style and the zone of its times, the words of its
    disposition that say that a call got through, and between which moments a missed call counts."""

    names: Mapping[Field, str]
    style: TimeStyle = TimeStyle.ISO
    zone: str = "UTC"
    through: frozenset[str] = THROUGH
    since: datetime | None = None
    until: datetime | None = None

    @property
    def tells_who_got_through(self) -> bool:
        """Whether any column says so; otherwise every line is a missed call."""
        return any(each in self.names for each in (Field.STATUS, Field.ANSWERED, Field.TALK))

    def missing(self) -> str:
        """The sentence that says which column is needed and not chosen, or nothing."""
        if Field.AT not in self.names and not (Field.DATE in self.names and Field.HOUR in self.names):
            return Said(
                "Choose the column with the time of the call, or one with the date and one with the time of day."
            )
        places = (Field.CALLBACK, Field.PHONE, Field.PLACE, Field.STREET, Field.LATITUDE)
        if not any(each in self.names for each in places):
            return Said("Choose the column with the caller’s number, or one that says where the call came from.")
        return ""


def guessed(header: Sequence[str], rows: Sequence[Mapping[str, str]], zone: str) -> Columns:
    """The likeliest reading of a log by the names of its columns and by its first rows."""
    free = {plain(name): name for name in reversed(header) if name}
    names: dict[Field, str] = {}
    for wanted in Field:
        for known in NAMES[wanted]:
            found = free.get(plain(known))
            if found is not None and found not in names.values():
                names[wanted] = found
                break
    if Field.AT in names:
        names.pop(Field.DATE, None)
        names.pop(Field.HOUR, None)
    return styled(Columns(names, zone=zone, through=_through(rows, names)), rows)


def styled(columns: Columns, rows: Sequence[Mapping[str, str]]) -> Columns:
    """The same columns in the style that reads most of these rows' times."""
    samples = [text for row in rows[:SAMPLE] if (text := written(row, columns))]
    return replace(columns, style=call_times.guessed(samples, ZoneInfo(columns.zone), columns.style))


def written(row: Mapping[str, str], columns: Columns) -> str:
    """When, as it stands in a row."""
    if Field.AT in columns.names:
        return row.get(columns.names[Field.AT], "")
    apart = (row.get(columns.names.get(each, ""), "") for each in (Field.DATE, Field.HOUR))
    return " ".join(part for part in apart if part)


def _through(rows: Sequence[Mapping[str, str]], names: Mapping[Field, str]) -> frozenset[str]:
    """The words of the disposition in these rows that are known to say so; all known words where none of them is."""
    if Field.STATUS not in names:
        return THROUGH
    seen = {plain(row.get(names[Field.STATUS], "")) for row in rows}
    return frozenset(seen & THROUGH) or THROUGH
