"""Who keeps which number when that of one community is switched: everybody else what they were told."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from broadcaster.alert.alert import CommunityAnswer, Rung
from broadcaster.alert.phone import AlternateNumber
from broadcaster.dispatch.telling import switch
from broadcaster.dispatch.telling.switch import _kept
from tests.factories import directory

PLACES = replace(directory(3), state_numbers=())
SAME = PLACES.numbers["town-1"][0]
TOLD, OTHER = AlternateNumber("+15085550199", "Told"), AlternateNumber("+15085550188", "Other")
CASES = {
    "the directory still says so": ("town-1", SAME, None),
    "the same line under another name": ("town-1", replace(SAME, label="Dispatch"), None),
    "the directory has another one by now": ("town-2", TOLD, TOLD),
    "the directory has none by now": ("town-3", TOLD, TOLD),
    "there was none": ("town-2", None, None),
}


@pytest.mark.parametrize(
    ("told", "jammed", "said"),
    [
        ((TOLD,), {TOLD.e164}, "The directory holds no other verified number"),
        ((OTHER, TOLD), {TOLD.e164}, "The directory holds no other verified number"),
        ((TOLD,), set(), "Everybody was told the next number already"),
        ((OTHER, None), {TOLD.e164}, "Everybody was told the next number already"),
        ((), {TOLD.e164}, "Everybody was told the next number already"),
    ],
)
def test_why_there_is_nothing_to_tell(
    told: tuple[AlternateNumber | None, ...], jammed: set[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tuple(CommunityAnswer(f"town-{no}", Rung.COMMUNITY, number) for no, number in enumerate(told))
    monkeypatch.setattr(switch.lines, "published", lambda *_: answers)
    monkeypatch.setattr(switch.lines, "unanswered", lambda *_: jammed)
    nobody = SimpleNamespace(session=None)
    assert switch._nothing_to_tell(nobody, SimpleNamespace(id=1)).startswith(said)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_what_is_kept(case: str) -> None:
    town, told, kept = CASES[case]
    places = replace(PLACES, numbers={code: some for code, some in PLACES.numbers.items() if code != "town-3"})
    answers = (CommunityAnswer(town, Rung.COMMUNITY, told),)
    assert _kept(answers, places, {}) == ({town: kept} if kept else {})
    assert _kept(answers, places, {"town-9": OTHER}) == {"town-9": OTHER} | ({town: kept} if kept else {})
    assert _kept(answers, places, {town: OTHER}) == {town: kept or OTHER}
