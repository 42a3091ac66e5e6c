"""Rows of counts as others send them: which are kept how, and which sentence refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from broadcaster.cli.calls import by_hour
from broadcaster.outage.detector import counting
from broadcaster.outage.detector.counting import BadCount, Given, checked
from broadcaster.store.outage.call_counts import NewCount

NOW = datetime(2026, 6, 18, 16, 4, 30, tzinfo=UTC)
AT = NOW.replace(second=0)
IDS = {"ayer": 1, "salem": 2}
ZONE = ZoneInfo("America/New_York")


AUTUMN = datetime(2026, 11, 1, 6, 40, tzinfo=UTC)
"""01:40 on the wall in the east, for the second time."""


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Given("ayer", AT, 3), NewCount(1, AT, 3)),
        (Given("ayer", AT, 3, 1, later(12.5)), NewCount(1, AT, 3, 1, 12.5)),
        (Given("ayer", AT, 3, 0, later(12.5), later(20)), NewCount(1, AT, 3, 0, 12.5, 20.0)),
        (Given("ayer", AT, 0, 0, later(12.5)), NewCount(1, AT, 0)),
        (Given("ayer", AT, 0, through=AT), NewCount(1, AT, 0)),
        (Given("salem", AT.astimezone(ZONE), 1), NewCount(2, AT, 1)),
    ],
    ids=["whole", "last call", "running", "no call has no last", "no second counted", "another zone"],
)
def test_a_row_that_fits_is_kept(given: Given, kept: NewCount) -> None:
    assert checked(given, IDS, NOW) == kept


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (Given("lynn", AT, 1), "psap", "no PSAP 'lynn'"),
        (Given("ayer", later(1), 1), "minute", "begins with its second 0"),
        (Given("ayer", AT + timedelta(minutes=3), 1), "minute", "still to come"),
        (Given("ayer", AT - timedelta(days=4), 1), "minute", "calls import"),
        (Given("ayer", AT, -1), "calls", "0 to 100,000"),
        (Given("ayer", AT, 1, 2), "retries", "some of the calls"),
        (Given("ayer", AT, 1, 0, later(61)), "last_call_at", "outside"),
        (Given("ayer", AT, 1, 0, later(30), later(20)), "last_call_at", "outside"),
        (Given("ayer", AT, 1, through=later(90)), "through", "outside"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field(given: Given, field: str, words: str) -> None:
    with pytest.raises(BadCount, match=words) as refused:
        checked(given, IDS, NOW)
    assert refused.value.field == field


def test_history_may_be_old() -> None:
    old = Given("ayer", AT - timedelta(days=400), 1)
    assert checked(old, IDS, None).calls == 1


def test_a_file_is_read_to_its_end_and_every_bad_row_has_its_line() -> None:
    text = "psap,minute,calls,retries,last_call_at\nayer,2026-06-18T12:03,2,,2026-06-18T12:03:30\nayer,,1,,\n"
    text += "ayer,2026-06-18T12:02,many,,\nsalem,2026-06-18T16:01Z,0,0,,1\nsalem,2026-06-18T16:01Z,0,0,\n"
    reading = counting.read(StringIO(text), IDS, ZONE, NOW)
    assert reading.rows == [
        NewCount(1, AT - timedelta(minutes=1), 2, 0, 30.0),
        NewCount(2, AT - timedelta(minutes=3), 0),
    ]
    assert [line for line, _ in reading.refused] == [3, 4, 5]


@pytest.mark.parametrize(
    ("now", "read"),
    [
        (AUTUMN, AUTUMN),
        (AUTUMN - timedelta(minutes=50), AUTUMN - timedelta(hours=1)),
        (None, AUTUMN - timedelta(hours=1)),
    ],
    ids=["the second time", "the first time", "of the past nobody knows"],
)
def test_a_clock_on_the_wall_means_the_hour_that_has_come(now: datetime | None, read: datetime) -> None:
    reading = counting.read(StringIO("psap,minute,calls\nayer,2026-11-01T01:40,2\n"), IDS, ZONE, now)
    assert reading.rows == [NewCount(1, read, 2)]


@pytest.mark.parametrize("text", ["", "psap,calls\n", 'psap,minute,calls\n"ayer'])
def test_what_is_no_table_is_refused_whole(text: str) -> None:
    with pytest.raises(BadCount):
        counting.read(StringIO(text), IDS, ZONE, NOW)


def test_minutes_become_hours_and_the_last_word_counts() -> None:
    rows = [NewCount(1, AT, 3), NewCount(1, AT, 5), NewCount(1, later(60), 1), NewCount(2, AT, 1)]
    hour = AT.replace(minute=0)
    assert by_hour(rows) == {(1, hour): (2, 6), (2, hour): (1, 1)}
