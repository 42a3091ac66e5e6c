"""Programs at the API: a request sent twice acts once, tokens are ended, dashboards are told in order."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from broadcaster.channels.contract import Accepted, Outgoing
from broadcaster.channels.errors import NotSent
from broadcaster.channels.webhook import SECRET_PREFIX
from broadcaster.dispatch.telling.watching import Watching
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.alerting.answers import Answer
from broadcaster.store.alerting.watchers import Watcher
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.api import tokens
from broadcaster.web.signin import accounts
from tests.desk import ISSUER, NOON, PASSWORD, SECOND, Desk

ADMIN = "ana@desk.example"
DRAFT = {"failure": "all_calls", "area": {"statewide": True}, "began": (NOON - timedelta(minutes=20)).isoformat()}


@dataclass
class Api:
    """The API, and a token for each person."""

    desk: Desk
    held: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.desk.sessions.begin() as store:
            accounts.add_user(store, self.desk.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
            for email in (ISSUER, SECOND, ADMIN):
                user = people.by_email(store, email)
                assert user is not None
                self.held[email] = tokens.make(store, user, "test")

    def ask(self, who: str, method: str, path: str, body: object = None, **more: str):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {self.held[who]}", **{k.replace("_", "-"): v for k, v in more.items()}}
        return self.desk.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)


@pytest.fixture
def api(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr("broadcaster.web.api.api.tasks.ring", lambda *_: None)
    return Api(Desk(sessions))


def many(api: Api, what: type) -> int:
    with api.desk.sessions() as store:
        return store.scalar(select(func.count()).select_from(what)) or 0


def test_a_draft_that_is_sent_twice_is_one_alert(api: Api) -> None:
    first = api.ask(ISSUER, "POST", "/alerts", DRAFT, Idempotency_Key='"8e03978e-40d5"')
    again = api.ask(ISSUER, "POST", "/alerts", DRAFT, Idempotency_Key="8e03978e-40d5")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.data, first.headers["Location"]) == (again.data, again.headers["Location"])
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert many(api, Alert) == 1
    other = api.ask(ISSUER, "POST", "/alerts", {**DRAFT, "note": "x"}, Idempotency_Key="8e03978e-40d5")
    assert other.status_code == 422 and "used for another request" in other.text
    assert api.ask(ISSUER, "POST", "/alerts", DRAFT, Idempotency_Key="a b").status_code == 400
    assert many(api, Alert) == 1
    with api.desk.sessions.begin() as store:
        store.query(Answer).update({"at": func.now() - timedelta(hours=25)})
    assert api.ask(ISSUER, "POST", "/alerts", DRAFT, Idempotency_Key="8e03978e-40d5").status_code == 201
    assert many(api, Alert) == 2


def test_the_same_key_of_ten_hands_at_once_acts_once(api: Api) -> None:
    seen: list[tuple[int, bytes]] = []

    def send() -> None:
        answer = api.ask(ISSUER, "POST", "/alerts", DRAFT, Idempotency_Key="once")
        seen.append((answer.status_code, answer.data))

    hands = [threading.Thread(target=send) for _ in range(10)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(seen) == 10 and len(set(seen)) == 1 and seen[0][0] == 201
    assert many(api, Alert) == 1


def test_an_approval_whose_answer_was_lost_is_answered_again_without_a_new_code(api: Api) -> None:
    one = f"/alerts/{api.ask(ISSUER, 'POST', '/alerts', DRAFT).json['id']}"
    shown = api.ask(ISSUER, "POST", f"{one}/submit").json["hash"]
    body = {"hash": shown, "totp": api.desk.code(SECOND)}
    bad = api.ask(SECOND, "POST", f"{one}/approve", {**body, "totp": "000000"}, Idempotency_Key="a")
    assert bad.status_code == 422
    first = api.ask(SECOND, "POST", f"{one}/approve", body, Idempotency_Key="a")
    assert first.status_code == 200
    assert api.ask(SECOND, "POST", f"{one}/approve", body, Idempotency_Key="a").data == first.data
    assert api.ask(SECOND, "POST", f"{one}/approve", body).status_code in (409, 422)
    with api.desk.sessions() as store:
        actions = [each.action for each in store.query(AuditEvent).order_by(AuditEvent.seq)]
    assert (actions.count("approved"), actions.count("code-refused")) == (1, 2)


def test_a_person_ends_their_own_tokens_and_nobody_elses(api: Api) -> None:
    mine = api.ask(ISSUER, "GET", "/tokens").json["tokens"]
    assert [each["label"] for each in mine] == ["test"]
    assert api.ask(SECOND, "DELETE", f"/tokens/{mine[0]['id']}").status_code == 404
    assert api.ask(ISSUER, "DELETE", "/tokens/x").status_code == 404
    assert api.ask(ISSUER, "DELETE", f"/tokens/{mine[0]['id']}").json == {"tokens": []}
    assert api.ask(ISSUER, "GET", "/tokens").status_code == 401


def test_what_is_no_call_is_a_problem_document_whatever_is_wrong(api: Api) -> None:
    client, headers = api.desk.app.test_client(), {"Authorization": f"Bearer {api.held[ISSUER]}"}
    for wanted, answer in (
        (404, client.get("/api/v1/nothing", headers=headers)),
        (405, client.put("/api/v1/alerts", headers=headers)),
        (405, client.open("/api/v1/alerts", method="TRACE", headers=headers)),
        (413, client.post("/api/v1/alerts", data=b" " * (2 * 1024 * 1024 + 1), headers=headers)),
        (415, client.post("/api/v1/alerts", data="a=b", content_type="text/plain", headers=headers)),
    ):
        assert (answer.status_code, answer.content_type) == (wanted, "application/problem+json"), answer.text
        assert answer.json["status"] == wanted and answer.json["detail"]
        if wanted == 405:
            assert "POST" in answer.headers["Allow"]


class Dashboards:
    """Receivers of the tests, and the loop that would run the sending."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, object]]] = []
        self.down: set[str] = set()

    def send(self, out: Outgoing) -> Accepted:
        if out.to in self.down:
            raise NotSent("connect")
        self.taken.append((out.to, json.loads(out.message.text)))
        return Accepted("x")

    def run(self, work: object, timeout: float) -> object:
        return work


