"""After the night: the report's figures are those of the carrier's own ledger, on screen, on paper and in files."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from broadcaster.channels.sms_twilio import HANDSETS
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.dispatch.witness import signer_of
from broadcaster.local import mailbox
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.fanout import receipts
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load, town_shapes
from broadcaster.store.public import residents
from broadcaster.store.timeline import checkpoints
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.api import tokens
from tests.desk import AUDITOR, ISSUER, SECOND, Browser, Desk, released, settings
from tests.factories import KEYS, SID, TOKEN, Ways, engine
from tests.flow.test_shapes_of_towns import SHAPED, TOWNS
from tests.unit.outage.report.test_report_pdf import pages, text

CALM = Faults(share_callbacks_dropped=0.0, listing_lag_s=0.0, delivery_ms=0.0)
NOBODYS = "+15005550001"
"""The carrier refuses it: there is no such number."""
STOPPED = "+19785569999"
MANY = 60


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    keys = {name.lower(): value for name, value in KEYS.items()}
    made = Desk(sessions, datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10), settings(**keys))
    with sessions.begin() as store:
        ids = directory_load.community_ids(store)
        for no, phone in enumerate([NOBODYS, *(f"+1978556{no:04d}" for no in range(MANY))]):
            key = residents.address(store, made.sealer, "sms", phone)
            residents.subscribe(store, key, ids["groton" if no % 3 else "ayer"])
        residents.subscribe(store, residents.address(store, made.sealer, "sms", STOPPED), ids["harvard"])
        residents.suppress(store, made.sealer.index(f"sms:{STOPPED}"), "phone")
    return made


def sent_out(desk: Desk, carrier: Running, folder: Path) -> Counter[str]:
    """Everything that was released goes out; by phone, how often the carrier was given a text."""
    with (
        mailbox.start_in_thread() as post,
        engine(desk.sessions, carrier.url, folder, ways=Ways(smtp_url=post.smtp_url)) as works,
    ):
        for queue in ("urgent", "sms"):
            drain(works, queue)
        works.recorder.wait()
        keep(works)
    return Counter(row["to"] for row in carrier.ledger()["messages"])


def phones_report(desk: Desk, many: int) -> None:
    """So many phones report that they have the text."""
    with desk.sessions.begin() as store:
        fanout = store.scalars(select(Fanout).where(Fanout.channel == "sms", Fanout.tier == "public")).one()
        mine = select(Delivery).where(Delivery.fanout_id == fanout.id, Delivery.state == "accepted").limit(many)
        said = [
            NewReceipt(row.fanout_id, row.address_id, row.n, "twilio", row.carrier_ref or "", "delivered", "", None)
            for row in store.scalars(mine)
        ]
        receipts.keep(store, said)
    with desk.sessions.begin() as store:
        receipts.apply(store, HANDSETS)


def asked(desk: Desk, path: str) -> dict[str, object]:
    """What the API says to the auditor."""
    with desk.sessions.begin() as store:
        user = people.by_email(store, AUDITOR)
        assert user is not None
        headers = {"Authorization": f"Bearer {tokens.make(store, user, 'report')}"}
    answer = desk.app.test_client().get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def figures(said: dict[str, object]) -> dict[str, float]:
    return {one["key"]: one["value"] for one in said["figures"]}  # type: ignore[index, attr-defined]


def test_the_report_says_what_the_carrier_says(desk: Desk, tmp_path: Path) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    with desk.sessions.begin() as store:
        town_shapes.save(store, [TOWNS[code] for code in SHAPED])
    alert = released(desk, ida, abe, SECOND)
    with start_in_thread(Carrier(SID, TOKEN, faults=CALM)) as carrier:
        texted = sent_out(desk, carrier, tmp_path)
    phones_report(desk, 40)
    with desk.sessions.begin() as store:
        checkpoints.make(store, signer_of(desk.chosen), desk.now)
        root = checkpoints.newest(store).root.hex()  # type: ignore[union-attr]
        outage = store.scalars(select(Outage.public_id)).one()
    assert set(texted.values()) == {1}

    said = asked(desk, f"/alerts/{alert.rpartition('/')[2]}/report")
    told = figures(said)
    assert (told["accepted"], told["people"]) == (len(texted), len(texted) + 1) == (MANY + 6, MANY + 7)
    assert (told["delivered"], told["unreached"], told["stopped"]) == (40, 1, 1)
    assert (told["doubled"], told["perhaps"], told["share_100"]) == (0, 0, None)
    assert told["share_50"] <= told["share_95"] and told["agencies"] == 2
    places = {one["name"]: one["states"] for one in said["communities"]}  # type: ignore[attr-defined]
    assert sum(states.get("accepted", 0) for states in places.values()) == len(texted)
    assert (places["Ayer"]["rejected"], places["Harvard"]["suppressed"]) == (1, 1)
    assert said["ledger"]["broken"] == "" and said["ledger"]["checkpoint_root"] == root  # type: ignore[index]
    assert said["preliminary"] == [f"{MANY - 34} of the phones have not reported, and may for three days",
                                   "2 agencies may still answer"]  # fmt: skip
    assert said["moments"][0]["key"] == "known"  # type: ignore[index, attr-defined]
    assert figures(asked(desk, f"/outages/{outage}/report")) == told

    una = desk.browser(AUDITOR).open(alert)
    (onward,) = una.page.xpath("//a[.='After-action report']/@href")
    read_through(una, onward, root)
    towns = [each.findtext("title") for each in una.open(onward).page.xpath("//svg[@class='county-map']/g[title]")]
    assert sorted(str(each).partition(":")[0] for each in towns) == ["Ayer", "Harvard"], "Salem is elsewhere"
    assert "No text came twice anywhere." in una.words
    record = una.open(f"/desk/outages/{outage}")
    (onward,) = record.page.xpath("//a[.='After-action report']/@href")
    read_through(una, onward, root)
    desk.later(days=4)
    settled = desk.browser(AUDITOR).open(onward)
    assert "Reconciled: sending is over" in settled.words and "Preliminary" not in settled.words


def read_through(una: Browser, onward: str, root: str) -> None:
    """The one page, the full one, and every file of a report say the same."""
    una.open(onward)
    assert una.status == 200
    for words in (
        "Preliminary",
        f"{MANY + 6} of {MANY + 7} texts were accepted",
        "DEMO: nobody outside was told",
        root,
    ):
        assert words in una.words
    full = una.open(f"{onward}/full")
    assert full.status == 200
    assert "the chain is whole" in full.words and "State Police" in full.words and "ledger, abe@desk" in full.words
    one = una.client.get(f"{onward}/one-page.pdf")
    assert (one.content_type, pages(one.data)) == ("application/pdf", 1)
    whole = una.client.get(f"{onward}/full.pdf").data
    assert pages(whole) > 1 and "Harvard" in text(whole) and root[:30] in text(whole)
    assert whole == una.client.get(f"{onward}/full.pdf").data
    rows = list(csv.reader(io.StringIO(una.client.get(f"{onward}/figures.csv").text)))
    assert ["figures", "Texts that a carrier accepted", str(MANY + 6)] in [row[:3] for row in rows]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "@")]


def test_a_statement_is_drafted_edited_and_kept_and_nothing_is_published(desk: Desk) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, ida, abe, SECOND)
    page = f"{alert}/report/statement"
    ida.open(page)
    drafted = ida.values("/statement")["text"][0]
    assert "We do not yet state a cause: none has been confirmed." in drafted
    assert "(preliminary; source: the tallies of the deliveries)" in drafted
    assert "Please do not call 911 to test it." in drafted
    ida.send("/statement", text="  ")
    assert ida.status == 422 and "The statement is empty" in ida.beside("text")
    ida.open(page).send("/statement", text="We told\r\neverybody. <b>")
    assert ida.values("/statement")["text"][0].strip() == "We told\neverybody. <b>"
    assert "Saved by Ida" in ida.words
    assert "We do not yet state" in ida.open(f"{page}?fresh=1").values("/statement")["text"][0]
    una = desk.browser(AUDITOR).open(page)
    assert "Only an issuer or an approver can save it" in una.words
    assert una.open(f"{alert}/report/fcc").status == 404
    with desk.sessions() as store:
        events = store.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)).all()
        outage = store.scalars(select(Outage.public_id)).one()
    assert events.count("statement-saved") == 1
    ida.open(f"/desk/outages/{outage}/report/statement").send("/statement", text="Of the outage.")
    assert "Saved a version of the public statement." in ida.open(f"/desk/outages/{outage}").words


def test_a_false_alarm_has_its_mail_to_the_fcc(desk: Desk) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, ida, abe, SECOND)
    ida.open("/desk/").send("/next/false_alarm")
    ida.send("/withdraw", code=desk.code(ISSUER))
    with desk.sessions() as store:
        assert store.scalars(select(Alert.state)).one() == "withdrawn"
    una = desk.browser(AUDITOR).open(f"{alert}/report")
    assert "Mail to the FCC" in una.words and "From the false alert to its correction" in una.words
    (mail,) = una.open(f"{alert}/report/fcc").page.xpath("//pre/text()")
    assert mail.startswith("To: FCCOPS@fcc.gov\nSubject: False alert by State 911 Department")
    assert "47 CFR 11.45" in mail and "[DEMO: nobody outside was told]" in mail and "Ayer" in mail
    assert "It was a false alarm: 911 was working." in una.open(f"{alert}/report/statement").text
