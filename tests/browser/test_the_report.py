"""The report in a browser and on paper: a statewide night of 20,000 texts, as a governor is shown it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser as Chromium
from sqlalchemy import text

from broadcaster.alert.missed_caller import OUTCOMES
from broadcaster.directory import Directory
from broadcaster.dispatch.witness import signer_of
from broadcaster.local.massachusetts import sample
from broadcaster.outage.report.figures import Measure, MissedFigures, Report
from broadcaster.outage.report.moments import Moment
from broadcaster.outage.report.references import INTERVALS
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import checkpoints
from broadcaster.web.outages import report_data
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.browser.test_the_roster import sign_in
from tests.desk import ISSUER, NOON, SECOND, Desk
from tests.unit.outage.report.test_report_pdf import pages

pytestmark = MARKS
SENDING = (
    "INSERT INTO wave (fanout_id, sender_id, purpose, rows, lease_until, closed_at, started_at) SELECT :f,"
    "   (SELECT min(id) FROM sender), 'first', 200, m.at, m.at + no * interval '3 seconds', m.at"
    " FROM generate_series(1, 100) no, (SELECT CAST(:at AS timestamptz) AS at) m",
    "INSERT INTO delivery (fanout_id, address_id, community_id, wave_id, body_id, state, reason) SELECT :f,"
    "   100000 + no, (SELECT min(id) FROM community) + (no * 7919) % (SELECT count(*) FROM community),"
    "   (SELECT min(id) FROM wave WHERE fanout_id = :f) + no / 200, 0,"
    "   CASE WHEN no % 97 = 0 THEN 'rejected' ELSE 'accepted' END, '' FROM generate_series(1, 19999) no",
    "UPDATE delivery SET handset = 'delivered' FROM community c WHERE fanout_id = :f AND state = 'accepted'"
    " AND c.id = community_id AND (address_id % 3 > 0 OR c.county_fips <> '25013') AND c.county_fips <> '25003'",
    "UPDATE fanout SET state = 'done', planned = 19999, first_accepted_at = CAST(:at AS timestamptz)"
    " + interval '2 seconds' WHERE id = :f",
    "UPDATE lane SET state = 'done' WHERE fanout_id = :f",
    "UPDATE fanout SET state = 'done', first_accepted_at = CAST(:at AS timestamptz) + interval '1 second'"
    " WHERE id <> :f",
    "INSERT INTO acknowledgement (fanout_id, address_id, agency_id, at) SELECT fanout_id, address_id, agency_id,"
    "   CAST(:at AS timestamptz) + slot * interval '1 second' FROM target WHERE agency_id IS NOT NULL AND slot % 8 > 0"
    " ON CONFLICT DO NOTHING",
)
"""What a night leaves in the database, without the night."""


def fewer() -> Directory:
    """The sample directory with every seventh town and a few agencies: enough for a map, and quick to look through."""
    whole = sample.load(NOON.date())
    kept = {one.code for one in whole.communities[::7]} | {"ayer", "groton", "harvard"}
    return replace(
        whole,
        communities=tuple(one for one in whole.communities if one.code in kept),
        numbers={code: numbers for code, numbers in whole.numbers.items() if code in kept},
        agencies=tuple(one for one in whole.agencies if kept.issuperset(one.communities))[:24],
    )


def a_night(sessions: Sessions) -> tuple[Desk, str]:
    """A statewide alert whose texts went out in five minutes; the address of its report."""
    desk = Desk(sessions, datetime.now(UTC).replace(microsecond=0), places=fewer())
    author = desk.browser(ISSUER)
    author.open("/desk/new").send("/desk/new", statewide="1")
    alert = author.path.split("/revisions/")[0]
    page = author.send("/submit").path
    author.send("/release-agencies")
    second = desk.browser(SECOND)
    second.open(page).send("/approve", code=desk.code(SECOND))
    assert second.path == alert, second.words
    with sessions.begin() as store:
        key = store.execute(text("SELECT id FROM fanout WHERE channel = 'sms' AND tier = 'public'")).scalar_one()
        begun = store.execute(text("SELECT max(at) FROM audit_event WHERE action = 'approved'")).scalar_one()
        store.execute(text("UPDATE alert SET known_since = :at"), {"at": begun - timedelta(minutes=4, seconds=30)})
        for statement in SENDING:
            store.execute(text(statement), {"f": key, "at": begun})
        checkpoints.make(store, signer_of(desk.chosen), desk.now)
    return desk, f"{alert}/report"


def ended(report: Report) -> Report:
    """The same night in all fourteen counties, on IPAWS, with its all-clear and the callers who came in vain: the most
    that stands on the one page."""
    there = report.facts.places[0]
    more = (("25007", "Dukes"), ("25009", "Essex"), ("25021", "Norfolk"))
    places = (*report.facts.places, *(replace(there, county=fips, county_name=name) for fips, name in more))
    later = (
        ("ipaws", "On IPAWS", 6),
        ("restored", "911 works again", 120),
        ("ended", "All-clear approved", 124),
        *((f"ended_{share}", f"{share} % of the all-clears accepted", 126) for share in (50, 95, 100)),
    )
    known, restored = report.story.known_at, next(one for one in INTERVALS if one.key == "restored")
    moments = (Moment(key, label, known + timedelta(minutes=late), "the ledger") for key, label, late in later)
    measures = (*(one for one in report.measures if one.interval.key != "restored"), Measure(restored, 4.0))
    said = {"through": "got through by a later call", **{key: words.lower() for key, words in OUTCOMES.items()}}
    missed = MissedFigures(160, dict.fromkeys(said.values(), 20), 20, "the imported logs of missed calls")
    facts = replace(report.facts, places=places)
    return replace(report, moments=(*report.moments, *moments), measures=measures, missed=missed, facts=facts)


def test_a_governor_reads_it(sessions: Sessions, chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, path = a_night(sessions)
    with served(desk.app) as base:
        context = chromium.new_context(viewport=OFFICE)
        page = context.new_page()
        wrong = watched(page, base)
        sign_in(page, base, desk, ISSUER)
        for part in ("", "/full", "/statement"):
            page.goto(f"{base}{path}{part}")
            page.set_viewport_size(OFFICE)
            shot(page, f"report{part.replace('/', '-')}")
            accessible(page)
            fits(page)
        page.goto(base + path)
        page.set_viewport_size(PHONE)
        shot(page, "report-on-a-phone")
        page.set_viewport_size(OFFICE)
        printed = page.pdf(format="Letter", print_background=True)
        assert pages(printed) == 1
        as_it_is = report_data.of_alert
        monkeypatch.setattr(report_data, "of_alert", lambda store, alert: ended(as_it_is(store, alert)))
        page.goto(base + path)
        shot(page, "report-ended")
        assert pages(page.pdf(format="Letter", print_background=True)) == 1, "also with its end, and the missed callers"
        with page.expect_download() as taken:
            page.click("text=PDF, one page")
        assert pages(taken.value.path().read_bytes()) == 1
        assert [each for each in wrong if not each.startswith(base)] == []  # what a page left behind was ours
        context.close()
