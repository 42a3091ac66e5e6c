"""Logs of calls in the forms that systems write them: columns, times, numbers; nobody is lost to a bad cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.alert.missed_caller import Cannot
from broadcaster.outage.missed_calls import call_columns, call_log, call_times
from broadcaster.outage.missed_calls.call_columns import Columns, Field, guessed
from broadcaster.outage.missed_calls.call_log import BadLog, Reading
from broadcaster.outage.missed_calls.call_times import BadTime, TimeStyle
from broadcaster.outage.missed_calls.callers import reconcile
from tests import calls, desk

HOME = ZoneInfo("America/New_York")
NOW = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
KNOWN = call_log.desks(desk.directory())


def read(text: str, **changes: object) -> Reading:
    """A log as it is guessed, with some things chosen otherwise."""
    table = call_log.table(text.encode())
    columns = replace(guessed(table.header, table.first, HOME.key), **changes)  # type: ignore[arg-type]
    return call_log.read(table.rows, columns, "router", KNOWN, NOW)


@pytest.mark.parametrize(
    ("text", "style", "utc"),
    [
        ("2026-06-18 11:15:00", TimeStyle.ISO, "15:15:00"),
        ("2026-06-18T15:15:00Z", TimeStyle.ISO, "15:15:00"),
        ("2026-06-18T10:15:00-05:00", TimeStyle.ISO, "15:15:00"),
        ("20260618111500", TimeStyle.ISO, "15:15:00"),
        ("06/18/2026 11:15:00", TimeStyle.US, "15:15:00"),
        ("6/18/2026, 11:15 AM", TimeStyle.US, "15:15:00"),
        ("Jun 18 2026 11:15:00", TimeStyle.US, "15:15:00"),
        ("18/06/2026 11:15:00", TimeStyle.WORLD, "15:15:00"),
        ("18-Jun-2026 11:15:00", TimeStyle.WORLD, "15:15:00"),
        ("18.06.2026 11:15", TimeStyle.WORLD, "15:15:00"),
        ("1781795700", TimeStyle.EPOCH, "15:15:00"),
        ("1781795700000", TimeStyle.EPOCH, "15:15:00"),
    ],
)
def test_a_moment_in_every_style(text: str, style: TimeStyle, utc: str) -> None:
    assert call_times.moment(text, style, HOME).isoformat() == f"2026-06-18T{utc}+00:00"
    assert call_times.guessed([text], HOME) is style


@pytest.mark.parametrize(
    ("text", "style", "why"),
    [
        ("", TimeStyle.ISO, "no time"),
        ("yesterday", TimeStyle.ISO, "cannot be read"),
        ("18/06/2026 11:15", TimeStyle.US, "cannot be read"),
        ("1e99", TimeStyle.EPOCH, "cannot be read"),
        ("03/08/2026 02:30:00", TimeStyle.US, "put forward"),
    ],
)
def test_a_moment_that_is_none(text: str, style: TimeStyle, why: str) -> None:
    with pytest.raises(BadTime, match=why):
        call_times.moment(text, style, HOME)


def test_of_an_hour_that_came_twice_the_first_is_meant() -> None:
    found = call_times.moment("11/01/2026 01:30:00", TimeStyle.US, HOME)
    assert found == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("83", 83), ("1:23", 83), ("00:01:23", 83), ("0", 0), ("", None), ("n/a", None), ("-1", None)]
)
def test_a_length(text: str, seconds: float | None) -> None:
    assert call_times.length(text) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (
            calls.ROUTER,
            {"at": "Start Time", "callback": "CBN", "phone": "ANI", "status": "Disposition", "ref": "CallID"},
        ),
        (calls.CPE, {"date": "Date", "hour": "Time", "phone": "Caller Number", "status": "Call Result"}),
        (("calldate", "src", "billsec", "disposition"), {"at": "calldate", "phone": "src", "talk": "billsec"}),
        (("CallStart", "caller_id", "PSAP-Name"), {"at": "CallStart", "phone": "caller_id", "psap": "PSAP-Name"}),
        (
            ("Call Back Number", "DateTime", "Class of Service"),
            {"callback": "Call Back Number", "service": "Class of Service"},
        ),
        (("x1", "x2"), {}),
    ],
)
def test_columns_are_known_by_their_names(header: tuple[str, ...], names: dict[str, str]) -> None:
    found = {wanted.value: name for wanted, name in guessed(header, [], "UTC").names.items()}
    assert found.items() >= names.items() and (names or not found)


@pytest.mark.parametrize(
    ("ani", "cbn", "phone", "cannot", "digits"),
    [
        ("9785550101", "", "+19785550101", Cannot.CAN, ""),
        ("", "(978) 555-0101", "+19785550101", Cannot.CAN, ""),
        ("5115550123", "19785550101", "+19785550101", Cannot.CAN, ""),
        ("5115550123", "", "", Cannot.ROUTING_NUMBER, ""),
        ("911-555-0123", "", "", Cannot.NO_SUBSCRIPTION, "9115550123"),
        ("+44 20 7946 0958", "", "+442079460958", Cannot.CAN, ""),
        ("Anonymous", "", "", Cannot.NO_NUMBER, ""),
        ("0000000000", "", "", Cannot.NO_NUMBER, ""),
        ("12", "", "", Cannot.NO_SUCH_NUMBER, ""),
        ("911", "", "", Cannot.NO_SUCH_NUMBER, ""),
        ('="""9785550101"""', "", "+19785550101", Cannot.CAN, ""),
    ],
)
def test_the_number_to_call_back(ani: str, cbn: str, phone: str, cannot: Cannot, digits: str) -> None:
    (call,) = read(f"Start Time,ANI,CBN,Location\n2026-06-18 11:00:00,{ani},{cbn},x\n").calls
    assert (call.phone, call.cannot, call.digits) == (phone, cannot, digits)


@pytest.mark.parametrize(
    ("columns", "cells", "connected"),
    [
        ("Disposition", "ANSWERED", True),
        ("Disposition", "Abandoned", False),
        ("Disposition", "XFER-7", False),
        ("Answer Time", "11:00:05", True),
        ("Answer Time", "", False),
        ("Talk Time", "0:42", True),
        ("Talk Time", "0", False),
        ("Location", "x", False),
    ],
)
def test_who_got_through_by_whatever_the_log_says(columns: str, cells: str, connected: bool) -> None:
    (call,) = read(f"Start Time,ANI,{columns}\n2026-06-18 11:00:00,9785550101,{cells}\n").calls
    assert call.connected is connected


def test_every_line_is_a_call_or_has_its_sentence() -> None:
    log = (
        "Start Time;ANI;Disposition;Direction;PSAP;City;Class\n"
        "2026-06-18 11:00:00;9785550101;ABANDONED;in;Ayer dispatch;;\n"
        "2026-06-18 11:00:00;9785550102;VANISHED;in;;Groton;\n"
        "2026-06-18 11:00:00;9785550103;ABANDONED;outbound;;;\n"
        "soon;9785550104;ABANDONED;in;;;\n"
        "\n"
        "2026-06-18 13:00:00;9785550105;ABANDONED;in;;;\n"
        "2026-06-18 11:00:00;;ABANDONED;in;Atlantis;;\n"
        "2026-06-18 09:00:00;9785550106;ABANDONED;in;;;\n"
        "2026-06-18 09:00:00;9785550106;ANSWERED;in;;;\n"
    )
    since = datetime(2026, 6, 18, 14, 0, tzinfo=UTC)
    reading = read(log, since=since, until=since + timedelta(hours=2))
    assert [(call.phone[-4:], call.psap, call.connected) for call in reading.calls] == [
        ("0101", "ayer-psap", False),
        ("0102", "groton-psap", False),
        ("", "", False),
        ("0106", "", True),
    ]
    assert (reading.lines, reading.missed, reading.outgoing, reading.outside) == (8, 3, 1, 1)
    assert [(one.line, one.left_out) for one in reading.found] == [
        (3, False),
        (5, True),
        (7, True),
        (8, False),
        (8, False),
    ]
    said = " ".join(one.sentence for one in reading.found)
    assert "counts as missed" in said and "ahead of us" in said and "no number to call back" in said
    assert "not in the directory" in said and "555" not in said


def test_nobody_is_joined_for_want_of_a_number() -> None:
    line = "2026-06-18 11:00:00,,\n"
    reading = read(f"Start Time,ANI,Location\n{line * 3}")
    assert len(reconcile(reading.calls)) == 3
    assert reading.calls == read(f"Start Time,ANI,Location\n{line * 3}").calls, "the same file is the same calls again"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no table"),
        (b"just words\nand more\n", "no table"),
        (b'Start Time,ANI\n"2026,978\n', "near line"),
        (("a,b\n" + "1,2\n" * 20_001).encode(), "more than 20,000 lines"),
    ],
)
def test_a_file_that_is_no_log(data: bytes, why: str) -> None:
    with pytest.raises(BadLog, match=why):
        call_log.table(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("comma", [",", ";", "\t", "|"])
def test_every_separator_and_encoding(encoding: str, comma: str) -> None:
    text = f"Start Time{comma}ANI{comma}City\n2026-06-18 11:00:00{comma}9785550101{comma}Café Peña\n"
    table = call_log.table(text.encode(encoding))
    assert table.rows[0][1]["City"] == "Café Peña"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({Field.PHONE: "ANI"}, "time of the call"),
        ({Field.DATE: "Date", Field.PHONE: "ANI"}, "time of the call"),
        ({Field.AT: "Start"}, "caller’s number"),
        ({Field.AT: "Start", Field.PHONE: "ANI"}, ""),
        ({Field.DATE: "Date", Field.HOUR: "Time", Field.STREET: "Street"}, ""),
    ],
)
def test_what_must_be_chosen(names: dict[Field, str], words: str) -> None:
    found = Columns(names).missing()
    assert words in found and bool(found) is bool(words)


def test_the_generators_logs_are_read_as_it_made_them() -> None:
    """Its figures are counted without a line of ours."""
    logs = calls.made()
    assert (logs.truth.missed, logs.truth.duplicates, logs.truth.through) == (200, 40, 30)
    found = []
    for name, data in (("router", logs.router_csv), ("cpe", logs.cpe_csv)):
        table = call_log.table(data)
        reading = call_log.read(table.rows, guessed(table.header, table.first, HOME.key), name, KNOWN, NOW)
        found += reading.calls
    callers = reconcile(found)
    assert sum(caller.lines for caller in callers) == logs.truth.missed
    assert len(callers) == logs.truth.callers
    assert sum(caller.through is not None for caller in callers) == logs.truth.through
    assert {caller.phone[2:] for caller in callers if caller.phone and not caller.through} == set(logs.truth.says)
    assert sum(caller.before is not None for caller in callers if not caller.through) == calls.ALREADY
    assert sum(not caller.phone for caller in callers) == calls.NAMELESS


def test_words_of_a_column_are_compared_plainly() -> None:
    assert call_columns.plain(" Call_Start-Time ") == call_columns.plain("CallStart Time") == "call start time"
