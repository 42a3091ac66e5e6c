"""Every address has a class that somebody wrote down (reliability.md 4.1 a), and the classes do what they say."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from broadcaster.store import database
from broadcaster.web import application, create_app, metrics, pools
from broadcaster.web.carriers import callbacks
from broadcaster.web.house import NAME, OUTER, house
from broadcaster.web.routes import CLASSES, OWN_DATABASE_POOL, THREADS, RouteClass, class_of, class_of_request
from broadcaster.web.signin import brake
from tests import onair
from tests.house.test_layers import imported
from tests.house.trees import ROOT, at, modules

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
FRONT = "/"
"""Of the desk alone; on PORT the public window has this address."""


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(onair.settings(database_url=NOWHERE))


def addresses(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules()} - {FRONT}


def test_every_address_of_the_desk_is_in_the_table(app: Flask) -> None:
    public = sorted(rule for rule in addresses(app) if class_of(rule) is RouteClass.PUBLIC)
    assert public == [], "write its class into broadcaster/web/routes.py: on PORT it is the public window's"


def test_every_line_of_the_table_is_an_address(app: Flask) -> None:
    ours = {*addresses(app), callbacks.STATUS, metrics.PATH, FRONT}
    assert [start for start in CLASSES if not any(rule.startswith(start) for rule in ours)] == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/desk/", "emergency"),
        ("/desk/alerts/x/revisions/1/approve", "emergency"),
        ("/desk/alerts/x/revisions/1/hold", "emergency"),
        ("/api/v1/alerts", "emergency"),
        ("/healthz", "emergency"),
        ("/desk/sign-in", "knock"),
        ("/desk/sign-in/passkey", "knock"),
        ("/desk/sign-in/provider", "provider"),
        ("/desk/sign-in/provider/answer", "provider"),
        ("/a/token", "knock"),
        ("/trouble/token", "knock"),
        ("/subscribe/me/token", "sign-up"),
        ("/api/v1/cap", "sign-up"),
        ("/api/v1/practice", "sign-up"),
        ("/callbacks/twilio/status", "callbacks"),
        ("/", "public"),
        ("/desktop", "emergency"),
        ("/find", "public"),
    ],
)
def test_the_table(path: str, kind: str) -> None:
    assert class_of(path) == kind
    assert class_of_request(f"GET {path}?a=/desk/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == kind


@pytest.mark.parametrize("begun", [b"", b"GET /desk/", b"GET /desk/ HTTP/1.1\r\nHost: x", b"\x16\x03\x01 x\r\n\r\n"])
def test_whoever_comes_in_pieces_waits_with_the_slow(begun: bytes) -> None:
    assert class_of_request(begun) is RouteClass.SLOW


def test_nginx_sends_the_same_addresses_to_the_desk() -> None:
    text = (ROOT / "deploy" / "nginx" / "routes.conf").read_text(encoding="utf-8")
    sent = tuple(re.findall(r"location (/\S+)\s*\{ proxy_pass \$web;", text))
    machines = {"/healthz", "/readyz", "/metrics"}
    ours = {start for start, kind in CLASSES.items() if kind not in (RouteClass.PUBLIC, RouteClass.CALLBACKS)}
    assert [start for start in sorted(ours - machines) if not start.startswith(sent)] == []
    assert [start for start in sent if class_of(start) is RouteClass.PUBLIC] == []


def test_what_strangers_cause_takes_no_connection_from_the_emergency(app: Flask) -> None:
    inner, outer = app.extensions[NAME], app.extensions[OUTER]
    assert inner.sessions.kw["bind"] is not outer.sessions.kw["bind"]
    assert inner.brake is outer.brake
    for start in CLASSES:
        with app.test_request_context(start):
            assert house() is (outer if class_of(start) in OWN_DATABASE_POOL else inner), start


def test_every_thread_finds_a_connection() -> None:
    overflow = database.connect(NOWHERE).pool._max_overflow
    assert THREADS[RouteClass.EMERGENCY] <= application.DESK_CONNECTIONS + overflow
    outer = [kind for kind in OWN_DATABASE_POOL if kind in THREADS]
    assert sum(THREADS[kind] for kind in outer) <= application.OUTER_CONNECTIONS + overflow


def test_waiting_for_a_delay_never_takes_all_threads_of_the_sign_in() -> None:
    assert brake.AT_ONCE < THREADS[RouteClass.KNOCK] < THREADS[RouteClass.EMERGENCY]
    assert brake.LONGEST <= 5.0


def test_no_store_of_limits_or_sessions_stands_before_an_alert() -> None:
    stores = {"redis", "flask_limiter", "limits", "flask_session", "flask_caching"}
    users = {at(path) for path in modules() if path.parent.name == "web" and imported(path) & stores}
    assert users == set()


def test_each_class_has_threads_of_its_own() -> None:
    made = pools.Pools()
    assert {kind: made.of(kind)._max_workers for kind in THREADS} == THREADS
    assert len({id(made.of(kind)) for kind in THREADS}) == len(THREADS)
    made.shutdown()


def test_the_operator_reads_the_same_numbers() -> None:
    told = (ROOT / "docs" / "handbook" / "operator.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([a-z-]+) \| .+ \| (\d+) \| ", told.partition("## Who waits for whom")[2], re.M))
    assert rows == {kind.value: str(threads) for kind, threads in THREADS.items()}
