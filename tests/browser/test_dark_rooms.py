"""Dark rooms: where the reader's system asks for it every page is dark, and axe finds its contrast good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import url_for
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from broadcaster.channels.agency_email import ack_token
from broadcaster.channels.files import publish
from broadcaster.feeds import public_page
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout, Target
from broadcaster.window import create_app
from tests.browser.looking import MARKS, OFFICE, PHONE, served, shot
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, SECOND, Desk, walk
from tests.unit.feeds.samples import NOON, on_air, snapshot
from tests.weights import LISTS

pytestmark = MARKS
CONTRAST = {"runOnly": ["color-contrast"]}
GROUND = "getComputedStyle(document.body).backgroundColor"
LONG = "words.overview"
"""Fifteen languages: to look through all its words takes as long as everything else together."""
DARKEST = 3 * 60
"""Red, green and blue of the ground together, at the most."""


def dark(page: Page) -> None:
    """The ground is dark, and everything on it can be read."""
    red, green, blue = map(int, re.findall(r"\d+", page.evaluate(GROUND))[:3])
    assert red + green + blue < DARKEST, page.url
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    found = Axe().run(page, options=CONTRAST).response["violations"]
    wrong = [(node["html"][:160], node["any"][0]["message"]) for each in found for node in each["nodes"]]
    assert wrong == [], page.url


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A browser in a dark room."""
    context = chromium.new_context(viewport=OFFICE, color_scheme="dark")
    yield context.new_page()
    context.close()


def agencys_link(desk: Desk) -> str:
    """Where the first agency that was mailed answers."""
    with desk.sessions() as store:
        fanout = store.query(Fanout).filter_by(tier="agency", channel="email").order_by(Fanout.id).first()
        assert fanout is not None
        target = store.query(Target).filter_by(fanout_id=fanout.id).order_by(Target.slot).first()
        assert target is not None
        return f"/ack/{ack_token(desk.chosen.secret_key, fanout.id, target.address_id)}"


def test_the_desk_and_the_pages_of_its_links(sessions: Sessions, page: Page) -> None:
    desk = Desk(sessions)
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    with desk.app.test_request_context():
        lists = [url_for(name) for name in LISTS if name != LONG]
    with served(desk.app) as base:
        page.goto(f"{base}/desk/sign-in")
        dark(page)
        sign_in(page, base, desk, ISSUER)
        for path in (*lists, author.path):
            page.goto(base + path)
            dark(page)
        shot(page, "dark-check")
        author.send("/submit")
        approval = author.path
        author.send("/release-agencies")
        page.goto(base + approval)
        dark(page)
        desk.browser(SECOND).open(approval).send("/approve", code=desk.code(SECOND))
        for path in (alert, f"{alert}/summary", f"{alert}/report", agencys_link(desk), "/subscribe", "/desk/"):
            page.goto(base + path)
            dark(page)
            shot(page, f"dark-{path.strip('/').rpartition('/')[2][:8]}")


@pytest.mark.parametrize("name", ["", "town/springfield.html"])
def test_the_public_page(page: Page, tmp_path: Path, name: str) -> None:
    publish(tmp_path, public_page.files(snapshot(on_air())))
    with served(create_app(tmp_path, lambda: NOON)) as base:
        page.set_viewport_size(PHONE)
        page.goto(f"{base}/{name}")
        dark(page)
        shot(page, f"dark-public-{name[:4]}")
