"""The desk as somebody signed in sees it, over a database of the test."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from broadcaster.store.database import Sessions
from broadcaster.store.desk import desk_sessions
from broadcaster.store.desk.desk_sessions import Visit, Way
from broadcaster.store.desk.people import User
from broadcaster.web import create_app
from broadcaster.web.house import NAME
from broadcaster.web.signin.guard import KEY
from tests import onair
from tests.onair import NOW


def app_of(sessions: Sessions) -> Flask:
    """The application with its forms' tokens switched off: these tests are not about them."""
    app = create_app(onair.settings(public_base_url="http://localhost"), sessions, lambda: NOW)
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["TESTING"] = True
    return app


def signed_in(app: Flask, user: User) -> FlaskClient:
    """A browser in which this person is signed in."""
    client = app.test_client()
    with app.extensions[NAME].sessions.begin() as store, client.session_transaction() as cookie:
        cookie[KEY] = desk_sessions.begin(store, user.id, Visit(Way.CODE), NOW)
    return client


def select(node: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """What a selector of tags, classes and attributes finds: ``.legend li``, ``svg.bar``, ``[data-k]``."""
    path = "."
    for step in selector.split():
        tag, attribute, klass = re.fullmatch(r"([\w]*)(?:\[([\w-]+)\])?(?:\.([\w-]+))?", step).groups()
        path += f"//{tag or '*'}" + (f"[@{attribute}]" if attribute else "")
        path += f"[contains(concat(' ', normalize-space(@class), ' '), ' {klass} ')]" if klass else ""
    return list(node.xpath(path))


def words(node: html.HtmlElement) -> str:
    """The text of a node, on one line."""
    return " ".join(node.text_content().split())
