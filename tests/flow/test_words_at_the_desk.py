"""An administrator edits wording, sees it for the longest name, and a second person approves it; without a script."""

from __future__ import annotations

import pytest

from broadcaster.store.database import Sessions
from broadcaster.web import accounts
from tests.desk import BOTH, ISSUER, PASSWORD, SECOND, Browser, Desk, walk

ADMIN = "ana@desk.example"
READER = "Marie Joseph, certified interpreter"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin", "approver"])
    return made


def put_forward(author: Browser, lang: str = "ht", **values: str) -> Browser:
    author.open(f"/desk/words/{lang}")
    return author.send(f"/words/{lang}", **{"do": "propose", "reviewer": READER, **values})


def test_from_the_editor_to_the_texts(desk: Desk) -> None:
    author, second = desk.browser(ADMIN), desk.browser(SECOND)
    author.open("/desk/words/")
    assert "kreyòl ayisyen nobody yet as shipped" in author.words
    author.open("/desk/words/ht").send("/words/ht", do="show", **{"all_calls.what": "911 pa mache ditou nan {place}"})
    assert "State 911, 2:30 PM" not in author.words
    assert "911 pa mache ditou nan Harvard" in author.words
    assert "units of GSM-7, 1 segment" in author.words

    put_forward(author, **{"all_calls.what": "911 pa mache ditou nan {place}"})
    assert "You wrote it: a second person must approve it." in author.words
    assert not author.has("/approve")
    second.open(author.path)
    assert "911 pa mache nan {place}911 pa mache ditou nan {place}" in second.words.replace("</del>", "")
    second.send("/approve", code="000000")
    assert (second.status, "This code does not fit" in second.words) == (422, True)
    second.send("/approve", code=desk.code(SECOND))
    assert "Approved. kreyòl ayisyen is spoken in these words" in second.words
    author.open("/desk/words/")
    assert f"{READER}, 2026-06-18" in author.words

    issuer = desk.browser(ISSUER)
    walk(desk, issuer, languages=["en", "ht"])
    assert "911 pa mache ditou nan Ayer" in issuer.words


def test_an_edit_without_the_locked_line_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    author = desk.browser(ADMIN)
    put_forward(author, no_test="Rele 911.", sorry="Eskize nou.")
    assert author.status == 422
    assert "“Do not call 911 to test it” is locked in every language: keep “pa” and “teste”" in author.beside("no_test")
    assert author.values("/words/ht")["sorry"] == ["Eskize nou."]
    assert author.values("/words/ht")["reviewer"] == [READER]
    put_forward(author, reviewer=" ")
    assert author.beside("reviewer").startswith("Say who has read this translation")


def test_what_is_typed_is_text_and_never_markup(desk: Desk) -> None:
    author = desk.browser(ADMIN)
    author.open("/desk/words/ht").send("/words/ht", do="show", sorry="<script>alert(1)</script>")
    assert "<script>alert(1)" not in author.text
    author.open("/desk/words/ht").send("/words/ht", do="show", say="{what}. {plaza}")
    assert "{plaza}, which is no placeholder" in author.words


def test_who_may_do_what(desk: Desk) -> None:
    author = desk.browser(ADMIN)
    key = put_forward(author).path
    issuer = desk.browser(ISSUER)
    assert not issuer.open("/desk/words/ht").has("nothing")
    page = issuer.page
    token = page.xpath("//input[@name='csrf_token']/@value")[0]
    answer = issuer.client.post("/desk/words/ht", data={"csrf_token": token, "do": "propose"})
    assert answer.status_code == 403
    answer = issuer.client.post(f"{key}/approve", data={"csrf_token": token})
    assert answer.status_code == 403
    assert "Put forward for a second person" not in issuer.words
    both = desk.browser(BOTH)
    both.open(key).send("/reject", reason="The tone is wrong.")
    assert "Rejected. The words in use stay as they are." in both.words
    assert "“The tone is wrong.”" in both.words
    assert both.open("/desk/words/versions/999").status == 404
    assert both.open("/desk/words/xx").status == 404


def test_every_language_can_be_opened_and_shown_for_every_kind(desk: Desk) -> None:
    reader = desk.browser(SECOND)
    for lang in ("en", "ar", "zh-Hant", "hi"):
        reader.open(f"/desk/words/{lang}?kind=test")
        assert reader.status == 200
        reader.open(f"/desk/words/{lang}?kind=all_clear&failure=no_location")
        assert "Harvard" in reader.words
        assert "cannot be made" not in reader.words
