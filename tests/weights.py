"""What a page weighs the first time that somebody opens it: itself and everything that it names, as it is sent."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import url_for
from lxml import html
from werkzeug.test import TestResponse

from broadcaster.feeds import public_page
from tests.desk import ISSUER, SECOND, Browser, Desk, walk
from tests.unit.feeds.samples import on_air, snapshot

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


def of_the_desk(desk: Desk) -> Iterator[Page]:
    """The pages of a night, each as the one who works on it sees it: a statewide alert, from the form to the report."""
    officer, second = desk.browser(ISSUER), desk.browser(SECOND)

    def of(browser: Browser) -> Callable[[str], bytes]:
        return lambda path: _brought(browser.client.get(path))

    yield "sign-in", of(Browser(desk.app.test_client())), "/desk/sign-in"
    with desk.app.test_request_context():
        places = {name: url_for(name) for name in LISTS}
    for name, path in places.items():
        yield name, of(officer), path
    alert = walk(desk, officer, names="", statewide="1")
    yield "check", of(officer), officer.path
    yield "numbers", of(officer), f"{alert}/numbers"
    officer.send("/submit")
    page = officer.path
    officer.send("/release-agencies")
    yield "approval", of(second), page
    second.open(page).send("/approve", code=desk.code(SECOND))
    for name in ("", "/summary", "/report", "/report/full"):
        yield name.strip("/") or "board", of(officer), f"{alert}{name}"
    yield "home, an alert on air", of(officer), "/desk/"


def of_the_public() -> Iterator[Page]:
    """The published pages of one alert, as the window serves them."""
    made = public_page.files(snapshot(on_air()))

    def get(path: str) -> bytes:
        return made[path.removeprefix("/")]

    names = [name for name in sorted(made) if name.endswith(".html")]
    for kind in ("index", "find", "town/", "l/"):
        if found := [name for name in names if name.startswith(kind)]:
            yield f"public {kind.strip('/')}", get, f"/{found[0]}"


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
