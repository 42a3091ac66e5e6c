"""People who cannot make voice calls: their text says first how to text for help, and then what everybody reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html
from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.alert.alert import ENDINGS, CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Directory
from broadcaster.dispatch.documents.publish import publish
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import preview as previews
from broadcaster.dispatch.revision.plan import Draft
from broadcaster.dispatch.revision.preview import Preview
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.messages import text_first
from broadcaster.messages.book import NAMES
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from tests.factories import SID, TOKEN, content, directory, engine, furnish, phones
from tests.flow import story
from tests.unit.messages.editions import edition

LINE = AlternateNumber("+15085550101", "Police")
TEXTABLE = replace(LINE, sms=True)
FIRST = {"You can text", "Dial 711 and ask for", "Puede enviar un mensaje de texto al", "Marque 711 y pida el"}


LINES = {"none": None, "call": LINE, "both": TEXTABLE}
TEXTS_ALONE = AlternateNumber("+15085550202", "Desk for texts", sms=True)
HIDDEN = replace(TEXTS_ALONE, visibility=Visibility.RESTRICTED)
BY_911, BY_LINE, BY_DESK = "You can text 911.", "You can text 508-555-0101.", "You can text 508-555-0202."
BY_RELAY = "Dial 711 and ask for 508-555-0101."


def answer(number: AlternateNumber | None) -> CommunityAnswer:
    return CommunityAnswer("town-1", Rung.COMMUNITY if number else Rung.WALK_IN, number)


def places(*, takes: bool = False, desk: AlternateNumber | None = None) -> Directory:
    """One town with, or without, texts to 911 at its first PSAP, and a line for texts alone; others take texts."""
    made = directory(3)
    psaps = tuple(replace(psap, text_to_911=takes or psap.code != "psap-1") for psap in made.psaps)
    return replace(made, psaps=psaps, numbers={}, text_numbers={"town-1": (desk,)} if desk else {})


@pytest.mark.parametrize(
    ("failure", "takes_texts", "line", "desk", "said"),
    [
        # everything fails: no text to 911, whatever the PSAP takes
        (FailureKind.ALL_CALLS, True, "both", None, [BY_LINE]),
        (FailureKind.ALL_CALLS, True, "call", None, [BY_RELAY]),
        (FailureKind.ALL_CALLS, False, "call", TEXTS_ALONE, [BY_DESK]),
        (FailureKind.ALL_CALLS, False, "call", HIDDEN, [BY_RELAY]),
        (FailureKind.ALL_CALLS, False, "none", TEXTS_ALONE, [BY_DESK]),
        (FailureKind.ALL_CALLS, True, "none", None, []),
        # texts to 911 are what fails
        (FailureKind.TEXT_TO_911, True, "both", TEXTS_ALONE, [BY_LINE]),
        (FailureKind.TEXT_TO_911, True, "call", TEXTS_ALONE, [BY_DESK]),
        (FailureKind.TEXT_TO_911, True, "call", None, [BY_RELAY]),
        (FailureKind.TEXT_TO_911, True, "none", None, []),
        # only the location is missing: texts arrive, where anybody takes them
        (FailureKind.NO_LOCATION, True, "both", TEXTS_ALONE, [BY_911]),
        (FailureKind.NO_LOCATION, True, "none", None, [BY_911]),
        (FailureKind.NO_LOCATION, False, "both", None, [BY_LINE]),
        (FailureKind.NO_LOCATION, False, "call", None, [BY_RELAY]),
        (FailureKind.NO_LOCATION, False, "none", None, []),
        # some calls fail: a text to 911 may arrive, and the next way stands beside it
        (FailureKind.INTERMITTENT, True, "call", None, [BY_911, BY_RELAY]),
        (FailureKind.INTERMITTENT, True, "none", None, [BY_911]),
        (FailureKind.INTERMITTENT, False, "call", None, [BY_RELAY]),
        (FailureKind.ONE_CARRIER, True, "both", None, [BY_911, BY_LINE]),
        (FailureKind.ONE_CARRIER, True, "call", TEXTS_ALONE, [BY_911, BY_DESK]),
        (FailureKind.ONE_CARRIER, False, "both", None, [BY_LINE]),
    ],
)
def test_the_way_that_comes_first(
    failure: FailureKind, takes_texts: bool, line: str, desk: AlternateNumber | None, said: list[str]
) -> None:
    told = text_first.way(
        edition(RevisionKind.INITIAL, failure), answer(LINES[line]), places(takes=takes_texts, desk=desk), "en"
    )
    assert told == " ".join(said)


def test_no_failure_is_left_out_of_that_table() -> None:
    table = test_the_way_that_comes_first.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in table} == set(FailureKind)


def test_where_911_works_again_nothing_comes_first() -> None:
    again = edition(RevisionKind.RESTORED_IN_PART, restored=("town-1",))
    assert text_first.way(again, answer(TEXTABLE), places(takes=True), "en") == ""
    elsewhere = edition(RevisionKind.RESTORED_IN_PART, restored=("town-2",))
    assert text_first.way(elsewhere, answer(TEXTABLE), places(takes=True), "en") == BY_LINE


def drawn_up(session: Session, office: Office, towns: Directory) -> Preview:
    """What the check page shows of a draft for all of these towns."""
    return previews.of_draft(session, office, towns, Draft(None, RevisionKind.INITIAL, content()), datetime.now(UTC))


@pytest.mark.parametrize("lang", NAMES)
def test_in_every_language_the_number_is_in_it(lang: str) -> None:
    for number in (LINE, TEXTABLE):
        assert "508-555-0101" in text_first.way(edition(RevisionKind.INITIAL), answer(number), places(), lang)


@pytest.mark.parametrize("kind", sorted(ENDINGS))
def test_at_the_end_911_works_and_nothing_comes_first(kind: RevisionKind) -> None:
    assert text_first.way(edition(kind), answer(TEXTABLE), places(takes=True), "en") == ""


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
        publish(sessions, house.office, tmp_path, datetime.now(UTC))
    shown = {code: html.fromstring((tmp_path / "town" / f"{code}.html").read_bytes()) for code in places.numbers}
    for phone, (code,) in everyone.items():
        assert sent[phone] in shown[code].xpath("//section[@id='real']/blockquote/text()"), "is this text real?"
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


def test_a_line_for_texts_that_nobody_ever_found_answered_is_said_to_the_second_person(
    sessions: Sessions, tmp_path: Path
) -> None:
    towns = replace(directory(3), text_numbers={"town-1": (TEXTS_ALONE,)})
    house = furnish(sessions, towns, {"+12015550100": ["town-1"]})
    with sessions.begin() as session:
        before = [each.code for each in drawn_up(session, house.office, towns).findings]
        session.execute(text("UPDATE address SET no_voice = true WHERE kind = 'sms'"))
        after = drawn_up(session, house.office, towns).findings
    told = [each.sentence for each in after if each.code == "number-never-verified"]
    assert "number-never-verified" not in before
    assert len(told) == 1
    assert "Town 1 508-555-0202" in told[0]
