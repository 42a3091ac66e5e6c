"""People who cannot make voice calls: their text says first how to text for help, and then what everybody reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from broadcaster.alert.alert import ENDINGS, CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.alert.phone import AlternateNumber
from broadcaster.dispatch import preview as previews
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.messages import text_first
from broadcaster.messages.book import NAMES
from broadcaster.store.alerts import Revision
from broadcaster.store.database import Sessions
from tests.factories import SID, TOKEN, content, directory, engine, furnish, phones
from tests.flow import story
from tests.unit.messages.editions import edition

LINE = AlternateNumber("+15085550101", "Police")
TEXTABLE = replace(LINE, sms=True)
FIRST = {"You can text", "Dial 711 and ask for", "Puede enviar un mensaje de texto al", "Marque 711 y pida el"}


def answer(number: AlternateNumber | None) -> CommunityAnswer:
    return CommunityAnswer("town-1", Rung.COMMUNITY if number else Rung.WALK_IN, number)


@pytest.mark.parametrize(
    ("failure", "number", "said"),
    [
        (FailureKind.ALL_CALLS, TEXTABLE, "You can text 508-555-0101."),
        (FailureKind.ALL_CALLS, LINE, "Dial 711 and ask for 508-555-0101."),
        (FailureKind.TEXT_TO_911, LINE, "Dial 711 and ask for 508-555-0101."),
        (FailureKind.NO_LOCATION, LINE, "You can text 911."),
        (FailureKind.ALL_CALLS, None, ""),
    ],
)
def test_the_way_that_comes_first(failure: FailureKind, number: AlternateNumber | None, said: str) -> None:
    assert text_first.way(edition(RevisionKind.INITIAL, failure), answer(number), "en") == said


@pytest.mark.parametrize("lang", NAMES)
def test_in_every_language_the_number_is_in_it(lang: str) -> None:
    for number in (LINE, TEXTABLE):
        assert "508-555-0101" in text_first.way(edition(RevisionKind.INITIAL), answer(number), lang)


@pytest.mark.parametrize("kind", sorted(ENDINGS))
def test_at_the_end_911_works_and_nothing_comes_first(kind: RevisionKind) -> None:
    assert text_first.way(edition(kind), answer(TEXTABLE), "en") == ""


def test_each_gets_their_own_text_and_the_second_person_is_told(sessions: Sessions, tmp_path: Path) -> None:
    everyone = {number: [f"town-{no % 3 + 1}"] for no, number in enumerate(phones(24))}
    places = directory(3)
    taken = {code: (replace(numbers[0], sms=code == "town-1"),) for code, numbers in places.numbers.items()}
    house = furnish(sessions, replace(places, numbers=taken), everyone)
    with sessions.begin() as session:
        session.execute(text("UPDATE address SET no_voice = id % 2 = 0 WHERE kind = 'sms'"))
        session.execute(text("UPDATE address SET lang = 'es' WHERE no_voice AND id % 4 = 0"))
        silent = set(session.execute(text("SELECT id FROM address WHERE no_voice")).scalars())
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(delivery_ms=0.0))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        revision = house.release(content(languages=("en", "es")))
        story.finish(works)
        sent = {row["to"]: row["body"] for row in carrier.ledger()["messages"]}
    assert sent.keys() == everyone.keys()
    firsts = Counter(body.partition(" 508")[0] for body in sent.values() if not body.startswith("State 911"))
    assert firsts.keys() == FIRST
    assert firsts.total() == len(silent)
    assert all("State 911" in body for body in sent.values())
    with sessions.begin() as session:
        row = session.get_one(Revision, revision)
        shown = previews.of_frozen(session, house.office, places, row)
        assert any("cannot make voice calls" in finding.sentence for finding in shown.findings)
        assert all(not words.text.startswith("Dial 711") for words in shown.sms)
