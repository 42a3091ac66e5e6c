"""A carrier that throttles, hangs, resets, fails and lies: each person once, everything counted, nothing open."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.public.residents import Suppression
from tests.factories import SID, TOKEN, directory, engine, furnish, phones
from tests.flow import story

QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0, "hang_s": 2.0, "listing_lag_s": 0.5}
LIES = {
    "throttled": {"share_429": 0.3, "retry_after": 1},
    "accepted, then nothing": {"share_accept_then_hang": 0.1},
    "accepted, then a reset": {"share_accept_then_reset": 0.1},
    "accepted, then 500": {"share_5xx_accepted": 0.1},
    "500 and not accepted": {"share_5xx_refused": 0.1},
    "hangs and never accepted": {"share_hang_refused": 0.1},
    "an answer nobody can read": {"share_bad_json": 0.1},
}


@pytest.mark.parametrize("lie", LIES)
def test_each_person_once(lie: str, sessions: Sessions, tmp_path: Path) -> None:
    everyone = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(100))}
    house = furnish(sessions, directory(3), everyone)
    faults = Faults(**QUIET, **LIES[lie], seed=7)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=faults)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        revision = house.release()
        story.finish(works)
        assert carrier.summary()["attempts"] >= len(everyone)
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
    assert story.sums_close(sessions, revision, len(everyone)).states == {"accepted": len(everyone)}


def test_a_stop_at_the_carrier_becomes_ours(sessions: Sessions, tmp_path: Path) -> None:
    """21610: rejected, counted, and on our own list for every carrier."""
    everyone = {phone: ["town-1"] for phone in phones(10)}
    house = furnish(sessions, directory(1), everyone)
    stopped = phones(1)[0]
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as carrier:
        carrier.inbound(stopped, "+15005550006", "STOP")
        with engine(sessions, carrier.url, tmp_path) as works:
            revision = house.release()
            story.finish(works)
        assert stopped not in story.texted(carrier)
    assert story.sums_close(sessions, revision, 10).states == {"accepted": 9, "rejected": 1}
    with sessions() as session:
        assert [row.source for row in session.query(Suppression)] == ["carrier"]
