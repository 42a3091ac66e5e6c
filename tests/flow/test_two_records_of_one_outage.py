"""Two records were opened of one outage: an officer joins them, everything hangs on the one that remains, and the other
says where it went. Were they two after all, they are parted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlalchemy import select, text

from broadcaster.outage.record import facts_of, plain
from broadcaster.store.database import Sessions
from broadcaster.store.outage import missed_figures
from broadcaster.store.outage.missed_figures import Figures
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import ledger
from tests import calls
from tests.desk import BOTH, ISSUER, SECOND, Browser, Desk, released, walk
from tests.flow import missed
from tests.flow.missed import upload, with_a_number
from tests.flow.test_an_outage_from_first_word import opened


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return missed.desk_with_an_administrator(sessions)


def rows(desk: Desk, query: str) -> list[object]:
    with desk.sessions() as store:
        return list(store.execute(text(query)).scalars())


def standing(desk: Desk, record: str) -> Figures:
    with desk.sessions() as store:
        row = store.scalars(select(Outage).where(Outage.public_id == record.rpartition("/")[2])).one()
        return missed_figures.whole(store, row.id)


def told(desk: Desk, browser: Browser, town: str) -> str:
    """A caller of this town is called back, and has an outcome; their page."""
    page = with_a_number(browser, browser.path.partition("/psaps")[0], town)
    browser.send("/outcome", outcome="help_sent", words="An ambulance is on its way.")
    assert browser.status == 200, browser.words
    return page


def test_everything_hangs_on_the_one_that_remains(desk: Desk) -> None:
    ida, bea, logs = desk.browser(ISSUER), desk.browser(BOTH), calls.made()
    alert = released(desk, ida, desk.browser(SECOND), SECOND)
    [first] = [f"/desk/outages/{key}" for key in rows(desk, "SELECT public_id FROM outage")]
    upload(ida, f"{first}/missed", "Router", logs.router_csv).send("/import", skip="yes")
    desk.later(minutes=-20)
    second = opened(bea, names="Salem", carriers="Example Wireless", known_from="The vendor")
    desk.later(minutes=20)
    bea.send("/note", note="The vendor looks at a switch.")
    bea.open("/desk/outages/notices/new?outage=" + second.rpartition("/")[2])
    bea.send("/notices/new", provider="Example Wireless", ticket="7", area="Salem")
    upload(bea, f"{second}/missed", "CPE", logs.cpe_csv).send("/import")
    told(desk, bea, "groton")
    both = [standing(desk, one) for one in (first, second)]
    assert both[0].callers + both[1].callers > calls.PEOPLE, "some people stand in both"

    bea.open(second).send("/join", join="  ")
    assert bea.status == 422 and "Write why they are one outage" in bea.words
    bea.open(second).send("/join", join="Both are the switch in Boston, says the vendor.")
    assert bea.path == first and "Joined: this is the record of both now." in bea.words
    for words in (
        "known from The vendor, was joined to this one: Both are the switch in Boston",
        "The vendor looks at a switch.", "Example Wireless sent an initial notice", "Ayer, Groton, Harvard, Salem",
        "A log of CPE was imported", f"Alert {alert.rpartition('/')[2]}",
    ):  # fmt: skip
        assert words in bea.words
    found = standing(desk, first)
    assert (found.lines, found.duplicates, found.callers) == (logs.truth.missed, 40, calls.PEOPLE)
    assert (found.outcomes, found.left, standing(desk, second).callers) == ({"help_sent": 1}, logs.truth.left - 1, 0)
    assert "An ambulance is on its way." in bea.open(told_of(desk, first)).words
    upload(bea, f"{first}/missed", "CPE", logs.cpe_csv).send("/import")
    assert standing(desk, first) == found, "the log that came with the other record is known"

    gone = ida.open(second)
    assert "Joined to another record" in gone.words and "Joined to record" in gone.words and not gone.has("/again")
    assert second not in ida.open("/desk/outages").text
    stale = {"csrf_token": ida.open(first).values("/note")["csrf_token"]}
    ida.client.post(f"{second}/note", data={**stale, "note": "Typed before they were joined."})
    assert "Typed before they were joined." in ida.open(first).words
    assert ida.client.post(f"{second}/facts", data=stale).status_code == 409
    for target, data in ((second, {"into": first}), (first, {"into": first}), (first, {"into": ""})):
        sent = {**stale, "into": data["into"].rpartition("/")[2], "join": "The same."}
        assert ida.client.post(f"{target}/join", data=sent).status_code == 422
    ida.open(f"/desk/new?outage={second.rpartition('/')[2]}")
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""
        joined = store.scalars(
            select(ledger.AuditEvent.object).where(ledger.AuditEvent.action == "outage_joined")
        ).all()
    assert sorted(joined) == sorted(f"outage:{one.rpartition('/')[2]}" for one in (first, second))


def told_of(desk: Desk, record: str) -> str:
    [key] = rows(desk, "SELECT public_id FROM missed_caller WHERE outcome IS NOT NULL")
    return f"{record}/missed/callers/{key}"


def hanging(desk: Desk, record: str) -> dict[str, list[str]]:
    """What hangs on a record: its alerts, notices, logs, and the words of its log, each by what names it outside."""
    key, hung = record.rpartition("/")[2], {}
    for table, column in (
        ("alert", "public_id"), ("provider_notice", "ticket"), ("missed_log", "system"),
        ("trouble_report", "public_id"), ("missed_call", "log_id"), ("outage_log", "text"),
    ):  # fmt: skip
        whose = f"FROM {table} t JOIN outage o ON o.id = t.outage_id WHERE o.public_id = '{key}'"
        hung[table] = sorted(map(str, rows(desk, f"SELECT t.{column} {whose}")))
    return hung


def known(desk: Desk, record: str) -> dict[str, object]:
    with desk.sessions() as store:
        row = store.scalars(select(Outage).where(Outage.public_id == record.rpartition("/")[2])).one()
        return plain(facts_of(row))


def two_with_everything(desk: Desk, ida: Browser, bea: Browser) -> tuple[str, str]:
    """Two records, each with a log of calls; the second one with a notice too, and known earlier."""
    logs = calls.made()
    walk(desk, ida)
    [first] = [f"/desk/outages/{key}" for key in rows(desk, "SELECT public_id FROM outage")]
    upload(ida, f"{first}/missed", "Router", logs.router_csv).send("/import", skip="yes")
    desk.later(minutes=-20)
    second = opened(bea, names="Salem", carriers="Example Wireless", known_from="The vendor")
    desk.later(minutes=20)
    bea.open("/desk/outages/notices/new?outage=" + second.rpartition("/")[2])
    bea.send("/notices/new", provider="Example Wireless", ticket="7", area="Salem")
    upload(bea, f"{second}/missed", "CPE", logs.cpe_csv).send("/import")
    upload(bea, f"{second}/missed", "Router", logs.router_csv).send("/import", skip="yes")
    return first, second


def test_they_are_parted_in_one_click_and_joined_again(desk: Desk) -> None:
    ida, bea = desk.browser(ISSUER), desk.browser(BOTH)
    first, second = two_with_everything(desk, ida, bea)
    told(desk, bea, "groton")
    before = [(hanging(desk, one), standing(desk, one), known(desk, one)) for one in (first, second)]
    assert before[0][1].callers and before[1][1].callers == calls.PEOPLE, "a part of them stands in both"

    bea.open(second).send("/join", join="The switch.")
    assert standing(desk, first).callers == calls.PEOPLE and standing(desk, second).callers == 0
    after = told(desk, ida, "ayer")
    ida.open(first).send("/note", note="Written after they were joined.")
    assert "Joined to this record" in ida.open(first).words
    ida.open(second).send("/part")
    assert ida.path == second and "Parted: each record stands by itself again." in ida.words
    assert "Closed at" not in ida.words and "Joined to another record" not in ida.words

    for record, (hung, figures, facts) in zip((first, second), before, strict=True):
        now = hanging(desk, record)
        later = [words for words in now["outage_log"] if words not in hung["outage_log"]]
        assert {**now, "outage_log": hung["outage_log"]} == hung
        assert {"Joined", "Parted"} & {words.partition(" ")[0] for words in later} or "was parted from" in str(later)
        assert known(desk, record) == facts, "as it was known before"
        assert (standing(desk, record).callers, standing(desk, record).lines) == (figures.callers, figures.lines)
    assert "Written after they were joined." in hanging(desk, first)["outage_log"], "what came later stays"
    assert standing(desk, second).outcomes == {"help_sent": 2}, "whoever is in both has an outcome in both"
    assert rows(desk, "SELECT count(*) FROM joined_row") == rows(desk, "SELECT count(*) FROM joined_record") == [0]
    assert after.startswith(first)
    for page in rows(desk, "SELECT public_id FROM missed_caller WHERE outcome IS NOT NULL"):
        record = first if bea.open(f"{first}/missed/callers/{page}").status == 200 else second
        assert "An ambulance is on its way." in bea.open(f"{record}/missed/callers/{page}").words

    bea.open(second).send("/join", join="It was the switch after all.")
    assert bea.path == first and standing(desk, first).callers == calls.PEOPLE
    bea.send("/part")
    assert [hanging(desk, one)["missed_log"] for one in (first, second)] == [["Router"], ["CPE", "Router"]]
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""
        done = select(ledger.AuditEvent.object).where(ledger.AuditEvent.action == "outage_parted")
        assert len(store.scalars(done).all()) == 4


def test_a_record_in_the_middle_and_one_that_cannot_be_parted(desk: Desk) -> None:
    ida = desk.browser(ISSUER)
    records = [opened(ida, names=town, known_from=town) for town in ("Ayer", "Groton", "Harvard")]
    for record, into in pairwise(records):
        ida.open(record).send("/note", note=f"Of {record}.")
        ida.open(record).send("/join", into=into.rpartition("/")[2], join="The same.")
    first, middle, last = records
    ida.open(first).send("/part")
    assert f"Of {first}." in ida.words and f"Of {middle}." not in ida.words, "its own, past the one in the middle"
    ida.open(f"{last}/facts").send("/facts", names="Harvard\nSalem")
    ida.open(middle).send("/part")
    assert f"Of {middle}." in ida.words and f"Of {first}." not in ida.words
    assert "look whether it still holds" in ida.open(last).words and "Salem" in str(known(desk, last)).title()
    stale = {"csrf_token": ida.open(last).values("/note")["csrf_token"]}
    refused = ida.client.post(f"{last}/part", data=stale)
    assert refused.status_code == 422 and "nothing to part it from" in refused.text
    ida.open(first).send("/join", into=last.rpartition("/")[2], join="As before.")
    with desk.sessions.begin() as store:
        store.execute(text("DELETE FROM joined_row"))
        store.execute(text("DELETE FROM joined_record"))
    assert "it stays joined" in ida.open(first).send("/part").words and ida.status == 422
