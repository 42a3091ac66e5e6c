"""Many agencies, a relay that puts off, hangs up and sends back: everybody has the mail, and every loss is named."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from broadcaster.alert.lifecycle import AlertKind
from broadcaster.channels import agency_email
from broadcaster.channels.agency_email import CONNECTIONS
from broadcaster.dispatch import actions
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import mailbox
from broadcaster.local.mailbox.post import Office
from broadcaster.receipts import tally
from broadcaster.receipts.bounce_mailbox import BounceMailbox
from broadcaster.receipts.bounces import Desk
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders, tallies
from broadcaster.store.fanout.deliveries import Fanout, Wave
from broadcaster.store.fanout.senders import NewSender
from broadcaster.values import Keyring
from tests.factories import SEALER, SECRET, House, Ways, content, directory, engine, furnish

NOWHERE = "http://127.0.0.1:9"


def released(house: House) -> int:
    """An alert whose agencies are to be told; returns its id."""
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session), revision)
        actions.release_agencies(house.actor(session), revision)
        return revision.alert_id


def finish(works: Engine, seconds: float = 40.0) -> None:
    """Drain and sweep until the mails are done."""
    end = time.monotonic() + seconds
    while True:
        drain(works, "urgent", seconds=1.0)
        works.recorder.wait()
        keep(works)
        with works.sessions() as session:
            if session.query(Fanout).filter(Fanout.state != "done").count() == 0:
                return
        assert time.monotonic() < end, "fan-outs are still open"
        time.sleep(0.1)


def test_everybody_has_the_mail_whatever_the_relay_does(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agency_email, "PUT_OFF_S", 0.2)
    house = furnish(sessions, directory(120), {})
    with (
        mailbox.start_in_thread() as post,
        engine(sessions, NOWHERE, tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):
        post.set_faults(share_4xx=0.1, share_dropped_after_data=0.1, latency_s=0.01)
        released(house)
        drain(works, "urgent")
        works.recorder.wait()
        post.set_faults(share_4xx=0, share_dropped_after_data=0)
        finish(works)
        mails, counted = post.mails(), post.summary()
    assert {mail.to for mail in mails} == {f"police@town-{no}.example" for no in range(1, 121)}
    assert counted["refused"]["450"] > 0 and counted["unanswered"] > 0
    with sessions() as session:
        fanout = session.query(Fanout).one().id
        count = tallies.whole(session, fanout)
        possible, confirmed = tallies.doubles(session, fanout)
    assert (count.of("accepted"), count.total) == (120, 120)
    assert counted["doubles"] == counted["unanswered"] <= possible  # each is one mail to its reader: one Message-ID
    assert confirmed == 0


def test_the_window_stays_full_between_claims(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(100), {})
    with sessions.begin() as session:
        senders.register(
            session, NewSender("email", "smtp", "alerts@ma.example", 1000.0)
        )  # the pace is not what this is about
    with (
        mailbox.start_in_thread() as post,
        engine(sessions, NOWHERE, tmp_path, in_flight=100, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):
        post.set_faults(latency_s=0.05)
        released(house)
        finish(works)
        mails = post.mails()
    assert Counter(Counter(mail.to for mail in mails).values()) == {1: 100}
    with sessions() as session:
        rows = [wave.rows for wave in session.query(Wave)]
    assert max(rows) > CONNECTIONS  # the first claim fills both the connections and the places behind them
    assert 100 <= sum(rows) < 200 and len(rows) <= 6  # what a busy machine does not start in time is claimed again


def test_what_comes_back_is_on_the_board(sessions: Sessions, tmp_path: Path) -> None:
    house, bounces = furnish(sessions, directory(3), {}), tmp_path / "bounces"
    with (
        mailbox.start_in_thread(Office(bounces=bounces)) as post,
        engine(sessions, NOWHERE, tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):
        post.set_faults(share_returned=1)
        alert = released(house)
        finish(works)
        assert post.summary()["returned"] == 3
    desk = Desk(Keyring(SECRET), "ma.example", SEALER)
    assert BounceMailbox(bounces, sessions, desk).look() == 3
    with sessions() as session:
        board = tally.board(session, session.get_one(Alert, alert))
        (mails,) = board.channels
        assert (dict(mails.counts), dict(mails.handsets)) == ({"accepted": 3}, {"undelivered": 3})
        assert [(line.came_back, line.reason) for line in board.agencies] == [(True, "5.1.1")] * 3
        assert tally.check_sums(session, mails.fanout).agree
