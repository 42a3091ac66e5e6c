"""One person at night: after the wait the glass may be broken, loudly, with a review; our own error is taken back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused
from broadcaster.dispatch import actions
from broadcaster.dispatch.paging.review_pages import ReviewPages
from broadcaster.dispatch.revision import alone
from broadcaster.store.alerting.alerts import Alert, Body, Release, Revision
from broadcaster.store.alerting.reviews import GlassReview, Verdict
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.desk.roster import Shift
from broadcaster.store.fanout.deliveries import Fanout, Target
from broadcaster.store.timeline import ledger
from tests.desk import BOTH, ISSUER, SECOND, Browser, Desk, released, walk
from tests.factories import House, content, directory, furnish, person, phones

WHY = "Abe and Bea do not answer"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def submitted(desk: Desk, author: Browser) -> str:
    walk(desk, author)
    author.send("/submit")
    return author.path


def public(desk: Desk) -> str:
    with desk.sessions.begin() as store:
        return store.scalar(select(Release.state).where(Release.tier == "public").order_by(Release.id.desc()))


def mails(desk: Desk, purpose: str) -> list[str]:
    with desk.sessions.begin() as store:
        query = select(Body.text).join(Target, Target.body_id == Body.id).join(Fanout, Fanout.id == Target.fanout_id)
        return list(store.scalars(query.where(Fanout.purpose == purpose)))


def test_after_the_wait_one_person_releases_alone_and_another_reviews_it(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = submitted(desk, author)
    assert "one person may release it alone from 12:06 p.m. on" in author.words and not author.has("/break-glass")
    desk.later(minutes=5)
    author.open(page).send("/break-glass", reason=WHY, place=" AYER ", code=desk.code(ISSUER))
    assert public(desk) == "released" and "released by one person" in author.words
    assert f"Ida at 12:06 p.m., with no second person: “{WHY}”" in author.words
    assert "Review it by 12:21 p.m." in second.open("/desk/new").words
    assert len(mails(desk, "public_one_person")) == 2
    assert all("RELEASED BY ONE PERSON" in text and WHY in text for text in mails(desk, "public_one_person"))
    desk.later(minutes=16)
    assert "The review is overdue since 12:21 p.m." in second.open("/desk/").words
    second.open(page).send("/review", verdict="right", code=desk.code(SECOND))
    assert "Abe has reviewed it: it is right" in second.words and "Review it by" not in author.open("/desk/").words
    assert all("stands behind it" in text for text in mails(desk, "public_reviewed"))
    with desk.sessions.begin() as store:
        told = [json.loads(each.canonical) for each in store.scalars(select(ledger.AuditEvent))]
    broke = next(each for each in told if each["action"] == "broke_glass")
    assert (broke["data"]["reason"], broke["data"]["no"]) == (WHY, 1) and broke["data"]["waited_s"] >= 300
    assert "reviewed" in [each["action"] for each in told]


def test_within_the_wait_it_is_refused_with_the_minutes_left(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    page = submitted(desk, author)
    desk.later(minutes=1, seconds=30)
    form = {"csrf_token": author.values("/release-agencies")["csrf_token"][0], "reason": WHY, "place": "Ayer"}
    answer = author.client.post(f"{page}/break-glass", data=form | {"code": "000000"}, follow_redirects=True)
    assert "You can release it alone in 4 minutes" in answer.get_data(as_text=True)
    assert public(desk) == "pending"


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"reason": " "}, "glass-reason", "Say why nobody else"),
        ({"place": "Groton"}, "glass-place", "Type Ayer"),
        ({"place": ""}, "glass-place", "Type Ayer"),
        ({"code": "000000"}, "glass-code", "does not fit"),
    ],
)
def test_what_is_missing_is_said_and_the_rest_is_kept(
    desk: Desk, typed: dict[str, str], field: str, words: str
) -> None:
    author = desk.browser(ISSUER)
    page = submitted(desk, author)
    desk.later(minutes=6)
    full = {"reason": WHY, "place": "Ayer", "code": desk.code(ISSUER)} | typed
    author.open(page).send("/break-glass", **full)
    assert author.status == 422 and words in author.beside(field)
    kept = author.values("/break-glass")
    assert (kept["reason"], kept["place"]) == ([full["reason"].strip()], [full["place"]])
    assert public(desk) == "pending"


def test_whoever_can_approve_approves_and_a_get_changes_nothing(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = submitted(desk, author)
    desk.later(minutes=6)
    for address in ("break-glass", "review", "withdraw"):
        assert author.open(f"{page}/{address}").status == 405
    assert not second.open(page).has("/break-glass") and second.has("/approve")
    assert public(desk) == "pending"


def test_a_wrong_one_is_said_to_the_agencies_and_stays_loud(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = submitted(desk, author)
    desk.later(minutes=6)
    author.open(page).send("/break-glass", reason=WHY, place="Ayer", code=desk.code(ISSUER))
    assert not author.open(page).has("/review")
    second.open(page).send("/review", verdict="wrong", code=desk.code(SECOND))
    assert second.status == 422 and "Say what is wrong" in second.beside("note")
    second.send("/review", verdict="wrong", note="It is Groton", code=desk.code(SECOND))
    assert "Now correct it" in second.words and "it is wrong" in second.words
    assert all("WRONG" in text for text in mails(desk, "public_reviewed"))


def test_our_own_error_is_taken_back_by_one_person_at_once(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    author.open("/desk/").send("/next/false_alarm")
    assert "was sent in error: 911 works in Ayer" in author.words
    author.send("/withdraw", code="000000")
    assert author.status == 422 and "does not fit" in author.beside("withdraw-code")
    author.send("/withdraw", code=desk.code(ISSUER))
    assert author.path == alert and "Withdrawn" in author.words
    with desk.sessions.begin() as store:
        assert store.scalars(select(Alert.state)).one() == "withdrawn"
        row = store.scalars(select(Release).where(Release.own_error)).one()
        assert row.approved_by == row.requested_by and row.state == "released"


@pytest.fixture
def house(sessions: Sessions) -> House:
    """Three towns with one resident each."""
    return furnish(sessions, directory(3), {phone: [f"town-{no + 1}"] for no, phone in enumerate(phones(3))})


def waiting(house: House, kind: RevisionKind = RevisionKind.INITIAL) -> int:
    with house.sessions.begin() as session:
        if kind is RevisionKind.INITIAL:
            revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        else:
            revision = actions.next_draft(house.actor(session), session.scalars(select(Alert)).one(), kind)
        actions.submit(house.actor(session), revision)
        return revision.id


def broken(house: House, key: int, who: int | None = None) -> None:
    with house.sessions.begin() as session:
        alone.break_glass(house.actor(session, who), session.get_one(Revision, key), WHY, timedelta())


def test_of_fifty_at_once_exactly_one_breaks_the_glass(house: House) -> None:
    key = waiting(house)

    def attempt(_: int) -> str:
        try:
            broken(house, key)
        except LifecycleRefused as refused:
            return str(refused)
        return "broken"

    with ThreadPoolExecutor(10) as crowd:
        said = list(crowd.map(attempt, range(50)))
    assert said.count("broken") == 1 and all("released already" in each for each in set(said) - {"broken"})
    with house.sessions.begin() as session:
        assert session.query(Fanout).filter_by(channel="sms", purpose="alert").count() == 1
        assert session.scalar(select(func.count()).select_from(GlassReview)) == 1


def test_the_database_itself_refuses_a_review_by_the_same_person(house: House) -> None:
    broken(house, waiting(house))
    with pytest.raises(IntegrityError, match="another_person"), house.sessions.begin() as session:
        row = session.scalars(select(GlassReview)).one()
        row.verdict, row.reviewed_by = Verdict.RIGHT.value, row.broken_by


def test_no_all_clear_is_given_alone(house: House) -> None:
    house.release()
    with house.sessions.begin() as session:
        draft = actions.next_draft(house.actor(session), session.scalars(select(Alert)).one(), RevisionKind.ALL_CLEAR)
        draft.frozen_at, draft.hash = house.actor(session).now, "0" * 64
        session.add(Release(revision_id=draft.id, tier="public", requested_by=house.issuer, hash="0" * 64))
        session.flush()
        with pytest.raises(LifecycleRefused, match="never given by one person"):
            alone.break_glass(house.actor(session), draft, WHY, timedelta())


def test_a_false_alarm_with_anything_added_takes_two(house: House) -> None:
    house.release()
    with house.sessions.begin() as session:
        draft = actions.next_draft(house.actor(session), session.scalars(select(Alert)).one(), RevisionKind.FALSE_ALARM)
        actions.edit(house.actor(session), draft, content(note="Call 978-555-0100 instead."))
        with pytest.raises(LifecycleRefused, match="more than the fixed words"):
            alone.withdraw(house.actor(session), draft)


def test_whoever_wrote_what_nobody_approved_cannot_approve_what_follows_it(house: House) -> None:
    """A breaks the glass, B writes the update: A would stand behind A's own words."""
    with house.sessions.begin() as session:
        other = person(session, "other@ma.example", "issuer", "approver").id
        both = person(session, "both@ma.example", "issuer", "approver").id
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session, both), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session, both), revision)
        key = revision.id
    broken(house, key, both)
    with house.sessions.begin() as session:
        update = actions.next_draft(
            house.actor(session, other), session.get_one(Revision, key).alert, RevisionKind.UPDATE
        )
        actions.submit(house.actor(session, other), update)
        with pytest.raises(LifecycleRefused, match="second person"):
            actions.approve(house.actor(session, both), update, update.hash or "")
        actions.approve(house.actor(session, house.approver), update, update.hash or "")