FIRST, OTHER = "https://first.example/911", "https://other.example/911"


def test_dashboards_are_told_each_step_in_order_and_one_that_is_down_holds_nobody_up(api: Api) -> None:
    made = api.ask(ADMIN, "POST", "/webhooks", {"url": FIRST})
    assert made.status_code == 201 and made.json["secret"].startswith(SECRET_PREFIX)
    api.ask(ADMIN, "POST", "/webhooks", {"url": OTHER, "events": ["approved", "held"]})
    there = Dashboards()
    watching = Watching(api.desk.sessions, there, there)  # type: ignore[arg-type]
    there.down = {OTHER}
    with api.desk.sessions.begin() as store:
        for action in ("draft", "submitted", "approved", "held"):
            ledger.append(store, "user:1", action, "alert:7k2m", {"no": 1})
        ledger.append(store, "user:1", "signed-in", "ida@desk.example")
    assert watching.look() == 4
    assert [(to, told["type"]) for to, told in there.taken] == [
        (FIRST, f"alert.{each}") for each in ("draft", "submitted", "approved", "held")
    ]
    assert there.taken[0][1]["data"] == {"alert": "7k2m", "event": there.taken[0][1]["data"]["event"], "no": 1}  # type: ignore[index]
    listed = {each["url"]: each for each in api.ask(ADMIN, "GET", "/webhooks").json["webhooks"]}
    assert (listed[OTHER]["failure"], listed[OTHER]["tries"], listed[FIRST]["failure"]) == ("connect", 1, "")
    assert "secret" not in listed or listed[FIRST]["secret"] is None
    there.down, there.taken = set(), []
    assert watching.look() == 0
    with api.desk.sessions.begin() as store:
        store.query(Watcher).update({"due": func.now()})
    assert watching.look() == 2
    assert [(to, told["type"]) for to, told in there.taken] == [(OTHER, "alert.approved"), (OTHER, "alert.held")]


def test_records_and_proposals_are_told_where_they_were_asked_for_and_nothing_said_in_confidence(api: Api) -> None:
    api.ask(ADMIN, "POST", "/webhooks", {"url": FIRST, "events": ["all_clear", "outage.opened", "proposal.made"]})
    api.ask(ADMIN, "POST", "/webhooks", {"url": OTHER})
    with api.desk.sessions.begin() as store:
        for kind in ("initial", "all_clear"):
            ledger.append(store, "user:1", "approved", "alert:7k2m", {"no": 1, "kind": kind})
        told = {"text": "The provider says", "known_from": "Comtech, by mail", "statewide": True, "kind": "all_calls"}
        ledger.append(store, "user:1", "outage_opened", "outage:3h9x", told)
        ledger.append(store, "user:1", "outage_note", "outage:3h9x", told)
        ledger.append(store, "machine:sweep", "proposed", "proposal:8q2p", {"unit": "ayer", "nats": "31.5"})
        ledger.append(store, "machine:sweep", "paged", "alert:7k2m", {"no": 1, "people": ["ida@desk.example"]})
    there = Dashboards()
    assert Watching(api.desk.sessions, there, there).look() == 6  # type: ignore[arg-type]
    asked = [(told["type"], told["data"]) for to, told in there.taken if to == FIRST]
    assert [each for each, _ in asked] == ["alert.approved", "outage.opened", "proposal.made"]
    assert [{name: value for name, value in data.items() if name != "event"} for _, data in asked] == [
        {"alert": "7k2m", "no": 1, "kind": "all_clear"},
        {"outage": "3h9x", "statewide": True, "kind": "all_calls"},
        {"proposal": "8q2p", "unit": "ayer"},
    ]
    assert "ida@" not in str(there.taken) and {told["type"] for to, told in there.taken if to == OTHER} == {
        "alert.approved",
        "alert.paged",
    }
    document = api.ask(ADMIN, "GET", "/openapi.json").json
    assert {"alert.approved", "alert.held", "outage.closed", "proposal.dismissed"} <= document["webhooks"].keys()
    refused = api.ask(ADMIN, "POST", "/webhooks", {"url": FIRST, "events": ["approvd"]})
    assert refused.status_code == 422 and "No event is called approvd" in refused.text


def test_a_webhook_that_was_ended_is_told_nothing(api: Api) -> None:
    key = api.ask(ADMIN, "POST", "/webhooks", {"url": FIRST}).json["id"]
    assert api.ask(ADMIN, "DELETE", f"/webhooks/{key}").json == {"webhooks": []}
    assert api.ask(ADMIN, "DELETE", f"/webhooks/{key}").status_code == 404
    with api.desk.sessions.begin() as store:
        ledger.append(store, "user:1", "approved", "alert:7k2m")
    there = Dashboards()
    assert Watching(api.desk.sessions, there, there).look() == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    ["http://dashboard.example/", "ftp://x.example/", "https://a:b@x.example/", "x", "", "https://[::1", "https:///x"],
)
def test_an_address_that_is_not_safe_is_refused(api: Api, url: str) -> None:
    answer = api.ask(ADMIN, "POST", "/webhooks", {"url": url})
    assert answer.status_code == 422 and "https" in answer.text
    assert api.ask(ISSUER, "POST", "/webhooks", {"url": FIRST}).status_code == 403
