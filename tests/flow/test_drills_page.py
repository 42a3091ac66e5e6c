"""A planned drill pages whoever it asks, with DRILL before anything else; who may not issue is asked to approve; each
person is timed from the page on, and the drill has the report that an outage gets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from broadcaster.dispatch.office import Office
from broadcaster.dispatch.practice.drill_author import DrillAuthor
from broadcaster.dispatch.practice.drill_pages import DrillPages
from broadcaster.dispatch.practice.drills import Drills
from broadcaster.local.carrier import Carrier, Running, start_in_thread
from broadcaster.store.alerting.alerts import Alert, Document, Release
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts, drill_pages, practice
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.drills import DrillOutcome, DrillPart
from broadcaster.store.desk.practice import Standing
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from tests.desk import BOTH, ISSUER, NOON, PASSWORD, SECOND, Desk, released
from tests.factories import SID, TOKEN, engine
from tests.flow.test_drills import ADMIN, FORM, key, on_call, plan

PHONES = {ISSUER: "+12025550101", SECOND: "+12025550102", BOTH: "+12025550103", ADMIN: "+12025550104"}


@dataclass
class Ground:
    """A desk whose people have phones, a carrier that keeps what they were texted, and the three duties."""

    desk: Desk
    carrier: Running
    pages: DrillPages

    def look(self) -> int:
        """What the sweep does in one round; how many pages went."""
        desk = self.desk
        Drills(desk.sessions).look(desk.now)
        DrillAuthor(desk.sessions, desk.sealer, Office.of(desk.chosen)).look(desk.now)
        return self.pages.look(desk.now)

    def heard(self, email: str) -> list[str]:
        """The texts of somebody's phone."""
        return [row["body"] for row in self.carrier.ledger()["messages"] if row["to"] == PHONES[email]]


@contextmanager
def ground(sessions: Sessions, folder: Path, *, practice: bool = False) -> Iterator[Ground]:
    desk = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, ADMIN, "Ana", PASSWORD, ["admin", "approver"])
    with sessions.begin() as store:
        for email, phone in PHONES.items():
            contacts.put(store, desk.sealer, key(desk, email), What.PHONE, phone)
    with start_in_thread(Carrier(SID, TOKEN)) as carrier, engine(sessions, carrier.url, folder) as works:
        works.sealer, works.keys = desk.sealer, desk.chosen.keyring
        yield Ground(desk, carrier, DrillPages(works, "State 911", "http://localhost", practice))


def link(words: str) -> str:
    """Where a page leads."""
    return words.rpartition("http://localhost")[2]


def begun(here: Ground, who: str, after: int = 1, **more: list[str]) -> None:
    """A drill that an administrator has planned for so many hours after noon, at its hour."""
    admin = here.desk.browser(ADMIN)
    assert "Planned." in plan(admin, who, f"2026-06-18T{12 + after}:00", **more).words, admin.words
    here.desk.now = NOON + timedelta(hours=after)


def test_a_shift_is_paged_to_issue_and_to_approve_and_each_is_timed(sessions: Sessions, tmp_path: Path) -> None:
    with ground(sessions, tmp_path) as here:
        desk = here.desk
        for email in (ISSUER, SECOND):
            on_call(desk, email)
        begun(here, "on-call")
        assert [here.look(), here.look()] == [1, 0], "one phone; no mail is set up here"
        [words] = here.heard(ISSUER)
        assert words.startswith("DRILL. State 911: 911 is down in Essex County. Issue the alert now")
        ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
        desk.now = NOON + timedelta(hours=1, seconds=45)
        ida.open(link(words)).send("/start")
        desk.later(seconds=60)
        ida.send("/new", **FORM).send("/submit")
        assert [here.look(), here.look()] == [1, 0]
        [asked] = here.heard(SECOND)
        assert asked.startswith("DRILL. State 911: APPROVE? 911 is down in Essex County.")
        assert here.heard(BOTH) == here.heard(ADMIN) == [], "who is off duty is not woken"
        desk.later(seconds=10)
        abe.open(link(asked)).send("/approve", code=desk.code(SECOND))
        assert abe.path == "/desk/drills/", abe.words

        page = desk.browser(ADMIN).open("/desk/drills/")
        assert "to issue0:45" in page.words and "to approve0:40" in page.words, page.words
        assert "to issue" not in abe.open("/desk/drills/").words
        report = page.open(page.page.xpath("//a[starts-with(normalize-space(), 'Report of')]/@href|//td/a/@href")[0])
        for said in ("DRILL: this was practised", "First draft", "Approved for the public", "Drills"):
            assert said in report.words, said
        figures = report.client.get(f"{report.path}/figures.csv")
        assert "approved" in figures.text and report.client.get(f"{report.path}/full.pdf").data[:5] == b"%PDF-"
        nobody_else(desk, here)


