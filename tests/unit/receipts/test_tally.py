"""The board's numbers: they close, they say what is not known, and they never show accepted as delivered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.receipts import tally
from broadcaster.receipts.counts import STATES, ChannelCount
from broadcaster.store.alerting.alerts import Alert, Body, RevisionText
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import fanouts
from broadcaster.store.fanout.deliveries import Delivery
from tests import onair
from tests.onair import NOW, OnAir


def a_night(session: Session) -> OnAir:
    """Springfield is done with every outcome, Lynn is half way, Worcester has nobody."""
    air = onair.on_air(session)
    states = ["accepted/delivered"] * 5 + ["accepted/sent", "accepted", "rejected:30006", "rejected:30006"]
    onair.residents(session, air, "springfield", [*states, "rejected:30007", "suppressed", "unknown"])
    onair.residents(session, air, "lynn", ["accepted", "sending", "queued", "", ""])
    onair.agencies(session, air, ["Lynn Police", "Worcester Police", "Holyoke Police"], {"Lynn Police": "read"})
    return air


def texts_of(session: Session, air: OnAir) -> ChannelCount:
    found = tally.board(session, air.alert, NOW).texts
    assert found is not None
    return found


def test_planned_is_the_sum_of_what_is_counted_and_who_is_not_yet_reached(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = a_night(session)
        before = texts_of(session, air)
        assert (before.planned, before.not_yet_reached, before.drain_seconds) == (None, None, None)
        fanouts.plan(session, air.fanout)
        texts = texts_of(session, air)
    assert dict(texts.counts) == {
        "accepted": 8, "rejected": 3, "suppressed": 1, "unknown": 1, "sending": 1, "queued": 1,
    }  # fmt: skip
    assert texts.planned == 17 == sum(texts.counts.values()) + 2
    assert texts.not_yet_reached == 2
    assert dict(texts.handsets) == {"delivered": 5, "sent": 1}
    assert dict(texts.rejected_by_reason) == {"30006": 2, "30007": 1}
    assert texts.drain_seconds == pytest.approx(0.3)  # two to send and one to send again, one segment each, 10 a second


def test_who_cannot_make_voice_calls_takes_the_longer_text_into_account(sessions: Sessions) -> None:
    """Of 17 people two get three segments and the others one; three texts are left, at ten segments a second."""
    with sessions.begin() as session:
        air = a_night(session)
        body = Body(sha="c" * 64, text="Text 911 first.", segments=3)
        session.add(body)
        session.flush()
        place = air.communities["lynn"]
        words = {"revision_id": air.revision.id, "community_id": place, "lang": "en", "body_id": body.id}
        session.add(RevisionText(form="sms_text", **words))
        one_of_each = "SELECT min(address_id) FROM subscription GROUP BY community_id"
        silent = list(session.execute(text(one_of_each)).scalars())
        session.execute(text("UPDATE address SET no_voice = true WHERE id = ANY(:ids)"), {"ids": silent})
        fanouts.plan(session, air.fanout)
        texts = texts_of(session, air)
    assert texts.drain_seconds == pytest.approx(0.3 * (1 + 2 * 2 / 17))


def test_each_community_has_its_own_sum_and_nobody_lives_in_worcester(sessions: Sessions) -> None:
    with sessions.begin() as session:
        texts = texts_of(session, a_night(session))
    places = {place.code: (place.planned, place.unreached, place.waiting) for place in texts.per_community}
    assert places == {"springfield": (12, 4, 0), "lynn": (5, 4, 2), "worcester": (0, 0, 0)}


def test_as_json_every_state_is_named_and_the_sums_close(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = a_night(session)
        fanouts.plan(session, air.fanout)
        plain = tally.board(session, air.alert, NOW).json()
    texts = next(each for each in plain["channels"] if each["channel"] == "sms")
    assert sum(texts[state] for state in STATES) + texts["not_yet_reached"] == texts["planned"]
    for place in texts["per_community"]:
        assert sum(place[state] for state in STATES) + place["waiting"] == place["planned"]
    for state in STATES:
        assert sum(place[state] for place in texts["per_community"]) == texts[state]
    assert texts["handset"] == {"sent": 1, "delivered": 5, "undelivered": 0, "failed": 0}


def test_who_has_acknowledged_and_who_has_not(sessions: Sessions) -> None:
    with sessions.begin() as session:
        board = tally.board(session, a_night(session).alert, NOW)
    assert [(line.name, line.is_current, line.answer) for line in board.agencies] == [
        ("Holyoke Police", False, ""),
        ("Lynn Police", True, "read"),
        ("Worcester Police", False, ""),
    ]
    mails = next(each for each in board.channels if each.channel == "email")
    assert (mails.agencies_acknowledged, dict(mails.counts)) == (1, {"accepted": 3})


def test_an_agency_whose_mail_came_back_is_not_one_that_is_slow_to_answer(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = a_night(session)
        row = session.get_one(Delivery, (air.mail, air.agencies["Worcester Police"]))
        row.handset, row.reason = "undelivered", "5.1.1"
        session.flush()
        board = tally.board(session, air.alert, NOW)
    assert [line.name for line in board.agencies if line.came_back] == ["Worcester Police"]
    assert next(line["handset"] for line in board.json()["agencies"] if line["reason"] == "5.1.1") == "undelivered"


PAST = NOW - timedelta(minutes=1)
CLOCKS = {
    "on time": ({}, "open", (False, False)),
    "late": ({"next_update": PAST}, "open", (True, False)),
    "expired": ({"expires": PAST, "next_update": None}, "open", (False, True)),
    "ended": (
        {"expires": NOW - timedelta(minutes=1), "next_update": NOW - timedelta(hours=1)},
        "closed",
        (False, False),
    ),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_late_update_and_an_alert_that_expired_are_loud_until_it_is_closed(sessions: Sessions, name: str) -> None:
    content, state, expected = CLOCKS[name]
    with sessions.begin() as session:
        air = onair.on_air(session, **content)
        air.alert.state = state
        clocks = tally.board(session, air.alert, NOW).clocks
    assert (clocks.update_overdue, clocks.expired_without_all_clear) == expected
    assert clocks.first_agency_release is not None and clocks.first_public_release is not None
    assert clocks.first_agency_release < clocks.first_public_release


def test_minutes_since_known_stop_with_the_all_clear(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = onair.on_air(session)
        assert tally.board(session, air.alert, NOW).since_known == timedelta(minutes=25)
        air.alert.closed_at = NOW - timedelta(minutes=5)
        assert tally.board(session, air.alert, NOW).since_known == timedelta(minutes=20)


def test_a_draft_has_a_board_too(sessions: Sessions) -> None:
    with sessions.begin() as session:
        issuer = onair.person(session, "ida@example.gov", "issuer")
        draft = Alert(kind="outage", state="draft", made_by=issuer.id)
        session.add(draft)
        session.flush()
        board = tally.board(session, draft)
    assert (board.channels, board.agencies, board.texts) == ((), (), None)


def test_sums_that_close_and_sums_that_do_not(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = a_night(session)
        assert tally.check_sums(session, air.fanout).agree
        fanouts.plan(session, air.fanout)
        session.execute(text("UPDATE fanout SET state = 'done' WHERE id = :f"), {"f": air.fanout})
        found = tally.check_sums(session, air.fanout)
        assert found.differences == ("17 were planned, but 15 are counted", "3 are still open")
        session.execute(text("DELETE FROM tally WHERE what = 'rejected'"))
        assert "springfield" not in str(tally.check_sums(session, air.mail))
        assert any("deliveries say" in each for each in tally.check_sums(session, air.fanout).differences)


def test_the_board_reads_no_delivery_of_a_text(sessions: Sessions) -> None:
    """At a million rows it costs what it costs at a hundred: the tallies are all that it needs."""
    with sessions.begin() as session:
        air = a_night(session)
        expected = tally.board(session, air.alert, NOW).json()
        session.execute(text("ALTER TABLE delivery DISABLE TRIGGER USER"))
        session.execute(text("DELETE FROM delivery WHERE fanout_id = :f"), {"f": air.fanout})
        assert tally.board(session, air.alert, NOW).json() == expected
        session.execute(text("ALTER TABLE delivery ENABLE TRIGGER USER"))


def test_a_reason_that_the_tallies_miss_shows(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = a_night(session)
        assert tally.check_sums(session, air.fanout).agree
        session.execute(text("DELETE FROM tally WHERE what = 'rejected:30007'"))
        assert not tally.check_sums(session, air.fanout).agree
