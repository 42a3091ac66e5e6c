"""A sentence is English text wherever text is wanted, and keeps its pattern wherever it goes."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.said import Counted, Said, joined

WAITS = Said("%(place)s and %(more)s more", place=Said("%(name)s County", name="Essex"), more=3)
MANY = Counted("%(num)s town: %(names)s", "%(num)s towns: %(names)s", 1200, names="Ayer")


def test_it_is_the_english_text() -> None:
    assert WAITS == "Essex County and 3 more"
    assert f"{WAITS}." == "Essex County and 3 more."
    assert json.loads(json.dumps({"at": WAITS})) == {"at": "Essex County and 3 more"}
    assert MANY == "1,200 towns: Ayer"
    assert Counted("%(num)s town", "%(num)s towns", 1) == "1 town"
    assert joined("; ", [WAITS, "Ayer"]) == "Essex County and 3 more; Ayer"
    assert joined("; ", []) == ""


@pytest.mark.parametrize(
    "carried",
    [
        copy.deepcopy(WAITS),
        pickle.loads(pickle.dumps(WAITS)),  # noqa: S301 - our own bytes
        str(WAITS),
        str(LifecycleRefused(WAITS)),
    ],
    ids=["copied", "pickled", "as text", "as the reason of a refusal"],
)
def test_it_keeps_its_pattern(carried: str) -> None:
    assert isinstance(carried, Said)
    assert (carried, carried.pattern, carried.parts["more"]) == (WAITS, "%(place)s and %(more)s more", 3)


def test_a_counted_one_is_copied_whole() -> None:
    made = copy.deepcopy(MANY)
    assert (made, made.many, made.number) == (MANY, MANY.many, 1200)


def test_what_was_typed_is_a_part_and_never_a_pattern() -> None:
    assert Said("“%(typed)s” is no number", typed="100 %(x)s") == "“100 %(x)s” is no number"
    with pytest.raises(KeyError):
        Said("%(typed)s is no number")
