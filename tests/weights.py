"""What a page weighs the first time that somebody opens it: itself and everything that it names, as it is sent."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import url_for
from lxml import html
from werkzeug.test import TestResponse

from broadcaster.dispatch.documents import publish
from broadcaster.dispatch.office import Office
from broadcaster.feeds import shapes
from broadcaster.local import borders
from broadcaster.local.massachusetts import sample
from broadcaster.local.massachusetts.shapes import generated
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load, town_shapes
from broadcaster.store.public import residents
from broadcaster.store.public.residents import NewResident
from broadcaster.window import app as window
from tests.desk import ISSUER, NOON, SECOND, Browser, Desk, walk

LISTS = ("desk.home", "form.new", "outages.page", "roster.page", "directory.page", "drills.page", "account.page",
         "words.overview", "detector.page")  # fmt: skip
Page = tuple[str, Callable[[str], bytes], str]
"""Its name, who brings it, its path."""

LIMIT = 300_000
"""Bytes, compressed (issue 6): what a phone on a crowded cell loads in a few seconds."""
NAMED = re.compile(r"""url\(["']?([^"')]+)["']?\)""")
PACKED = (".woff2", ".png")
"""What is compressed already."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A page in bytes on the wire, and each style sheet, script, font and picture that it can ask for."""

    page: int
    plain: int
    assets: Mapping[str, int]

    @property
    def total(self) -> int:
        """Everything; an upper bound, for a browser asks only for the fonts and pictures that it uses."""
        return self.page + sum(self.assets.values())


def weigh(get: Callable[[str], bytes], path: str) -> Weight:
    """The weight of the page at a path, which `get` brings. AssertionError where it names another host."""
    body = get(path)
    assets: dict[str, int] = {}
    for name in dict.fromkeys(_named(body)):
        _add(get, name, assets)
    return Weight(len(_zipped(body)), len(body), assets)


def whole_state(sessions: Sessions) -> Desk:
    """The desk of a state of 351 communities, each with its shape and somebody who signed up."""
    desk = Desk(sessions, places=sample.load(NOON.date()))
    with sessions.begin() as store:
        town_shapes.save(store, generated(shapes.read(borders.built(desk.chosen.state_fips)).counties))
        ids = directory_load.community_ids(store).values()
        people = [NewResident(f"+1978555{3000 + number}", "en", (key,)) for number, key in enumerate(ids)]
        residents.import_residents(store, desk.sealer, people)
    return desk


def of_the_desk(desk: Desk) -> Iterator[Page]:
    """The pages of a night, each as the one who works on it sees it: a statewide alert, from the form to the report."""
    officer = desk.browser(ISSUER)

    def of(browser: Browser) -> Callable[[str], bytes]:
        return lambda path: _brought(browser.client.get(path))

    yield "sign-in", of(Browser(desk.app.test_client())), "/desk/sign-in"
    with desk.app.test_request_context():
        places = {name: url_for(name) for name in LISTS}
    for name, path in places.items():
        yield name, of(officer), path
    yield "directory, a county", of(officer), f"{places['directory.page']}?county=25017"
    alert = walk(desk, officer, names="", statewide="1")
    yield "check", of(officer), officer.path
    yield "check, a minute later", _later(desk, of(officer)), officer.path
    yield "check, another community", of(officer), f"{officer.path}?community=ayer&lang=hi"
    yield "check, all texts", of(officer), f"{officer.path}/texts?lang=hi"
    yield "form of the draft", of(officer), f"{alert}/edit"
    yield "numbers", of(officer), f"{alert}/numbers"
    officer.send("/submit")
    page, second = officer.path, desk.browser(SECOND)
    officer.send("/release-agencies")
    yield "approval", of(second), page
    second.open(page).send("/approve", code=desk.code(SECOND))
    for name in ("", "/summary", "/report", "/report/full"):
        yield name.strip("/") or "board", of(officer), f"{alert}{name}"
    yield "home, an alert on air", of(officer), "/desk/"


def _later(desk: Desk, get: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """The same with every look in another minute: the hour stands in each text, so none of them is known yet."""

    def in_another_minute(path: str) -> bytes:
        desk.later(minutes=1)
        return get(path)

    return in_another_minute


def of_the_public(desk: Desk, folder: Path) -> Iterator[Page]:
    """The pages of the window: what the desk has on air, as it is published into a folder."""
    publish.publish(desk.sessions, Office.of(desk.chosen), folder, desk.now)
    client = window.create_app(folder, lambda: desk.now).test_client()
    for path in ("", "find?q=ayer", "town/ayer", "l/es", "zip/01432", "card/ayer"):
        yield f"public {path.partition('?')[0] or 'index'}", lambda path: _brought(client.get(path)), f"/{path}"


def _brought(answer: TestResponse) -> bytes:
    assert answer.status_code == 200, (answer.request.path, answer.status_code)
    body = answer.get_data()
    answer.close()
    return body


def _add(get: Callable[[str], bytes], name: str, assets: dict[str, int]) -> None:
    if name.startswith("data:") or name in assets:
        return
    assert name.startswith("/") and not name.startswith("//"), f"{name} is of another host"
    body, plain = get(name), name.partition("?")[0]
    assets[name] = len(body) if plain.endswith(PACKED) else len(_zipped(body))
    if plain.endswith(".css"):
        for inner in NAMED.findall(body.decode()):
            _add(get, _beside(plain, inner), assets)


def _named(body: bytes) -> Iterator[str]:
    tree = html.fromstring(body)
    yield from tree.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src | //img/@src")


def _beside(sheet: str, name: str) -> str:
    if name.startswith(("/", "data:")) or "//" in name:
        return name
    parts = sheet.rpartition("/")[0].split("/")
    for part in name.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _zipped(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)
