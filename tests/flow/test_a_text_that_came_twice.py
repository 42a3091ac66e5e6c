"""A write that froze longer than SETTLE reaches the carrier after its attempt was made again: counted, not hidden."""

from __future__ import annotations

from pathlib import Path

from broadcaster.dispatch.waves import wave
from broadcaster.dispatch.waves.window import OpenedWave
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import tallies
from tests.factories import SID, TOKEN, directory, engine, furnish, phones
from tests.flow import story

QUIET = Faults(share_callbacks_dropped=1.0, listing_lag_s=0.0, delivery_ms=0.0)


def test_both_texts_are_seen_in_the_listing_and_the_double_is_confirmed(sessions: Sessions, tmp_path: Path) -> None:
    """The worker died with both answers, and no callback ever comes: the listing is the only witness."""
    house = furnish(sessions, directory(1), {phones(1)[0]: ["town-1"]})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=QUIET)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        revision = house.release()
        claimed = wave.claim_next(works, "sms")
        assert isinstance(claimed, OpenedWave)
        for _ in range(2):
            works.window.run(works.carriers["twilio"].send(claimed.rows[0]), 10.0)
        story.finish(works)
        assert story.texted(carrier) == {phones(1)[0]: 2}
    assert story.sums_close(sessions, revision, 1).states == {"accepted": 1}
    with sessions() as session:
        assert tallies.doubles(session, claimed.fanout_id) == (0, 1)
