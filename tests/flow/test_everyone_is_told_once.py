"""The whole engine on real parts: everybody of the area is texted once, with the previewed words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.dispatch.waves.followup import follow_up
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.alerting.alerts import Body
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import tallies
from broadcaster.store.fanout.deliveries import Fanout, PastAttempt
from tests.factories import SID, TOKEN, directory, engine, furnish, phones
from tests.flow import story

CALM = Faults(share_callbacks_dropped=0.0, listing_lag_s=0.0, delivery_ms=0.0)


def test_each_person_gets_the_text_of_their_town(sessions: Sessions, tmp_path: Path) -> None:
    everyone = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(300))}
    everyone[phones(1)[0]] = ["town-1", "town-2"]
    house = furnish(sessions, directory(3), everyone)
    with start_in_thread(Carrier(SID, TOKEN, faults=CALM)) as carrier, engine(sessions, carrier.url, tmp_path) as works:
        house.release()
        drained = drain(works, "sms")
        works.recorder.wait()
        keep(works)
        texts = carrier.ledger()["messages"]
    assert drained.waves >= 1
    assert Counter(row["to"] for row in texts) == Counter(dict.fromkeys(everyone, 1))
    for row in texts:
        towns = [code.replace("town-", "Town ") for code in everyone[row["to"]]]
        assert any(f"in {town}." in row["body"] for town in towns)
    with sessions() as session:
        previewed = {row.sha for row in session.query(Body)}
        assert {story.sha(row["body"]) for row in texts} <= previewed
        fanout = session.query(Fanout).filter_by(channel="sms").one()
        assert (fanout.state, fanout.planned) == ("done", 300)
        assert tallies.by_community(session, fanout.id) == tallies.truth(session, fanout.id)
        assert tallies.whole(session, fanout.id).states == {"accepted": 300}
        assert follow_up(works) == 0


def test_a_sender_of_three_a_second_makes_nobody_wait_so_long_that_nothing_is_known(
    sessions: Sessions, tmp_path: Path
) -> None:
    """One POST for each, and after none must be asked; what misses its second on a busy machine has not left."""
    everyone = phones(10)
    house = furnish(sessions, directory(1), {phone: ["town-1"] for phone in everyone}, mps=3.0)
    with start_in_thread(Carrier(SID, TOKEN, faults=CALM)) as carrier, engine(sessions, carrier.url, tmp_path) as works:
        revision = house.release()
        story.finish(works)
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
        assert carrier.summary()["attempts"] == len(everyone)
    assert story.sums_close(sessions, revision, len(everyone)).states == {"accepted": len(everyone)}
    with sessions() as session:
        assert {row.outcome for row in session.query(PastAttempt)} <= {"not_sent"}
