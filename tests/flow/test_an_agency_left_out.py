"""An officer leaves agencies out of one alert, with a reason: they hear nothing, and everybody who decides sees it."""

from __future__ import annotations

from pathlib import Path

from broadcaster.alert.alert import RevisionKind, Withheld
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import mailbox
from broadcaster.store.agencies.chases import Chase
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.web.api import tokens
from tests.desk import ISSUER, SECOND, Desk, walk
from tests.factories import Ways, directory, engine, furnish
from tests.flow.test_the_line_changes import follow

WHY = "Ayer hears it by radio"
LEFT = "1 agency is left out and hears nothing"


def test_whom_an_update_leaves_out_hears_nothing_false_and_hears_the_end(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), {})
    left = Withheld(agencies=("town-2-police",), reason="Their mailbox loops.")
    with (
        mailbox.start_in_thread() as post,
        engine(sessions, "http://127.0.0.1:9", tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):

        def mailed() -> list[str]:
            before = len(post.mails())
            drain(works, "urgent")
            works.recorder.wait()
            keep(works)
            return sorted(mail.to for mail in post.mails()[before:])

        everybody = [f"police@town-{no}.example" for no in (1, 2, 3)]
        first = house.release()
        assert mailed() == everybody
        second = follow(house, first, RevisionKind.UPDATE, withheld=left)
        assert mailed() == [everybody[0], everybody[2]]
        with sessions() as session:
            assert session.query(Chase).filter_by(revision_id=second).count() == 2
        follow(house, second, RevisionKind.FALSE_ALARM)
        assert mailed() == everybody
        assert "is over" in post.mails()[-1].subject + post.mails()[-2].subject + post.mails()[-3].subject


def test_leaving_out_is_loud_on_every_page_until_an_update_brings_them_back(sessions: Sessions) -> None:
    desk = Desk(sessions)
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    author.open("/desk/new")
    assert "Leave out an agency list (nobody is left out)" in author.words
    author.send("/desk/new", names="Ayer", withheld_names="Ayer Police")
    assert author.beside("withheld").startswith("Say why these agencies are not told")
    assert author.values("/desk/new")["withheld_names"] == ["Ayer Police"]
    alert = walk(desk, author, names="Ayer", withheld_names="Ayer Police", withheld_reason=WHY)
    assert LEFT in author.words and f"Ayer Police. Why: “{WHY}”" in author.words
    author.send("/submit")
    author.send("/release-agencies")
    second.open(f"{alert}/revisions/1")
    assert LEFT in second.words and WHY in second.words
    second.send("/approve", code=desk.code(SECOND))
    board = f"Left out of revision 1: 1 agency hears nothing Ayer Police. Why: “{WHY}”"
    assert board in second.words
    author.open(alert).send("/next/update")
    assert author.values("/edit")["withheld_reason"] == [WHY]
    author.send("/edit", withheld_names="", withheld_reason="")
    assert "left out" not in author.words
    assert board in second.open(alert).words, "the update is not out yet"
    with sessions.begin() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
        header = {"Authorization": f"Bearer {tokens.make(store, user)}"}
    where = alert.replace("/desk", "/api/v1")
    sent = {"withheld": {"lists": ["police"], "reason": WHY}}
    answer = desk.app.test_client().patch(where, json=sent, headers=header)
    assert answer.get_json()["content"]["withheld"] == {"lists": ["police"], "agencies": [], "reason": WHY}
    refused = desk.app.test_client().patch(where, json={"withheld": {"lists": ["police"]}}, headers=header)
    assert (refused.status_code, "Say why" in refused.get_data(as_text=True)) == (422, True)
