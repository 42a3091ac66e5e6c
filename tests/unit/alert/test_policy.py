"""Who must stand behind a release: the whole table, cell by cell, and what counts as fixed words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.alert.alert import Area, CommunityAnswer, Content, FailureKind, RevisionKind, Rung
from broadcaster.alert.lifecycle import Tier
from broadcaster.alert.phone import AlternateNumber
from broadcaster.alert.policy import POLICIES, is_fixed, may_be_alone, needs_two_people

TABLE = """
                   agency    public
initial            1         2,alone
update             1         2,alone
number_change      1         2,alone
restored_in_part   1         2,alone
all_clear          2,named   2,named
false_alarm        1,fixed   1,fixed
"""
BEGAN = datetime(2026, 6, 18, 16, tzinfo=UTC)
RELEASED = Content(
    FailureKind.ALL_CALLS,
    Area(communities=("ayer",)),
    BEGAN,
    BEGAN + timedelta(hours=2),
    note="Crews are at work",
    next_update=BEGAN + timedelta(minutes=30),
    overrides=(("ayer", AlternateNumber("+19785550101", "Police")),),
)
ENDING = replace(RELEASED, expires=BEGAN + timedelta(hours=3), next_update=None, note="")


def cells() -> list[tuple[str, str, str]]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [(line[0], tier, cell) for line in lines for tier, cell in zip(head, line[1:], strict=True)]


@pytest.mark.parametrize(("kind", "tier", "cell"), cells())
def test_every_cell_of_the_table(kind: str, tier: str, cell: str) -> None:
    policy = POLICIES[RevisionKind(kind)][Tier(tier)]
    marks = [("alone", policy.alone), ("named", policy.confirmed), ("fixed", policy.fixed)]
    assert ",".join([str(policy.people), *(name for name, on in marks if on)]) == cell


def test_the_table_leaves_nothing_out() -> None:
    assert {(kind, tier) for kind, row in POLICIES.items() for tier in row} == {
        (RevisionKind(kind), Tier(tier)) for kind, tier, _ in cells()
    }
    assert set(POLICIES) == set(RevisionKind)


@pytest.mark.parametrize("kind", RevisionKind)
def test_two_people_unless_agencies_or_our_own_error_in_fixed_words(kind: RevisionKind) -> None:
    assert needs_two_people(Tier.PUBLIC, kind)
    assert needs_two_people(Tier.PUBLIC, kind, fixed=True) is (kind is not RevisionKind.FALSE_ALARM)
    assert needs_two_people(Tier.AGENCY, kind) is (kind is RevisionKind.ALL_CLEAR)


def test_no_ending_goes_out_by_breaking_the_glass() -> None:
    assert [kind.value for kind in RevisionKind if not may_be_alone(kind)] == ["all_clear", "false_alarm"]


@pytest.mark.parametrize(
    ("changes", "fixed"),
    [
        ({}, True),
        ({"expires": BEGAN + timedelta(hours=4)}, True),
        ({"answers": (CommunityAnswer("ayer", Rung.COMMUNITY),)}, True),
        ({"note": "We are sorry"}, False),
        ({"cause": "A typing error"}, False),
        ({"provider": "Acme"}, False),
        ({"area": Area(statewide=True)}, False),
        ({"overrides": ()}, False),
        ({"overrides": (("ayer", AlternateNumber("+19785550199", "Police")),)}, False),
        ({"languages": ("en",)}, False),
    ],
)
def test_fixed_words_add_nothing_to_what_was_released(changes: dict[str, object], fixed: bool) -> None:
    assert is_fixed(replace(ENDING, **changes), RELEASED) is fixed  # type: ignore[arg-type]
