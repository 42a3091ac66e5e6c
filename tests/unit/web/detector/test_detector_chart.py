"""The drawing of a proposal: every step has its bar and its row, and everything lies within the frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.store.outage.proposals import Proposal
from broadcaster.web.detector import chart as detector_chart
from broadcaster.web.detector.chart import chart

START = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)


def proposal(
    calls: list[int], expected: Sequence[float | None], step: int = 2, began: int = 6, decided: int = 9
) -> Proposal:
    series = {"start": START.isoformat(), "step": step, "calls": calls, "expected": expected}
    moments = {"began": START + timedelta(minutes=began), "decided_at": START + timedelta(minutes=decided)}
    return Proposal(evidence={"series": series}, **moments)


def test_every_step_is_drawn_and_told() -> None:
    made = chart(proposal([4, 5, 6, 0, 0], [5.0] * 5))
    assert [bar.calls for bar in made.bars] == [4, 5, 6]
    assert [(row.calls, row.expected) for row in made.rows] == [(4, 5.0), (5, 5.0), (6, 5.0), (0, 5.0), (0, 5.0)]
    assert made.rows[1].at == START + timedelta(minutes=2)
    assert made.left <= made.began < made.decided <= made.right
    assert [len(line.split()) for line in made.lines] == [5] and [len(band.split()) for band in made.bands] == [10]
    assert list(made.unheard) == []


def test_before_a_feed_began_nothing_is_drawn_as_expected() -> None:
    made = chart(proposal([0, 0, 4, 0, 3, 0], [None, None, 5.0, None, 5.0, 5.0]))
    wide = (made.right - made.left) / 6
    assert [(gap.x, gap.width) for gap in made.unheard] == [
        (made.left, pytest.approx(2 * wide, abs=0.1)),
        (pytest.approx(made.left + 3 * wide, abs=0.1), pytest.approx(wide, abs=0.1)),
    ]
    assert [len(line.split()) for line in made.lines] == [1, 2]
    assert made.lines[0].split(",")[0] == f"{made.left + 2.5 * wide:.1f}"
    assert [row.expected for row in made.rows] == [None, None, 5.0, None, 5.0, 5.0]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [([0], [0.0]), ([1], [0.02]), ([900, 3], [850.0, 860.0]), ([0, 0], [None, None])],
    ids=["nothing", "next to nothing", "much", "nobody was heard"],
)
def test_everything_lies_within_the_frame(calls: list[int], expected: list[float | None]) -> None:
    made = chart(proposal(calls, expected))
    assert all(made.top <= bar.y <= made.floor and bar.height >= 0 for bar in made.bars)
    assert 2 <= len(made.heights) <= 2 * detector_chart.LABELS
    assert all(made.top <= mark.at <= made.floor for mark in made.heights)
    points = [tuple(map(float, point.split(","))) for band in made.bands for point in band.split()]
    assert all(made.left <= x <= made.right and made.top <= y <= made.floor for x, y in points)
