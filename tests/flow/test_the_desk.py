"""The desk without a script, end to end: sign in, form, numbers, preview, submit, agencies, the second person."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.timeline import ledger
from tests.desk import BOTH, ISSUER, RESTRICTED, SECOND, Browser, Desk, released, walk


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def fanouts(desk: Desk) -> list[str]:
    with desk.sessions.begin() as store:
        return sorted(f"{row.tier} {row.channel}" for row in store.scalars(select(Fanout)))


def what_goes_out(author: Browser) -> list[str]:
    shown = ("bubble", "wea-card", "eas-text", "eas-header", "area-map", "page-sample", "texts")
    parts = author.page.xpath("//*[" + " or ".join(f"contains(@class, '{name}')" for name in shown) + "]")
    assert len(parts) >= len(shown)
    return [" ".join(part.text_content().split()) for part in parts]


def test_the_whole_walk(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author)
    assert "6 in 3 communities" in author.words and "2, marked CONFIRMED" in author.words
    assert "State 911, 12:01 PM: 911 is down in Ayer. In an emergency call 978-555-0101." in author.words
    before = what_goes_out(author)
    author.send("/submit")
    assert "this is what goes out" in author.words
    assert what_goes_out(author) == before
    assert "Waiting for a second person" in author.words and fanouts(desk) == []
    page = author.path
    author.send("/release-agencies")
    assert fanouts(desk) == ["agency email"] and desk.rung == [("urgent", "sms")]
    assert "Read and decide" in second.open("/desk/").words
    second.open(page).send("/approve", code=desk.code(SECOND))
    assert second.path == alert
    assert fanouts(desk) == ["agency email", "public feed", "public sms"] and len(desk.rung) == 2
    with desk.sessions.begin() as store:
        assert ledger.verify(store).broken_at is None


def test_approval_alone_tells_the_agencies_too(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    walk(desk, author)
    author.send("/submit")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    assert fanouts(desk) == ["agency email", "public feed", "public sms"]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"names": "Ayer, Nowhere"}, "names", "“Nowhere” is not in the directory"),
        ({"expires": "2026-06-18T08:00"}, "expires", "end before the outage began"),
        ({"failure": "one_carrier"}, "provider", "Name the carrier"),
        ({"names": ""}, "area", "Choose where 911 fails"),
        ({"began": "half past one"}, "began", "is no date with a time"),
    ],
)
def test_bad_input_keeps_the_rest_and_saves_nothing(desk: Desk, typed: dict[str, str], field: str, words: str) -> None:
    author = desk.browser(ISSUER).open("/desk/new")
    full = {"names": "Ayer", "note": "Fibre cut <near> Ayer", "counties": ["25009"], "certainty": "reported"}
    if field == "area":
        full.pop("counties")
    author.send("/desk/new", **(full | typed))
    assert author.status == 422
    assert words in author.beside(field)
    kept = author.values("/desk/new")
    for name, value in (full | typed).items():
        assert kept.get(name, [""]) == ([value] if isinstance(value, str) else value), name
    with desk.sessions.begin() as store:
        assert store.scalar(select(func.count()).select_from(Alert)) == 0


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("911", "cannot be an alternative to 911"),
        ("555-0101", "check the area code"),
        ("call the desk", "is not a phone number"),
        ("978-555-0101 x5", "no extension"),
        (RESTRICTED, "is restricted"),
        ("+44 20 7946 0018", ""),
    ],
)
def test_numbers_given_by_hand(desk: Desk, number: str, words: str) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.open(author.path.split("/revisions")[0] + "/numbers")
    author.send("/numbers", **{"number-harvard": number, "number-ayer": "978-555-0188"})
    if words:
        assert author.status == 422
        assert words in author.beside("harvard")
        assert author.values("/numbers")["number-ayer"] == ["978-555-0188"]
        author.send("/numbers", **{"number-harvard": ""})
    assert "/revisions/" in author.path
    assert "978-555-0188" in author.words


def test_numbers_are_shown_with_what_is_wrong_with_them(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    words = author.open(f"{alert}/numbers").words
    assert "1 without a number of its own" in words
    assert "No number of its owngets the number of the State Police: 617-555-0199" in words
    assert "1 not verified within a year" in words and "verified January 1, 2024" in words
    assert RESTRICTED not in author.text


def test_a_restricted_number_is_on_no_page(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    pages = [author.text, author.open("/desk/new").text, author.open("/desk/").text]
    assert not any(RESTRICTED in page or "5550177" in page for page in pages)


def test_the_author_cannot_approve_and_is_told_why(desk: Desk) -> None:
    author = desk.browser(BOTH)
    walk(desk, author)
    author.send("/submit")
    assert "a second person must approve it" in author.words
    assert not author.has("/approve")
    token = author.values("/release-agencies")["csrf_token"]
    with desk.sessions.begin() as store:
        shown = store.scalar(select(Revision.hash))
    data = {"csrf_token": token, "hash": shown, "code": desk.code(BOTH)}
    answer = author.client.post(f"{author.path}/approve", data=data, follow_redirects=True)
    assert "You wrote, edited or submitted this revision" in answer.get_data(as_text=True)
    assert fanouts(desk) == []


def test_whoever_edits_cannot_approve_either(desk: Desk) -> None:
    author, editor = desk.browser(ISSUER), desk.browser(BOTH)
    alert = walk(desk, author)
    editor.open(f"{alert}/edit").send("/edit", note="One word more")
    author.open(editor.path).send("/submit")
    assert "a second person must approve it" in editor.open(author.path).words
    assert not editor.has("/approve")


def test_a_code_approves_once_and_a_wrong_one_says_so(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    pages = []
    for names in ("Ayer", "Groton"):
        walk(desk, author, names=names)
        pages.append(author.send("/submit").path)
    second.open(pages[0]).send("/approve", code="000000")
    assert (second.status, "was used already" in second.beside("code")) == (422, True)
    code = desk.code(SECOND)
    second.send("/approve", code=code)
    assert second.status == 200 and len(fanouts(desk)) == 3
    second.open(pages[1]).send("/approve", code=code)
    assert second.status == 422 and len(fanouts(desk)) == 3


def test_the_approver_approves_what_they_saw(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author)
    page = author.send("/submit").path
    second.open(page)
    author.open(f"{alert}/edit").send("/edit", note="Something else")
    author.send("/submit")
    second.send("/approve", code=desk.code(SECOND))
    assert "was replaced by a newer revision" in second.words and fanouts(desk) == []
    second.open(author.path).send("/approve", code=desk.code(SECOND), hash="0" * 64)
    assert "changed after this page was opened" in second.words and fanouts(desk) == []


def test_return_and_reject_need_a_reason(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    walk(desk, author)
    page = author.send("/submit").path
    second.open(page).send("/return", reason=" ")
    assert second.status == 422 and "Say why" in second.beside("reason")
    second.send("/return", reason="Ayer is wrong", button=f"{page}/return")
    assert "Returned by Abe at 12:01 p.m.: “Ayer is wrong”" in author.open(page).words
    assert not author.has("/release-agencies")
    author.open(f"{page.split('/revisions')[0]}/edit").send("/edit", names="Groton")
    author.send("/submit")
    second.open(author.path).send("/return", reason="No outage", button=f"{author.path}/reject")
    assert "Rejected by Abe" in author.open(author.path).words


def test_hold_takes_one_person_and_resume_two(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    page = f"{alert}/revisions/1"
    author.open(page).send("/hold")
    assert "On hold" in author.words and "must approve" not in author.words
    assert not author.values("/resume").get("code")
    second.open(page).send("/resume", code="000000")
    assert second.status == 422
    second.send("/resume", code=desk.code(SECOND))
    with desk.sessions.begin() as store:
        assert set(store.scalars(select(Release.state))) == {"released"}


def next_of(desk: Desk, author: Browser, alert: str, kind: str) -> Browser:
    desk.later(minutes=5)
    return author.open("/desk/").send(f"/next/{kind}")


def test_update_and_number_change_come_prefilled(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    next_of(desk, author, alert, "update")
    assert author.values("/edit")["communities"] == ["ayer", "groton", "harvard"]
    author.send("/edit", note="Crews are at work").send("/submit")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    next_of(desk, author, alert, "number_change")
    assert set(author.values("/edit")) == {"csrf_token", "draft", "known", "seen", "expires", "next_update", "note"}
    author.send("/edit").send("/numbers", **{"number-harvard": "978-555-0166"})
    assert "978-555-0166" in author.words and "Number change" in author.words


def test_restored_in_part_then_all_clear(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    next_of(desk, author, alert, "restored_in_part")
    author.send("/edit", restored=["ayer"]).send("/submit")
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    next_of(desk, author, alert, "all_clear").send("/edit")
    assert "Name who confirms" in author.beside("confirmations")
    author.send("/edit", **{"who-0": "Pat of the vendor", "how-0": "by telephone"}).send("/submit")
    assert not author.has("/release-agencies") and "Told together with the public" in author.words
    second.open(author.path).send("/approve", code=desk.code(SECOND))
    with desk.sessions.begin() as store:
        assert store.scalars(select(Alert.state)).one() == "closed"
    assert "No outage is open" in author.open("/desk/").words
    home = author.open("/desk/").words
    assert "Ended" in home and "all-clear" in home and "No outage is open." in home


def test_a_false_alarm_has_no_free_field(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    next_of(desk, author, alert, "false_alarm")
    assert "/revisions/2" in author.path and "was sent in error: 911 works in Ayer" in author.words
    second.open(author.send("/submit").path).send("/approve", code=desk.code(SECOND))
    with desk.sessions.begin() as store:
        assert store.scalars(select(Alert.state)).one() == "withdrawn"


def test_minutes_since_it_was_known_stand_on_every_page_and_expiry_is_loud(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    released(desk, author, second, SECOND)
    desk.later(minutes=20)
    for path in ("/desk/", "/desk/new"):
        assert "20 min known" in author.open(path).words
    desk.later(minutes=20)
    assert "The promised update is overdue" in author.open("/desk/new").words
    for _ in range(4):
        desk.later(minutes=30)
        author.open("/desk/")
    assert "It expired without an all-clear" in author.open("/desk/new").words


def test_a_get_changes_nothing(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)

    def everything() -> list[object]:
        with desk.sessions.begin() as store:
            count = store.scalar(select(func.count()).select_from(ledger.AuditEvent))
            return [count, *store.execute(select(Revision.id, Revision.content, Revision.hash)).all()]

    before = everything()
    for path in ("edit", "numbers", "revisions/1", "next/update", "next/all_clear", "revisions/1/mail/ayer-police"):
        assert author.open(f"{alert}/{path}").status == 200, path
    for path in ("submit", "approve", "hold", "release-agencies", "return"):
        assert author.open(f"{alert}/revisions/1/{path}").status == 405
    assert everything() == before
