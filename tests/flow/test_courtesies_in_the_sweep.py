"""Courtesies as the sweep sends them: in a thread of their own, after an alert's texts, and to the end."""

from __future__ import annotations

from pathlib import Path

from broadcaster.channels.http import Door
from broadcaster.channels.sms_twilio import TwilioAccount, TwilioSms
from broadcaster.dispatch.sweep import Sweep
from broadcaster.dispatch.waves.courtesies import Courtesies
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import courtesies
from broadcaster.store.fanout.courtesies import Budget, Courtesy, Purpose, Wanted
from broadcaster.store.public import residents
from tests.factories import SEALER, SECRET, SENDER, SID, TOKEN, directory, engine, furnish, office, phones
from tests.flow import story

ASKING = "+14135550123"


def test_an_alert_goes_first_and_the_courtesy_follows(sessions: Sessions, tmp_path: Path) -> None:
    everyone = {number: ["town-1"] for number in phones(40)}
    house = furnish(sessions, directory(1), everyone, mps=40.0)
    with sessions.begin() as session:
        assert courtesies.ask(session, SEALER, Wanted(Purpose.VERIFY, ASKING, "en", ("town-1",)), Budget())
    house.release()
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(delivery_ms=0.0))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        account = TwilioAccount(SID, TOKEN, SENDER, "http://localhost:1/callbacks/twilio/status", carrier.url)
        waiter = Courtesies(sessions, SEALER, SECRET, office(), TwilioSms(account, Door(live=False)))
        running = Sweep(works, 0.2, {"courtesies": (waiter.look, 0.1)})
        running.start()
        story.until(lambda: len(story.texted(carrier)) == len(everyone) + 1)
        running.stop()
        waiter.close()
        order = [row["to"] for row in sorted(carrier.ledger()["messages"], key=lambda row: row["seq"])]
    assert order[-1] == ASKING, "it stood back for every text of the alert"
    with sessions() as session:
        assert [row.state for row in session.query(Courtesy)] == ["sent"]


def test_whoever_could_not_get_through_is_texted_a_number_unless_they_said_stop(sessions: Sessions) -> None:
    furnish(sessions, directory(1), {})
    hushed = "+14135550124"
    with sessions.begin() as session:
        residents.suppress(session, SEALER.index(f"sms:{hushed}"), "phone")
        for number in (hushed, ASKING):
            assert courtesies.ask(session, SEALER, Wanted(Purpose.MISSED, number, "en", ("town-1",)), Budget())
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(delivery_ms=0.0))) as carrier:
        account = TwilioAccount(SID, TOKEN, SENDER, "http://localhost:1/callbacks/twilio/status", carrier.url)
        waiter = Courtesies(sessions, SEALER, SECRET, office(), TwilioSms(account, Door(live=False)), 2)
        assert waiter.look() == 2
        waiter.close()
        (sent,) = carrier.ledger()["messages"]
    assert sent["to"] == ASKING and "did not get through" in sent["body"] and "508-555-0100 (Town 1)" in sent["body"]
    with sessions() as session:
        assert [row.state for row in session.query(Courtesy).order_by(Courtesy.id)] == ["dropped", "sent"]
