"""What is typed is kept: through a closed tab, a refused send, an ended session. It is acted on by nobody."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from broadcaster.store.alerting import drafts
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.web.signin.guard import IDLE
from tests.desk import BOTH, ISSUER, PASSWORD, SECOND, Browser, Desk, walk
from tests.flow.test_an_outage_from_first_word import opened, person_id

TYPED = {"names": "Ayer, Gro", "note": "Fibre cut <near> Ayer", "counties": ["25009"], "certainty": "reported"}


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def as_typed(author: Browser, action: str = "/desk/new") -> dict[str, object]:
    stands = author.values(action)
    return {name: stands[name] if isinstance(value, list) else stands[name][0] for name, value in TYPED.items()}


def keeps(author: Browser, **values: str | list[str]) -> int:
    """What the browser sends by itself while somebody types."""
    form = author.page.xpath("//form[@data-draft]")[0]
    data = {**author.values(form.action), **values}
    return author.client.post(form.get("data-draft"), data=data).status_code


def alerts(desk: Desk) -> int:
    with desk.sessions() as store:
        return store.scalar(select(func.count()).select_from(Alert)) or 0


def test_a_closed_tab_loses_nothing(desk: Desk) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    assert keeps(author, **TYPED) == 204
    desk.later(minutes=7)
    home = author.open("/desk/")
    assert "7 min" in home.words and "Essex County, Ayer, Gro" in home.words and "Only you see it." in home.words
    assert "Begun and not sent" not in desk.browser(BOTH).words
    author.open(home.page.xpath("//*[contains(@class, 'is-begun')]//a/@href")[0])
    assert as_typed(author) == TYPED
    assert "This is the form as you left it at 12:00 p.m." in author.words
    assert "since the outage was known" in author.words
    author.send("/desk/new", names="Ayer, Groton")
    assert author.status == 200 and alerts(desk) == 1
    assert "Begun and not sent" not in author.open("/desk/").words
    with desk.sessions() as store:
        known = store.scalars(select(Alert.known_since)).one()
    assert (desk.now - known).total_seconds() > 7 * 60, "it was known when the form was opened"


def test_a_refused_send_is_kept_and_thrown_away_only_by_hand(desk: Desk) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    author.send("/desk/new", **TYPED)
    assert author.status == 422
    author.open("/desk/").open(author.page.xpath("//*[contains(@class, 'is-begun')]//a/@href")[0])
    assert as_typed(author) == TYPED
    author.send("/discard")
    assert "Thrown away" in author.words and "Begun and not sent" not in author.words


def sign_in(desk: Desk, browser: Browser, email: str = ISSUER) -> Browser:
    return browser.send("sign-in", email=email, password=PASSWORD, code=desk.code(email))


def test_a_session_that_ends_while_somebody_types_loses_nothing(desk: Desk) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    desk.later(seconds=IDLE + 1)
    author.send("/desk/new", **TYPED)
    assert author.status == 403 and "What you typed is kept" in author.words and alerts(desk) == 0
    author.send("sign-in", email=ISSUER, password="wrong", code="000000")
    assert author.status == 422 and "What you typed is kept" in author.words
    sign_in(desk, author)
    assert as_typed(author) == TYPED and "Your session had ended" in author.words
    assert alerts(desk) == 0, "it waits for its person to look at it"
    author.send("/desk/new", names="Ayer, Groton", next_update="")
    assert alerts(desk) == 1


def test_not_even_when_the_browser_was_told_that_the_session_is_over(desk: Desk) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    desk.later(seconds=IDLE + 1)
    assert keeps(author, **TYPED) == 303
    author.send("/desk/new", **TYPED)
    assert author.status == 403 and "What you typed is kept" in author.words
    assert as_typed(sign_in(desk, author)) == TYPED


def test_nor_when_somebody_signed_in_again_in_another_tab(desk: Desk) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    there = Browser(author.client)
    there.open("/desk/").send("sign-out")
    sign_in(desk, there)
    author.send("/desk/new", **TYPED)
    assert author.path == "/desk/new" and as_typed(author) == TYPED and alerts(desk) == 0


def test_an_edit_is_kept_with_its_revision(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    author.open(f"{alert}/edit")
    desk.later(seconds=IDLE + 1)
    author.send("/edit", **TYPED)
    assert sign_in(desk, author).path == f"{alert}/edit" and as_typed(author, "/edit") == TYPED
    assert "An edit of an alert" in Browser(author.client).open("/desk/").words
    author.send("/edit", names="Ayer, Groton", next_update="")
    assert author.path == f"{alert}/revisions/1" and "Fibre cut <near> Ayer" in author.words
    assert "Begun and not sent" not in author.open("/desk/").words


@pytest.mark.parametrize("page", ["numbers", "revisions/1"])
def test_a_number_given_by_hand_outlives_its_session(desk: Desk, page: str) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    author.open(f"{alert}/{page}")
    desk.later(seconds=IDLE + 1)
    author.send("/numbers" if page == "numbers" else "/submit", **{"number-harvard": "978-555-0166"})
    assert sign_in(desk, author).path == f"{alert}/numbers"
    assert author.values("/numbers")["number-harvard"] == ["978-555-0166"]
    assert "The numbers of an alert" in Browser(author.client).open("/desk/").words
    author.send("/numbers")
    assert "call 978-555-0166" in author.words
    assert "Begun and not sent" not in author.open("/desk/").words


def test_a_number_typed_at_the_check_is_kept_as_it_is_typed(desk: Desk) -> None:
    """A closed tab loses nothing, nothing is in the texts before it is used, and what was used is not kept further."""
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    check = author.path
    assert keeps(author, **{"number-harvard": "978-555-01"}) == 204
    assert keeps(author, **{"number-harvard": "978-555-0166", "number-groton": "978-555-0102"}) == 204
    assert "The numbers of an alert" in author.open("/desk/").words
    author.open(check)
    assert "The numbers stand as you left them at 12:00 p.m." in author.words
    stands = author.page.xpath("//input[starts-with(@name, 'number-')]")
    assert (stands[0].name, stands[0].value, stands[0].get("form")) == ("number-groton", "978-555-0102", "submit")
    assert (stands[1].name, stands[1].value) == ("number-harvard", "978-555-0166")
    assert "call 978-555-0166" not in author.words
    assert author.open(f"{alert}/numbers").values("/numbers")["number-harvard"] == ["978-555-0166"]
    author.open(check).send("/submit", **{each.name: each.value for each in stands})
    assert "A number was typed in since" in author.words and "call 978-555-0166" in author.words
    assert "as you left them" not in author.words
    author.send("/submit")
    assert "Begun and not sent" not in author.open("/desk/").words


@pytest.mark.parametrize("action", ["/note", "/hand-over", "/close"])
def test_words_for_the_record_of_an_outage_outlive_their_session(desk: Desk, action: str) -> None:
    author = desk.browser(ISSUER)
    record, name = opened(author), {"/note": "note", "/hand-over": "hand", "/close": "close"}[action]
    desk.later(seconds=IDLE + 1)
    author.send(action, **{name: "The vendor calls back at ten."})
    assert author.status == 403 and "What you typed is kept" in author.words
    assert sign_in(desk, author).path == record and author.values(action)[name] == ["The vendor calls back at ten."]
    home = Browser(author.client).open("/desk/")
    assert "Words for the record of an outage" in home.words
    author.open(record).send(action, **({"to": str(person_id(desk, BOTH))} if name == "hand" else {}))
    assert "The vendor calls back at ten." in author.words
    assert "Words for the record" not in home.open("/desk/").words


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_nothing_of_another_site_comes_back(desk: Desk, header: dict[str, str]) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    data = {**author.values("/desk/new"), **TYPED, "csrf_token": "of somebody else"}
    answer = author.client.post("/desk/new", data=data, headers=header)
    assert answer.status_code == 400
    assert "Begun and not sent" not in author.open("/desk/").words


@pytest.mark.parametrize("typed", ["", "[]", "{", '{"draft": ["../sign-out"]}', '{"draft": "x"}', '{"draft": [[1]]}'])
def test_what_did_not_come_from_our_sign_in_page_is_not_kept(desk: Desk, typed: str) -> None:
    browser = desk.browser().open("/desk/sign-in")
    browser.send("sign-in", email=ISSUER, password=PASSWORD, code=desk.code(ISSUER), typed=typed)
    assert browser.path == "/desk/" and "Begun and not sent" not in browser.words


def test_only_issuers_type_and_old_forms_are_forgotten(desk: Desk) -> None:
    author, second = desk.browser(ISSUER).open("/desk/new"), desk.browser(SECOND)
    token = second.values("sign-out")["csrf_token"]
    assert second.client.post(f"/desk/drafts/{'a' * 16}", data={"csrf_token": token}).status_code == 403
    token = author.values("/desk/new")["csrf_token"]
    assert author.client.post("/desk/drafts/..%2Fnew", data={"csrf_token": token}).status_code == 404
    for no in range(drafts.MOST + 3):
        assert author.client.post(f"/desk/drafts/{no:016}", data={"csrf_token": token, "note": "\0"}).status_code == 204
    with desk.sessions() as store:
        assert store.scalar(select(func.count()).select_from(drafts.TypedDraft)) == drafts.MOST
    with desk.sessions.begin() as store:
        user = store.scalars(select(drafts.TypedDraft.user_id)).first()
        drafts.keep(store, user, "later", {}, desk.now + drafts.KEPT * 2)
        assert [kept.key for kept in drafts.of_person(store, user)] == ["later"]
