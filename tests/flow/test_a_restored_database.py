"""The database is put back from a dump made in mid-send: nobody is told anything before a person looked at it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch import actions
from broadcaster.dispatch.engine import hold_after_restore
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import rootless
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.factories import SID, TOKEN, directory, engine, furnish, phones
from tests.flow import story

CALM = Faults(share_callbacks_dropped=1.0, listing_lag_s=0.0, delivery_ms=0.0)
EVERYONE = {phone: ["town-1"] for phone in phones(60)}


def tool(name: str, *words: str) -> None:
    """One of Postgres's own programs."""
    subprocess.run([rootless.installed_programs() / name, *words], check=True, capture_output=True, timeout=60)


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def test_nothing_is_sent_until_somebody_resumes_it(database_url: str, sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(1), EVERYONE, mps=40.0)
    with sessions.begin() as session:
        database.stamp_mode(session, "demo")
    hold_after_restore(sessions)
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=CALM)) as carrier,
        engine(sessions, carrier.url, tmp_path) as works,
    ):
        released = house.release()
        drain(works, "sms", seconds=0.5)
        works.recorder.wait()
        before = story.texted(carrier)
        assert 0 < before.total() < len(EVERYONE)
        dump = tmp_path / "broadcaster.dump"
        tool("pg_dump", "--format=custom", f"--file={dump}", plain(database_url))
        tool("pg_restore", "--clean", "--if-exists", f"--dbname={plain(database_url)}", str(dump))
        sessions.kw["bind"].dispose()

        hold_after_restore(sessions)
        assert drain(works, "sms", seconds=0.5).sent == 0
        assert story.texted(carrier) == before
        with house.sessions.begin() as session:
            actor, revision = house.actor(session, house.approver), session.get_one(Revision, released)
            actions.resume(actor, revision, Tier.PUBLIC, revision.hash or "")
        story.finish(works)
        assert story.texted(carrier) == dict.fromkeys(EVERYONE, 1)
    with sessions() as session:
        assert session.query(Fanout).filter_by(channel="sms", state="done").count() == 1
