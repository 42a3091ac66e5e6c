"""A correction that an editor has accepted: the new number in the old one's place, and no number twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.web.directory.upkeep import corrected

TODAY = date(2026, 6, 18)
ONE = AlternateNumber("+15085550101", "Police", verified_on=date(2025, 1, 1), sms=True)
TWO = AlternateNumber("+15085550102", "Fire")
THREE = AlternateNumber("+15085550103", "Back room", Visibility.RESTRICTED)
NEW = "+15085550199"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (ONE.e164, NEW, (replace(ONE, e164=NEW, verified_on=TODAY), TWO, THREE)),
        (TWO.e164, NEW, (ONE, replace(TWO, e164=NEW, verified_on=TODAY), THREE)),
        (ONE.e164, TWO.e164, (replace(TWO, verified_on=TODAY), THREE)),
        (ONE.e164, THREE.e164, (replace(THREE, verified_on=TODAY), TWO)),
        (THREE.e164, ONE.e164, (TWO, replace(ONE, verified_on=TODAY))),
        (ONE.e164, ONE.e164, (replace(ONE, verified_on=TODAY), TWO, THREE)),
        (NEW, "+15085550198", (ONE, TWO, THREE)),
    ],
    ids=[
        "first",
        "second",
        "the next one",
        "a restricted one stays so",
        "a better one",
        "the same",
        "not in this list",
    ],
)
def test_the_new_number_in_the_old_ones_place(old: str, new: str, wanted: tuple[AlternateNumber, ...]) -> None:
    assert corrected((ONE, TWO, THREE), old, new, TODAY) == wanted
