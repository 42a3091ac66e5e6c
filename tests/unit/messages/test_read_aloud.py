"""What people read aloud: in every language of the house, with a blank for each thing that is known on the night."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broadcaster.messages import read_aloud
from broadcaster.messages.book import NAMES, shipped
from broadcaster.messages.read_aloud import CASES, NUMBER, PLACE, TIME, Script
from broadcaster.messages.sample import VOICE

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
MADE = {one.lang: one for one in read_aloud.scripts(VOICE, shipped(), NOON)}


def test_every_language_has_every_script() -> None:
    assert list(MADE) == list(NAMES)
    assert {len(one.texts) for one in MADE.values()} == {len(CASES)}
    assert [one.lang for one in MADE.values() if one.reviewed] == ["en"]


@pytest.mark.parametrize("one", MADE.values(), ids=str)
def test_place_time_and_number_are_blanks(one: Script) -> None:
    told = dict(one.texts)
    for heading in ("911 is down", "Some calls to 911 fail"):
        assert told[heading].count(PLACE) == 2 and told[heading].count(NUMBER) == 2 and TIME in told[heading]
    assert PLACE in told["911 works again"] and NUMBER not in told["911 works again"]
    assert all("911" in words and VOICE.authority in words for words in told.values())
    assert not any("4:00" in words or "12:00" in words for words in told.values())


def test_it_says_not_to_test_911() -> None:
    assert all("Do not call 911 to test" in words for _, words in MADE["en"].texts)
