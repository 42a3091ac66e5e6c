"""One page of a running alert: what it says, who may mail it, what is mailed, and what the ledger holds of it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.dispatch import one_page
from broadcaster.messages.message import Message
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.public.residents import Address
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.board.summary import addresses
from tests.desk import AUDITOR, ISSUER, PASSWORD, SECOND, Browser, Desk, released, walk

_MAILED = text(
    "SELECT b.text FROM fanout f JOIN target t ON t.fanout_id = f.id JOIN body b ON b.id = t.body_id"
    " WHERE f.purpose LIKE 'summary-%'"
)
TO = "Governor <watch@governor.example>, ema@county.example\nema@county.example"


def test_it_is_read_printed_and_mailed(sessions: Sessions) -> None:
    desk = Desk(sessions)
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author)
    assert author.open(f"{alert}/summary").status == 404 and "Nothing of this alert has gone out yet" in author.words
    alert = released(desk, author, second, SECOND)

    author.open(alert).open(f"{alert}/summary")
    for words in (
        "911 outage, Ayer, Groton, Harvard",
        "On air",
        "Next update promised",
        "Ayer 978-555-0101",
        "Harvard 617-555-0199",
        "Agencies that have not acknowledged: ",
        "911 is down in Ayer",
    ):
        assert words in author.words, words
    texts = author.page.xpath("//tr[th='Text messages']/td/text()")
    assert texts == ["Going out", "counting", "0", "0", "counting"]
    author.send("/summary", to="nobody at all")
    assert author.status == 422 and author.beside("to") == "“nobody at all” is no mail address: write name@host."
    assert author.values("/summary")["to"] == ["nobody at all"]

    author.open(f"{alert}/summary").send("/summary", to=TO)
    assert "On its way to 2 mailboxes" in author.words
    assert desk.rung[-1] == ("urgent",)
    assert not desk.browser(AUDITOR).open(f"{alert}/summary").has("/summary")
    with sessions() as store:
        made = store.scalars(select(Fanout).where(Fanout.purpose.like("summary-%"))).one()
        assert (made.tier, made.channel) == ("desk", "email")
        assert len(store.execute(_MAILED).all()) == 2
        event = store.scalars(select(AuditEvent).where(AuditEvent.action == "summary_mailed")).one()
        data = json.loads(event.canonical)["data"]
        kept = store.scalars(select(Address).where(Address.owner == "person")).all()
    assert (data["to"], data["hosts"]) == (2, ["county.example", "governor.example"])
    assert b"watch@governor.example" not in event.canonical
    assert all(b"governor" not in bytes(row.value_enc) for row in kept)


def test_a_spanish_officer_mails_it_in_english(sessions: Sessions) -> None:
    desk = Desk(sessions)
    alert = released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    officer = Browser(desk.app.test_client())
    officer.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es"
    officer.open("/desk/").send("sign-in", email=ISSUER, password=PASSWORD, code=desk.code(ISSUER))
    officer.open(f"{alert}/summary").send("/summary", to="ema@county.example")
    assert "En camino a 1 buzón." in officer.words
    assert "Números en lugar del 911" in officer.words
    with sessions() as store:
        words = store.execute(_MAILED).scalar_one()
    assert "What fails:      All calls" in words and "condado" not in words and "a. m." not in words


def test_nobody_outside_hears_of_a_drill() -> None:
    drill = SimpleNamespace(alert=SimpleNamespace(is_heard=False))
    with pytest.raises(LifecycleRefused, match="nobody outside hears of it"):
        one_page.mail(None, drill, ["a@b.example"], Message("", "", ""))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "to", "problem"),
    [
        ("a@b.example; c@d.example", ["a@b.example", "c@d.example"], ""),
        ("A Name <a@b.example>", ["a@b.example"], ""),
        (" \n,", [], "Type at least one mail address."),
        ("a@b.example, a@b", ["a@b.example", "a@b"], ""),
        ("a@b.example\r\nBcc: x", [], "“Bcc: x” is no mail address: write name@host."),
        (",".join(f"n{no}@b.example" for no in range(21)), [], "These are 21 addresses: take at most 20."),
    ],
)
def test_what_is_typed_as_addresses(typed: str, to: list[str], problem: str) -> None:
    assert addresses(typed) == (to, problem)
