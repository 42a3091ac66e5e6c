"""The rounds of calls on the board, and what the check page says of calls: read on a phone, in the dark, by axe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from broadcaster.store.database import Sessions
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Delivery, Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests import onair
from tests.browser.looking import MARKS, OFFICE, accessible, fits, served, shot
from tests.desk import ISSUER, Desk, walk
from tests.onair import NOW, SEALER, OnAir
from tests.onair_desk import app_of, signed_in

pytestmark = MARKS
HEARD = (
    ("alert", ["delivered", "sent", "undelivered", "undelivered", "failed"]),
    ("again-1", ["delivered", "undelivered"]),
)


def calls(sessions: Sessions) -> OnAir:
    """An alert whose landlines were called in two rounds."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        onair.residents(session, air, "springfield", ["accepted/delivered"] * 3)
        for purpose, handsets in HEARD:
            round_of_calls(session, air, purpose, handsets)
    return air


def round_of_calls(session, air: OnAir, purpose: str, handsets: list[str]) -> None:
    made = Fanout(revision_id=air.revision.id, tier="public", channel="voice", purpose=purpose, expires_at=NOW)
    key = fanouts.make(session, made, "urgent", 1, [LaneSpec(Source.TARGETS, 0)])
    town = air.communities["springfield"]
    for no, handset in enumerate(handsets):
        there = residents.address(session, SEALER, "voice", f"+1413555{no:04}")
        row = Delivery(fanout_id=key, address_id=there, community_id=town, body_id=air.body)
        row.n, row.state = 1, "accepted"
        session.add(row)
        session.flush()
        row.handset = handset
    session.flush()
    made.planned = len(handsets)


@contextmanager
def opened(chromium: Browser, app: Flask, client: FlaskClient, path: str, scheme: str) -> Iterator[Page]:
    """A page as somebody signed in sees it."""
    with served(app) as base:
        context = chromium.new_context(viewport=OFFICE, color_scheme=scheme, java_script_enabled=True)
        cookies = [{"name": one.key, "value": one.value, "url": base} for one in client._cookies.values()]
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto(base + path)
        yield page
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_shows_each_round_with_the_first(scheme: str, chromium: Browser, sessions: Sessions) -> None:
    air = calls(sessions)
    app = app_of(sessions)
    with opened(chromium, app, signed_in(app, air.issuer), f"/desk/alerts/{air.alert.public_id}", scheme) as page:
        rounds = page.locator(".rounds tbody tr").all_inner_texts()
        assert [line.split() for line in rounds] == [["1", "5", "1", "1", "3"], ["2", "2", "1", "0", "1"]]
        accessible(page)
        shot(page, f"board-calls-{scheme}")
        fits(page)
        page.set_viewport_size({"width": 320, "height": 900})
        shot(page, f"board-calls-{scheme}-320")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_check_page_says_how_many_are_called(scheme: str, chromium: Browser, sessions: Sessions) -> None:
    desk = Desk(sessions)
    with sessions.begin() as store:
        senders.register(store, NewSender("voice", "twilio", "+15005550006", 1.0))
        there = residents.address(store, desk.sealer, "voice", "+19785550188")
        residents.subscribe(store, there, directory_load.community_ids(store)["ayer"])
    author = desk.browser(ISSUER)
    walk(desk, author)
    for name, path in (("check", author.path), ("form", "/desk/new")):
        with opened(chromium, desk.app, author.client, path, scheme) as page:
            assert (
                "Landlines called" in page.inner_text("main")
                if name == "check"
                else "Texts and calls" in page.content()
            )
            for more in page.locator("details.more").all():
                more.evaluate("node => node.open = true")
            accessible(page)
            shot(page, f"{name}-calls-{scheme}")
            fits(page)
            page.set_viewport_size({"width": 320, "height": 900})
            shot(page, f"{name}-calls-{scheme}-320")
