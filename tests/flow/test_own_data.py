"""A resident takes along what is kept of them: one file behind their own link, and nothing of anybody else in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import text

from broadcaster.channels.proof import placed
from broadcaster.dispatch.waves.courtesies import MINE
from broadcaster.store.database import Sessions
from broadcaster.store.public import residents
from tests import desk as desks
from tests import onair, webhooks
from tests.desk import Desk
from tests.flow.test_people_text_us import says
from tests.onair import BASE, TOKEN
from tests.webhooks import TEXT

PHONE, OTHER = "+14135550123", "+14135550177"


def test_who_has_the_link_takes_their_own_data_along(sessions: Sessions) -> None:
    account = {"twilio_account_sid": TEXT["AccountSid"], "twilio_auth_token": TOKEN, "callbacks_base_url": BASE}
    chosen = desks.settings(**account, secret_key=onair.SECRET)
    desk = Desk(sessions, now=datetime.now(UTC).replace(microsecond=0), chosen=chosen)
    with sessions.begin() as session:
        session.execute(text("UPDATE community SET zips = '{01970}' WHERE code = 'salem'"))
    desk.browser().open("/subscribe").send("/subscribe", phone=PHONE, places="Ayer\n01970", no_voice="1")
    with webhooks.caller(sessions, chosen) as phone:
        said = [(PHONE, "YES"), (PHONE, "where is the fire"), (OTHER, "my secret"), (PHONE, "JOIN Groton")]
        for number, body in said:
            says(phone, body, number)
        with sessions() as session:
            index = desk.sealer.index(f"sms:{PHONE}")
            mine = session.query(residents.Address).filter_by(value_index=index).one().id
        until = int(desk.now.timestamp()) + 60
        path = f"/subscribe/me/{placed(onair.SECRET, MINE, mine, until)}"
        page = desk.browser().open(f"{path}?lang=en")
        assert page.page.xpath("//a[@download]/text()") == ["Download your data"]
        (href,) = page.page.xpath("//a[@download]/@href")
        file = page.client.get(href)
        assert file.headers["Cache-Control"] == "no-store"
        assert file.headers["Content-Disposition"].startswith("attachment")
        data = json.loads(file.get_data(as_text=True))
        assert (data["phone"], data["language"], data["places"]) == (PHONE, "en", ["ayer", "groton", "salem"])
        assert (data["cannot_make_voice_calls"], data["stopped_since"]) == (True, None)
        steps = [(step["step"], step["method"], step["places"]) for step in data["consent"]]
        assert steps == [
            ("started", "text", []),
            ("asked", "page", ["ayer", "salem"]),
            ("confirmed", "text", ["ayer", "salem"]),
            ("joined", "text", ["groton"]),
        ]
        assert all(datetime.fromisoformat(step["at"]).utcoffset() is not None for step in data["consent"])
        assert [len(step["words"]) for step in data["consent"]] == [0, 64, 64, 64], "the hash of what they read"
        own = [body for number, body in said if number == PHONE]
        assert [one["words"] for one in data["texts_and_calls_from_you"]] == own
        says(phone, "STOP")
        assert json.loads(page.client.get(href).get_data(as_text=True))["stopped_since"]
    desk.later(minutes=2)
    assert "too old" in page.open(href).words
    assert desk.browser().open(f"{path}x/data.json").status == 404
    with sessions.begin() as session:
        before = session.execute(text("SELECT count(*) FROM consent")).scalar_one()
    assert before == len(steps) + 1, "taking the file along is no step of consent"
