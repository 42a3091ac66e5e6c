"""What is wrong with a document stands on the page of whoever approves; it stops its own channel and no other."""

from __future__ import annotations

import pytest

from broadcaster.feeds import cap
from broadcaster.messages import bulletin
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.desk import ISSUER, SECOND, Desk, released, settings, walk


def channels(desk: Desk) -> set[str]:
    with desk.sessions() as store:
        return {fanout.channel for fanout in store.query(Fanout).filter_by(tier="public")}


def test_a_sender_that_cap_forbids_keeps_the_document_from_the_feed_and_texts_go(sessions: Sessions) -> None:
    desk = Desk(sessions, chosen=settings(cap_sender="State 911"))
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    walk(desk, author)
    author.send("/submit")
    page = second.open(author.path).words
    assert "Keeps it out of the feed and of IPAWS; every other channel goes: The sender must be one word" in page
    assert "set CAP_SENDER. sender, /alert/sender, CAP 1.2 section 3.2.1" in page
    second.send("/approve", code=desk.code(SECOND))
    assert channels(desk) == {"sms"}
    with desk.sessions() as store:
        assert store.query(Document).count() == 0


def test_a_text_too_long_for_phones_keeps_it_from_phones_and_the_feed_goes(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulletin, "only_gsm", lambda text: f"{text} {'9' * 400}")
    desk = Desk(sessions)
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert "Keeps it from phones (WEA); every other channel goes: CMAMtext has" in author.words
    author.send("/submit")
    second = desk.browser(SECOND).open(author.path)
    assert "Keeps it from phones (WEA); every other channel goes: CMAMtext has" in second.words
    second.send("/approve", code=desk.code(SECOND))
    assert channels(desk) == {"sms", "feed"}
    with desk.sessions() as store:
        info = cap.parse(store.query(Document).one().bytes).infos[0]
    assert info.parameters_named("BLOCKCHANNEL") == ("CMAS",)


def test_the_preview_says_which_door_phones_are_sent_to_and_how_long_it_jams(sessions: Sessions) -> None:
    desk = Desk(sessions)
    author = desk.browser(ISSUER)
    walk(desk, author)
    assert "Phones are sent to https://911.example, because 3 communities share no number." in author.words
    assert "1 % of 3,000 phones keep it busy for 1 second at 500 a second." in author.words
    second = desk.browser(SECOND)
    released(desk, author, second, SECOND)
