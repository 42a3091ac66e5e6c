"""Residents' phrases are edited like the words of alerts: shown, approved by another, and answered in at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from broadcaster.dispatch.documents.publish import Publisher
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.residents import frontdoor, phrasebook
from broadcaster.store.alerting import texts, wordings
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import ledger
from broadcaster.web.signin import accounts
from tests import desk as desks
from tests import onair, webhooks
from tests.desk import BOTH, ISSUER, PASSWORD, SECOND, Browser, Desk
from tests.flow.test_people_text_us import calls, says
from tests.onair import BASE, TOKEN
from tests.webhooks import TEXT

ADMIN = "ana@desk.example"
READER = "Kim Doe, plain language editor"
NEW = "Nobody reads this number: call instead."
HELP = "{authority_short}: text your town, get the number to call when 911 fails. STOP ends it."


@pytest.fixture
def desk(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose carrier calls back, in processes that look for new words at every message."""
    monkeypatch.setattr(frontdoor, "LOOK_EVERY_S", -1.0)
    monkeypatch.setattr(phrasebook, "LOOK_EVERY_S", -1.0)
    account = {"twilio_account_sid": TEXT["AccountSid"], "twilio_auth_token": TOKEN}
    made = Desk(sessions, chosen=desks.settings(**account, callbacks_base_url=BASE, secret_key=onair.SECRET))
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def frozen(desk: Desk) -> list[tuple[str, list[str]]]:
    """The hash and every text of what was released."""
    with desk.sessions() as store:
        return [
            (
                row.hash or "",
                [text.text for form in ("sms", "voice") for text in texts.of_revision(store, row.id, form)],
            )
            for row in store.scalars(select(Revision))
        ]


def put_forward(author: Browser, **values: str) -> Browser:
    author.open("/desk/words/residents/en")
    return author.send("/words/residents/en", **{"do": "propose", "reviewer": READER, **values})


def test_from_the_editor_to_the_phone(desk: Desk) -> None:
    desks.released(desk, desk.browser(ISSUER), desk.browser(BOTH), BOTH)
    before = frozen(desk)
    author, second = desk.browser(ADMIN), desk.browser(SECOND)
    with webhooks.caller(desk.sessions, desk.chosen) as phone:
        assert says(phone, "Ayer")[0].endswith("No one reads this number.")
        author.open("/desk/words/residents/en").send("/words/residents/en", do="show", no_reader=NEW)
        assert "As people get it, in Harvard" in author.words
        assert "call 978-555-0100. Nobody reads this number: call instead.141 units of GSM-7, 1 segment" in author.words
        assert "14 of 19 fit in one segment" in author.words

        put_forward(author, no_reader=NEW, help=HELP, voice_zip="Type your ZIP code.")
        assert "You wrote it: a second person must approve it." in author.words
        assert says(phone, "Ayer", sid="SM2")[0].endswith("No one reads this number.")
        assert "English: residents’ phrases" in second.open("/desk/words/").words
        second.open(author.path).send("/approve", code=desk.code(SECOND))
        assert "Approved. English is spoken in these words" in second.words

        assert says(phone, "Ayer", sid="SM3")[0].endswith(f"\n{NEW}")
        assert says(phone, "Help!", sid="SM4")[0].endswith(
            "State 911: text your town, get the number to call when 911 fails. STOP ends it."
        )
        assert "Type your ZIP code." in calls(phone)
    assert frozen(desk) == before
    assert f"{READER}, 2026-06-18 as approved here" in author.open("/desk/words/").words
    with desk.sessions() as store:
        actions = [event.action for event in ledger.timeline(store, "wording:residents:en")]
        assert (actions, ledger.timeline(store, "wording:en")) == (["wording-proposed", "wording-approved"], [])
        assert wordings.books(store, strict=True).reviews == {}


def test_what_is_published_and_the_sign_up_are_in_the_new_words_at_once(desk: Desk, tmp_path: Path) -> None:
    writer = Publisher(desk.sessions, Office.of(desk.chosen), tmp_path, every=3600.0)
    assert "card/ayer.html" in writer.look()
    assert writer.look() == []
    author, second = desk.browser(ADMIN), desk.browser(SECOND)
    key = put_forward(author, card_title="When 911 is down", page_title="Hear it when 911 is down").path
    assert writer.look() == []
    second.open(key).send("/approve", code=desk.code(SECOND))
    assert "card/ayer.html" in writer.look()
    assert "When 911 is down" in (tmp_path / "card" / "ayer.html").read_text(encoding="utf-8")
    assert "Hear it when 911 is down" in second.open("/subscribe").words


def test_an_edit_that_misleads_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    author = desk.browser(ADMIN)
    put_forward(author, no_reader="We read this.", if_fails="Call somebody.", save="Keep")
    assert author.status == 422
    assert author.beside("no_reader").startswith("“No one reads this number” is locked in every language")
    assert author.beside("if_fails").startswith("Keep {number} in this sentence")
    assert author.beside("if_fails").endswith("Keep 911 in this sentence, in these digits.")
    assert author.values("/words/residents/en")["save"] == ["Keep"]
    put_forward(author, key_stop="NEVER")
    assert author.status == 200
    assert "0 sentences differ from the words in use" in author.words


def test_a_book_of_alerts_and_one_of_phrases_wait_beside_each_other(desk: Desk) -> None:
    author, second = desk.browser(ADMIN), desk.browser(SECOND)
    phrases = put_forward(author, no_reader=NEW).path
    author.open("/desk/words/en").send("/words/en", do="propose", reviewer=READER, sorry="We are sorry.")
    second.open("/desk/words/")
    assert second.page.xpath("count(//a[contains(@class, 'is-waiting')])") == 2
    second.open(phrases).send("/reject", reason="Too long.")
    assert "Rejected. The words in use stay as they are." in second.words
    assert second.open("/desk/words/").page.xpath("count(//a[contains(@class, 'is-waiting')])") == 1


@pytest.mark.parametrize("lang", ["ar", "ht", "zh-Hant"])
def test_every_reader_sees_what_people_get(desk: Desk, lang: str) -> None:
    reader = desk.browser(SECOND).open(f"/desk/words/residents/{lang}")
    assert (reader.status, "A text cannot be made" in reader.words) == (200, False)
    assert "Harvard" in reader.words
    assert not reader.has("Put forward")
