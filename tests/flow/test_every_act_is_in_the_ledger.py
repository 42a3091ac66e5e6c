"""Every button of the desk writes an event: a night is played, and each address that acts is watched while it does."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask import g, request
from sqlalchemy import select

from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent, AuditHead
from broadcaster.web.signin import accounts
from tests.desk import ISSUER, PASSWORD, SECOND, Desk, released, walk
from tests.flow.test_the_directory import exported, upload
from tests.flow.test_words_at_the_desk import put_forward

ADMIN = "ana@desk.example"
ELSEWHERE = {
    "inbox.claim": "test_people_text_us",
    "incoming.take": "test_other_peoples_alerts",
    "incoming.dismiss": "test_other_peoples_alerts",
    "lines.tell": "test_the_line_changes",
    "keeping.decide": "test_the_monthly_round",
    "notices.create": "test_a_providers_notice",
    "notices.dismiss": "test_a_providers_notice",
    "notices.pass_on": "test_a_providers_notice",
    **dict.fromkeys(
        ("notices.judge", "notices.separate", "providers.add", "providers.remove"), "test_whose_notice_it_is"
    ),
    "notices.take": "test_a_providers_notice",
    "paged.confirm": "test_pages_are_tested",
    "glass.break_it": "test_one_person_alone",
    "glass.review": "test_one_person_alone",
    "glass.withdraw": "test_one_person_alone",
    "glass.end_for_agencies": "test_only_agencies_heard",
    "missed.make_link": "test_an_answering_point_calls_back",
    "missed.end_link": "test_an_answering_point_calls_back",
    "missed.take": "test_who_could_not_get_through",
    "missed.texts": "test_missed_callers_are_not_harmed",
    "missed.take_next": "test_who_could_not_get_through",
    "missed.claim": "test_who_could_not_get_through",
    "missed.give_back": "test_who_could_not_get_through",
    "missed.outcome": "test_who_could_not_get_through",
    "missed.note": "test_who_could_not_get_through",
    "missed.end_check": "test_who_could_not_get_through",
    "missed.send_text": "test_missed_callers_are_not_harmed",
    "missed.ring": "test_a_caller_is_rung_back",
    **dict.fromkeys(
        ("drills.plan", "drills.cancel", "drills.practise", "drills.start", "drills.finish"), "test_drills"
    ),
    "outages.create": "test_an_outage_from_first_word",
    "outages.change": "test_an_outage_from_first_word",
    "outages.note": "test_an_outage_from_first_word",
    "outages.hand_over": "test_an_outage_from_first_word",
    "outages.receive": "test_an_outage_from_first_word",
    "outages.take_over": "test_an_outage_from_first_word",
    "outages.close": "test_an_outage_from_first_word",
    "outages.again": "test_an_outage_from_first_word",
    **dict.fromkeys(("outages.join", "outages.part"), "test_two_records_of_one_outage"),
    "desk_trouble.draft": "test_911_trouble",
    "desk_trouble.aside": "test_911_trouble",
    "desk_trouble.renew": "test_911_trouble",
    "reports.save": "test_the_report_of_a_night",
    "summary.mail": "test_the_one_page",
    "roster.add": "test_the_roster",
    "roster.remove": "test_the_roster",
    "roster.hand_over": "test_the_roster",
    "roster.receive": "test_the_roster",
    "roster.save": "test_the_roster",
    "account.change": "test_recovery_codes",
    "account.codes": "test_recovery_codes",
    "account.end": "test_sessions",
    "account.end_others": "test_sessions",
    "account.password": "test_sessions",
    "passkeys.add": "test_passkeys",
    "passkeys.end": "test_passkeys",
    "people.ask": "test_rights_by_two",
    "people.confirm": "test_rights_by_two",
    "people.disable": "test_rights_by_two",
    "people.end_factors": "test_rights_by_two",
    "people.end_session": "test_sessions",
    "people.end_token": "test_rights_by_two",
    "people.refuse": "test_rights_by_two",
    "people.take": "test_rights_by_two",
    "people.token": "test_rights_by_two",
    "agency.answer": "test_people_of_an_agency",
    "agency.verify": "test_people_of_an_agency",
    **dict.fromkeys(
        ("identities.connect", "identities.end_own", "identities.accept", "identities.end", "provider.enter"),
        "test_signing_in_by_a_provider",
    ),
    "signin.by_passkey": "test_passkeys",
    "together.join": "test_one_place_two_alerts",
    "together.take_over": "test_one_place_two_alerts",
    **dict.fromkeys([f"detector.{name}" for name in ("draft", "dismiss", "plan", "end")], "test_the_phones_go_quiet"),
}
"""What takes somebody else, or a night of its own, to come to; the story that plays it."""
QUIET = {
    "directory.propose": "it shows what a file would change, and changes nothing",
    "drafts.save": "what somebody types is theirs until they save it as a draft of an alert",
    "drafts.discard": "the same",
    "notices.draft": "the same: a form is filled in for its person, and nothing is saved of an alert",
    "missed.read": "it shows how a log would be read, and keeps nothing",
    "passkeys.ask": "a question to a device; its answer is the act",
    "passkeys.begin": "the same",
    "signin.ask": "the same, of whoever knocks",
    "desk_tongue.choose": "a browser keeps in which language the desk speaks to its reader",
}


@dataclass
class Watch:
    """Which addresses have acted, and the events that each of them wrote."""

    desk: Desk
    wrote: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        app = self.desk.app
        app.before_request_funcs.setdefault(None, []).insert(0, self._before)
        app.after_request(self._after)

    def _head(self) -> int:
        with self.desk.sessions() as store:
            return store.scalar(select(AuditHead.seq)) or 0

    def _before(self) -> None:
        g.head = self._head()

    def _after(self, answer):  # type: ignore[no-untyped-def]
        if request.method == "POST" and answer.status_code < 400:
            with self.desk.sessions() as store:
                fresh = store.scalars(select(AuditEvent.action).where(AuditEvent.seq > g.head))
                self.wrote.setdefault(str(request.endpoint), []).extend(fresh)
        return answer


@pytest.fixture
def watch(sessions: Sessions) -> Watch:
    desk = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, ADMIN, "Ana", PASSWORD, ["admin", "approver"])
    return Watch(desk)


def buttons(desk: Desk) -> set[str]:
    """Every address of the desk that takes a POST."""
    rules = [rule for rule in desk.app.url_map.iter_rules() if rule.rule.startswith("/desk/")]
    return {rule.endpoint for rule in rules if "POST" in (rule.methods or ())}


def test_every_button_writes_an_event(watch: Watch) -> None:
    desk = watch.desk
    author, second, admin = desk.browser(ISSUER), desk.browser(SECOND), desk.browser(ADMIN)
    alert = walk(desk, author)
    author.open(f"{alert}/edit").send("/edit", note="A firewall stops calls.")
    author.open(f"{alert}/numbers").send("/numbers", **{"number-harvard": "978-555-0188"})
    author.open(f"{alert}/revisions/1").send("/submit")
    second.open(f"{alert}/revisions/1").send("/return", reason="Say which towns.")
    author.open(f"{alert}/edit").send("/edit", note="A firewall stops all calls.")
    author.open(f"{alert}/revisions/2").send("/submit")
    page = second.open(f"{alert}/revisions/2").path
    second.send("/return", reason="It works again.", button=f"{page}/reject")
    other = released(desk, author, second, SECOND)
    author.open(f"{other}/revisions/1").send("/hold")
    second.open(f"{other}/revisions/1").send("/resume", code=desk.code(SECOND))
    author.open(f"{other}/next/update").send("/next/update")
    author.open(f"{walk(desk, author)}/revisions/1").send("/discard")
    put_forward(admin, **{"all_calls.what": "911 pa mache ditou nan {place}"})
    second.open(admin.path).send("/approve", code=desk.code(SECOND))
    put_forward(admin, **{"all_calls.what": "911 pa mache nan {place}"})
    second.open(admin.path).send("/reject", reason="The tone is wrong.")
    upload(admin, exported(admin).replace("+19785550101", "(978) 555-0111")).send("/apply")
    admin.open("/desk/ledger/").send("/export", **{"as": "csv"})
    author.open("/desk/").send("/sign-out")
    assert buttons(desk) == set(watch.wrote) | set(ELSEWHERE) | set(QUIET)
    assert [name for name, events in watch.wrote.items() if not events and name not in QUIET] == []
    assert watch.wrote["approval.approve"] == ["approved"]
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""


def test_a_wrong_password_and_a_wrong_code_are_events_too(watch: Watch) -> None:
    desk = watch.desk
    intruder = desk.browser().open("/desk/")
    for _ in range(3):
        intruder.send("sign-in", email=ISSUER, password="a guess", code="000000")
    intruder.send("sign-in", email="nobody@desk.example", password="a guess", code="000000")
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author)
    author.send("/submit")
    second.open(author.path).send("/approve", code="000000")
    with desk.sessions() as store:
        told = [(each.actor, each.action) for each in store.query(AuditEvent).order_by(AuditEvent.seq)]
        abe = people.by_email(store, SECOND)
        assert abe is not None and alert
    assert told.count(("web", "sign-in-failed")) == 2
    assert told[-1] == (f"user:{abe.id}", "code-refused")
