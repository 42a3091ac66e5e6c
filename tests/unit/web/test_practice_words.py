"""On a training desk every button says so, in the reader's language; on any other none does."""

from __future__ import annotations

import pytest

from broadcaster.store.database import Sessions
from tests.desk import ISSUER, SECOND, Browser, Desk, settings, walk
from tests.flow.test_911_trouble import link, places

BUTTONS = "//main//*[self::button or self::a][contains(concat(' ', @class, ' '), ' usa-button ')]"


def words(browser: Browser) -> list[str]:
    """What stands on the buttons of a page."""
    return [" ".join(each.text_content().split()) for each in browser.page.xpath(BUTTONS)]


def a_night(desk: Desk) -> list[list[str]]:
    """The buttons of each page, from the sign-in to the board."""
    stranger = desk.browser().open("/desk/sign-in")
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    seen = [words(stranger), words(author.open("/desk/new"))]
    alert = walk(desk, author)
    seen.append(words(author))
    author.send("/submit")
    page = author.path
    seen += [words(author), words(second.open(page))]
    second.send("/approve", code=desk.code(SECOND))
    return [*seen, words(author.open(alert)), words(author.open(page))]


@pytest.mark.parametrize(("mode", "word"), [("training", "Practise: "), ("demo", "")])
def test_every_button_of_a_training_desk_has_another_word(sessions: Sessions, mode: str, word: str) -> None:
    seen = a_night(Desk(sessions, chosen=settings(mode=mode)))
    assert all(seen)
    every = [each for page in seen for each in page]
    assert [each for each in every if not each.startswith(word)] == []
    assert [each for each in every if each.startswith("Practise") and not word] == []
    assert {f"{word}{act}" for act in ("Submit", "Approve and send", "Release to agencies now")} <= set(every)


@pytest.mark.parametrize(("mode", "word"), [("training", "Practise: "), ("demo", "")])
def test_a_page_by_a_link_says_it_too(sessions: Sessions, mode: str, word: str) -> None:
    """An agency that is asked to practise must not take it for the night itself."""
    desk = Desk(sessions, chosen=settings(mode=mode), places=places())
    page = Browser(desk.app.test_client()).open(link(desk, "ayer-psap"))
    assert [" ".join(each.text_content().split()) for each in page.page.xpath("//button")] == [
        f"{word}Send to the 911 authority"
    ]
    assert page.page.xpath("//body/@class") == [f"mode-{mode}"]
    assert page.page.xpath("string(//title)").startswith("TRAINING | ") is (mode == "training")


def test_it_speaks_the_readers_language(sessions: Sessions) -> None:
    desk = Desk(sessions, chosen=settings(mode="training"))
    page = desk.app.test_client().get("/desk/sign-in", headers={"Accept-Language": "es"}).get_data(as_text=True)
    assert "Práctica: " in page and "Practise: " not in page
