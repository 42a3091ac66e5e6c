"""The canary's machines may make canaries and nothing else; what they do is said at the desk, and is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy import table as sql_table

from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.practice import canary
from broadcaster.store import canaries
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.canaries import Outcome, Run, Step
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.web.api import tokens
from broadcaster.web.signin import accounts, canary_accounts
from tests.desk import ISSUER, SECOND, Desk
from tests.desk import settings as desk_settings

PHONE = "+16175550100"


@dataclass
class Small:
    """A desk in this process, with the two machines of the canary."""

    desk: Desk
    held: dict[str, str] = field(default_factory=dict)
    factor: str = ""

    def __post_init__(self) -> None:
        with self.desk.sessions.begin() as store:
            first, second, self.factor = canary_accounts.make(store, self.desk.sealer, "canary.example").split()
            self.held |= {"first": first, "second": second}
            for email in (ISSUER, SECOND):
                user = people.by_email(store, email)
                assert user is not None
                self.held[email] = tokens.make(store, user, "test")

    def ask(self, who: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.held[who]}"}
        return self.desk.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def code(self) -> str:
        return self.desk.code(f"{canary_accounts.NAMES[1]}@canary.example")


@pytest.fixture
def small(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Small:
    monkeypatch.setattr("broadcaster.web.api.api.tasks.ring", lambda *_: None)
    return Small(Desk(sessions, chosen=desk_settings(canary_phone=PHONE)))


def test_its_machines_make_canaries_and_nothing_else(small: Small) -> None:
    outage = {"failure": "all_calls", "area": {"statewide": True}, "began": small.desk.now.isoformat()}
    theirs = small.ask(ISSUER, "POST", "/alerts", outage).json["id"]
    ours = small.ask("first", "POST", "/canaries").json
    assert ours["kind"] == "canary" and ours["content"]["area"]["communities"] == ["ayer"]
    refused = [
        ("first", "POST", "/alerts", outage, 403),
        ("first", "POST", "/alerts", {**outage, "kind": "canary"}, 403),
        ("first", "GET", "/alerts", None, 403),
        ("first", "GET", "/directory", None, 403),
        ("first", "GET", f"/alerts/{theirs}", None, 404),
        ("first", "POST", f"/alerts/{theirs}/submit", None, 404),
        ("first", "POST", f"/alerts/{ours['id']}/hold", {}, 403),
        (ISSUER, "POST", "/canaries", None, 403),
        (ISSUER, "POST", "/alerts", {**outage, "kind": "canary"}, 422),
        (ISSUER, "GET", f"/alerts/{ours['id']}", None, 404),
        (ISSUER, "POST", f"/alerts/{ours['id']}/submit", None, 404),
    ]
    for who, method, path, body, status in refused:
        assert small.ask(who, method, path, body).status_code == status, (who, method, path)
    assert small.ask(ISSUER, "POST", f"/alerts/{theirs}/submit").status_code == 200
    digest = small.ask("first", "POST", f"/alerts/{ours['id']}/submit").json["hash"]
    act = {"hash": digest, "totp": small.code()}
    assert small.ask("first", "POST", f"/alerts/{ours['id']}/approve", act).status_code in (409, 422)
    assert small.ask(SECOND, "POST", f"/alerts/{ours['id']}/approve", {**act, "totp": "1"}).status_code in (404, 422)
    assert small.ask("second", "POST", f"/alerts/{theirs}/approve", {**act, "totp": small.code()}).status_code == 404
    assert (
        small.ask("second", "POST", f"/alerts/{ours['id']}/approve", {**act, "totp": small.code()}).status_code == 200
    )
    assert [one["id"] for one in small.ask(ISSUER, "GET", "/alerts").json["alerts"]] == [theirs]


def test_the_domain_refuses_it_too(small: Small) -> None:
    """Below the API: whatever door is opened to them one day, a machine approves no alert and a person no canary."""
    desk = small.desk
    with desk.sessions.begin() as store:
        ids = {name: people.by_email(store, name).id for name in (ISSUER, SECOND)}  # type: ignore[union-attr]
        machine = people.by_email(store, f"{canary_accounts.NAMES[1]}@canary.example")
        assert machine is not None
        said = canary.content(store, desk.now)
        office, sealer = desk.app.extensions["broadcaster"].office, desk.sealer
        actor = {who: Actor(store, office, sealer, key, desk.now) for who, key in ids.items()}
        draft = actions.new_alert(actor[ISSUER], AlertKind.TEST, said)
        actions.submit(actor[ISSUER], draft)
        robot = Actor(store, office, sealer, machine.id, desk.now)
        for act in (
            lambda: actions.approve(robot, draft, draft.hash or ""),
            lambda: actions.release_agencies(robot, draft),
            lambda: actions.new_alert(robot, AlertKind.OUTAGE, said),
            lambda: actions.new_alert(actor[ISSUER], AlertKind.CANARY, said),
            lambda: canary.release(actor[SECOND].releasing(draft)),
        ):
            with pytest.raises(LifecycleRefused, match="canary"):
                act()
        with pytest.raises(accounts.AccountRefused, match="goes with no other"):
            accounts.add_user(store, sealer, "x@desk.example", "X", "a long password", ["canary", "approver"])


def test_it_gives_way_to_an_alert_that_goes_out_and_not_to_one_that_does_not(small: Small) -> None:
    with small.desk.sessions.begin() as store:
        assert not canaries.an_alert_goes_out(store)
        key = store.execute(text('SELECT id FROM "user" LIMIT 1')).scalar_one()
        alert = Alert(kind="outage", made_by=key)
        store.add(alert)
        store.flush()
        store.execute(
            text(
                "WITH r AS (INSERT INTO revision (alert_id, no, kind, content, authored_by)"
                "   VALUES (:a, 1, 'initial', '{}', :u) RETURNING id),"
                " f AS (INSERT INTO fanout (revision_id, tier, channel, state, expires_at)"
                "   SELECT id, 'public', 'sms', 'running', clock_timestamp() + interval '1 h' FROM r RETURNING id)"
                " INSERT INTO lane (fanout_id, no, channel, queue, priority, rank, source, state)"
                " SELECT id, 1, 'sms', 'sms', 1, 0, 'targets', 'open' FROM f"
            ),
            {"a": alert.id, "u": key},
        )
    assert small.ask("first", "POST", "/canaries").status_code == 201, "nobody sends it: that is what it must find"
    with small.desk.sessions.begin() as store:
        store.execute(
            text(
                "INSERT INTO wave (fanout_id, sender_id, purpose, rows, lease_until)"
                " SELECT (SELECT max(id) FROM fanout), id, 'first', 1, clock_timestamp() FROM sender"
                " WHERE channel = 'sms'"
            )
        )
    assert small.ask("first", "POST", "/canaries").status_code == 409


def test_what_it_leaves_is_forgotten_after_two_days(small: Small) -> None:
    ours = small.ask("first", "POST", "/canaries").json["id"]
    digest = small.ask("first", "POST", f"/alerts/{ours}/submit").json["hash"]
    small.ask("second", "POST", f"/alerts/{ours}/approve", {"hash": digest, "totp": small.code()})
    run = Run(small.desk.now, Outcome.GOOD, Step.CALLBACK, alert=ours, seconds={"web": 0.25, "draft": 0.75})
    with small.desk.sessions.begin() as store:
        assert canaries.forget(store) == 0
        canaries.keep(store, run)
    assert "Canary 1 min ago: all 2 steps in 1.0 s." in small_home(small, minutes=1)
    assert "No canary for 1 h" in small_home(small, minutes=59)
    with small.desk.sessions.begin() as store:
        canaries.keep(store, Run(small.desk.now, Outcome.MISSED, Step.WEB, "it <refuses>"))
    assert "missed at the step web: it <refuses>" in small_home(small, minutes=1)
    metrics = small.desk.app.test_client().get("/metrics").text
    assert "broadcaster_canary_missed 1.0" in metrics and "broadcaster_canary_age_seconds" in metrics
    with small.desk.sessions.begin() as store:
        store.execute(text("UPDATE fanout SET state = 'done'"))
        store.execute(text("UPDATE alert SET made_at = clock_timestamp() - interval '3 days'"))
        store.execute(text("UPDATE canary_run SET started_at = clock_timestamp() - interval '40 days'"))
        assert canaries.forget(store) == 1
        for table in ("alert", "revision", "fanout", "lane", "target", "body", "canary_run"):
            assert store.execute(select(func.count()).select_from(sql_table(table))).scalar_one() == 0, table


def small_home(small: Small, minutes: int) -> str:
    """The desk's first page, some minutes later."""
    small.desk.later(minutes=minutes)
    return small.desk.browser(ISSUER).open("/desk/").words
