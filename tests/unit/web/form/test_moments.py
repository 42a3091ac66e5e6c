"""The clock on the wall as a moment: the hour that it shows twice, the one that it leaves out, and what is no time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.web import moments
from broadcaster.web.form.read import Reading, read
from broadcaster.web.form.typed import blank, from_content
from broadcaster.web.moments import Of
from tests.desk import directory

ZONE = ZoneInfo("America/New_York")
JUNE = datetime(2026, 6, 18, 16, tzinfo=UTC)


def night(hour: int, minute: int) -> datetime:
    """A moment of the night when summer time ends: 1 a.m. is at 5 and again at 6, in UTC."""
    return datetime(2026, 11, 1, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "of", "meant"),
    [
        ("2026-06-18T12:34:56", JUNE, Of.PAST, datetime(2026, 6, 18, 16, 34, tzinfo=UTC)),
        (" 2026-06-18 12:34 ", JUNE, Of.AHEAD, datetime(2026, 6, 18, 16, 34, tzinfo=UTC)),
        ("2026-06-18T12:34Z", JUNE, Of.PAST, datetime(2026, 6, 18, 12, 34, tzinfo=UTC)),
        ("2026-06-18T12:34+02:00", JUNE, Of.END, datetime(2026, 6, 18, 10, 34, tzinfo=UTC)),
        ("2026-11-01T01:40", night(5, 41), Of.PAST, night(5, 40)),
        ("2026-11-01T01:40", night(6, 41), Of.PAST, night(6, 40)),
        ("2026-11-01T01:50", night(6, 10), Of.PAST, night(5, 50)),
        ("2026-11-01T01:50", night(5, 20), Of.AHEAD, night(5, 50)),
        ("2026-11-01T01:10", night(5, 40), Of.AHEAD, night(6, 10)),
        ("2026-11-01T01:50", night(6, 5), Of.AHEAD, night(6, 50)),
        ("2026-11-01T01:30", night(4, 30), Of.END, night(6, 30)),
        ("2026-11-01T02:30", night(5, 30), Of.END, night(7, 30)),
        ("2026-03-08T02:30", JUNE, Of.PAST, datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
    ],
)
def test_what_the_clock_means(text: str, now: datetime, of: Of, meant: datetime) -> None:
    assert moments.typed(text, ZONE, now, of) == meant


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-06-18", "20260618T1200", "0001-01-01T00:00", "9999-12-31T23:59", "2026-06-18T25:00", "٢٠٢٦"],
)
def test_what_is_no_day_with_a_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|hour|format"):
        moments.typed(text, ZONE, JUNE)


@pytest.mark.parametrize("now", [night(hour, minute) for hour in (4, 5, 6) for minute in (0, 30, 45)])
def test_what_stands_in_the_form_goes_as_it_stands_in_that_night_too(now: datetime) -> None:
    typed = replace(blank(now, ZONE, ("en",)), names="Ayer")
    content = read(Reading(typed, directory(), ZONE, now), RevisionKind.INITIAL, None)
    assert content is not None
    assert content.began.astimezone(UTC) == now
    assert timedelta(hours=2) <= content.expires.astimezone(UTC) - now <= timedelta(hours=3)
    assert content.next_update is not None and content.next_update.astimezone(UTC) - now == timedelta(minutes=30)
    later = Reading(from_content(content, directory(), ZONE), directory(), ZONE, now + timedelta(minutes=29))
    again = read(later, RevisionKind.UPDATE, content)
    assert again is not None and again.began == content.began, "an edit moves no beginning"
