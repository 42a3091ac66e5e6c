"""What our group may send: a table of profiles, and what each finds in the same alert."""

from __future__ import annotations

import pytest

from broadcaster.feeds import cap
from broadcaster.feeds.cog import CogProfile, check
from tests.unit.feeds import samples

HAMPDEN = cap.build(samples.facts())
PROFILES: dict[str, tuple[CogProfile | None, list[str]]] = {
    "nobody has told": (None, ["cog-unknown"]),
    "nothing is said": (CogProfile("1"), []),
    "everything": (CogProfile("1", "", True, True, True, True, True, True, True), []),
    "switched off": (CogProfile("1", enabled=False), ["cog-disabled"]),
    "another event": (CogProfile("1", events=("RWT", "ADR")), ["cog-event"]),
    "this event": (CogProfile("1", events=("RWT", "TOE")), []),
    "this county": (CogProfile("1", places=("025013",)), []),
    "its state": (CogProfile("1", places=("025000",)), []),
    "the country": (CogProfile("1", places=("000000",)), []),
    "another county": (CogProfile("1", places=("025027",)), ["cog-place"]),
    "a part of the county": (CogProfile("1", places=("125013",)), ["cog-place"]),
    "no EAS": (CogProfile("1", eas=False), ["cog-eas"]),
    "no WEA": (CogProfile("1", wea=False), ["cog-wea"]),
    "no WEA text": (CogProfile("1", wea=True, wea_text=False), ["cog-wea"]),
    "no public feed": (CogProfile("1", public=False), ["cog-public"]),
    "nothing at all": (
        CogProfile("1", "", False, False, False, False, False, events=("RWT",), places=("025027",)),
        ["cog-disabled", "cog-event", "cog-place", "cog-eas", "cog-wea", "cog-public"],
    ),
}


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_found(name: str) -> None:
    profile, codes = PROFILES[name]
    found = check(HAMPDEN, profile)
    assert [finding.code for finding in found] == codes
    blocking = {"cog-disabled", "cog-event", "cog-place"}
    assert {finding.code for finding in found if finding.level == "error"} == blocking & set(codes)
    assert all(finding.sentence.endswith(".") and finding.source for finding in found)


def test_what_is_blocked_anyway_is_no_finding() -> None:
    over = cap.build(samples.facts(samples.RevisionKind.ALL_CLEAR))
    assert check(over, CogProfile("1", wea=False)) == []


def test_a_profile_is_kept_and_read_again() -> None:
    profile = CogProfile("1", "State", True, False, None, events=("TOE",), places=("025013",))
    assert CogProfile.of(profile.json()) == profile
