"""What the API shows of the texts of people who cannot make voice calls."""

from __future__ import annotations

from sqlalchemy import text

from tests.unit.web.api import test_api
from tests.unit.web.api.test_api import Desk, draft

desk = test_api.desk


def test_texts_of_people_who_cannot_make_voice_calls_stand_beside_the_others(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        session.execute(
            text("UPDATE address SET no_voice = true WHERE id = (SELECT min(address_id) FROM subscription)")
        )
    made = desk.do("issuer", "POST", "/alerts", draft(languages=["en", "es"]))
    desk.do("issuer", "POST", f"/alerts/{made['id']}/submit")
    read = desk.do("approver", "GET", f"/alerts/{made['id']}/preview?previews=full")
    for shown in (made["previews"], read["previews"]):
        (one,) = shown["text_first"]
        (same,) = [row for row in shown["sms"] if (row["community"], row["lang"]) == (one["community"], "en")]
        assert shown["text_first_count"] == 1
        assert one["text"].endswith(f" {same['text']}") and one["text"].startswith("Dial 711 and ask for 508-555-0")
        assert one["segments"] >= same["segments"] > 0 and one["encoding"] == same["encoding"]
