"""Two officers, or two tabs of one, at the same draft: nobody undoes or submits what they never saw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from broadcaster.alert.alert import content_from_json
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.database import Sessions
from tests.desk import BOTH, ISSUER, SECOND, Browser, Desk, walk
from tests.flow.story import until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
CHANGED = "This alert was changed after you had opened this page"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def stands(desk: Desk) -> list[tuple[int, str, dict[str, str]]]:
    """The revisions: their note, and the state of each tier."""
    with desk.sessions.begin() as store:
        return [
            (
                row.no,
                content_from_json(row.content).note,
                {each.tier: each.state for each in store.scalars(select(Release).where(Release.revision_id == row.id))},
            )
            for row in store.scalars(select(Revision).order_by(Revision.no))
        ]


def test_the_later_form_undoes_nothing_unseen(desk: Desk) -> None:
    author, other = desk.browser(ISSUER), desk.browser(BOTH)
    alert = walk(desk, author)
    author.open(f"{alert}/edit")
    other.open(f"{alert}/edit").send("/edit", note="Whole county.")
    author.send("/edit", note="Fibre cut.", names="Ayer, Salem")
    assert author.status == 422 and CHANGED in author.words
    assert author.values("/edit")["note"] == ["Fibre cut."] and author.values("/edit")["names"] == ["Ayer, Salem"]
    assert stands(desk) == [(1, "Whole county.", {})]
    assert "Whole county." in Browser(author.client).open(author.page.xpath("//*[@id='at-changed']/a/@href")[0]).words
    author.send("/edit")
    assert stands(desk) == [(1, "Fibre cut.", {})], "who has looked may send it"
    assert "Begun and not sent" not in author.open("/desk/").words


def test_nobody_submits_what_they_have_not_seen(desk: Desk) -> None:
    author, other = desk.browser(ISSUER), desk.browser(BOTH)
    alert = walk(desk, author)
    other.open(f"{alert}/edit").send("/edit", statewide="1")
    author.send("/submit", **{"number-harvard": "978-555-0188"})
    assert CHANGED in author.words and "the whole state" in author.words and stands(desk) == [(1, "", {})]
    kept = author.page.xpath("//input[@name='number-harvard']/@value")
    assert kept == ["978-555-0188"], "what was typed is kept"
    author.send("/submit", button=f"{alert}/numbers", **{"number-harvard": kept[0]})
    assert "978-555-0188" in author.words
    author.send("/submit")
    assert "this is what goes out" in author.words


def test_what_is_saved_while_submit_is_under_way_is_not_frozen_unseen(desk: Desk) -> None:
    """The other one's save has begun and holds the alert; submit has read the draft as its page showed it."""
    author = desk.browser(ISSUER)
    walk(desk, author)
    with ThreadPoolExecutor(1) as pool, desk.sessions() as other:
        row = other.scalars(select(Revision).join(Alert).with_for_update(of=Alert)).one()
        submitted = pool.submit(author.send, "/submit")
        until(lambda: waits_for_a_row(desk) or submitted.done())
        row.content = {**row.content, "note": "Whole county."}
        other.commit()
        submitted.result(30)
    assert CHANGED in author.words and "Whole county." in author.words
    assert stands(desk) == [(1, "Whole county.", {})]


def waits_for_a_row(desk: Desk) -> bool:
    with desk.sessions() as store:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(store.scalar(text(waiting)))


def test_an_old_tab_takes_nothing_back_that_waits_or_went_out(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author)
    old, older = Browser(author.client).open(f"{alert}/edit"), Browser(author.client).open(author.path)
    author.send("/submit")
    waiting = [(1, "", {"agency": "pending", "public": "pending"})]
    old.send("/edit", note="Too late.")
    assert old.status == 422 and CHANGED in old.words and stands(desk) == waiting
    older.send("/submit")
    assert CHANGED in older.words and stands(desk) == waiting
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    old.send("/edit")
    assert "This went out already" in old.words
    assert stands(desk) == [(1, "", {"agency": "released", "public": "released"})]


def test_a_number_of_somebody_else_is_not_emptied(desk: Desk) -> None:
    author, other = desk.browser(ISSUER), desk.browser(BOTH)
    alert = walk(desk, author)
    author.open(f"{alert}/numbers")
    other.open(f"{alert}/numbers").send("/numbers", **{"number-harvard": "978-555-0188"})
    author.send("/numbers", **{"number-ayer": "978-555-0199"})
    assert CHANGED in author.words and author.path == f"{alert}/numbers"
    kept = author.values("/numbers")
    assert (kept["number-ayer"], kept["number-harvard"]) == (["978-555-0199"], ["978-555-0188"])
    author.send("/numbers")
    assert "978-555-0199" in author.words and "978-555-0188" in author.words


def test_a_follow_up_is_not_filled_from_the_form_before_it(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author)
    old = Browser(author.client).open(f"{alert}/edit")
    author.send("/submit")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    author.open(alert).send("/next/update")
    author.send("/edit", note="Second word.")
    old.send("/edit", note="First word.")
    assert CHANGED in old.words and [row[1] for row in stands(desk)] == ["", "Second word."]
