"""What is judged together, and the budget that holds over all of it."""

from __future__ import annotations

import pytest

from broadcaster.outage.detector import pools
from broadcaster.outage.detector.pools import Kind, Place, units

PLACES = {
    "boston": Place("25025", 1500.0),
    "chelsea": Place("25025", 60.0),
    "lowell": Place("25017", 200.0),
    "ayer": Place("25017", 60.0),
    "nantucket": Place("25019", 20.0),
    "chilmark": Place("25007", 10.0),
}
CENTRES = {"25025": (-71.1, 42.3), "25017": (-71.4, 42.5), "25019": (-70.1, 41.3), "25007": (-70.6, 41.4)}


def test_the_state_the_counties_and_each_psap() -> None:
    found = units(PLACES)
    assert [one.key for one in found[:3]] == ["state", "pool:25017", "pool:25025"]
    assert [one.key for one in found[3:]] == [f"psap:{code}" for code in sorted(PLACES)]
    assert found[0].holds(found[1]) and not found[1].holds(found[0]) and not found[1].holds(found[2])


def test_islands_join_the_nearest_county_until_they_are_enough() -> None:
    assert [one.key for one in units(PLACES, CENTRES) if one.kind is Kind.POOL] == [
        "pool:25007+25019+25025",
        "pool:25017",
    ]


def test_the_budget_of_each_family_holds() -> None:
    for kind, yearly in pools.YEARLY.items():
        assert sum(one.yearly for one in units(PLACES) if one.kind is kind) == pytest.approx(yearly, rel=0.01)


def test_nobody_is_judged_where_nobody_is_known() -> None:
    assert units({}) == ()
    assert [one.kind for one in units({"a": Place("1", 5.0)})] == [Kind.STATE, Kind.PSAP]
