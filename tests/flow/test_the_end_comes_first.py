"""Texts wait at a slow carrier and no longer hold: they are taken back, and only who heard hears of the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.alert.alert import Area, FailureKind, RevisionKind
from broadcaster.dispatch.waves.recall import TOO_LATE, recall
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from broadcaster.store.fanout.recalls import TextRecall
from tests.factories import SID, TOKEN, content, directory, engine, furnish, phones
from tests.flow import story
from tests.flow.test_the_line_changes import confirmed, follow

SLOW = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0, "listing_lag_s": 0.0, "sender_mps": 5.0}
EVERYONE = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(120))}


def waiting(carrier: Running) -> set[str]:
    """Whose first text has not left the carrier yet."""
    return {row["to"] for row in carrier.ledger()["messages"] if row["status"] in ("queued", "accepted")}


def with_status(carrier: Running, *statuses: str) -> set[str]:
    return {row["to"] for row in carrier.ledger()["messages"] if row["status"] in statuses}


def test_what_waits_is_taken_back_before_the_end_is_told(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**SLOW))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        assert len(waiting(carrier)) > 60
        last = follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(EVERYONE))
        taken_back = recall(works).taken_back
        assert taken_back > 60
        assert len(with_status(carrier, "canceled")) == taken_back
        carrier.set_faults(sender_mps=0.0)
        story.finish(works)
        ended = {row["to"] for row in carrier.ledger()["messages"] if "works again" in row["body"]}
        assert ended == set(EVERYONE) - with_status(carrier, "canceled")
        assert recall(works).taken_back == 0, "once"
    assert story.sums_close(sessions, first, len(EVERYONE)).states == {"accepted": len(EVERYONE)}
    story.sums_close(sessions, last, len(EVERYONE) - taken_back)
    with sessions() as session:
        assert session.query(Delivery).filter_by(reason="recalled", handset="failed").count() == taken_back


def test_a_carrier_that_takes_nothing_back_is_asked_a_few_times_only(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**SLOW, cancel_queued=False))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(EVERYONE))
        done = recall(works)
        assert (done.taken_back, TOO_LATE <= done.too_late < len(EVERYONE)) == (0, True)
    with sessions() as session:
        assert session.query(Fanout).filter(Fanout.recalled_at.is_not(None)).count() == 1


@pytest.mark.parametrize("kind", [RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE])
def test_nothing_is_taken_back_while_the_outage_goes_on(sessions: Sessions, tmp_path: Path, kind: RevisionKind) -> None:
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**SLOW))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        follow(house, first, kind, note="Crews are at work.")
        assert recall(works).taken_back == 0


def test_a_carrier_that_cannot_be_asked_is_asked_again(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(1), {phone: ["town-1"] for phone in phones(20)}, mps=1000.0)
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(**SLOW))) as carrier:
        with engine(sessions, carrier.url, tmp_path) as works:
            first = house.release()
            story.finish(works)
            follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed({"": ["town-1"]}))
        with engine(sessions, "http://127.0.0.1:1", tmp_path) as works:
            assert recall(works).taken_back == 0
        with engine(sessions, carrier.url, tmp_path) as works:
            assert recall(works).taken_back > 0


def test_works_again_is_taken_back_where_another_alert_begins(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    there = {phone for phone, towns in EVERYONE.items() if towns == ["town-1"]}
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**(SLOW | {"sender_mps": 0.0})))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        carrier.set_faults(sender_mps=1.0)
        follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(EVERYONE))
        story.finish(works)
        house.release(content(area=Area(communities=("town-1",)), failure=FailureKind.TEXT_TO_911))
        story.finish(works)
        assert recall(works).taken_back == 0, "what said that 911 is down had left"
        taken_back = recall(works).taken_back
        assert 20 < taken_back <= len(there)
        gone = [row for row in carrier.ledger()["messages"] if row["status"] == "canceled"]
        assert len(gone) == taken_back and {row["to"] for row in gone} <= there
        assert all("works again" in row["body"] for row in gone)
        assert recall(works).taken_back == 0, "once"
    with sessions() as session:
        assert session.query(TextRecall).filter(TextRecall.over_at.is_(None)).count() == 0
