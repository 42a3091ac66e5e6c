"""Cards, ZIP pages and a town's page in a browser: on the narrowest phone, without a script, and on paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from broadcaster.channels import files
from broadcaster.feeds import paper, public_page
from broadcaster.messages.book import shipped
from broadcaster.window import create_app
from tests.browser.looking import MARKS, accessible, fits, served, shot, watched
from tests.unit.feeds.samples import NOON, on_air
from tests.unit.feeds.test_paper import LINE, TEXTS, shown

pytestmark = MARKS


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The files of a night on which Springfield has no 911."""
    given = shown(replace(on_air(), texts=TEXTS))
    files.publish(tmp_path, {**paper.files(given), **public_page.files(given)})
    return tmp_path


@pytest.mark.parametrize("path", ["card/springfield.html#ar", "zip/01103.html", "zips.html", "town/springfield.html"])
def test_without_a_script_on_every_screen(chromium: Browser, published: Path, path: str) -> None:
    with served(create_app(published, lambda: NOON)) as base:
        page = chromium.new_context(viewport={"width": 320, "height": 640}).new_page()
        wrong = watched(page, base)
        page.goto(f"{base}/{path}")
        accessible(page)
        fits(page)
        page.set_viewport_size({"width": 320, "height": 640})
        shot(page, f"paper-{path.replace('/', '-').replace('#', '-')}")
        page.context.close()
        scriptless = chromium.new_context(java_script_enabled=False).new_page()
        scriptless.goto(f"{base}/{path}")
        expect(scriptless.locator("main")).to_contain_text("Springfield")
        scriptless.context.close()
    assert wrong == []


def test_one_language_is_printed_at_a_time(chromium: Browser, published: Path) -> None:
    with served(create_app(published, lambda: NOON)) as base:
        page = chromium.new_context().new_page()
        page.emulate_media(media="print")
        for anchor, lang in (("", "en"), ("#es", "es"), ("#hi", "hi")):
            page.goto("about:blank")
            page.goto(f"{base}/card/springfield.html{anchor}")
            assert [each.get_attribute("id") for each in page.locator(".sheet").all() if each.is_visible()] == [lang]
            poster = page.locator(f"#{lang} .poster")
            expect(poster).to_contain_text(LINE)
            expect(poster).to_contain_text(shipped().book(lang).word("no_test"))
            expect(page.locator(".masthead")).to_be_hidden()
        page.context.close()


PALE = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const words = node.data.trim(), box = node.parentElement.getClientRects();
    const [red, green, blue, ink = 1] = getComputedStyle(node.parentElement).color.match(/[\\d.]+/g).map(Number);
    if (words && box.length && (0.2126 * red + 0.7152 * green + 0.0722 * blue > 128 || ink < 0.5)) found.push(words);
  }
  return found;
}
"""
"""Words in a light colour: printers leave backgrounds out, and then nobody can read them."""


@pytest.mark.parametrize(
    "path", ["", "town/springfield.html", "l/es.html", "zips.html", "zip/01103.html", "card/springfield.html"]
)
def test_what_is_printed_is_the_answer_and_no_form(chromium: Browser, published: Path, path: str) -> None:
    with served(create_app(published, lambda: NOON)) as base:
        page = chromium.new_context().new_page()
        page.emulate_media(media="print")
        page.goto(f"{base}/{path}")
        expect(page.locator("main")).to_contain_text("Springfield")
        if not path.startswith("zip"):
            expect(page.locator("body")).to_contain_text(LINE)
        assert page.evaluate(PALE) == []
        assert [each for each in page.locator("input, button").all() if each.is_visible()] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        shot(page, f"printed-{path.replace('/', '-') or 'index'}")
        page.context.close()
