"""A night in which 911 failed: two logs of 200 missed calls, and every one of the 160 people has an outcome at its end.

The figures are compared with those of the generator, which shares no line with the program.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from broadcaster.alert.missed_caller import Cannot, Outcome
from broadcaster.outage.missed_calls import call_back
from broadcaster.store.database import Sessions
from broadcaster.store.outage import missed_callers, missed_figures
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent
from tests import calls
from tests.calls import Logs
from tests.desk import AUDITOR, BOTH, ISSUER, Desk
from tests.flow import missed
from tests.flow.missed import at_the_list, figures, imported, talk, upload, with_a_number
from tests.flow.test_an_outage_from_first_word import opened
from tests.flow.test_no_number_in_a_dump import dump


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return missed.desk_with_an_administrator(sessions)


@pytest.fixture
def logs() -> Logs:
    return calls.made()


def test_the_logs_become_callers(desk: Desk, logs: Logs) -> None:
    ida, truth = desk.browser(ISSUER), logs.truth
    page = f"{opened(ida)}/missed"
    assert "Missed callers" in ida.words
    upload(ida, page, "", logs.router_csv)
    assert "Say which system" in ida.words
    upload(ida, page, "Router", b"nothing in here")
    assert "This is no table" in ida.words

    upload(ida, page, "Router", logs.router_csv)
    assert ida.status == 200 and "2 that cannot be read" in ida.words and "4 outgoing (left out)" in ida.words
    assert "Nothing is kept yet" in ida.words and figures(desk).callers == 0
    ida.send("/import")
    assert ida.status == 422 and "Nothing was imported: 2 lines cannot be read" in ida.words
    ida.send("/import", button=f"{page}/read", **{"column-at": "", "zone": "Nowhere/Else"})
    assert ida.status == 422 and "Choose the column with the time" in ida.words and "no zone" in ida.beside("zone")
    ida.send("/import", button=f"{page}/read", **{"column-at": "Start Time", "zone": "UTC"})
    assert ida.status == 200
    ida.send("/import", skip="yes")
    assert "A log of Router was imported: 116 missed calls" in ida.words
    ida.open(ida.page.xpath("//a[text()='Remarks']/@href")[0])
    assert ida.words.count("Left out") == calls.BROKEN and "555" not in ida.words.partition("Remarks on")[2]

    upload(ida, page, "CPE", logs.cpe_csv).send("/import")
    found = figures(desk)
    assert (found.lines, found.duplicates, found.callers, found.through, found.left) == (200, 40, 160, 30, 130)
    assert (found.lines, found.duplicates, found.callers) == (truth.missed, truth.duplicates, truth.callers)
    assert (found.through, found.left, found.unreachable) == (truth.through, truth.left, calls.NAMELESS)
    with desk.sessions() as store:
        by_psap = missed_figures.by_psap(store, store.query(Outage).one().id)
    assert {psap: one.callers for psap, one in by_psap.items()} == _coded(truth.by_psap)
    assert {psap: one.left for psap, one in by_psap.items()} == _coded(truth.left_by_psap)

    upload(ida, page, "cpe", logs.cpe_csv)
    assert ida.values("/import")["column-date"] == ["Date"]
    ida.send("/import")
    assert figures(desk) == found, "the same log again changes nothing"
    assert f"{truth.left} callers are without an outcome" in ida.open(page.removesuffix("/missed")).send("/close").words
    una = desk.browser(AUDITOR).open(page)
    assert una.status == 200 and not una.has("/read") and una.open(f"{page}/callers.csv").status == 403


def _coded(towns: Counter[str]) -> dict[str, int]:
    return {f"{town.lower()}-psap": many for town, many in towns.items()}


def test_two_officers_call_back(desk: Desk, logs: Logs) -> None:
    ida, bea = desk.browser(ISSUER), desk.browser(BOTH)
    page = f"{opened(ida)}/missed"
    imported(ida, page, logs)
    ayer = f"{page}/psaps/ayer-psap"
    caller = with_a_number(ida, page, "ayer")
    assert ida.page.xpath("//a[starts-with(@href, 'tel:+1978555')]") and "What became of them?" in ida.words
    assert "tel:" not in bea.open(caller).text and "With Ida since" in bea.words
    bea.open(ayer).send("/next")
    assert bea.path != caller, "they are never given the same caller"
    token = bea.values("/give-back")["csrf_token"][0]
    bea._see(bea.client.post(f"{caller}/claim", data={"csrf_token": token}))
    assert bea.status == 422 and "Somebody else has taken this caller on" in bea.beside("act")

    ida.send("/outcome", words="They were by the lake.")
    assert ida.status == 422 and "Choose what became of them" in ida.words
    assert "They were by the lake." in ida.text, "nothing typed is lost"
    ida.send("/outcome", outcome="not_reached", words="Rang once.")
    assert ida.status == 422 and "Nobody has called this caller in vain yet" in ida.words
    ida.send("/outcome", outcome="help_sent", words="")
    assert ida.status == 422 and "needs a note" in ida.words
    ida.send("/outcome", outcome="no_answer", again="20")
    assert ida.path == ayer and "Call again at 12:2" in ida.words and "did not answer us" in ida.words
    desk.later(minutes=21)
    ida.open(caller).send("/claim").send("/outcome", outcome="welfare_check", to="", words="Silence on the line")
    assert ida.status == 422 and "Say whom you send" in ida.words
    ida.send("/outcome", to="Ayer Police")
    assert figures(desk).checks_open == 1 and figures(desk).outcomes == {"welfare_check": 1}
    bea.open(caller).send(bea.page.forms[-2].action.rpartition("/callers/")[2], found="", words="")
    assert bea.status == 422 and "Choose what the check has found" in bea.words
    bea.send(bea.page.forms[-2].action.rpartition("/callers/")[2], found="well", words="Asleep")
    assert "Found well" in bea.words and figures(desk).checks_open == 0
    ida.open(caller).send("/note", words="Their daughter will look in.")
    assert "Their daughter will look in." in ida.words

    desk.later(minutes=31)
    ida = desk.browser(ISSUER).open(ayer)
    assert "Bea took them on long ago" in ida.words, "nobody waits for an officer who has gone"
    rows = list(csv.DictReader(io.StringIO(ida.client.get(f"{page}/callers.csv").get_data(as_text=True))))
    assert len(rows) == logs.truth.callers
    (checked,) = [row for row in rows if row["outcome"] == "welfare_check"]
    assert checked["checks"] == "Ayer Police: well" and "Their daughter will look in." in checked["notes"]
    assert sum(row["standing"] == "through" for row in rows) == logs.truth.through


def test_everybody_has_an_outcome_before_it_closes(desk: Desk, logs: Logs, database_url: str) -> None:
    ida, truth = desk.browser(ISSUER), logs.truth
    record = opened(ida)
    imported(ida, f"{record}/missed", logs)
    said, order = Counter[str](), []
    with desk.sessions.begin() as store:
        hers = at_the_list(desk, store, ISSUER)
        for psap in _coded(truth.by_psap):
            while (row := call_back.claim_next(hers, psap)) is not None:
                order.append((psap, -call_back.ranked([row], desk.now)[0].risk.points, row.last_at))
                said[talk(hers, row, truth.says)] += 1
        assert order == sorted(order), "the most urgent first, on each list"
        assert call_back.claim_next(hers, "ayer-psap") is None, "whoever did not answer is not due yet"
    assert said["no_answer"] == truth.left - sum(figures(desk).outcomes.values()) > 0
    assert "without an outcome" in ida.open(record).send("/close").words
    desk.later(minutes=11)
    with desk.sessions.begin() as store:
        hers = at_the_list(desk, store, ISSUER)
        for psap in _coded(truth.by_psap):
            while (row := call_back.claim_next(hers, psap)) is not None:
                call_back.settle(hers, row.public_id, Outcome.NOT_REACHED, "Called twice, no answer.")
    expected = Counter({"not_reached" if word == "no_answer" else word: many for word, many in said.items()})
    found = figures(desk)
    assert found.outcomes == expected and found.left == 0
    assert found.settled + found.through == found.callers == truth.callers
    heard = Counter(truth.says.values())
    for outcome in ("no_emergency", "tested", "help_sent", "wrong_number"):
        assert found.outcomes[outcome] == heard[outcome], outcome
    assert found.outcomes["welfare_check"] == calls.NAMELESS and found.outcomes["not_reached"] == heard["no_answer"]

    ida.open(record).send("/close")
    assert "Closed at" in ida.words
    whole = dump(database_url)
    spelled = [f"{no[:3]}{sep}{no[3:6]}{sep}{no[6:]}" for no in truth.says for sep in ("", "-", ".")]
    assert [one for one in spelled if one.encode() in whole or one.encode().hex().encode() in whole] == []
    assert b"Main Street" not in whole and b"no answer." not in whole
    with desk.sessions() as store:
        assert ledger.verify(store).why == ""
        actions = Counter(store.scalars(ledger.select(AuditEvent.action)))
    assert actions["missed-claimed"] == sum(said.values()) + heard["no_answer"]
    assert actions["missed-log-imported"] == 2


def test_whoever_calls_again_after_an_outcome_is_back(desk: Desk, logs: Logs) -> None:
    ida = desk.browser(ISSUER)
    page = f"{opened(ida)}/missed"
    upload(ida, page, "Router", logs.router_csv).send("/import", skip="yes")
    with desk.sessions.begin() as store:
        hers = at_the_list(desk, store, ISSUER)
        row = call_back.claim_next(hers, "ayer-psap")
        while row is not None and row.cannot != Cannot.CAN:
            row = call_back.claim_next(hers, "ayer-psap")
        assert row is not None
        number, key = call_back.rung(hers, row.public_id)[2:], row.public_id
        call_back.settle(hers, key, Outcome.TESTED)
    later = Logs()
    later.seen_by_router(desk.now + timedelta(minutes=5), number, "Ayer", "ABANDONED")
    desk.later(minutes=6)
    upload(ida, page, "Router", later.router_csv).send("/import")
    assert "1 called again after their outcome" in ida.words
    assert "they had called again" in ida.open(f"{page}/callers/{key}").words
    later.seen_by_router(desk.now, number, "Ayer", "ANSWERED")
    upload(ida, page, "Router", later.router_csv).send("/import")
    assert "Got through" in ida.open(f"{page}/callers/{key}").words
    with desk.sessions() as store:
        assert missed_callers.by_public_id(store, store.query(Outage).one().id, key).standing == "through"  # type: ignore[union-attr]


def test_two_at_the_same_time_get_different_callers(desk: Desk, logs: Logs) -> None:
    ida = desk.browser(ISSUER)
    imported(ida, f"{opened(ida)}/missed", logs)

    def take_all(email: str) -> list[str]:
        taken: list[str] = []
        while True:
            with desk.sessions.begin() as store:
                row = call_back.claim_next(at_the_list(desk, store, email), "groton-psap")
            if row is None:
                return taken
            taken.append(row.public_id)

    with ThreadPoolExecutor(2) as both:
        one, other = both.map(take_all, (ISSUER, BOTH))
    assert set(one).isdisjoint(other)
    assert len(one) + len(other) == logs.truth.left_by_psap["Groton"]
