"""The sign-up page in every language that may be spoken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.dispatch.office import Office
from broadcaster.dispatch.residents.frontdoor import FrontDoor
from broadcaster.messages.book import NAMES
from broadcaster.messages.reception import phrases
from broadcaster.settings import Mode
from broadcaster.store.database import Sessions
from tests.desk import Desk, settings


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """A desk with a directory."""
    return Desk(sessions, chosen=settings(lookup_sms="+16175550911"))


@pytest.mark.parametrize("lang", NAMES)
def test_the_page_is_there_in_every_language(desk: Desk, lang: str) -> None:
    page = desk.browser().open(f"/subscribe?lang={lang}")
    assert page.page.get("lang") == lang
    assert page.page.get("dir") == ("rtl" if lang == "ar" else "ltr")
    for name in ("page_title", "phone_label", "places_label", "no_voice", "agree", "send", "change_title"):
        assert phrases().book(lang).word(name) in page.words
    sent = page.send("/subscribe", phone="413-555-0123", places="Ayer")
    assert phrases().book(lang).word("sent") in sent.words
    assert "<script" not in page.text


def test_a_live_house_speaks_only_reviewed_words_and_texts_in_every_language(desk: Desk) -> None:
    door = FrontDoor(desk.sessions, replace(Office.of(desk.chosen), mode=Mode.LIVE))
    desk.app.extensions["broadcaster-front-door"] = door
    page = desk.browser().open("/subscribe?lang=de")
    assert page.page.get("lang") == "en"
    assert phrases().book("en").word("page_title") in page.words
    assert page.page.xpath("//select[@name='text_lang']/option/@value") == list(NAMES)
