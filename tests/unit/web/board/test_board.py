"""The board as the duty officer sees it, and as programs read it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from lxml import html
from sqlalchemy import text

from broadcaster.receipts.counts import STATES
from broadcaster.store.alerting.alerts import Release
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import fanouts
from broadcaster.store.fanout.deliveries import Delivery, Fanout, PastAttempt, Sighting
from tests import onair
from tests.onair import NOW, OnAir
from tests.onair_desk import app_of, select, signed_in, words


def a_night(sessions: Sessions, **content: object) -> OnAir:
    with sessions.begin() as session:
        air = onair.on_air(session, **content)
        done = ["accepted/delivered"] * 6 + ["accepted/sent", "accepted/undelivered", "rejected:30006", "suppressed"]
        onair.residents(session, air, "springfield", done)
        onair.residents(session, air, "lynn", ["accepted/delivered", "unknown", "sending", "", ""])
        onair.agencies(session, air, ["Lynn Police", "Holyoke Police"], {"Lynn Police": "jammed"})
        fanouts.plan(session, air.fanout)
    return air


def page_of(sessions: Sessions, air: OnAir, query: str = "") -> html.HtmlElement:
    answer = signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}{query}")
    assert answer.status_code == 200
    return html.fromstring(answer.data)


def test_the_board_says_how_many_of_how_many(sessions: Sessions) -> None:
    air = a_night(sessions)
    page = page_of(sessions, air)
    card = next(each for each in select(page, ".channel") if "Text messages" in each.text_content())
    assert "9 accepted of 15 planned" in words(card)
    legend = {
        re.sub(r"[\d,…]+$", "", words(line)).strip(): select(line, "b")[0].text_content()
        for line in select(card, ".legend li")
    }
    assert legend["Delivered to the phone"] == "7"
    assert legend["Accepted, no word from the phonethe carrier has it; nobody knows more yet"] == "1"
    assert legend["Rejected1 landline or unreachable carrier"] == "1"
    assert legend["Not yet reached"] == "2"
    assert sum(int(number) for number in legend.values()) == 15
    assert "accepted is not delivered" in words(page)


def test_the_board_says_how_long_the_carrier_needs_for_the_rest(sessions: Sessions) -> None:
    """Two are left, at a segment in a hundred seconds."""
    air = a_night(sessions)
    with sessions.begin() as session:
        session.execute(text("UPDATE sender SET segments_per_s = 0.01 WHERE channel = 'sms'"))
    page = page_of(sessions, air)
    (left,) = page.xpath("//dd[@data-k='drain']")
    assert (words(left), "2 in the queue, at the carrier's rate" in words(page)) == ("3 minutes", True)
    assert "About 3 minutes left at the carrier's rate." in words(page)
    with sessions.begin() as session:
        session.execute(text("UPDATE sender SET circuit = 'open' WHERE channel = 'sms'"))
    assert not page_of(sessions, air).xpath("//dd[@data-k='drain']"), "nobody can say"


def test_whoever_was_sent_it_twice_is_on_the_board(sessions: Sessions) -> None:
    air = a_night(sessions)
    assert "Sent twice" not in words(page_of(sessions, air))
    with sessions.begin() as session:
        row = session.query(Delivery).filter_by(fanout_id=air.fanout, state="accepted").limit(1).one()
        place = {"fanout_id": air.fanout, "address_id": row.address_id, "n": 1}
        row.n = 2
        session.add(PastAttempt(**place, outcome="blind"))
        session.add_all([Sighting(**place, carrier="twilio", ref=ref) for ref in ("SM2", "SM3")])
    assert "Sent twice: 2 for certain, 1 perhaps." in words(page_of(sessions, air))


def test_bars_fill_the_whole_width(sessions: Sessions) -> None:
    for bar in select(page_of(sessions, a_night(sessions)), "svg.bar"):
        widths = [float(rect.get("width").rstrip("%")) for rect in select(bar, "rect")]
        assert sum(widths) == pytest.approx(100, abs=0.1)


def test_communities_come_worst_first_and_can_be_sorted_without_scripts(sessions: Sessions) -> None:
    air = a_night(sessions)

    def names(query: str) -> list[tuple[str, str]]:
        rows = select(page_of(sessions, air, query), ".places tbody tr")
        return [(select(row, "th")[0].text.strip(), row.get("class", "")) for row in rows]

    assert names("") == [("Springfield", "is-red"), ("Lynn", "is-moving"), ("Worcester", "is-empty")]
    assert [name for name, _ in names("?sort=name")] == ["Lynn", "Springfield", "Worcester"]
    assert names("?sort=delivered")[0][0] == "Springfield"
    assert names("?sort=<script>") == names("")


def test_agencies_who_have_not_acknowledged_are_named(sessions: Sessions) -> None:
    said = words(page_of(sessions, a_night(sessions)))
    assert "1 of 2 have not acknowledged" in said
    assert "Holyoke Police" in said and "lines are jammed" in said
    assert "contact never verified" in said


def test_an_agency_whose_mail_came_back_is_red(sessions: Sessions) -> None:
    air = a_night(sessions)
    with sessions.begin() as session:
        row = session.get_one(Delivery, (air.mail, air.agencies["Holyoke Police"]))
        row.handset, row.reason = "undelivered", "5.1.1"
    page = page_of(sessions, air)
    assert "mail came back (no such mailbox): reach them another way" in words(page)
    assert "Accepted, but came back" in words(page)
    assert [each.get("data-k") for each in select(page, ".agencies li.is-red")] == ["a-Holyoke Police", "a-Lynn Police"]


PAST = NOW - timedelta(minutes=7)
LOUD = [
    ({}, "open", ""),
    ({"next_update": PAST}, "open", "The promised update is overdue"),
    ({"expires": PAST, "next_update": None}, "open", "Expired without an all-clear"),
    ({"expires": PAST, "next_update": None}, "closed", ""),
]


@pytest.mark.parametrize(("content", "state", "expected"), LOUD)
def test_what_is_overdue_is_loud(sessions: Sessions, content: dict[str, object], state: str, expected: str) -> None:
    air = a_night(sessions, **content)
    with sessions.begin() as session:
        session.merge(air.alert).state = state
    loud = select(page_of(sessions, air), ".loud h2")
    assert [each.text for each in loud] == ([expected] if expected else [])


def test_an_issuer_can_hold_and_go_on_from_the_board_and_an_auditor_only_looks(sessions: Sessions) -> None:
    air = a_night(sessions)
    forms = [form.get("action") for form in select(page_of(sessions, air), ".board-actions form")]
    assert [each.rpartition("/")[2] for each in forms] == [
        "update", "number_change", "restored_in_part", "all_clear", "false_alarm", "hold", "hold",
    ]  # fmt: skip
    with sessions.begin() as session:
        auditor = onair.person(session, "aud@example.gov", "auditor")
    seen = signed_in(app_of(sessions), auditor).get(f"/desk/alerts/{air.alert.public_id}")
    assert seen.status_code == 200 and b"board-actions" not in seen.data


def test_a_held_release_is_loud_and_the_way_back_is_named(sessions: Sessions) -> None:
    air = a_night(sessions)
    client = signed_in(app_of(sessions), air.issuer)
    held = client.post(f"/desk/alerts/{air.alert.public_id}/revisions/1/hold", data={"tier": "public"})
    assert held.status_code == 303
    with sessions() as session:
        assert session.get_one(Fanout, air.fanout).state == "held"
        assert session.query(Release).filter_by(state="held").one().tier == "public"
    page = page_of(sessions, air)
    assert "On hold: nothing goes out to the public" in words(page)
    assert len(select(page, ".board-actions form")) == 6


def test_the_json_sums_close(sessions: Sessions) -> None:
    air = a_night(sessions)
    plain = signed_in(app_of(sessions), air.issuer).get(f"/desk/alerts/{air.alert.public_id}/board.json").json
    assert plain is not None
    texts = next(each for each in plain["channels"] if each["channel"] == "sms")
    assert sum(texts[state] for state in STATES) + texts["not_yet_reached"] == texts["planned"] == 15


def test_the_live_part_is_the_same_page_without_its_frame(sessions: Sessions) -> None:
    air = a_night(sessions)
    whole = page_of(sessions, air)
    part = page_of(sessions, air, "?live=1")
    keys = [node.get("data-k") for node in select(part, "[data-k]")]
    assert keys == [node.get("data-k") for node in select(whole, "[data-k]")]
    assert len(keys) == len(set(keys)) and not select(part, "header")


def test_nobody_sees_a_board_without_signing_in(sessions: Sessions) -> None:
    air = a_night(sessions)
    app = app_of(sessions)
    for path in ("", "/board.json", "?live=1"):
        assert app.test_client().get(f"/desk/alerts/{air.alert.public_id}{path}").status_code == 303
    assert signed_in(app, air.issuer).get("/desk/alerts/nothing").status_code == 404
