"""A sender is killed by `kill -9` between any two steps of a wave: nobody is missed, nobody hears twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery
from tests.factories import SID, TOKEN, directory, engine, furnish, phones
from tests.flow import story

QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0}


@pytest.mark.parametrize("failpoint", ["claimed", "opened", "posted", "recording", "recorded"])
def test_killed_between_two_steps(failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    everyone = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(90))}
    house = furnish(sessions, directory(3), everyone)
    faults = Faults(**QUIET, latency_ms=30.0, listing_lag_s=0.5)
    with start_in_thread(Carrier(SID, TOKEN, faults=faults)) as carrier:
        revision = house.release()
        assert story.sender(database_url, carrier, tmp_path, failpoint).wait(30) == -9
        with engine(sessions, carrier.url, tmp_path) as works:
            story.finish(works)
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
    assert story.sums_close(sessions, revision, len(everyone)).states == {"accepted": len(everyone)}


def test_killed_with_texts_in_flight(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    """The carrier has taken texts whose answers never reach the dead sender: they are adopted, not sent again."""
    everyone = {phone: ["town-1"] for phone in phones(60)}
    house = furnish(sessions, directory(1), everyone)
    faults = Faults(**QUIET, latency_ms=1500.0, listing_lag_s=0.5)
    with start_in_thread(Carrier(SID, TOKEN, faults=faults)) as carrier:
        revision = house.release()
        process = story.sender(database_url, carrier, tmp_path)
        story.until(lambda: carrier.summary()["attempts"] >= 10)
        process.kill()
        process.wait(10)
        with sessions() as session:
            in_flight = session.query(Delivery).filter_by(state="sending").count()
        carrier.set_faults(latency_ms=0.0)
        with engine(sessions, carrier.url, tmp_path) as works:
            story.finish(works)
        assert in_flight >= 10
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
        assert carrier.summary()["doubles"] == []
    with sessions() as session:
        assert session.query(Delivery).filter_by(reason="found_at_carrier").count() >= 1
    story.sums_close(sessions, revision, len(everyone))
