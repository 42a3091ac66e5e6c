"""The auditor reads the ledger: finds who did what, proves it, takes it along, and can change nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from broadcaster.dispatch.witness import signer_of
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import checkpoints, ledger, merkle
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.store.timeline.signed_note import Checkpoint, notes_in
from tests.desk import AUDITOR, ISSUER, SECOND, Browser, Desk, released


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def rows(browser: Browser) -> list[list[str]]:
    found = browser.page.xpath("//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in found]


def test_who_did_what_is_found_by_day_person_kind_and_alert(desk: Desk) -> None:
    alert = released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND).rpartition("/")[2]
    una = desk.browser(AUDITOR).open("/desk/")
    assert "Ledger" in una.words
    una.open("/desk/ledger/")
    assert rows(una)[0][3] == "signed in"
    una.open("/desk/ledger/?kind=approved")
    assert [(row[2], row[3], row[4]) for row in rows(una)] == [(SECOND, "approved", f"alert:{alert}")]
    una.open(f"/desk/ledger/?about={alert}&who=IDA")
    assert [row[3] for row in rows(una)][::-1] == ["draft", "submitted", "released to agencies"]
    today = datetime.now(UTC).date().isoformat()
    assert rows(una.open(f"/desk/ledger/?since={today[:4]}-01-01&until=9999-12-31"))
    assert "No event fits" in una.open("/desk/ledger/?since=2001-01-01&until=2001-12-31").words
    assert una.open("/desk/ledger/?since=tomorrow&who=abe").beside("since") == "Write the day as 2026-06-18."
    assert {row[2] for row in rows(una)} == {SECOND}


def test_a_long_ledger_has_pages(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        for no in range(60):
            ledger.append(store, "sweep", "counted", "residents", {"no": no})
    una = desk.browser(AUDITOR).open("/desk/ledger/?kind=counted")
    first = [int(row[0]) for row in rows(una)]
    (older,) = una.page.xpath("//a[.='Older events']/@href")
    assert "kind=counted" in older
    second = [int(row[0]) for row in rows(una.open(older))]
    assert (len(first), len(second)) == (50, 10)
    assert first + second == sorted(first + second, reverse=True)


def test_an_event_is_proved_by_what_stands_on_its_page(desk: Desk) -> None:
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    una = desk.browser(AUDITOR)
    with desk.sessions() as store:
        seq = store.scalar(select(AuditEvent.seq).where(AuditEvent.action == "approved"))
    assert "No checkpoint holds this event yet" in una.open(f"/desk/ledger/{seq}").words
    signer = signer_of(desk.chosen)
    with desk.sessions.begin() as store:
        checkpoints.make(store, signer, desk.now)
    una.open(f"/desk/ledger/{seq}")
    canonical, note = (each.text_content() for each in una.page.xpath("//pre"))
    path = [bytes.fromhex(each) for each in una.page.xpath("//ol/li/code/text()")]
    said = Checkpoint.read(notes_in(note)[0], (signer.public,))
    leaf = merkle.leaf(canonical.encode())
    assert merkle.root_by_inclusion(leaf, seq - 1, said.size, path) == said.root
    assert una.open("/desk/ledger/999999").status == 404
    assert una.open(f"/desk/ledger/{10**30}").status == 404


def test_what_is_taken_along_is_noted_and_is_no_formula(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        ledger.append(store, "=HYPERLINK(1)", "@said", "+1", {"-1": "x"})
    una = desk.browser(AUDITOR).open("/desk/ledger/")
    whole = una.send("/export", **{"as": "csv"}).text
    read = list(csv.reader(io.StringIO(whole)))
    assert ["'=HYPERLINK(1)", "'@said", "'+1", "'-1 x"] in [row[2:] for row in read]
    assert not [cell for row in read for cell in row if cell[:1] in "=+-@\t\r\n\0" and cell]
    una.open("/desk/ledger/?kind=exported").send("/export", **{"as": "jsonl"})
    events = [json.loads(line) for line in una.text.splitlines()]
    assert [each["data"] for each in events] == [{"what": "csv"}, {"what": "jsonl", "kind": "exported"}]
    assert una.open("/desk/ledger/").send("/export", **{"as": "exe"}).status == 400


def test_the_auditor_changes_nothing_and_nobody_else_reads(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = released(desk, author, desk.browser(SECOND), SECOND)
    assert author.open("/desk/ledger/").status == 403
    assert "Ledger" not in author.open("/desk/").words
    assert desk.browser().open("/desk/ledger/").path == "/desk/sign-in"
    una = desk.browser(AUDITOR)
    token = una.open("/desk/").values("/sign-out")["csrf_token"]
    with desk.sessions() as store:
        before = store.scalar(select(func.count()).select_from(AuditEvent))
    for rule in desk.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or not rule.rule.startswith("/desk/"):
            continue
        if OWN & {rule.endpoint, rule.endpoint.partition(".")[0]}:
            continue
        path = re.sub(r"<any\([^)]*\):", "<", rule.rule)
        for name, value in {"alert": alert.rpartition("/")[2], "lang": "es", "verdict": "accept"}.items():
            path = path.replace(f"<{name}>", value)
        path = re.sub(r"<[^>]*kind[^>]*>", "update", re.sub(r"<(int:\w+|key)>", "1", path))
        answer = una.client.post(path, data={"csrf_token": token})
        assert answer.status_code == 403, (rule.endpoint, answer.status_code)
    with desk.sessions() as store:
        assert store.scalar(select(func.count()).select_from(AuditEvent)) == before


OWN = {"signin", "provider", "account", "passkeys", "identities.connect", "identities.end_own"}
OWN |= {"ledger.export", "paged.confirm", "roster.save"}
"""What an auditor does for themselves: blueprints, and single endpoints."""
