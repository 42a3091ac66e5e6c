"""What the browser tests look at: screenshots, widths, axe, and what a page does behind one's back."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, Request
from werkzeug.serving import make_server

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("NO_BROWSER") == "1", reason="NO_BROWSER=1"),
]
SHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
WIDTHS = (320, 390, 768, 1280, 2560)
OFFICE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    """The address of an application that listens for as long as the block lasts."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shot(page: Page, name: str) -> None:
    """A screenshot of the whole page, for whoever asks for them with SCREENSHOTS=1: no test looks at it."""
    if os.environ.get("SCREENSHOTS") != "1":
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def accessible(page: Page) -> None:
    """axe (WCAG 2.2 AA and its best practices) finds nothing on this page."""
    found = Axe().run(page).response["violations"]
    wrong = [(each["id"], each["nodes"][0]["html"][:200]) for each in found]
    assert wrong == [], f"{page.url}: {wrong}"


def fits(page: Page) -> None:
    """Nothing is wider than its screen, from the narrowest to the widest."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)


def watched(page: Page, base: str) -> list[str]:
    """What the page did wrong: errors on its console, failed requests, questions to any other host.

    A stream or a poll that the page itself ends by being left did not fail.
    """
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: _left(request) or wrong.append(request.url))
    page.on("request", lambda request: _own(request.url, base) or wrong.append(request.url))
    return wrong


def _left(request: Request) -> bool:
    return request.resource_type in ("eventsource", "fetch") and request.failure == "net::ERR_ABORTED"


def _own(url: str, base: str) -> bool:
    return url.startswith("data:") or urlsplit(url).netloc == urlsplit(base).netloc
