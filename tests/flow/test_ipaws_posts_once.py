"""An alert at IPAWS-OPEN: there once, under one identifier, whatever becomes of the answers; judged by its ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.alert.alert import ChannelName
from broadcaster.store.database import Sessions
from tests import ipaws
from tests.factories import content
from tests.flow import ipaws_story as story
from tests.flow import story as processes
from tests.flow.ipaws_story import Row


def test_accepted_channel_by_channel(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        revision = house.release()
        story.finish(works, "ipaws", "feed")
        made = story.document(sessions, revision)
        story.once(exchange, made)
        assert ipaws.said(exchange) == ipaws.POSTED
    assert story.row(sessions, revision) == Row("accepted", "", 1, made.identifier)
    assert story.told(sessions, revision) == [f"1: {each}" for each in ipaws.POSTED]
    assert (tmp_path / "public" / "cap" / f"{made.identifier}.xml").read_bytes() == made.bytes


def test_partial_is_accepted_and_every_channels_word_is_kept(sessions: Sessions, tmp_path: Path) -> None:
    """EAS takes it, WEA does not (615): nothing is posted again, and nobody believes that phones rang."""
    house = story.authority(sessions)
    with ipaws.exchange(wea_events=("RMT",)) as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        revision = house.release()
        story.finish(works)
        assert exchange.summary()["posts"] == 1
    assert story.row(sessions, revision).state == "accepted"
    assert {"1: EAS 500", "1: CMAS 615"} <= set(story.told(sessions, revision))


LOST = {"hangs": "accepted_hang", "resets": "accepted_reset", "says 500": "accepted_500", "garbles": "accepted_garbage"}


@pytest.mark.parametrize("way", LOST)
def test_a_lost_answer_is_asked_after_and_adopted(way: str, sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        exchange.set_faults(**{LOST[way]: 1}, hang_s=0.5)
        revision = house.release()
        story.finish(works)
        assert exchange.summary()["posts"] == 1
        assert exchange.summary()["asked"]["getMessageList"] >= 1
        story.once(exchange, story.document(sessions, revision))
    assert story.row(sessions, revision).reason == "found_at_carrier"
    assert story.told(sessions, revision) == []


@pytest.mark.parametrize("fault", ["refused_hang", "refused_500", "fault_receiver"])
def test_what_is_proved_absent_is_posted_once_more_unchanged(fault: str, sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        exchange.set_faults(**{fault: 1}, hang_s=0.5)
        revision = house.release()
        story.finish(works)
        assert exchange.summary()["posts"] == 1
        assert exchange.summary()["asked"]["getMessageList"] >= 2
        story.once(exchange, story.document(sessions, revision))
    assert story.row(sessions, revision).n == 2
    assert story.row(sessions, revision).state == "accepted"


@pytest.mark.parametrize("lie", [{"listing_empty": True}, {"listing_down": True}])
def test_a_duplicate_says_that_it_is_there(lie: dict[str, bool], sessions: Sessions, tmp_path: Path) -> None:
    """The list lies, or cannot be had: posting the same bytes again is answered with 201, and that settles it."""
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        exchange.set_faults(accepted_reset=1, **lie)
        revision = house.release()
        story.finish(works)
        assert exchange.summary() | {"asked": {}} == {"posts": 2, "taken": 1, "duplicates": 1, "asked": {}}
        story.once(exchange, story.document(sessions, revision))
    made = story.row(sessions, revision)
    assert (made.state, made.n) == ("accepted", 2)
    assert story.told(sessions, revision) == ["2: CAPEXCH 201"]


KILLED = {
    "opened": ("accepted", "", 2),
    "posted": ("accepted", "found_at_carrier", 1),
    "recording": ("accepted", "found_at_carrier", 1),
    "recorded": ("accepted", "", 1),
}
"""What stands in the end of a post whose process was killed there: nothing had left, or IPAWS was asked for it."""


@pytest.mark.parametrize("failpoint", KILLED)
def test_killed_between_two_steps(failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange:
        revision = house.release(content(channels=(ChannelName.IPAWS,)))
        ipaws.Credentials(tmp_path).seat(exchange.url)
        assert processes.sender(database_url, exchange, tmp_path, failpoint, lane="urgent").wait(30) == -9
        with story.works(sessions, exchange.url, tmp_path) as works:
            story.finish(works)
        story.once(exchange, story.document(sessions, revision))
        assert exchange.summary()["posts"] == 1
    stands = story.row(sessions, revision)
    assert (stands.state, stands.reason, stands.n) == KILLED[failpoint]


def test_two_senders_at_once_post_one(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange:
        exchange.set_faults(latency_ms=300.0)
        revision = house.release(content(channels=(ChannelName.IPAWS,)))
        ipaws.Credentials(tmp_path).seat(exchange.url)
        senders = [processes.sender(database_url, exchange, tmp_path, lane="urgent") for _ in range(2)]
        assert [sender.wait(60) for sender in senders] == [0, 0]
        assert exchange.summary()["posts"] == 1
        story.once(exchange, story.document(sessions, revision))
