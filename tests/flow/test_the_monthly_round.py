"""Once a month each mailbox is asked whether what we have is right: by two sweeps once, answered without a password."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, text

from broadcaster.alert.delivery import Handset
from broadcaster.alert.phone import AlternateNumber
from broadcaster.channels.contract import Accepted, Outgoing
from broadcaster.channels.errors import Ambiguous, NotSent, Rejected, SendError
from broadcaster.channels.mime import Letterhead
from broadcaster.channels.upkeep_mail import CheckPrinter, token
from broadcaster.directory import Contact, ContactChannel
from broadcaster.directory.rows import RowKind
from broadcaster.dispatch.telling.upkeep import Round
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import bounces
from broadcaster.store.fanout.bounces import Bounce
from broadcaster.store.places import directory_history, directory_import, directory_load
from broadcaster.store.places.upkeep import UpkeepAsk
from broadcaster.store.public import residents
from broadcaster.web.signin import accounts
from tests.desk import AUDITOR, ISSUER, PASSWORD, RESTRICTED, SECOND, Browser, Desk, released

ADMIN = "ana@desk.example"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


class Post:
    """A mail relay of the tests: keeps what it was handed, and fails as it is told."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.fails: SendError | None = None

    def send(self, out: Outgoing) -> Accepted:
        if self.fails:
            raise self.fails
        self.sent.append(out)
        return Accepted("x")


class Loop:
    """Runs at once what the sending loop would run."""

    def run(self, work: object, timeout: float) -> object:
        return work


class Parts:
    """The part of an engine that the round needs."""

    def __init__(self, desk: Desk) -> None:
        self.sessions, self.sealer, self.window = desk.sessions, desk.sealer, Loop()
        self.secret = desk.chosen.secret_key


def rounds(desk: Desk, post: Post, phones: Post | None = None) -> Round:
    return Round(Parts(desk), post, "State 911 Department", "http://localhost", phones)  # type: ignore[arg-type]


def asked(desk: Desk) -> list[tuple[str, str]]:
    query = text("SELECT a.code, u.state FROM upkeep_ask u JOIN agency a ON a.id = u.agency_id ORDER BY a.code")
    with desk.sessions() as store:
        return [(row.code, row.state) for row in store.execute(query)]


def page(desk: Desk, post: Post, to: str = "desk@ayer.example") -> Browser:
    ask = next(out.key.address for out in post.sent if out.to == to)
    return Browser(desk.app.test_client()).open(f"/ack/check/{token(desk.chosen.secret_key, ask)}")


def verified(desk: Desk) -> tuple[date | None, date | None]:
    """When Ayer's number and its contact were last verified."""
    with desk.sessions() as store:
        whole = directory_load.load(store, desk.sealer)
    agency = next(one for one in whole.agencies if one.code == "ayer-police")
    return whole.numbers["ayer"][0].verified_on, agency.contacts[0].verified_on


