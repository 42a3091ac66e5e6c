"""The API as a program sees it: a whole night by bearer token, and every way to be told no."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from broadcaster.feeds.cog import CogProfile
from broadcaster.local import assets, borders
from broadcaster.store.alerting import ipaws
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.desk.people import ApiToken, User
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.outage import outages
from broadcaster.store.places import directory_load, outlines
from broadcaster.store.public.residents import address, subscribe
from broadcaster.web.api import tokens
from tests import factories, onair
from tests.onair import NOW, SEALER
from tests.onair_desk import app_of, signed_in

TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Desk:
    """The application, and a token for each person."""

    app: Flask
    sessions: Sessions
    tokens: dict[str, str]
    rung: list[tuple[str, ...]]

    def ask(self, who: str, method: str, path: str, body: object = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def do(self, who: str, method: str, path: str, body: object = None) -> Any:
        answer = self.ask(who, method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def refused(self, who: str, method: str, path: str, body: object = None) -> tuple[int, dict[str, str]]:
        """The status of a refusal and its sentences by field; the detail stands under ``""``."""
        answer = self.ask(who, method, path, body)
        assert answer.content_type == "application/problem+json", answer.text
        told = json.loads(answer.data)
        assert told["status"] == answer.status_code and told["title"] and told["instance"].startswith("/api/v1")
        return answer.status_code, {"": told["detail"], **{e["field"]: e["detail"] for e in told.get("errors", [])}}


def code() -> str:
    return pyotp.TOTP(TOTP).at(NOW)


@pytest.fixture
def desk(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Desk:
    rung: list[tuple[str, ...]] = []
    monkeypatch.setattr("broadcaster.web.api.api.tasks.ring", lambda *queues: rung.append(queues))
    made = {}
    with sessions.begin() as session:
        directory_load.save(session, factories.directory(), SEALER)
        senders.register(session, NewSender("sms", "twilio", "+18885550911", 10.0))
        for no, town in enumerate(directory_load.community_ids(session).values()):
            subscribe(session, address(session, SEALER, "sms", f"+1508555010{no}"), town)
        for name in ("issuer", "approver", "auditor"):
            user = onair.person(session, f"{name}@example.gov", name)
            user.totp_secret = SEALER.seal(TOTP, user.handle.encode())
            made[name] = tokens.make(session, user, "test")
    return Desk(app_of(sessions), sessions, made, rung)


def draft(**more: object) -> dict[str, object]:
    began = (NOW - timedelta(minutes=20)).isoformat()
    return {"failure": "all_calls", "area": {"statewide": True}, "began": began, **more}


def test_a_night_from_the_draft_to_the_hold(desk: Desk) -> None:
    made = desk.do("issuer", "POST", "/alerts", draft(note="Firewall"))
    one = f"/alerts/{made['id']}"
    assert (made["state"], made["hash"], made["problems"]) == ("draft", None, [])
    assert made["previews"]["reach"]["people"] == 3
    with desk.sessions() as session:
        assert [outage.known_from for outage in outages.open_ones(session)] == ["the desk (Issuer)"]
    assert "Town 1" in made["previews"]["sms"][0]["text"] and "<alert" in made["previews"]["cap"]
    changed = desk.do("issuer", "PATCH", one, {"note": "A firewall stops calls.", "languages": ["en"]})
    assert changed["content"]["note"] == "A firewall stops calls." and changed["previews"]["sms_count"] == 3
    frozen = desk.do("issuer", "POST", f"{one}/submit")
    assert frozen["releases"] == {"agency": "pending", "public": "pending"} and frozen["hash"]
    assert desk.do("issuer", "POST", f"{one}/release-agencies")["releases"]["agency"] == "released"
    read = desk.do("approver", "GET", f"{one}/preview?previews=full")
    desk.do("approver", "POST", f"{one}/approve", {"hash": read["hash"], "totp": code()})
    assert desk.rung == [("urgent", "sms")] * 2
    held = desk.do("issuer", "POST", f"{one}/hold", {"tier": "public"})
    assert held["releases"] == {"agency": "released", "public": "held"}
    state = desk.do("auditor", "GET", one)
    assert state["state"] == "open" and state["clocks"]["first_public_release"]
    assert {each["state"] for each in state["channels"] if each["tier"] == "public"} == {"held"}
    report = desk.do("auditor", "GET", f"{one}/report")
    assert [event["action"] for event in report["timeline"]] == [
        "draft", "edited", "submitted", "released_to_agencies", "approved", "held",
    ]  # fmt: skip
    assert [each["id"] for each in desk.do("auditor", "GET", "/alerts?state=open")["alerts"]] == [made["id"]]


def test_going_on_with_an_all_clear_says_what_is_missing(desk: Desk) -> None:
    one = on_air(desk)
    clear = desk.do("issuer", "POST", f"{one}/revisions", {"kind": "all_clear"})
    assert clear["previews"] is None and [each["field"] for each in clear["problems"]] == ["confirmations"]
    status, told = desk.refused("issuer", "POST", f"{one}/submit")
    assert status == 422 and "Nobody has confirmed" in told["confirmations"]
    named = {"who": "Network vendor", "how": "test call", "at": NOW.isoformat()}
    ready = desk.do("issuer", "PATCH", one, {"confirmations": [named]})
    assert ready["problems"] == [] and ready["previews"]["sms_count"] > 0
    assert desk.do("issuer", "POST", f"{one}/submit")["frozen"]


def on_air(desk: Desk) -> str:
    one = f"/alerts/{desk.do('issuer', 'POST', '/alerts', draft())['id']}"
    shown = desk.do("issuer", "POST", f"{one}/submit")["hash"]
    desk.do("approver", "POST", f"{one}/approve", {"hash": shown, "totp": code()})
    return one


def test_what_is_held_goes_on_only_by_a_second_person_with_a_fresh_code(desk: Desk) -> None:
    one = on_air(desk)
    shown = desk.do("issuer", "POST", f"{one}/hold")["hash"]
    assert desk.refused("approver", "POST", f"{one}/resume", {"hash": shown, "totp": code()})[0] == 422  # spent
    assert desk.refused("approver", "POST", f"{one}/resume", {"hash": shown})[0] == 422
    with desk.sessions.begin() as session:
        session.query(User).update({"totp_counter": 0})
    assert desk.refused("issuer", "POST", f"{one}/resume", {"hash": shown, "totp": code()})[0] == 409
    assert desk.do("approver", "POST", f"{one}/resume", {"hash": shown, "totp": code()})["releases"] == {
        "agency": "released",
        "public": "released",
    }


WORCESTER = {
    "type": "Polygon",
    "coordinates": [[[-71.9, 42.2], [-71.7, 42.2], [-71.7, 42.3], [-71.9, 42.3], [-71.9, 42.2]]],
}
BAD: list[tuple[dict[str, object], str, str]] = [
    ({"failure": "gone"}, "failure", "Input should be"),
    ({"area": {}}, "area", "Choose where 911 fails"),
    ({"area": {"counties": ["99999"]}}, "area", "99999"),
    ({"area": {"geojson": {}}}, "area.geojson.type", "Field required"),
    ({"area": {"geojson": {"type": "Point", "coordinates": [-71.8, 42.2]}}}, "area.geojson.type", "Polygon"),
    ({"area": {"geojson": WORCESTER}}, "area.geojson", "no county outlines"),
    ({"began": "yesterday"}, "began", "Input should be"),
    ({"began": "2024-06-18T13:15:00"}, "began", "timezone"),
    ({"began": (NOW + timedelta(hours=1)).isoformat()}, "began", "in the future"),
    ({"expires": (NOW + timedelta(hours=9)).isoformat()}, "expires", "at most 4 hours"),
    ({"expires": (NOW - timedelta(hours=9)).isoformat()}, "expires", "before the outage began"),
    ({"failure": "one_carrier"}, "provider", "Name the carrier"),
    ({"note": "x" * 501}, "note", "at most 500"),
    ({"channels": []}, "channels", "at least one"),
    ({"overrides": {"town-1": {"number": "911"}}}, "overrides.town-1", "cannot be an alternative to 911"),
    ({"overrides": {"nowhere": {"number": "508-555-0100"}}}, "overrides.nowhere", "No community"),
    (
        {"overrides": {"town-1": {"number": "508-555-0100", "visibility": "restricted"}}},
        "number-town-1",
        "restricted",
    ),
    ({"mood": "bad"}, "mood", "Extra inputs"),
]


@pytest.mark.parametrize(("change", "field", "sentence"), BAD, ids=[f"{row[1]}-{no}" for no, row in enumerate(BAD)])
def test_a_field_that_cannot_be_used_is_named_with_a_sentence(
    desk: Desk, change: dict[str, object], field: str, sentence: str
) -> None:
    status, told = desk.refused("issuer", "POST", "/alerts", {**draft(), **change})
    assert status == 422 and sentence in told[field]
    assert desk.do("auditor", "GET", "/alerts")["alerts"] == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_refused(desk: Desk, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {desk.tokens['issuer']}"}
    answer = desk.app.test_client().post("/api/v1/alerts", data=body, headers=headers)
    assert answer.status_code in (400, 422) and answer.content_type == "application/problem+json"


def test_nobody_acts_without_a_token_of_somebody_active(desk: Desk, sessions: Sessions) -> None:
    client = desk.app.test_client()
    for header in ("", "Bearer", "Bearer bc_wrong", f"Basic {desk.tokens['issuer']}", desk.tokens["issuer"]):
        answer = client.get("/api/v1/alerts", headers={"Authorization": header})
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    with sessions.begin() as session:
        issuer = people.by_email(session, "issuer@example.gov")
        assert issuer is not None
        cookie = signed_in(desk.app, issuer)
        session.query(ApiToken).filter_by(user_id=issuer.id).one().revoked_at = NOW
        approver = people.by_email(session, "approver@example.gov")
        assert approver is not None
        approver.active = False
    assert cookie.post("/api/v1/alerts", json=draft()).status_code == 401  # a cookie counts for nothing here
    assert desk.refused("issuer", "GET", "/alerts")[0] == desk.refused("approver", "GET", "/alerts")[0] == 401
    assert desk.ask("auditor", "GET", "/alerts").status_code == 200


def test_a_token_never_has_more_rights_than_its_person(desk: Desk) -> None:
    one = on_air(desk)
    for who, path in (
        ("auditor", "/alerts"),
        ("approver", "/alerts"),
        ("auditor", f"{one}/hold"),
        ("approver", f"{one}/submit"),
        ("issuer", f"{one}/approve"),
        ("auditor", f"{one}/return"),
        ("issuer", f"{one}/reject"),
        ("auditor", f"{one}/resume"),
    ):
        status, told = desk.refused(who, "POST", path, {})
        assert status == 403 and "role" in told[""]


def test_what_is_not_there_and_what_cannot_be_done_now(desk: Desk) -> None:
    one = on_air(desk)
    assert desk.refused("auditor", "GET", "/alerts/nothing")[0] == 404
    assert desk.refused("auditor", "GET", "/elsewhere")[0] == 404
    assert desk.refused("issuer", "DELETE", one)[0] == 405
    status, told = desk.refused("issuer", "POST", f"{one}/submit")
    assert status == 409 and "submitted already" in told[""]
    assert desk.refused("issuer", "PATCH", one, {"note": "x"})[0] == 409
    assert desk.refused("approver", "POST", f"{one}/return", {"reason": " "})[0] == 422


def test_a_wrong_code_or_another_hash_approves_nothing(desk: Desk) -> None:
    one = f"/alerts/{desk.do('issuer', 'POST', '/alerts', draft())['id']}"
    shown = desk.do("issuer", "POST", f"{one}/submit")["hash"]
    status, told = desk.refused("approver", "POST", f"{one}/approve", {"hash": shown, "totp": "000000"})
    assert status == 422 and "does not fit" in told["totp"]
    assert desk.refused("approver", "POST", f"{one}/approve", {"hash": "0" * 64, "totp": code()})[0] == 409
    assert desk.do("auditor", "GET", one)["revisions"][0]["releases"]["public"] == "pending"
    desk.do("approver", "POST", f"{one}/approve", {"hash": shown, "totp": code()})


def test_the_directory_shows_no_restricted_number(desk: Desk) -> None:
    plain = desk.do("auditor", "GET", "/directory")
    assert [place["code"] for place in plain["communities"]] == ["town-1", "town-2", "town-3"]
    assert plain["communities"][0]["numbers"][0]["number"] == "+15085550100"


def test_the_description_names_every_call_and_every_reference_resolves(desk: Desk) -> None:
    told = desk.app.test_client().get("/api/v1/openapi.json").json
    assert told is not None and told["openapi"] == "3.1.0"
    calls = {(path, method) for path, methods in told["paths"].items() for method in methods}
    rules = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in desk.app.url_map.iter_rules()
        if rule.endpoint.startswith(("api.", "partners.", "practised."))
        and rule.endpoint not in ("api.nothing", "api.openapi")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert calls == rules
    known = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    used = {part.split('"')[0] for part in json.dumps(told).split('"$ref": "')[1:]}
    assert used <= known


def test_a_polygon_becomes_the_counties_it_touches(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        outlines.save(session, "25", borders.by_state(assets.atlas())["25"])
    made = desk.do("issuer", "POST", "/alerts", draft(area={"geojson": WORCESTER}))
    assert made["content"]["area"]["counties"] == ["25027"] and made["previews"]["reach"]["people"] == 3
    shown = made["previews"]
    assert shown["area"]["counties"] == ["25027"] and shown["area"]["polygons"][0].startswith("42.")
    assert shown["area"]["spill"].startswith("The polygon reaches over") and "Connecticut" in shown["area"]["spill_km2"]
    assert shown["eas"][0]["header"].startswith("ZCZC-CIV-TOE-025027+") and "Exercise" in shown["eas"][0]["silent"]
    assert shown["wea"][0]["lang"] == "en-US" and len(shown["wea"][0]["wea90"]) <= 90
    far = {"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in WORCESTER["coordinates"][0]]]}
    status, told = desk.refused("issuer", "PATCH", f"/alerts/{made['id']}", {"area": {"geojson": far}})
    assert status == 422 and "touches no county" in told["area.geojson"]


def test_what_our_group_may_not_send_is_a_finding_of_ipaws(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        senders.register(session, NewSender("ipaws", "ipaws", "120911", 5.0))
        ipaws.keep_profile(session, CogProfile("120911", events=("RWT",)).json())
    made = desk.do("issuer", "POST", "/alerts", draft())
    found = {each["code"]: (each["level"], each["concern"]) for each in made["findings"]}
    assert found["cog-event"] == ("error", "ipaws")
    without = desk.do("issuer", "PATCH", f"/alerts/{made['id']}", {"channels": ["sms", "feed"]})
    assert "cog-event" not in {each["code"] for each in without["findings"]}
