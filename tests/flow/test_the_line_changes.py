"""What comes after the first text: holds, updates in mid-flight, changed numbers, parts restored, the all-clear."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Confirmation, Content, RevisionKind
from broadcaster.alert.lifecycle import Tier
from broadcaster.alert.phone import AlternateNumber
from broadcaster.dispatch import actions
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from tests.factories import SID, TOKEN, House, directory, engine, furnish, phones
from tests.flow import story

FAULTS = Faults(share_callbacks_dropped=1.0, delivery_ms=0.0, listing_lag_s=0.0)


@pytest.fixture
def everyone() -> dict[str, list[str]]:
    """A hundred and twenty people in three towns."""
    return {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(120))}


def follow(house: House, first: int, kind: RevisionKind, **changes: object) -> int:
    """The next revision through two people; returns its id."""
    with house.sessions.begin() as session:
        draft = actions.next_draft(house.actor(session), session.get_one(Revision, first).alert, kind)
        words: Content = replace(heart.content_from_json(draft.content), **changes)
        actions.edit(house.actor(session), draft, words)
        actions.submit(house.actor(session), draft)
        key = draft.id
    house.approve(key)
    return key


def confirmed(everyone: dict[str, list[str]]) -> tuple[Confirmation, ...]:
    """The vendor's word for every town."""
    towns = tuple(sorted({town for towns in everyone.values() for town in towns}))
    return (Confirmation(towns, "Vendor", "restored and tested", story.NOON + timedelta(hours=1)),)


def by_phone(carrier: Running) -> dict[str, list[str]]:
    """What each phone holds, oldest first."""
    held: dict[str, list[str]] = defaultdict(list)
    for row in sorted(carrier.ledger()["messages"], key=lambda row: row["seq"]):
        held[row["to"]].append(row["body"])
    return held


def test_hold_in_mid_flight_stops_claiming_and_resume_goes_on(
    sessions: Sessions, everyone: dict[str, list[str]], tmp_path: Path
) -> None:
    house = furnish(sessions, directory(3), everyone, mps=40.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=FAULTS)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        drain(works, "sms", seconds=1.0)
        with sessions.begin() as session:
            actions.hold(house.actor(session), session.get_one(Revision, first), Tier.PUBLIC)
            claimed = session.query(Delivery).count()
        drain(works, "sms", seconds=2.0)
        works.recorder.wait()
        held = story.texted(carrier)
        assert 0 < len(held) < len(everyone)
        with sessions() as session:
            assert session.query(Delivery).count() == claimed
        with sessions.begin() as session:
            row = session.get_one(Revision, first)
            actions.resume(house.actor(session, house.approver), row, Tier.PUBLIC, row.hash)
        story.finish(works)
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
    story.sums_close(sessions, first, len(everyone))


def test_an_update_in_mid_flight_supersedes_and_everybody_holds_the_newer_text(
    sessions: Sessions, everyone: dict[str, list[str]], tmp_path: Path
) -> None:
    house = furnish(sessions, directory(3), everyone, mps=40.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=FAULTS)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        drain(works, "sms", seconds=1.0)
        second = follow(house, first, RevisionKind.UPDATE, note="Crews are at work.")
        story.finish(works)
        held = by_phone(carrier)
        assert carrier.summary()["doubles"] == []
    assert set(held) == set(everyone)
    assert all("still down" in texts[-1] and len(texts) <= 2 for texts in held.values())
    older = story.sums_close(sessions, first, len(everyone))
    assert older.of("superseded") > 0
    assert story.sums_close(sessions, second, len(everyone)).states == {"accepted": len(everyone)}


def test_a_changed_number_goes_to_its_town_only(
    sessions: Sessions, everyone: dict[str, list[str]], tmp_path: Path
) -> None:
    house = furnish(sessions, directory(3), everyone)
    number = AlternateNumber("+15085550177", "Desk")
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=FAULTS)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        follow(house, first, RevisionKind.NUMBER_CHANGE, overrides=(("town-2", number),))
        story.finish(works)
        held = by_phone(carrier)
    for phone, towns in everyone.items():
        assert len(held[phone]) == (2 if towns == ["town-2"] else 1)
        if towns == ["town-2"]:
            assert "508-555-0177" in held[phone][-1]


def test_restored_in_part_tells_those_towns_and_the_others_keep_their_text(
    sessions: Sessions, everyone: dict[str, list[str]], tmp_path: Path
) -> None:
    house = furnish(sessions, directory(3), everyone)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=FAULTS)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        follow(house, first, RevisionKind.RESTORED_IN_PART, restored=("town-1",))
        story.finish(works)
        held = by_phone(carrier)
    for phone, towns in everyone.items():
        assert ("works again" in held[phone][-1]) == (towns == ["town-1"])
        assert len(held[phone]) == (2 if towns == ["town-1"] else 1)


def test_the_all_clear_goes_to_those_told_and_closes_the_alert(
    sessions: Sessions, everyone: dict[str, list[str]], tmp_path: Path
) -> None:
    house = furnish(sessions, directory(3), everyone, mps=40.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=FAULTS)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        drain(works, "sms", seconds=1.0)
        works.recorder.wait()
        told = set(story.texted(carrier))
        last = follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(everyone))
        story.finish(works)
        held = by_phone(carrier)
    assert 0 < len(told) < len(everyone)
    assert set(held) == told
    assert all("works again" in texts[-1] and len(texts) == 2 for texts in held.values())
    with sessions() as session:
        assert session.get_one(Revision, last).alert.state == "closed"
        assert session.query(Fanout).filter(Fanout.state != "done", Fanout.channel == "sms").count() == 0
