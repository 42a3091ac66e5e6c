"""What landlines hear: each line in a language that a machine can speak, digit by digit; else English and Spanish."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.dispatch.revision.render import MUTE
from broadcaster.messages.book import NAMES
from broadcaster.messages.compose import call, voice
from tests.unit.messages.editions import DIRECTORY, answer, edition

PLACE, GIVEN = "springfield", answer("springfield")
SPOKEN = sorted(set(NAMES) - MUTE)


def test_one_language_of_the_house_has_no_voice() -> None:
    assert {"ht"} == MUTE


@pytest.mark.parametrize("kind", list(RevisionKind))
@pytest.mark.parametrize("lang", SPOKEN)
def test_a_language_with_a_voice_is_said_in_itself(lang: str, kind: RevisionKind) -> None:
    (said,) = call(edition(kind), DIRECTORY.community(PLACE), GIVEN, lang, MUTE)
    assert said.lang == lang and "\n" not in said.text
    assert said.text == " ".join(voice(edition(kind), DIRECTORY.community(PLACE), GIVEN, lang).split())
    assert "911" not in said.text and GIVEN.number and GIVEN.number.display not in said.text
    assert DIRECTORY.community(PLACE).name in said.text


@pytest.mark.parametrize("kind", list(RevisionKind))
@pytest.mark.parametrize("lang", sorted(MUTE))
def test_a_language_without_a_voice_is_said_in_english_and_spanish(lang: str, kind: RevisionKind) -> None:
    said = call(edition(kind), DIRECTORY.community(PLACE), GIVEN, lang, MUTE)
    assert [one.lang for one in said] == ["en", "es"]
    assert [one.text for one in said] == [
        call(edition(kind), DIRECTORY.community(PLACE), GIVEN, one)[0].text for one in ("en", "es")
    ]


@pytest.mark.parametrize("lang", ["vi", "ht"])
def test_live_what_nobody_has_reviewed_is_said_in_english_and_spanish(lang: str) -> None:
    told = edition(RevisionKind.ALL_CLEAR)
    strict = replace(told, books=replace(told.books, strict=True, reviews={}))
    said = call(strict, DIRECTORY.community(PLACE), GIVEN, lang, MUTE)
    assert [one.lang for one in said] == ["en", "es"]
