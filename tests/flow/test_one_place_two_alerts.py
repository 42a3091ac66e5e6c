"""A second alert for a place where one is on air already: it is said, and joined, replaced or kept beside it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from broadcaster.alert.alert import Content, content_from_json
from broadcaster.dispatch.documents import publish
from broadcaster.dispatch.office import Office
from broadcaster.feeds import public_page
from broadcaster.feeds.lookup import advice_by_town
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from tests.desk import ISSUER, SECOND, Browser, Desk, released, walk


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def codes(author: Browser) -> list[str]:
    """Which guards stand on the page."""
    return author.page.xpath("//*[contains(@class, 'guards')]//li/@data-code")


def content(desk: Desk, alert: str, no: int) -> Content:
    with desk.sessions() as store:
        query = select(Revision).join(Alert).where(Alert.public_id == alert.split("/")[-1], Revision.no == no)
        return content_from_json(store.scalars(query).one().content)


def state(desk: Desk, alert: str) -> str:
    with desk.sessions() as store:
        return store.scalars(select(Alert.state).where(Alert.public_id == alert.split("/")[-1])).one()


def second_alert(desk: Desk) -> tuple[str, str, Browser, Browser]:
    """One alert for Ayer, Groton and Harvard on air, and a draft for Ayer and Salem at its check."""
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    first = released(desk, author, second, SECOND)
    desk.later(minutes=10)
    draft = walk(desk, author, names="Ayer, Salem", note="Another cut")
    return first, draft, author, second


def test_it_is_said_to_both_and_keeping_both_is_doing_nothing(desk: Desk) -> None:
    first, draft, author, second = second_alert(desk)
    assert "on-air" in codes(author)
    assert "An alert for Ayer, Groton, Harvard is still on air in Ayer." in author.words
    author.send("/submit")
    assert not author.has(f"/join/{first.split('/')[-1]}")
    assert "on-air" in codes(second.open(author.path))
    second.send("/approve", code=desk.code(SECOND))
    assert (state(desk, first), state(desk, draft)) == ("open", "open")


def test_joined_it_is_an_update_of_the_first(desk: Desk) -> None:
    first, draft, author, second = second_alert(desk)
    author.send(f"/join/{first.split('/')[-1]}")
    assert author.path == f"{first}/revisions/2" and "on-air" not in codes(author)
    joined = content(desk, first, 2)
    assert joined.area.communities == ("ayer", "groton", "harvard", "salem")
    assert joined.note == "" and state(desk, draft) == "withdrawn"
    second.open(author.send("/submit").path).send("/approve", code=desk.code(SECOND))
    assert "Ayer, Groton, Harvard and 1 more" in author.open("/desk/").words


def test_a_town_that_fails_again_within_its_county_is_not_restored(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    first = released(desk, author, second, SECOND)
    with desk.sessions.begin() as store:
        row = store.scalars(select(Revision).join(Alert).where(Alert.public_id == first.split("/")[-1])).one()
        row.content = {**row.content, "restored": ["ayer", "harvard"]}
    walk(desk, author, names="", counties="25017")
    author.send(f"/join/{first.split('/')[-1]}")
    assert content(desk, first, 2).restored == ("harvard",), "Ayer is in Middlesex County"


def test_replaced_it_says_what_the_draft_said(desk: Desk) -> None:
    first, draft, author, _ = second_alert(desk)
    author.send(f"/replace/{first.split('/')[-1]}")
    replaced = content(desk, first, 2)
    assert (replaced.area.communities, replaced.note) == (("ayer", "salem"), "Another cut")
    assert state(desk, draft) == "withdrawn"


def test_what_was_submitted_or_has_ended_is_not_joined(desk: Desk) -> None:
    first, draft, author, _ = second_alert(desk)
    form = author.form(f"/join/{first.split('/')[-1]}")
    data = dict(form.form_values())
    author.send("/submit")
    answer = author.client.post(form.action, data=data, follow_redirects=True).get_data(as_text=True)
    assert "This alert was submitted already" in answer
    assert state(desk, draft) == "draft"


def test_an_alert_that_ran_out_without_an_all_clear_is_said(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    released(desk, author, second, SECOND)
    for _ in range(5):
        desk.later(minutes=30)
        author.open("/desk/")
    walk(desk, author, names="Groton", expires="2026-06-18T16:00", next_update="")
    assert "all-clear-missing" in codes(author)
    assert "ran out without an all-clear, and people in Groton were told" in author.words


def test_only_agencies_know_of_it_so_it_cannot_be_joined_yet(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit").send("/release-agencies")
    walk(desk, author, names="Ayer")
    assert "on-air" in codes(author) and "it cannot be joined yet" in author.words


def test_the_check_compares_with_audiences_so_far(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    released(desk, author, second, SECOND)
    with desk.sessions.begin() as store:
        store.execute(text("UPDATE fanout SET planned = 1 WHERE channel = 'sms'"))
    walk(desk, author)
    assert "6 people; the largest so far was 1." in author.words and "reach-largest" in codes(author)


def test_a_number_that_is_typed_at_the_check_is_seen_before_it_is_frozen(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    always, sometimes = {"number-none", "number-stale"}, {"contact-stale", "spill"}
    assert always | sometimes >= set(codes(author)) >= always
    author.send("/submit", **{"number-harvard": "555"})
    assert author.status == 422 and "type ten digits" in author.beside("harvard")
    author.open(f"{alert}/revisions/1").send("/submit", **{"number-harvard": "978-555-0166"})
    assert author.path == f"{alert}/revisions/1" and author.has("/submit")
    assert "A number was typed in since" in author.words and "number-none" not in codes(author)
    assert "call 978-555-0166" in author.words
    author.send("/submit", **{"number-harvard": "978-555-0166"})
    assert not author.has("/submit") and content(desk, alert, 1).overrides[0][0] == "harvard"


def test_kept_both_the_page_of_the_town_and_the_texts_say_both(desk: Desk) -> None:
    first, draft, author, second = second_alert(desk)
    author.send("/submit", **{"number-ayer": "978-555-0166"}).send("/submit")
    second.open(author.path)
    assert "In an emergency call 978-555-0166. In an emergency call 978-555-0101." in second.words
    assert "in 1 community one text says what holds by both" in second.words
    second.send("/approve", code=desk.code(SECOND))
    with desk.sessions() as store:
        shown = publish.snapshot(store, Office.of(desk.chosen), directory_load.load(store), desk.now)
    advice = advice_by_town(shown)["ayer"]
    assert advice.sentence.endswith("call 978-555-0166. If that fails, call 978-555-0101.")
    assert (advice.alert, advice.others) == (draft.split("/")[-1], (first.split("/")[-1],))
    page = public_page.town_page(shown, advice).decode()
    assert page.count('href="/#alert-') == 2 and "In an emergency call 978-555-0101." in page
