"""A log of calls, read by its columns: every line becomes a call or has a sentence that says why not. Pure.

A missed caller is never lost to a bad cell: without a number the call stays, marked as one that cannot be called back.
Only a line whose time cannot be read is left out. No sentence repeats a number or an address.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from broadcaster.alert.missed_caller import Cannot
from broadcaster.alert.phone import PhoneRefused, parse
from broadcaster.directory import Directory
from broadcaster.outage.missed_calls import call_times
from broadcaster.outage.missed_calls.call_columns import MISSED, THROUGH, Columns, Field, plain, written
from broadcaster.outage.missed_calls.call_times import BadTime
from broadcaster.outage.missed_calls.callers import HANDSET, Call
from broadcaster.said import Said

DELIMITERS = ",;\t|"
MOST_LINES = 20_000
TOO_LONG = Said("The log has more than %(most)s lines: export the hours of the outage alone.", most=f"{MOST_LINES:,}")
NO_WORD = Said("its disposition is no word we know: it counts as missed.")
AHEAD = timedelta(minutes=5)
"""A system's clock may be so much ahead of ours."""
WIRELESS = re.compile(r"\b(w|wr|wrls|wph[12]?|wireless|wrl|mobl|mobile|cell|cellular|nomadic)\b", re.I)
OUTGOING = frozenset({"out", "outbound", "outgoing", "o", "dialed", "dialled", "placed", "callback"})
ROUTING = ("511", "211")
"""Area codes of the pseudo-numbers by which the network routes a wireless call (pANI, ESRK): they change hands with
every call (ATIS/TIA J-STD-036)."""
Row = Mapping[str, str]


class BadLog(ValueError):
    """A file that is no table at all; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a line, counted as an editor does; `left_out`: the line is not imported."""

    line: int
    sentence: str
    left_out: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A file as rows: the names of its columns, and each row with the line that it ends on."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]

    @property
    def first(self) -> list[Row]:
        """The rows without their lines."""
        return [row for _, row in self.rows]


@dataclass
class Reading:
    """What a log says: its calls, what was found line by line, and how many lines were of outgoing calls, or of missed
    ones outside the time that was asked for."""

    calls: list[Call] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    lines: int = 0
    outgoing: int = 0
    outside: int = 0

    @property
    def left_out(self) -> list[Finding]:
        """The lines that are not imported."""
        return [one for one in self.found if one.left_out]

    @property
    def missed(self) -> int:
        """How many calls did not get through."""
        return sum(not call.connected for call in self.calls)


def table(data: bytes) -> Table:
    """The rows of a CSV file, whatever its separator and encoding (UTF-8, UTF-16, Windows); BadLog when it is none."""
    text = _decoded(data)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip("\r\n")), delimiter=delimiter, strict=True)
    rows: list[tuple[int, Row]] = []
    try:
        header = tuple(_unquoted(name) for name in next(reader, []))
        if len(header) < 2 or len({*header} - {""}) < 2:
            raise BadLog(Said("This is no table: line 1 must name the columns, with commas between them."))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, dict(zip(header, map(_unquoted, cells), strict=False))))
            if len(rows) > MOST_LINES:
                raise BadLog(TOO_LONG)
    except csv.Error as error:
        raise BadLog(
            Said("The file cannot be read near line %(line)s: look for an open quote.", line=reader.line_num + 1)
        ) from error
    return Table(header, tuple(rows))


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _unquoted(cell: str) -> str:
    """A cell without what keeps spreadsheets from eating its zeros: ``="978..."`` or a leading apostrophe."""
    text = cell.strip()
    held = re.fullmatch(r'="(.*)"', text)
    return held[1].strip() if held else text.removeprefix("'").strip()


def desks(directory: Directory) -> dict[str, str]:
    """By what a log may name an answering point, or a community that it serves, and its code."""
    towns = {plain(place.name): place.psap_code for place in directory.communities}
    names = {plain(psap.name): psap.code for psap in directory.psaps}
    return towns | names | {plain(psap.code): psap.code for psap in directory.psaps}


def read(
    rows: Sequence[tuple[int, Row]], columns: Columns, system: str, known: Mapping[str, str], now: datetime
) -> Reading:
    """The calls of a log. `known` is `desks` of the directory in use."""
    reading, nameless = Reading(lines=len(rows)), Counter[str]()
    zone = ZoneInfo(columns.zone)
    for line, row in rows:
        if plain(_cell(row, columns, Field.DIRECTION)) in OUTGOING:
            reading.outgoing += 1
            continue
        try:
            at = call_times.moment(written(row, columns), columns.style, zone)
            if at > now + AHEAD:
                raise BadTime(Said("the time lies ahead of us: look at the zone and at the order of day and month."))
        except BadTime as error:
            reading.found.append(Finding(line, str(error), left_out=True))
            continue
        call, notes = _call(row, columns, system, at, known)
        if not call.connected and not _counts(at, columns):
            reading.outside += 1
            continue
        reading.calls.append(_told_apart(call, nameless))
        reading.found += [Finding(line, note, left_out=False) for note in notes]
    return reading


