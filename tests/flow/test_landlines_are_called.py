"""Landlines of residents are called with the approved words: told once each, ended by a key, and told of the end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.dispatch import actions
from broadcaster.dispatch.revision import preview as previews
from broadcaster.messages.reception import phrases
from broadcaster.receipts.tally import board
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.public.consent import Consent
from broadcaster.store.public.residents import Suppression
from tests.factories import SEALER, directory, furnish
from tests.factories import phones as mobiles
from tests.flow import story
from tests.flow.landlines import ALL, ANSWERS, BOX, LANGS, LEAVER, PERSON, lines


def test_every_landline_is_called_once_and_those_who_may_have_heard_hear_of_the_end(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    faults = {"call_answers": ANSWERS, "call_presses": f"{LEAVER}=9"}
    with lines(sessions, database_url, tmp_path, ALL, **faults) as town:
        first = town.house.release(LANGS)
        town.to_the_end(len(ALL))
        assert town.called() == Counter(dict.fromkeys(ALL, 1))
        assert story.texted(town.carrier) == Counter(dict.fromkeys(mobiles(2), 1)), "no text goes to a landline"
        assert town.row(first)[1].states == {"accepted": len(ALL)}
        assert town.row(first)[1].handsets == {"delivered": 2, "sent": 1, "undelivered": 2, "failed": 1}
        person, box = town.heard(PERSON), town.heard(BOX)
        assert person.count("This is State 9 1 1 Department. 9 1 1 is down in Town 1") == 2 and "press 9" in person
        assert person.count("5 0 8, 5 5 5, 0 1 0 0") >= 2 and "508-" not in person
        assert box.count("Este es un aviso de") == 2 and "9 1 1 no funciona en Town 1" in box and "oprima 9" not in box
        assert town.heard(LEAVER).endswith(phrases().book("vi").word("voice_left"))
        town.carrier.set_faults(call_answers="human", call_presses="")
        last = town.next(first, RevisionKind.ALL_CLEAR)
        town.to_the_end(len(ALL) + 2)
        assert {PERSON, BOX} == {number for number, many in town.called().items() if many == 2}
        assert "9 1 1 works again in Town 1" in town.heard(PERSON)
        assert town.row(last)[1].states == {"accepted": 2, "suppressed": 1}
        with sessions() as session:
            (seen,) = [one for one in board(session, session.query(Alert).one()).newest if one.channel == "voice"]
            assert (seen.tier, seen.planned, seen.counted) == ("public", 3, 3)


def test_key_9_is_kept_before_it_is_thanked_for(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with lines(sessions, database_url, tmp_path, {PERSON: "en"}, call_presses="9") as town:
        first = town.house.release(LANGS)
        town.to_the_end(1)
        (call,) = town.carrier.calls()
        assert call["pressed"] == ["9"] and "no more calls" in call["heard"][-1]
        with sessions() as session:
            assert [row.value_index for row in session.query(Suppression)] == [SEALER.index(f"voice:{PERSON}")]
            (step,) = session.query(Consent).all()
            assert (step.step, step.method, step.ref) == ("stopped", "call", call["sid"])
        town.next(first, RevisionKind.UPDATE)
        town.to_the_end(1)
        assert town.called() == {PERSON: 1}


def test_a_tone_of_an_answering_machine_ends_nothing(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with lines(sessions, database_url, tmp_path, {BOX: "en"}, call_answers="machine", call_presses="9") as town:
        town.house.release(LANGS)
        town.to_the_end(1)
        with sessions() as session:
            assert not session.query(Suppression).count()
            assert [row.handset for row in session.query(Delivery).filter(Delivery.community_id.isnot(None))].count(
                "sent"
            ) == 1


LIES = {
    "the answer is lost": {"share_accept_then_reset": 1.0},
    "a 500, and it rings": {"share_5xx_accepted": 1.0},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_call_whose_answer_was_lost_is_looked_for_and_not_placed_again(
    lie: str, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with lines(sessions, database_url, tmp_path, {PERSON: "en"}, **LIES[lie]) as town:
        revision = town.house.release(LANGS)
        story.until(lambda: town.go_on() or len(town.carrier.calls()) == 1)
        town.carrier.set_faults(**dict.fromkeys(LIES[lie], 0.0))
        town.to_the_end(1)
        assert town.row(revision)[1].states == {"accepted": 1}


def test_the_preview_is_what_they_hear_and_how_long_it_takes(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    numbers = {f"+14135550{no:03d}": "es" if no % 2 else "en" for no in range(100, 120)}
    with lines(sessions, database_url, tmp_path, numbers, pace=2.0) as town:
        with sessions.begin() as session:
            revision = actions.new_alert(town.house.actor(session), actions.AlertKind.OUTAGE, LANGS)
            places = directory_load.load(session)
            draft = previews.Draft(revision.alert, RevisionKind.INITIAL, LANGS)
            seen = previews.of_draft(session, town.house.office, places, draft, town.house.actor(session).now)
            actions.submit(town.house.actor(session), revision)
            frozen = previews.of_frozen(session, town.house.office, places, session.get_one(Revision, revision.id))
        assert (seen.reach.landlines, seen.reach.call_seconds) == (20, 10.0)
        assert seen.reach.people == 2
        assert frozen.calls == seen.calls
        towns = [call.community for call in seen.calls if call.lang == "es"]
        assert towns == ["town-1", "town-2", "town-3"], "also where a landline may yet join"


@pytest.mark.parametrize("place", [1, 3])
def test_who_joins_after_the_release_is_called_too_in_their_language(
    place: int, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    """In a town of landlines, and as the first landline of another one."""
    with lines(sessions, database_url, tmp_path, {PERSON: "en"}) as town:
        revision = town.house.release(LANGS)
        town.to_the_end(1)
        with sessions.begin() as session:
            late = residents.address(session, SEALER, "voice", BOX, lang="es")
            residents.subscribe(session, late, directory_load.community_ids(session)[f"town-{place}"])
        town.to_the_end(2)
        assert "no funciona" in town.heard(BOX) and f"Town {place}" in town.heard(BOX)
        assert town.row(revision)[1].states == {"accepted": 2}


def test_the_first_landline_of_all_may_join_after_the_release(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with lines(sessions, database_url, tmp_path, {}) as town:
        revision = town.house.release(LANGS)
        town.to_the_end(0)
        with sessions() as session:
            seen = board(session, session.get_one(Revision, revision).alert)
        assert {one.channel for one in seen.channels} == {"sms", "feed"}, "nobody is called yet"
        with sessions.begin() as session:
            late = residents.address(session, SEALER, "voice", PERSON)
            residents.subscribe(session, late, directory_load.community_ids(session)["town-2"])
        town.to_the_end(1)
        assert "9 1 1 is down in Town 2" in town.heard(PERSON)
        assert town.row(revision)[1].states == {"accepted": 1}


def test_nobody_is_called_where_nothing_can_call(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(1), {phone: ["town-1"] for phone in mobiles(1)})
    with sessions.begin() as session:
        there = residents.address(session, SEALER, "voice", PERSON)
        residents.subscribe(session, there, directory_load.community_ids(session)["town-1"])
    revision = house.release()
    with sessions() as session:
        made = session.query(Fanout).filter_by(revision_id=revision, tier="public")
        assert {fanout.channel for fanout in made} == {"sms", "feed"}


@pytest.mark.parametrize("failpoint", ["claimed", "opened", "posted", "recording", "recorded"])
def test_a_caller_that_is_killed_calls_nobody_twice_and_misses_nobody(
    failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    numbers = {f"+14135550{no:03d}": "en" for no in range(100, 120)}
    with lines(sessions, database_url, tmp_path, numbers) as town:
        revision = town.house.release(LANGS)
        killed = story.sender(database_url, town.carrier, tmp_path, failpoint, lane=town.here)
        assert killed.wait(30) == -9
        town.to_the_end(len(numbers))
        assert town.called() == Counter(dict.fromkeys(numbers, 1))
        assert town.row(revision)[1].states == {"accepted": len(numbers)}