def test_two_sweeps_ask_each_mailbox_once(desk: Desk) -> None:
    posts = [Post(), Post()]
    threads = [threading.Thread(target=rounds(desk, post).look) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rounds(desk, posts[0]).look()
    assert sorted(out.to for post in posts for out in post.sent) == ["desk@ayer.example", "desk@state.example"]
    assert asked(desk) == [("ayer-police", "asked"), ("state-police", "asked")]
    mail = next(out for post in posts for out in post.sent if out.to == "desk@ayer.example")
    (where,) = re.findall(r"http://localhost(/trouble/\S+)", mail.message.text)
    assert "Ayer Police" in Browser(desk.app.test_client()).open(where).words


@pytest.mark.parametrize(
    ("error", "states", "again"),
    [
        (NotSent("no_connection"), [], 2),
        (Rejected("smtp_550"), [("ayer-police", "refused"), ("state-police", "refused")], 0),
        (Ambiguous("lost_after_data"), [("ayer-police", "asking"), ("state-police", "asking")], 0),
    ],
)
def test_only_what_surely_was_not_sent_is_asked_again(
    desk: Desk, error: SendError, states: list[tuple[str, str]], again: int
) -> None:
    post = Post()
    post.fails = error
    rounds(desk, post).look()
    assert asked(desk) == states
    post.fails = None
    rounds(desk, post).look()
    assert len(post.sent) == again


def test_nobody_is_asked_while_an_outage_is_open(desk: Desk) -> None:
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    post = Post()
    rounds(desk, post).look()
    assert post.sent == []


def test_still_right_counts_at_once_and_a_look_counts_nothing(desk: Desk) -> None:
    post = Post()
    rounds(desk, post).look()
    agency = page(desk, post)
    assert "Ayer: 978-555-0101" in agency.words
    assert verified(desk) == (date(2026, 6, 1), None), "a mail scanner that follows the link changes nothing"
    agency.send(agency.path, do="right")
    assert "verified as of today" in agency.words
    assert verified(desk) == (date(2026, 6, 18), date(2026, 6, 18))
    with desk.sessions() as store:
        newest = directory_history.of_row(store, RowKind.NUMBER, "community/ayer/+19785550101")[0]
    assert (newest.by, newest.source, newest.value["verified_on"]) == (
        "agency:ayer-police",
        "monthly round",
        "2026-06-18",
    )


def test_a_correction_waits_for_an_editor_and_is_kept_sealed(desk: Desk) -> None:
    post = Post()
    rounds(desk, post).look()
    agency = page(desk, post)
    agency.send(agency.path, do="correct", old="+19785550101", new="911")
    assert (agency.status, "911 cannot be an alternative to 911" in agency.words) == (422, True)
    agency.send(agency.path, do="correct", old="+19785550101", new="(978) 555-0166", note="new desk")
    assert "has your correction" in agency.words
    assert verified(desk) == (date(2026, 6, 1), None)
    with desk.sessions() as store:
        assert b"5550166" not in bytes(store.execute(text("SELECT words_enc FROM correction")).scalar_one())

    first, second = desk.browser(ADMIN), desk.browser(ADMIN)
    for editor in (first, second):
        editor.open("/desk/directory/upkeep")
        assert "978-555-0101 → 978-555-0166 new desk" in editor.words
    first.send("/accept")
    assert "The correction was accepted." in first.words
    second.send("/reject")
    assert "Somebody has decided about it already" in second.words
    with desk.sessions() as store:
        assert directory_load.load(store).ladder("ayer").number.e164 == "+19785550166"  # type: ignore[union-attr]


def test_a_correction_to_a_number_that_is_listed_already_moves_it_up(desk: Desk) -> None:
    second = AlternateNumber("+19785550111", "Fire desk", verified_on=date(2026, 1, 1), sms=True)
    with desk.sessions.begin() as store:
        plain = directory_load.load(store, desk.sealer)
        both = {**plain.numbers, "ayer": (*plain.numbers["ayer"], second)}
        directory_load.save(store, replace(plain, numbers=both), desk.sealer)
    post = Post()
    rounds(desk, post).look()
    agency = page(desk, post)
    agency.send(agency.path, do="correct", old="+19785550101", new="978-555-0111")
    editor = desk.browser(ADMIN).open("/desk/directory/upkeep")
    assert editor.client.post(editor.form("/accept").action.replace("/accept", "/whatever")).status_code == 404
    editor.send("/accept")
    with desk.sessions.begin() as store:
        assert directory_load.load(store).numbers["ayer"] == (replace(second, verified_on=date(2026, 6, 18)),)
        file = directory_import.export(store, desk.sealer, "directory.csv")
        assert directory_import.propose(store, desk.sealer, "directory.csv", file).refused == ()


def test_links_that_are_not_ours_open_nothing(desk: Desk) -> None:
    post = Post()
    rounds(desk, post).look()
    browser = Browser(desk.app.test_client())
    ask = post.sent[0].key.address
    for wrong in (f"{ask}.{'A' * 22}", "nonsense", token("another secret of the tests 0123456789", ask)):
        assert browser.open(f"/ack/check/{wrong}").status == 404
        assert browser.client.post(f"/ack/check/{wrong}", data={"do": "right"}).status_code == 404
    with desk.sessions() as store:
        assert set(store.scalars(select(UpkeepAsk.state))) == {"asked"}


def test_the_state_police_speak_of_no_towns_number(desk: Desk) -> None:
    post = Post()
    rounds(desk, post).look()
    agency = page(desk, post, "desk@state.example")
    agency.client.post(agency.path, data={"do": "right", "shown": ["+19785550101", "+19785550102"]})
    assert verified(desk)[0] == date(2026, 6, 1)


def test_the_mail_carries_the_link_and_no_number(desk: Desk) -> None:
    post = Post()
    rounds(desk, post).look()
    out = next(each for each in post.sent if each.to == "desk@ayer.example")
    printer = CheckPrinter(
        Letterhead("desk@state.example", "State 911", lambda key: "<1@x>"), "http://localhost", "s" * 32
    )
    mail = printer(out.key, out.to, out.message).decode()
    assert "http://localhost/ack/check/" in mail.replace("=\r\n", "")
    assert "555" not in mail.partition("\r\n\r\n")[2].replace(token("s" * 32, out.key.address), "")


def test_the_stale_are_listed_worst_first(desk: Desk) -> None:
    desk.later(days=3)
    with desk.sessions.begin() as store:
        store.execute(text("UPDATE number SET verified_on = '2020-01-01' WHERE visibility = 'restricted'"))
        store.execute(text("UPDATE number SET verified_on = '2025-07-01' WHERE code = 'salem'"))
    reader = desk.browser(AUDITOR).open("/desk/directory/upkeep")
    rows = [" ".join(" ".join(row.itertext()).split()) for row in reader.page.xpath("//tbody/tr")]
    assert rows[0].startswith("Ayer Police contact email, in place 1 never now")
    assert "Groton number 978-555-0102 told to" not in " ".join(rows), "its first one is told, and that is restricted"
    assert "Groton number 978-555-0102 January 1, 2024 December 31, 2024" in " ".join(rows)
    assert rows[-1] == "Salem number 978-555-0104 told to 1,000 people July 1, 2025 July 1, 2026", "due within 30 days"
    assert "Ayer number" not in " ".join(rows), "its year has long to go"
    assert "Groton number in place 1 (restricted) January 1, 2020" in " ".join(rows)
    assert RESTRICTED not in reader.words


def test_a_question_that_came_back_is_loud_and_touches_no_alert(desk: Desk) -> None:
    post = Post()
    rounds(desk, post).look()
    ask = next(out.key.address for out in post.sent if out.to == "desk@ayer.example")
    told = Bounce(0, ask, "<x>", "failed", "5.1.1", Handset.UNDELIVERED, b"")
    with desk.sessions.begin() as store:
        assert bounces.record(store, told)
        store.execute(text("UPDATE upkeep_ask SET month = '2026-06'"))
    assert ("ayer-police", "refused") in asked(desk)
    assert "No mail reaches 1" in desk.browser(AUDITOR).open("/desk/directory/upkeep").words
    with desk.sessions() as store:
        assert store.execute(text("SELECT count(*) FROM receipt")).scalar_one() == 0


def test_who_may_not_have_been_asked_is_named_after_an_hour(desk: Desk) -> None:
    post = Post()
    post.fails = Ambiguous("lost_after_data")
    rounds(desk, post).look()
    for hours, said in ((0, False), (2, True)):
        with desk.sessions.begin() as store:
            values = {"hours": hours}
            change = "UPDATE upkeep_ask SET month = '2026-06', asked_at = asked_at - make_interval(hours => :hours)"
            store.execute(text(change), values)
        page = desk.browser(AUDITOR).open("/desk/directory/upkeep").words
        assert ("2 may not have been asked" in page) is said


def test_a_phone_is_asked_only_with_its_consent_and_before_its_stop(desk: Desk) -> None:
    numbers = ["+19785550171", "+19785550172", "+19785550173"]
    consents = [date(2026, 1, 1), None, date(2026, 1, 1)]
    phones = tuple(
        Contact(ContactChannel.SMS, number, no, None, day, "letter of the chief" if day else "")
        for no, (number, day) in enumerate(zip(numbers, consents, strict=True), start=2)
    )
    with desk.sessions.begin() as store:
        plain = directory_load.load(store, desk.sealer)
        first, *others = plain.agencies
        agencies = (replace(first, contacts=(*first.contacts, *phones)), *others)
        directory_load.save(store, replace(plain, agencies=agencies), desk.sealer)
        residents.suppress(store, desk.sealer.index(f"sms:{numbers[2]}"), "21610")
    mails, texts = Post(), Post()
    rounds(desk, mails, texts).look()
    assert [out.to for out in texts.sent] == [numbers[0]]
    (out,) = texts.sent
    where = out.message.text.partition("http://localhost")[2].split()[0]
    opened = Browser(desk.app.test_client()).open(where)
    assert "Is this still right?" in opened.words
    assert len(mails.sent) == 2
