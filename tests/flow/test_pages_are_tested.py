"""Once a month every way to an approver is tried, by day, and its person says that it came."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from broadcaster.channels import page_link
from broadcaster.dispatch.paging.page_tests import PageTests
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts, page_tests, people
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.page_tests import PageTest
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from tests.desk import BOTH, SECOND, Desk
from tests.factories import SENDER, SID, TOKEN, Ways, engine
from tests.flow import story

NUMBER = "+12025550101"
NOON, NIGHT = datetime(2026, 6, 18, 16, tzinfo=UTC), datetime(2026, 6, 18, 7, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 7, 1, 16, tzinfo=UTC)


def test_a_test_page_is_sent_by_day_and_confirmed_by_its_person(sessions: Sessions, tmp_path: Path) -> None:
    desk = Desk(sessions)
    with sessions.begin() as store:
        abe = people.by_email(store, SECOND)
        assert abe is not None
        contacts.put(store, desk.sealer, abe.id, What.PHONE, NUMBER)
    quiet = Faults(share_callbacks_dropped=1.0, delivery_ms=0.0)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=quiet)) as carrier,
        engine(sessions, carrier.url, tmp_path, ways=Ways(voice="http://127.0.0.1:9")) as works,
    ):
        works.sealer = desk.sealer
        duty = PageTests(works, "State 911", "http://localhost", ZoneInfo("America/New_York"))
        assert [duty.look(NIGHT), duty.look(NOON), duty.look(NOON)] == [0, 2, 0]
        assert story.texted(carrier) == {NUMBER: 1} and [call["to"] for call in carrier.calls()] == [NUMBER]
        assert duty.look(NEXT_MONTH) == 2 and story.texted(carrier) == {NUMBER: 2}, "every month anew"
    second, other = desk.browser(SECOND), desk.browser(BOTH)
    assert "Abe, phone: sent, not confirmed" in second.open("/desk/roster/").words
    assert ", by call:" not in second.words, "no calls are set up at this desk"
    with sessions.begin() as store:
        senders.register(store, NewSender("voice", "voice", SENDER, 1.0))
        key = store.scalars(select(PageTest.id).where(PageTest.way == "sms", PageTest.month == "2026-06")).one()
    assert "Abe, phone, by call: called, no key pressed" in second.open("/desk/roster/").words
    link = page_link.trial_url("", desk.chosen.secret_key, key)
    assert "This was a test" in second.open(link).words
    assert other.open(link).send("/" + link.rpartition("/")[2]).path == "/desk/roster/"
    assert "was sent to somebody else" in other.words and "sent, not confirmed" in other.words
    second.send("/" + link.rpartition("/")[2])
    assert "this way works" in second.words and "Abe, phone:" not in second.words
    with sessions.begin() as store:
        assert page_tests.answered(store, key + 1)
    assert "has been confirmed this month" in second.open("/desk/roster/").words
    assert second.open(link[:-1] + ("A" if link[-1] != "A" else "B")).status == 404
