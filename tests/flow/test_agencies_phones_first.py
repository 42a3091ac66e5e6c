"""The phones of agencies: texted before anybody else, one segment, with a link of their own that the desk answers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from broadcaster.alert.lifecycle import AlertKind
from broadcaster.channels.ack_link import short_place
from broadcaster.directory import Contact, ContactChannel, Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import mailbox
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.messages.fit import fit
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Acknowledgement, Delivery, Fanout
from broadcaster.web import create_app
from tests import onair
from tests.factories import SECRET, SID, TOKEN, Ways, content, directory, engine, furnish, phones, police, town
from tests.flow.story import finish, texted

QUIET = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0, "listing_lag_s": 0.5}
CHIEFS = {f"+1617555010{no}": town(no).code for no in (1, 2)}


def with_phones(*towns: int) -> Directory:
    """Three towns; the chiefs of some of them have a phone that takes texts."""
    places = directory(3)
    chiefs = {town(no).code: Contact(ContactChannel.SMS, f"+1617555010{no}", 2) for no in towns}
    agencies = tuple(
        police(each, *(chief for code, chief in chiefs.items() if code == each.code)) for each in places.communities
    )
    return replace(places, agencies=agencies)


def test_a_chiefs_phone_is_texted_before_any_resident(sessions: Sessions, tmp_path: Path) -> None:
    residents = phones(30)
    house = furnish(sessions, with_phones(1, 2), {phone: ["town-1"] for phone in residents})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as simulator,
        engine(sessions, simulator.url, tmp_path) as works,
    ):
        house.release()
        finish(works)
        sent = [row for row in simulator.ledger()["messages"] if row["direction"] == "outbound-api"]
        assert {row["to"] for row in sent[:2]} == set(CHIEFS)
        assert texted(simulator) == dict.fromkeys([*CHIEFS, *residents], 1)
        for row in sent[:2]:
            assert fit(row["body"]).segments == 1
            assert f"Town {CHIEFS[row['to']][-1]}" in row["body"] and "%%" not in row["body"]
            link = re.search(r"http://localhost:8911/a/(\S+)$", row["body"])
            assert link and short_place(SECRET, link[1]) is not None
        assert not any("/a/" in row["body"] for row in sent[2:])


def test_the_link_in_the_text_shows_the_whole_mail_and_one_press_acknowledges(
    sessions: Sessions, tmp_path: Path
) -> None:
    house = furnish(sessions, with_phones(1), {})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as simulator,
        engine(sessions, simulator.url, tmp_path) as works,
    ):
        house.release()
        finish(works)
        text = simulator.ledger()["messages"][0]["body"]
    path = text[text.index("/a/") :]
    web = create_app(onair.settings(secret_key=SECRET), sessions).test_client()
    shown = web.get(path).get_data(as_text=True)
    assert "Town 1 Police" in shown and "When the public hears" in shown
    with sessions() as session:
        assert session.query(Acknowledgement).count() == 0
    assert web.post(path, data={"answer": "read"}).status_code == 303
    with sessions() as session:
        row = session.query(Acknowledgement).one()
        assert (row.answer, session.get_one(Fanout, row.fanout_id).channel) == ("read", "sms")


def test_a_text_whose_answer_was_lost_is_found_by_its_own_words(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, with_phones(1), {})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as simulator,
        engine(sessions, simulator.url, tmp_path) as works,
    ):
        simulator.set_faults(share_accept_then_reset=1.0)
        house.release()
        finish(works)
        assert texted(simulator) == {"+16175550101": 1}
        with sessions() as session:
            row = session.query(Delivery).join(Fanout, Fanout.id == Delivery.fanout_id).filter_by(channel="sms").one()
            assert (row.state, row.n) == ("accepted", 1)
            assert row.reason == "found_at_carrier"


def test_an_edit_that_leaves_a_town_out_tells_its_phone_so_once(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, with_phones(1, 2), {})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**QUIET))) as simulator,
        mailbox.start_in_thread() as post,
        engine(sessions, simulator.url, tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):

        def released(revision: Revision) -> list[str]:
            before = len(simulator.ledger()["messages"])
            with sessions.begin() as session:
                row = session.get_one(Revision, revision.id)
                actions.submit(house.actor(session), row)
                actions.release_agencies(house.actor(session), row)
            drain(works, "urgent")
            finish(works)
            return sorted(f"{row['to']} {row['body']}" for row in simulator.ledger()["messages"][before:])

        with sessions.begin() as session:
            first = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        assert len(released(first)) == 2
        with sessions.begin() as session:
            only = replace(content(), area=replace(content().area, statewide=False, communities=("town-1",)))
            second = actions.edit(house.actor(session), session.get_one(Revision, first.id), only)
        one, two = released(second)
        assert one.startswith("+16175550101 State 911: CONFIRMED") and "does not affect your communities" in two