def _told_apart(call: Call, seen: Counter[str]) -> Call:
    """Of several calls with nothing to tell them apart by, each is somebody else."""
    if not call.whose.startswith("call:") or call.ref:
        return call
    seen[call.whose] += 1
    many = seen[call.whose]
    return call if many == 1 else replace(call, ref=f"{call.at.isoformat()} no. {many}")


def _counts(at: datetime, columns: Columns) -> bool:
    return (columns.since is None or at >= columns.since) and (columns.until is None or at <= columns.until)


def _call(row: Row, columns: Columns, system: str, at: datetime, known: Mapping[str, str]) -> tuple[Call, list[str]]:
    connected, notes = _connected(row, columns)
    phone, cannot, digits = _number(row, columns)
    place = ", ".join(_places(row, columns))
    psap = _psap(row, columns, known)
    if not connected and cannot is not Cannot.CAN:
        stays = Said("no number to call back: it stays on the list with its place.")
        notes.append(stays if place else Said("no number to call back, and no place."))
    if not psap and _cell(row, columns, Field.PSAP):
        notes.append(Said("the answering point is not in the directory: it goes to the list without one."))
    wireless = bool(WIRELESS.search(_cell(row, columns, Field.SERVICE))) or not _is_fixed(row, columns)
    ref = _cell(row, columns, Field.REF)
    return Call(system, at, connected, phone, cannot, digits, psap, place, wireless, ref), notes


def _cell(row: Row, columns: Columns, wanted: Field) -> str:
    return row.get(columns.names.get(wanted, ""), "")


def _is_fixed(row: Row, columns: Columns) -> bool:
    """Whether there is an address at all, and not only a point."""
    return any(_cell(row, columns, each) for each in (Field.STREET, Field.PLACE))


def _connected(row: Row, columns: Columns) -> tuple[bool, list[str]]:
    """Whether somebody spoke with them; a word that nobody knows counts as missed."""
    word = plain(_cell(row, columns, Field.STATUS))
    if word:
        known = word in columns.through or word in MISSED or word in THROUGH
        return word in columns.through, [] if known else [NO_WORD]
    if Field.ANSWERED in columns.names:
        return plain(_cell(row, columns, Field.ANSWERED)) not in {"", *MISSED}, []
    talked = call_times.length(_cell(row, columns, Field.TALK))
    return talked is not None and talked > timedelta(), []


def _number(row: Row, columns: Columns) -> tuple[str, Cannot, str]:
    """The number to call back (E.164), or why there is none and the digits of the handset."""
    reasons: list[tuple[Cannot, str]] = []
    for wanted in (Field.CALLBACK, Field.PHONE):
        typed = _cell(row, columns, wanted)
        whole = re.sub(r"\D", "", typed)
        digits = whole.removeprefix("1")
        if len(set(whole)) < 2:
            continue
        if len(digits) == 10 and digits.startswith(HANDSET):
            reasons.append((Cannot.NO_SUBSCRIPTION, digits))
        elif len(digits) == 10 and digits.startswith(ROUTING):
            reasons.append((Cannot.ROUTING_NUMBER, ""))
        else:
            try:
                return parse(typed), Cannot.CAN, ""
            except PhoneRefused:
                reasons.append((Cannot.NO_SUCH_NUMBER, ""))
    cannot, digits = reasons[0] if reasons else (Cannot.NO_NUMBER, "")
    return "", cannot, digits


def _places(row: Row, columns: Columns) -> Iterator[str]:
    """What the log knows of where a call came from: the address, then the point."""
    house = " ".join(filter(None, (_cell(row, columns, each) for each in (Field.HOUSE, Field.STREET))))
    yield from filter(None, (house, _cell(row, columns, Field.PLACE), _cell(row, columns, Field.TOWN)))
    point = [_cell(row, columns, each) for each in (Field.LATITUDE, Field.LONGITUDE)]
    if all(point):
        yield " ".join(point)


def _psap(row: Row, columns: Columns, known: Mapping[str, str]) -> str:
    named = (plain(_cell(row, columns, each)) for each in (Field.PSAP, Field.TOWN))
    return next((known[name] for name in named if name in known), "")
