"""The drawing of a proposal: every step has its bar and its row, and everything lies within the frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.store.proposals import Proposal
from broadcaster.web import detector_chart
from broadcaster.web.detector_chart import chart

START = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)


def proposal(calls: list[int], expected: list[float], step: int = 2, began: int = 6, decided: int = 9) -> Proposal:
    series = {"start": START.isoformat(), "step": step, "calls": calls, "expected": expected}
    moments = {"began": START + timedelta(minutes=began), "decided_at": START + timedelta(minutes=decided)}
    return Proposal(evidence={"series": series}, **moments)


def test_every_step_is_drawn_and_told() -> None:
    made = chart(proposal([4, 5, 6, 0, 0], [5.0] * 5))
    assert [bar.calls for bar in made.bars] == [4, 5, 6]
    assert [(row.calls, row.expected) for row in made.rows] == [(4, 5.0), (5, 5.0), (6, 5.0), (0, 5.0), (0, 5.0)]
    assert made.rows[1].at == START + timedelta(minutes=2)
    assert made.left <= made.began < made.decided <= made.right
    assert len(made.line.split()) == 5 and len(made.band.split()) == 10


@pytest.mark.parametrize(
    ("calls", "expected"),
    [([0], [0.0]), ([1], [0.02]), ([900, 3], [850.0, 860.0])],
    ids=["nothing", "next to nothing", "much"],
)
def test_everything_lies_within_the_frame(calls: list[int], expected: list[float]) -> None:
    made = chart(proposal(calls, expected))
    assert all(made.top <= bar.y <= made.floor and bar.height >= 0 for bar in made.bars)
    assert 2 <= len(made.heights) <= 2 * detector_chart.LABELS
    assert all(made.top <= mark.at <= made.floor for mark in made.heights)
    points = [tuple(map(float, point.split(","))) for point in made.band.split()]
    assert all(made.left <= x <= made.right and made.top <= y <= made.floor for x, y in points)
