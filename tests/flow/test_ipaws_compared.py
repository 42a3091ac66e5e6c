"""What IPAWS has published is what was approved, or the board says aloud what of it is not."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select, text

from broadcaster.channels.http import Door
from broadcaster.channels.ipaws_feed import IpawsFeed
from broadcaster.dispatch.documents.ipaws_echo import Echoes
from broadcaster.receipts import seat
from broadcaster.receipts.seat import Posted
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import ledger
from tests import ipaws
from tests.flow import ipaws_story as story

FEEDS = "/IPAWSOPEN_EAS_SERVICE/rest"


def posted(sessions: Sessions, revision: int) -> Posted:
    with sessions() as session:
        found = seat.of(session, session.get_one(Revision, revision).alert_id).posted
    assert found is not None
    return found


def compared(sessions: Sessions) -> list[tuple[str, list[str]]]:
    """What the ledger has of it."""
    with sessions() as session:
        query = select(ledger.AuditEvent).where(ledger.AuditEvent.action == "ipaws_compared")
        told = [json.loads(each.canonical)["data"] for each in session.scalars(query.order_by(ledger.AuditEvent.seq))]
    return [(each["verdict"], each["parts"]) for each in told]


def test_the_same_another_and_none(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        echoes = Echoes(sessions, works.window, IpawsFeed(f"{exchange.base}{FEEDS}", Door(live=False)))
        assert echoes.look() == 0, "nothing was posted"
        first = house.release()
        story.finish(works)
        assert posted(sessions, first).echo == ""
        assert (echoes.look(), echoes.look()) == (1, 0), "once"
        assert posted(sessions, first).echo == "same" and posted(sessions, first).others == ()

        exchange.set_faults(loses="area")
        second = house.release()
        story.finish(works)
        assert echoes.look() == 1
        assert posted(sessions, second).echo == "differs" and posted(sessions, second).others == ("its area",)

        third = house.release()
        story.finish(works)
        exchange.set_faults(loses="identifier")
        assert echoes.look() == 0 and posted(sessions, third).echo == "", "it may come yet"
        with sessions.begin() as session:
            aged = "UPDATE document SET sent = sent - interval '6 minutes' WHERE revision_id = :r"
            session.execute(text(aged), {"r": third})
        assert echoes.look() == 0 and posted(sessions, third).echo == "missing"
        exchange.set_faults(loses="")
        assert echoes.look() == 1 and posted(sessions, third).echo == "same", "it came late"
        echoes.close()
    assert compared(sessions) == [("same", []), ("differs", ["area"]), ("missing", []), ("same", [])]


def test_a_feed_that_does_not_answer_holds_nothing_up(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        revision = house.release()
        story.finish(works)
        for nobody in ("http://127.0.0.1:1", f"{exchange.base}/nothing"):
            echoes = Echoes(sessions, works.window, IpawsFeed(nobody, Door(live=False)))
            assert echoes.look() == 0
            echoes.close()
    assert posted(sessions, revision).echo == "" and compared(sessions) == []