def test_four_people_run_a_long_night(house: House) -> None:
    """Each writes and each approves in turn: what counts is the hand in this revision, not in those before it."""
    with house.sessions.begin() as session:
        four = [person(session, f"p{no}@ma.example", "issuer", "approver").id for no in range(4)]
    house.issuer, house.approver = four[0], four[1]
    key = house.release()
    for turn in range(1, 9):
        author, editor, second = (four[(turn + step) % 4] for step in range(3))
        with house.sessions.begin() as session:
            alert = session.get_one(Revision, key).alert
            draft = actions.next_draft(house.actor(session, author), alert, RevisionKind.UPDATE)
            draft = actions.edit(house.actor(session, editor), draft, content(note=f"Hour {turn}"))
            actions.submit(house.actor(session, author), draft)
            for hand in (author, editor):
                with pytest.raises(LifecycleRefused, match="second person"):
                    actions.approve(house.actor(session, hand), draft, draft.hash or "")
            actions.approve(house.actor(session, second), draft, draft.hash or "")
            key = draft.id


def test_bea_who_may_both_reviews_what_ida_released(desk: Desk) -> None:
    author, bea = desk.browser(ISSUER), desk.browser(BOTH)
    page = submitted(desk, author)
    desk.later(minutes=6)
    author.open(page).send("/break-glass", reason=WHY, place="Ayer", code=desk.code(ISSUER))
    bea.open(page).send("/review", code=desk.code(BOTH))
    assert bea.status == 422 and "Choose whether it is right" in bea.beside("verdict")
    bea.send("/review", verdict="right", code=desk.code(BOTH))
    assert "Bea has reviewed it" in bea.words


