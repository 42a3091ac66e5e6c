"""The canary over the carrier's test credentials: the same way up to the carrier, no text to anybody, no way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from werkzeug.serving import make_server

from broadcaster.canary.path import Path
from broadcaster.channels import registry
from broadcaster.channels.http import Door
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves.drain import drain
from broadcaster.dispatch.waves.window import Window
from broadcaster.local.carrier import Carrier, Running, start_in_thread
from broadcaster.settings import Settings
from broadcaster.store.canaries import Outcome, Run, Step
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.web.signin import canary_accounts
from tests.desk import Desk, settings
from tests.factories import QUICK, SID, TOKEN
from tests.serving import serving

TEST_SID, TEST_TOKEN, MAGIC = "AC" + "2" * 32, "test-token-of-the-carrier", "+15005550006"
PHONE, LANDLINE = "+16175550100", "+15005550009"
"""One that test credentials take, and one of which they say that it gets no texts."""


@contextmanager
def flying(sessions: Sessions, carrier: Running, phone: str) -> Iterator[Path]:
    """A desk on loopback and a worker beside it, whose canary goes over test credentials; the way of one run."""
    credentials = {"canary_account_sid": TEST_SID, "canary_auth_token": TEST_TOKEN, "canary_from": MAGIC}
    chosen = settings(canary_phone=phone, twilio_api_url=carrier.url, **credentials)
    desk = Desk(sessions, datetime.now(UTC).replace(microsecond=0), chosen)
    with sessions.begin() as store:
        keys = canary_accounts.make(store, desk.sealer, "canary.example")
        there = registry.WAYS_OUT["canary"].sender(chosen)
        senders.register(store, NewSender("canary", "canary", there, 1.0))
    server, over = make_server("127.0.0.1", 0, desk.app, threaded=True), threading.Event()
    with serving(server):
        base = f"http://127.0.0.1:{server.server_port}"
        path = Path.of(chosen.model_copy(update={"canary_url": base, "canary_keys": keys}), Door(live=False))
        path.patience, path.clock = 60.0, lambda: desk.now.timestamp()
        worker = threading.Thread(target=work, args=(desk, chosen, over))
        worker.start()
        try:
            yield path
        finally:
            over.set()
            worker.join()


def work(desk: Desk, chosen: Settings, over: threading.Event) -> None:
    """What a worker does, with the canary's carrier as an installation makes it."""
    carriers = {"canary": registry.WAYS_OUT["canary"].make(chosen)}
    engine = Engine(desk.sessions, desk.sealer, Window(carriers, 5), chosen.keyring, QUICK)
    while not over.is_set():
        drain(engine, "sms", seconds=0.2)
    engine.close()


async def flown(path: Path) -> Run:
    try:
        return await path.walk()
    finally:
        await path.door.close()


@pytest.mark.parametrize(
    ("phone", "outcome", "why"), [(PHONE, Outcome.GOOD, ""), (LANDLINE, Outcome.MISSED, "it is rejected")]
)
async def test_it_goes_as_far_as_the_carrier_and_no_further(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, phone: str, outcome: Outcome, why: str
) -> None:
    monkeypatch.setattr("broadcaster.web.api.api.tasks.ring", lambda *_: None)
    config = Carrier(SID, TOKEN, test_sid=TEST_SID, test_token=TEST_TOKEN)
    with start_in_thread(config) as carrier, flying(sessions, carrier, phone) as path:
        run = await flown(path)
        assert (run.outcome, run.step) == (outcome, Step.CARRIER) and why in run.why, run
        assert list(run.seconds) == [step.value for step in Step if step is not Step.CALLBACK]
        ledger = carrier.ledger()
    assert ledger["messages"] == [] and [one["to"] for one in ledger["attempts"]] == [phone]