def nobody_else(desk: Desk, here: Ground) -> None:
    """Two pages, no fan-out, no document; the ledger has whom it was."""
    assert len(here.carrier.ledger()["messages"]) == 2
    with desk.sessions() as store:
        assert (store.query(Fanout).count(), store.query(Document).count()) == (0, 0)
        paged = store.query(AuditEvent).filter_by(action="drill-paged").order_by(AuditEvent.seq).all()
        assert [one.object.partition(":")[0] for one in paged] == ["drill-run"] * 2
        assert ledger.verify(store).why == ""


def test_an_approver_alone_practises_on_what_the_machine_has_written(sessions: Sessions, tmp_path: Path) -> None:
    with ground(sessions, tmp_path) as here:
        desk = here.desk
        mine = plan(desk.browser(ADMIN), str(key(desk, ADMIN)), "2026-06-18T13:00")
        assert mine.status == 422 and "Somebody else plans it for you" in mine.words
        begun(here, str(key(desk, SECOND)))
        assert here.look() == 1
        [words] = here.heard(SECOND)
        assert "APPROVE?" in words and here.heard(BOTH) == []
        abe, bea = desk.browser(SECOND), desk.browser(BOTH)
        assert "Drill: Ana’s alert waits for a second person" in abe.open("/desk/").words
        assert "waits for a second person" not in bea.open("/desk/").words, "it is for Abe alone"
        abe.open(link(words))
        assert "DRILL." in abe.words and "Essex County" in abe.words
        abe.send("/return", reason="Which carrier is it?")
        assert (one := results(desk)[0]).outcome is DrillOutcome.COMPLETE and one.part is DrillPart.APPROVE
        stands = practised(desk)
        assert (stands["Abe"], stands["Ana"]) == (Standing.FRESH, Standing.AMBER), "who plans it has not practised"
        with sessions() as store:
            assert [one.state for one in store.query(Alert)] == ["withdrawn"]

        begun(here, str(key(desk, SECOND)), after=2)
        assert here.look() == 1
        abe = desk.browser(SECOND)
        abe.open(link(here.heard(SECOND)[-1])).send("/approve", code=desk.code(SECOND))
        assert "Approved." in abe.words and "the machine, for Ana" in desk.browser(ADMIN).open("/desk/drills/").words
        assert practised(desk)["Ana"] is Standing.AMBER
        rows = list(csv.DictReader(StringIO(abe.open("/desk/drills/results.csv").text)))
        assert [(row["part"], row["outcome"], row["seconds_to_submit"]) for row in rows] == [
            ("approve", "complete", "")
        ] * 2
        assert nobody_was_told(desk)


def results(desk: Desk) -> list[practice.Result]:
    with desk.sessions() as store:
        return practice.results(store)


def practised(desk: Desk) -> dict[str, Standing]:
    with desk.sessions() as store:
        return {one.name: one.standing for one in practice.practice(store, desk.now)}


def nobody_was_told(desk: Desk) -> bool:
    with desk.sessions() as store:
        return not store.query(Fanout).count() and not store.query(Document).count()


def test_an_approver_who_does_not_come_has_missed_it_and_nobody_is_paged_while_911_fails(
    sessions: Sessions, tmp_path: Path
) -> None:
    with ground(sessions, tmp_path, practice=True) as here:
        desk = here.desk
        on_call(desk, SECOND)
        begun(here, "on-call", pages=[])
        assert here.look() == 0 and [one.part for one in results(desk)] == [DrillPart.APPROVE], "no issuer is on call"
        desk.now += timedelta(minutes=31)
        here.look()
        assert results(desk)[0].outcome is DrillOutcome.MISSED
        with sessions() as store:
            assert {one.state for one in store.query(Release)} == {"withdrawn"}
            assert drill_pages.paged(store) == []

        begun(here, str(key(desk, SECOND)), after=2)
        released(desk, desk.browser(ISSUER), desk.browser(BOTH), BOTH)
        assert here.look() == 0 and here.heard(SECOND) == []


@pytest.mark.parametrize("practice", [False, True])
def test_what_waited_too_long_is_found_at_the_desk_and_training_says_test(
    sessions: Sessions, tmp_path: Path, practice: bool
) -> None:
    with ground(sessions, tmp_path, practice=practice) as here:
        begun(here, str(key(here.desk, ISSUER)))
        Drills(sessions).look(here.desk.now)
        here.desk.later(minutes=0 if practice else 16)
        assert here.pages.look(here.desk.now) == int(practice)
        assert [words[:18] for words in here.heard(ISSUER)] == ["TEST. DRILL. State"] * practice
