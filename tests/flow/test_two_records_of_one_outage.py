"""Two records were opened of one outage: an officer joins them, everything hangs on the one that remains, and the other
says where it went."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from broadcaster.store import ledger, missed_figures
from broadcaster.store.database import Sessions
from broadcaster.store.missed_figures import Figures
from broadcaster.store.outages import Outage
from tests import calls
from tests.desk import BOTH, ISSUER, SECOND, Browser, Desk, released
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
