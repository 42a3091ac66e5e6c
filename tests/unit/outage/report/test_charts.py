"""The geometry of the charts: lengths, ticks and steps that both the screen and the paper draw."""

from __future__ import annotations

import pytest

from broadcaster.outage.report import charts
from broadcaster.store.outage.report import Pace
from tests.unit.outage.report.reported import FIRST, at, ended, made


def test_the_longest_bar_fills_the_width_and_ours_comes_first() -> None:
    public = next(one for one in ended().measures if one.interval.key == "public")
    bars = charts.bars(public)
    assert [(one.label, one.tone) for one in bars[:2]] == [("This outage", "ours"), ("Our target", "target")]
    assert max(one.length for one in bars) == 1.0
    assert (bars[0].minutes, round(bars[0].length, 3)) == (8.1, round(8.1 / 148, 3))
    late = next(one for one in ended().measures if one.interval.key == "issuing")
    assert charts.bars(late)[0].tone == "late"


def test_the_curve_only_rises_and_ends_where_the_last_one_was_accepted() -> None:
    made_ = charts.curve(FIRST, at(8), 19, made().moments)
    assert made_ is not None
    heights = [y for _, y in made_.line]
    assert made_.line[0] == (0.0, 0.0) and made_.line[-1] == (1.0, round(18 / 19, 4))
    assert heights == sorted(heights)
    assert [(mark.label, mark.y) for mark in made_.marks] == [("50 %", 0.5), ("95 %", 0.95)]


@pytest.mark.parametrize("pace", [Pace(), Pace(((at(9), 3),))])
def test_without_an_approval_or_a_text_there_is_no_curve(pace: Pace) -> None:
    assert charts.curve(pace, None, 19, ()) is None
    assert charts.curve(Pace(), at(8), 19, ()) is None


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (54.0, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]),
        (1660.0, ["0 min", "5 min", "10 min", "15 min", "20 min", "25 min"]),
        (9000.0, ["0 min", "30 min", "60 min", "90 min", "120 min", "150 min"]),
        (90_000.0, ["0 h", "4 h", "8 h", "12 h", "16 h", "20 h", "24 h"]),
    ],
)
def test_an_axis_is_counted_in_round_steps(seconds: float, labels: list[str]) -> None:
    assert [tick.label for tick in charts.ticks(seconds)] == labels


def test_a_path_of_the_map_is_read_as_rings() -> None:
    assert charts.rings("M1 2L3 4L5.5 6ZM7 8L9 1Z") == [[(1.0, 2.0), (3.0, 4.0), (5.5, 6.0)], [(7.0, 8.0), (9.0, 1.0)]]
