"""An administrator edits wording, sees it for the longest name, and a second person approves it; without a script."""

from __future__ import annotations

import pytest

from broadcaster.dispatch.proofread import MACHINE, Proofreader
from broadcaster.local import words_check
from broadcaster.messages.book import shipped
from broadcaster.store.alerting import word_checks, wordings
from broadcaster.store.alerting.wordings import Wording
from broadcaster.store.database import Sessions
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from tests.desk import BOTH, ISSUER, PASSWORD, SECOND, Browser, Desk, walk

ADMIN = "ana@desk.example"
READER = "Marie Joseph, certified interpreter"
OWN_BACK = "911 mache byen ankò nan {place}"


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


def test_words_that_an_upgrade_has_made_unfit_are_named_and_give_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, second, reader = desk.browser(ADMIN), desk.browser(SECOND), Proofreader(desk.sessions)
    second.open(put_forward(author, back=OWN_BACK).path).send("/approve", code=desk.code(SECOND))
    assert (reader.look(), reader.look()) == (1, 0), "what was judged by these rules is not read again"
    monkeypatch.setattr(word_checks, "rules", lambda: "the rules of an upgrade")
    assert (reader.read_all(), words_check.look(desk.sessions)[0]) == (1, True), "an upgrade reads it again"
    monkeypatch.setattr(word_checks, "rules", lambda: "the rules of another")
    with desk.sessions.begin() as store:  # it has taken a placeholder away
        row = store.query(Wording).one()
        row.sentences = row.sentences | {"sorry": "Eskize nou, {gone}."}
        row.sha = row.book.sha
        assert wordings.books(store, strict=False).book("ht") == row.book, "no release waits for the linter"
        before = wordings.approvals(store)
    works, sentence = words_check.look(desk.sessions)
    assert not works and "Haitian Creole (alerts) no longer fits" in sentence and "{gone}, which is no" in sentence
    assert reader.look() == 1
    with desk.sessions() as store:
        books = wordings.books(store, strict=False)
        assert (books.book("ht"), books.given_up) == (shipped().book("ht"), frozenset({"ht"}))
        assert wordings.approvals(store) != before, "whoever keeps books reads them again"
        assert [event.actor for event in store.query(AuditEvent).filter_by(action="wording-unfit")] == [MACHINE]

    issuer = desk.browser(ISSUER)
    said = "The words approved here in Haitian Creole no longer fit this version of Broadcaster: the shipped ones are"
    assert said in issuer.open("/desk/new").words
    walk(desk, issuer, languages=["en", "ht"])
    assert f"{said} used. An administrator corrects them under Words and languages." in issuer.words
    walk(desk, issuer, languages=["en", "es"])
    assert said not in issuer.words
    assert "Haitian Creole“sorry”:" in author.open("/desk/words/").words
    author.open("/desk/words/ht")
    assert author.values("/words/ht")["back"] == [OWN_BACK] and author.beside("sorry")
    put_forward(author, sorry="Eskize nou.")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    reader.read_all()
    assert words_check.look(desk.sessions) == (True, "every wording in use fits this version.")
    assert said not in issuer.open("/desk/new").words


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