def test_an_overdue_review_calls_whoever_is_on_call_until_somebody_has_reviewed(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = submitted(desk, author)
    with desk.sessions.begin() as store:
        abe = people.by_email(store, SECOND)
        assert abe is not None
        hour = timedelta(hours=1)
        store.add(Shift(user_id=abe.id, begins=desk.now - hour, ends=desk.now + hour, made_by=abe.id))
    desk.later(minutes=5)
    author.open(page).send("/break-glass", reason=WHY, place="Ayer", code=desk.code(ISSUER))
    office = desk.app.extensions["broadcaster"].office
    duty = ReviewPages(desk.sessions, desk.sealer, office, desk.chosen.secret_key)
    broken = desk.now
    at = [broken + timedelta(minutes=minutes) for minutes in (14, 15, 16, 29, 30.5, 46)]
    assert [duty.look(moment) for moment in at] == [0, 1, 0, 0, 2, 2], "Abe; then all approvers, every 15 minutes"
    [words] = mails(desk, "review-1")
    assert "Ida released at 12:06 PM without a second person: 911 outage, Ayer, Groton" in words
    second.open(page).send("/review", verdict="right", code=desk.code(SECOND))
    assert duty.look(broken + timedelta(hours=2)) == 0
    with desk.sessions() as store:
        states = store.scalars(select(Fanout.state).where(Fanout.purpose.like("review-%")))
        assert set(states) == {"superseded"}
