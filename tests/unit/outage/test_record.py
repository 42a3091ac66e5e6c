"""The record of an outage: who may do what when, and that each step is a line of its log and an event of the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcaster.alert.alert import Area, FailureKind
from broadcaster.outage import record
from broadcaster.outage.record import Facts, RecordRefused, Writer
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.desk import roster
from broadcaster.store.desk.roster import Handover
from broadcaster.store.outage import outages
from broadcaster.store.timeline import ledger
from tests.factories import directory
from tests.onair import NOW, on_air, person

FACTS = Facts(NOW, "Ayer dispatch, by phone", FailureKind.INTERMITTENT, Area(communities=("town-1",)), ("Verizon",))


def test_an_outage_from_its_first_word_to_its_relapse(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ida, bea = person(session, "ida@example.gov", "issuer"), person(session, "bea@example.gov", "issuer")
        hers = Writer(session, f"user:{ida.id}", "Ida", NOW, ida.id)
        his = replace(hers, actor=f"user:{bea.id}", name="Bea", user_id=bea.id)
        outage = record.begin(hers, FACTS)
        assert record.facts_of(outage) == FACTS and outage.officer_id == ida.id and outage.is_open
        assert record.change(hers, outage, FACTS) is False
        assert record.change(hers, outage, replace(FACTS, kind=FailureKind.ALL_CALLS)) is True
        record.note(hers, outage, "The vendor was called.", NOW - timedelta(minutes=3))
        with pytest.raises(RecordRefused, match="in the future"):
            record.note(hers, outage, "It will be over.", NOW + timedelta(minutes=1))

        with pytest.raises(RecordRefused, match="in charge of this outage already"):
            record.offer(hers, outage, ida, "Mine")
        record.offer(hers, outage, bea, "The vendor calls back at ten.")
        offered = roster.offered(session, outage.id)
        assert offered is not None and offered.note == "The vendor calls back at ten."
        assert roster.offered(session) is None and roster.in_charge(session) is None  # the office is another thing
        with pytest.raises(RecordRefused, match="for Bea"):
            record.receive(hers, outage, offered.id)
        record.receive(his, outage, offered.id)
        assert outage.officer_id == bea.id
        with pytest.raises(RecordRefused, match="hand-over is over"):
            record.receive(his, outage, offered.id)
        record.take_over(hers, outage)
        assert outage.officer_id == ida.id
        assert len(session.scalars(select(Handover)).all()) == 2

        record.close(hers, outage, "The vendor has repaired it.")
        with pytest.raises(RecordRefused, match="closed already"):
            record.close(hers, outage, "")
        day_later = replace(his, now=NOW + record.RELAPSE + timedelta(seconds=1))
        with pytest.raises(RecordRefused, match="open a new record"):
            record.reopen(day_later, outage)
        record.reopen(replace(his, now=NOW + timedelta(hours=2)), outage)
        assert outage.is_open and outage.reopened_at and outage.officer_id == bea.id

        told = [line.what for line in outages.log_of(session, outage.id)]
        assert told == ["note", "opened", "changed", "offered", "received", "received", "closed", "reopened"]
        written = [event.action for event in ledger.timeline(session, f"outage:{outage.public_id}")]
        assert sorted(written) == sorted(f"outage_{what}" for what in told)


def test_an_outage_stays_open_while_an_alert_of_it_does(sessions: Sessions) -> None:
    with sessions.begin() as session:
        air = on_air(session)
        writer = Writer(session, f"user:{air.issuer.id}", "Ida", NOW, air.issuer.id)
        outage = record.begin(writer, replace(FACTS, area=Area(statewide=True)))
        draft = Alert(made_by=air.issuer.id)
        session.add(draft)
        for alert in (air.alert, draft):
            session.flush()
            record.join(writer, outage, alert)
        assert alerts.on_outage(session, outage.id) == [air.alert, draft]
        with pytest.raises(RecordRefused, match=f"Alert {air.alert.public_id} is still open: send its all-clear"):
            record.close(writer, outage, "")
        air.alert.state = "closed"
        record.close(writer, outage, "")
        assert not outage.is_open


def test_an_alert_finds_the_outage_of_its_place(sessions: Sessions) -> None:
    towns = directory(3)
    with sessions.begin() as session:
        ida = person(session, "ida@example.gov", "issuer")
        writer = Writer(session, f"user:{ida.id}", "Ida", NOW, ida.id)
        nowhere, first, gone = (
            record.begin(writer, replace(FACTS, area=area))
            for area in (Area(), Area(communities=("town-1",)), Area(communities=("a town of long ago",)))
        )
        found = [nowhere, gone, first]
        for area, wanted in (
            (Area(communities=("town-1",)), first),
            (Area(psaps=("psap-1",)), first),
            (Area(statewide=True), first),
            (Area(communities=("town-2",)), None),
            (Area(), None),
        ):
            assert record.fitting(found, area, towns) is wanted
