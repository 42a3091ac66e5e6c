"""Redis is stopped before the approval and the workers' children are killed: the sweep alone finishes the alert."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from broadcaster import tasks
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.local.valkey import Valkey
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from tests.factories import SID, TOKEN, content, directory, furnish, phones
from tests.flow import installation, story


def done(sessions: Sessions) -> bool:
    """Whether the texts' fan-out is done."""
    with sessions() as session:
        return session.query(Fanout).filter_by(channel="sms", state="done").count() == 1


def test_nobody_notices(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    everyone = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(200))}
    house = furnish(sessions, directory(3), everyone, mps=200.0)
    valkey = Valkey(tmp_path / "valkey")
    url = valkey.start()
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(share_callbacks_dropped=1.0, delivery_ms=0.0))) as carrier:
        env = installation.environment(database_url, url, carrier.url, tmp_path)
        with installation.process(env, "worker", "sms") as worker, installation.process(env, "sweep"):
            story.until(lambda: len(installation.children(worker.pid)) >= 1)
            valkey.stop()
            for child in installation.children(worker.pid):
                installation.kill(child)
            revision = house.release()
            story.until(lambda: story.accepted(carrier) > 20)
            valkey.start()
            story.until(lambda: done(sessions), 60.0)
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
    valkey.stop()
    story.sums_close(sessions, revision, len(everyone))


def test_a_bell_that_nobody_hears_is_logged_and_raises_nothing(monkeypatch) -> None:
    heard: list[str] = []
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(tasks, "log", SimpleNamespace(warning=lambda event, **_: heard.append(event)))
    tasks.settings.current.cache_clear()
    tasks.ring("sms")
    for thread in threading.enumerate():
        if thread.name == "bell":
            thread.join(10.0)
    tasks.settings.current.cache_clear()
    assert heard == ["bell_not_heard"]


def test_whoever_rings_does_not_wait_for_the_bell(monkeypatch) -> None:
    """A request ends while Redis still thinks about it."""
    began, over, ended = threading.Event(), threading.Event(), threading.Event()

    def stuck(queues: tuple[str, ...]) -> None:
        assert queues == ("urgent", "sms")
        began.set()
        over.wait(30.0)
        ended.set()

    monkeypatch.setattr(tasks, "_ring", stuck)
    tasks.ring("urgent", "sms")
    assert began.wait(30.0)
    assert not ended.is_set()
    (bell,) = (thread for thread in threading.enumerate() if thread.name == "bell")
    assert bell.daemon, "nor does a process that ends"
    over.set()
    bell.join(30.0)
    assert ended.is_set()


def test_release_needs_neither_celery_nor_redis_and_never_approves(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    everyone = {phone: ["town-1"] for phone in phones(30)}
    house = furnish(sessions, directory(1), everyone)
    with sessions.begin() as session:
        draft = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session), draft)
        waiting = draft.alert.public_id
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(share_callbacks_dropped=1.0))) as carrier:
        env = installation.environment(database_url, "", carrier.url, tmp_path)
        refused = installation.run(env, "release", waiting)
        assert refused.returncode == 2 and "two people" in refused.stderr
        house.approve(1)
        assert installation.run(env, "release", waiting).returncode == 0
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
