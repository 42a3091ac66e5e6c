"""The bulk lane: a wave goes in one request, and whatever comes of the request, each person hears once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from tests.factories import SID, TOKEN, Ways, directory, engine, furnish, phones
from tests.flow import story

QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0, "hang_s": 2.0, "listing_lag_s": 0.3}
EVERYONE = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(300))}
BULK = Ways(bulk=True)


def texts(carrier: Running) -> Counter[str]:
    """Who was texted, in bulk or one by one."""
    return Counter(row["to"] for row in carrier.ledger()["messages"] if row["kind"] == "message")


def purposes(sessions: Sessions) -> Counter[str]:
    with sessions() as session:
        return Counter(session.execute(text("SELECT purpose FROM wave WHERE rows > 0")).scalars())


def test_everybody_hears_and_hardly_a_request_is_made(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as carrier,
        engine(sessions, carrier.url, tmp_path, ways=BULK) as works,
    ):
        revision = house.release()
        story.finish(works)
        assert texts(carrier) == Counter(dict.fromkeys(EVERYONE, 1))
        assert carrier.summary()["attempts"] <= 3
    assert set(purposes(sessions)) == {"bulk"}
    assert story.sums_close(sessions, revision, len(EVERYONE)).states == {"accepted": len(EVERYONE)}


def test_a_request_holds_at_most_ten_seconds_of_the_pace(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(1), {phone: ["town-1"] for phone in phones(60)}, mps=2.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as carrier,
        engine(sessions, carrier.url, tmp_path, ways=BULK) as works,
    ):
        house.release()
        story.until(lambda: bool(story.drain(works, "sms", seconds=0.3)) and bool(purposes(sessions)))
    with sessions() as session:
        assert session.execute(text("SELECT max(rows) FROM wave")).scalar_one() <= 20


LIES = {
    "throttled": {"share_429": 1.0, "retry_after": 1},
    "accepted, then nothing": {"share_accept_then_hang": 1.0},
    "accepted, then a reset": {"share_accept_then_reset": 1.0},
    "accepted, then 500": {"share_5xx_accepted": 1.0},
    "500 and not accepted": {"share_5xx_refused": 1.0},
    "an answer nobody can read": {"share_bad_json": 1.0},
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_is_answered_each_person_hears_once(lie: str, sessions: Sessions, tmp_path: Path) -> None:
    """The first requests end like this; afterwards the carrier is well again."""
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**{**QUIET, **LIES[lie]}))) as carrier,
        engine(sessions, carrier.url, tmp_path, ways=BULK) as works,
    ):
        revision = house.release()
        story.drain(works, "sms", seconds=0.5)
        works.recorder.wait()
        assert "bulk" in purposes(sessions)
        carrier.set_faults(**dict.fromkeys(LIES[lie], 0))
        story.finish(works)
        assert texts(carrier) == Counter(dict.fromkeys(EVERYONE, 1))
    assert story.sums_close(sessions, revision, len(EVERYONE)).states == {"accepted": len(EVERYONE)}


@pytest.mark.parametrize("failpoint", ["claimed", "opened", "posted", "recording", "recorded"])
def test_killed_between_two_steps(failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    """The operation's name is lost with the process: it is looked for before anything else."""
    house = furnish(sessions, directory(3), EVERYONE, mps=1000.0)
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as carrier:
        revision = house.release()
        assert story.sender(database_url, carrier, tmp_path, failpoint, "bulk").wait(30) == -9
        with engine(sessions, carrier.url, tmp_path, ways=BULK) as works:
            story.finish(works)
        assert texts(carrier) == Counter(dict.fromkeys(EVERYONE, 1))
    assert story.sums_close(sessions, revision, len(EVERYONE)).states == {"accepted": len(EVERYONE)}


def test_short_lives_and_second_attempts_go_one_by_one(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(1), {phone: ["town-1"] for phone in phones(20)}, mps=1000.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as carrier,
        engine(sessions, carrier.url, tmp_path, ways=BULK) as works,
    ):
        house.release()
        with sessions.begin() as session:
            session.execute(text("UPDATE fanout SET expires_at = clock_timestamp() + interval '100 s'"))
        story.finish(works)
        assert texts(carrier) == Counter(dict.fromkeys(phones(20), 1))
    assert set(purposes(sessions)) == {"first"}
