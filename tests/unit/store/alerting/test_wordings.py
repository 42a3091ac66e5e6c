"""Versions of words: two people, one hash, a chain that can be proved; frozen texts stay as they are."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.dispatch.revision import plan
from broadcaster.dispatch.revision import preview as previews
from broadcaster.messages.book import shipped
from broadcaster.messages.volume import ALERTS
from broadcaster.settings import Mode
from broadcaster.store.alerting import wordings
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.alerting.wordings import Wording, WordingRefused
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger
from tests.factories import House, content, directory, furnish

NOW = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
READER = "Marie Joseph, certified interpreter"
NEW_BACK = "911 mache byen ankò nan {place}"


@pytest.fixture
def house(sessions: Sessions) -> House:
    return furnish(sessions, directory(), {})


def proposed(house: House, lang: str = "ht", **changes: str) -> tuple[int, str]:
    with house.sessions.begin() as session:
        row = wordings.propose(session, ALERTS.edited(lang, changes), READER, house.issuer, NOW)
        return row.id, row.sha


def approved(house: House, lang: str = "ht", **changes: str) -> None:
    key, sha = proposed(house, lang, **changes)
    with house.sessions.begin() as session:
        wordings.approve(session, key, sha, house.approver, NOW)


def refusal(house: House, act: object) -> str:
    with house.sessions.begin() as session, pytest.raises(WordingRefused) as refused:
        act(session)  # type: ignore[operator]
    return str(refused.value)


def test_a_proposal_is_not_in_use_and_an_approved_one_is_with_its_review(house: House) -> None:
    proposed(house, back=NEW_BACK)
    with house.sessions.begin() as session:
        assert wordings.books(session, strict=True).book("ht") == shipped().book("ht")
    approved(house, back=NEW_BACK)
    with house.sessions.begin() as session:
        books = wordings.books(session, strict=True)
        assert books.book("ht").sentences["back"] == NEW_BACK
        assert (books.reviews["ht"].who, books.reviews["ht"].on) == (READER, "2026-06-18")
        assert (books.may_speak("ht"), books.may_speak("vi"), books.may_speak("en")) == (True, False, True)


def test_standing_for_the_shipped_words_as_they_are_is_a_review(house: House) -> None:
    approved(house, "vi")
    with house.sessions.begin() as session:
        assert wordings.books(session, strict=True).may_speak("vi")


def test_nobody_approves_or_rejects_their_own(house: House) -> None:
    key, sha = proposed(house)
    told = refusal(house, lambda session: wordings.approve(session, key, sha, house.issuer, NOW))
    assert told == "You wrote this wording: a second person must approve it."
    told = refusal(house, lambda session: wordings.reject(session, key, "no", house.issuer, NOW))
    assert told == "You wrote this wording: propose another one instead."
    with house.sessions.begin() as session, pytest.raises(IntegrityError, match="two_people"):
        session.execute(
            text("UPDATE wording SET state = 'approved', decided_by = authored_by, decided_at = now() WHERE id = :id"),
            {"id": key},
        )


def test_what_was_not_seen_is_not_approved_and_what_was_decided_stays(house: House) -> None:
    key, sha = proposed(house)
    other = refusal(house, lambda session: wordings.approve(session, key, "0" * 64, house.approver, NOW))
    assert other.startswith("This is not the wording that you saw")
    approved(house)
    again = refusal(house, lambda session: wordings.approve(session, key, sha, house.approver, NOW))
    assert again.startswith("This wording was decided on already")


def test_a_rejection_needs_a_reason_and_keeps_it(house: House) -> None:
    key, _ = proposed(house)
    told = refusal(house, lambda session: wordings.reject(session, key, " ", house.approver, NOW))
    assert told == "Say why in a few words: the author reads it."
    with house.sessions.begin() as session:
        assert wordings.reject(session, key, "The second sentence is wrong.", house.approver, NOW).state == "rejected"


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"no_test": "911"}, "no_test"), ({"all_calls.what": "911 pa mache"}, ""), ({"sorry": ""}, "sorry")],
)
def test_words_that_lack_something_are_not_even_proposed(house: House, changes: dict[str, str], name: str) -> None:
    with house.sessions.begin() as session, pytest.raises(WordingRefused) as refused:
        wordings.propose(session, ALERTS.edited("ht", changes), READER, house.issuer, NOW)
    assert name in {problem.name for problem in refused.value.problems}
    told = refusal(house, lambda session: wordings.propose(session, shipped().book("ht"), " ", house.issuer, NOW))
    assert told.startswith("Say who has read this translation")


def test_every_step_is_in_the_chain(house: House) -> None:
    approved(house)
    with house.sessions.begin() as session:
        events = ledger.timeline(session, "wording:ht")
        assert [event.action for event in events] == ["wording-proposed", "wording-approved"]
        assert shipped().book("ht").sha in events[1].canonical.decode()
        assert ledger.verify(session).broken_at is None


def test_two_proposals_at_once_leave_one_that_waits(house: House) -> None:
    errors: list[BaseException] = []

    def one(no: int) -> None:
        try:
            proposed(house, back=f"911 mache ankò nan {{place}} {'e' * no}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(no,)) for no in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with house.sessions.begin() as session:
        states = sorted(session.scalars(select(Wording.state)))
    assert (errors, states) == ([], ["proposed", "withdrawn", "withdrawn", "withdrawn"])


def test_words_of_before_an_upgrade_count_as_unreviewed_and_broken_ones_give_way(house: House) -> None:
    approved(house, back=NEW_BACK)
    with house.sessions.begin() as session:
        row = session.scalars(select(Wording)).one()
        row.sentences = {name: words for name, words in row.sentences.items() if name != "sorry"} | {"gone": "x"}
        row.sha = row.book.sha
    with house.sessions.begin() as session:
        books = wordings.books(session, strict=True)
        assert books.book("ht").sentences["back"] == NEW_BACK
        assert books.book("ht").sentences["sorry"] == shipped().book("ht").sentences["sorry"]
        assert not books.may_speak("ht")
        row = session.scalars(select(Wording)).one()
        row.sentences = row.sentences | {"all_calls.what": "{nothing} [1:"}
    with house.sessions.begin() as session:
        assert wordings.books(session, strict=True).book("ht") == shipped().book("ht")


def test_a_submitted_revision_keeps_the_words_it_was_frozen_with(house: House) -> None:
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content(languages=("en", "ht")))
        actions.submit(house.actor(session), revision)
        key, frozen = revision.id, revision.hash
    before = texts(house, key)
    approved(house, **{"all_calls.what": "911 pa mache ditou nan {place}"})
    assert texts(house, key) == before
    with house.sessions.begin() as session:
        assert session.get_one(Revision, key).hash == frozen
        found = session.get_one(Revision, key).findings
    assert [finding["code"] for finding in found if str(finding["code"]).startswith("words-")] == ["words-unreviewed"]


def texts(house: House, key: int) -> list[tuple[str, str]]:
    with house.sessions.begin() as session:
        revision = session.get_one(Revision, key)
        shown = previews.of_frozen(session, house.office, directory_load.load(session), revision)
        assert any(finding.code == "words-unreviewed" for finding in shown.findings)
        return [(made.lang, made.text) for made in shown.sms]


def test_live_speaks_only_reviewed_words_and_the_preview_says_so(house: House) -> None:
    office = replace(house.office, mode=Mode.LIVE)
    with house.sessions.begin() as session:
        places = directory_load.load(session)
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content(languages=("en", "es", "ht")))
        draft = plan.Draft(revision.alert, RevisionKind.INITIAL, content_from_json(revision.content))
        shown = previews.of_draft(session, office, places, draft, NOW)
    codes = [finding.code for finding in shown.findings if finding.code.startswith("words-")]
    assert codes == ["words-replaced-by-fcc", "words-replaced-by-pair"]
    said = {made.lang: made.text for made in shown.sms if made.community == "town-1"}
    assert "9-1-1" in said["es"]
    assert "Tel. 508-555-0100" in said["es"]
    assert said["ht"] == f"{said['en']}\n{said['es']}"
