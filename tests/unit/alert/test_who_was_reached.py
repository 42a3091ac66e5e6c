"""Four groups that never overlap: whoever did not say STOP is in exactly one of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.reach import ACCEPTED, NOT_REACHED, REACHED, UNKNOWN, WORDS, CountyCount, groups

COUNTED: dict[str, tuple[dict[str, int], dict[str, int], int, tuple[int, int, int, int]]] = {
    # states, what phones said, planned: reached, accepted, unknown, not reached
    "nobody": ({}, {}, 0, (0, 0, 0, 0)),
    "nothing went out yet": ({}, {}, 5, (0, 0, 0, 5)),
    "accepted is not delivered": ({"accepted": 5}, {"sent": 5}, 5, (0, 5, 0, 0)),
    "some are delivered": ({"accepted": 5}, {"delivered": 3, "failed": 1}, 5, (3, 2, 0, 0)),
    "some are asked after": ({"accepted": 2, "unknown": 3}, {}, 5, (0, 2, 3, 0)),
    "on their way, waiting, refused, too late": (
        {"sending": 1, "queued": 1, "rejected": 1, "expired": 1, "superseded": 1}, {}, 5, (0, 0, 0, 5),
    ),
    "STOP is no failure": ({"accepted": 2, "suppressed": 3}, {"delivered": 2}, 5, (2, 0, 0, 0)),
    "all at once": ({"accepted": 6, "unknown": 1, "suppressed": 2, "rejected": 1}, {"delivered": 4}, 12, (4, 2, 1, 3)),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTED)
def test_who_is_in_which_group(case: str) -> None:
    counts, handsets, planned, (reached, accepted, unknown, missed) = COUNTED[case]
    found = groups(counts, handsets, planned)
    assert found == {REACHED: reached, ACCEPTED: accepted, UNKNOWN: unknown, NOT_REACHED: missed}
    assert list(found) == list(WORDS)
    assert found.total() == planned - counts.get("suppressed", 0)


PEOPLE = st.dictionaries(st.sampled_from(list(WORDS)), st.integers(0, 3), max_size=4)


@given(PEOPLE)
def test_the_tone_of_a_county_is_its_largest_group_and_among_equals_the_worst(people: Mapping[str, int]) -> None:
    county = CountyCount("25009", "Essex County", people)
    most = max([people.get(group, 0) for group in WORDS])
    worst = [group for group in WORDS if people.get(group, 0) == most][-1]
    assert (county.tone, county.total) == (worst, sum(people.values()))


def test_a_county_in_a_sentence() -> None:
    people = {REACHED: 1200, ACCEPTED: 3, UNKNOWN: 0, NOT_REACHED: 2}
    assert CountyCount("25009", "Essex County", people).sentence == (
        "Essex County: 1,200 reached, 3 accepted, 2 not reached, of 1,205"
    )
