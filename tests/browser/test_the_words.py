"""A real browser on the words: the editor at the desk, and the lookup in languages that run either way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from broadcaster.channels.files import publish
from broadcaster.feeds import public_page
from broadcaster.feeds.snapshot import Words
from broadcaster.messages.book import languages
from broadcaster.messages.compose import page as page_words
from broadcaster.store.database import Sessions
from broadcaster.web.signin import accounts
from broadcaster.window import create_app
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.browser.test_the_desk import sign_in
from tests.desk import PASSWORD, SECOND, Desk
from tests.unit.feeds.samples import NOON, on_air, snapshot
from tests.unit.messages.editions import DIRECTORY, RevisionKind, edition, places

pytestmark = MARKS
ADMIN = "ana@desk.example"
DIGITS = """
number => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.data.indexOf(number);
    if (at < 0 || !node.parentElement.closest("[dir=rtl], [dir=auto]")) continue;
    const left = index => {
      const range = document.createRange();
      range.setStart(node, at + index);
      range.setEnd(node, at + index + 1);
      return range.getBoundingClientRect().left;
    };
    return [...number].map((_, index) => left(index));
  }
  return [];
}
"""
"""Where on the screen each character of a number stands, in a text that runs from right to left."""


@pytest.fixture
def window(tmp_path: Path) -> Iterator[str]:
    """The public window over an outage that is told in every language."""
    told = edition(RevisionKind.INITIAL)
    shown = {lang: page_words(told, places("chicopee"), DIRECTORY, lang) for lang in languages()}
    words = tuple(Words(lang, made.headline, made.paragraphs) for lang, made in shown.items() if lang != "en")
    publish(tmp_path, public_page.files(snapshot(on_air(translations=words))))
    with served(create_app(tmp_path, lambda: NOON + timedelta(seconds=5))) as base:
        yield base


def test_the_lookup_can_be_used_by_everybody_in_every_language(chromium: Browser, window: str) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=True)
    page = context.new_page()
    wrong = watched(page, window)
    for path in ("/", "/l/ar.html", "/l/zh-Hant.html", "/l/hi.html", "/town/springfield.html", "/find?q=01103&lang=ar"):
        page.goto(f"{window}{path}")
        fits(page)
        accessible(page)
    page.set_viewport_size(PHONE)
    for path in ("l/ar", "town/springfield", "l/zh-Hans"):
        page.goto(f"{window}/{path}.html")
        shot(page, f"public-{path.partition('/')[2]}")
    assert wrong == []
    context.close()


def test_a_number_in_arabic_reads_from_left_to_right(chromium: Browser, window: str) -> None:
    context = chromium.new_context(java_script_enabled=True)
    page = context.new_page()
    page.goto(f"{window}/l/ar.html")
    across = page.evaluate(DIGITS, "413-555-0102")
    assert len(across) == 12
    assert across == sorted(across)
    context.close()


def test_the_lookup_answers_without_a_script(chromium: Browser, window: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{window}/")
    page.click("nav.tongues a[lang=ar]")
    page.fill("#q", "Springfield")
    page.click("form.find button")
    expect(page.locator(".answer a.dial")).to_have_attribute("href", "tel:+14135550100")
    expect(page.locator(".answer")).to_have_attribute("dir", "rtl")
    context.close()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_words_are_edited_shown_and_approved(
    chromium: Browser,
    sessions: Sessions,
    script: bool,
) -> None:
    desk = Desk(sessions)
    with desk.sessions.begin() as store:
        accounts.add_user(store, desk.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    with served(desk.app) as base:
        edit_and_approve(chromium, desk, base, script)


def edit_and_approve(chromium: Browser, desk: Desk, base: str, script: bool) -> None:
    context = chromium.new_context(viewport=OFFICE, java_script_enabled=script)
    author = context.new_page()
    wrong = watched(author, base)
    sign_in(author, desk, base, ADMIN)
    author.click("text=Words and languages")
    shot(author, "words")
    author.click("text=Haitian Creole")
    author.fill("textarea[name='all_calls.what']", "911 pa mache ditou nan {place}")
    author.click("button:has-text('Show')")
    expect(author.locator(".as-sent").first).to_contain_text("911 pa mache ditou nan Harvard")
    shot(author, "words-edit")
    author.fill("#reviewer", "Marie Joseph, certified interpreter")
    author.click("text=Put forward for a second person")
    expect(author.locator("main")).to_contain_text("You wrote it: a second person must approve it.")
    if script:
        for path in ("/desk/words/", "/desk/words/ar", "/desk/words/residents/ar", author.url.removeprefix(base)):
            author.goto(f"{base}{path}")
            accessible(author)
            fits(author)
        author.set_viewport_size(OFFICE)
        author.goto(f"{base}/desk/words/ar")
        shot(author, "words-arabic")
        author.goto(f"{base}/desk/words/residents/ar")
        for closed in author.locator("details.more").all():
            closed.locator("summary").click()
        shot(author, "phrases-arabic")
    other = chromium.new_context(java_script_enabled=script)
    second = other.new_page()
    sign_in(second, desk, base, SECOND)
    second.goto(f"{base}/desk/words/")
    second.click("a.card.is-waiting")
    shot(second, "words-version")
    second.fill("#code", desk.code(SECOND))
    second.click("text=Approve these words")
    expect(second.locator("main")).to_contain_text("is spoken in these words from now on")
    assert wrong == []
    context.close()
    other.close()
