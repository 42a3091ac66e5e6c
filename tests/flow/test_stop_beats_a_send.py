"""STOP against a fan-out in full flight, by two carriers: no text leaves later than one second after STOP's commit."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

import pytest

from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.messages.keywords import CARRIER_STOP, Wish, words
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.public.residents import Suppression
from tests import factories, onair, webhooks
from tests.factories import SECOND_SENDER, SID, TOKEN, Ways, directory, engine, furnish, phones
from tests.flow import story
from tests.webhooks import TEXT, Caller

MANY, STOPPING, PACE = 600, 60, 150.0
WITHIN_S = 1.0
SAID = [*CARRIER_STOP, *(word for lang in ("es", "ht", "vi", "ar", "ko") for word in words(lang, Wish.STOP)[:2])]


def settings() -> Settings:
    return onair.settings(
        secret_key=factories.SECRET,
        field_key=factories.KEYS["FIELD_KEY"],
        index_key=factories.KEYS["INDEX_KEY"],
        twilio_account_sid=SID,
        twilio_auth_token=TOKEN,
    )


def stop(phone: Caller, number: str, no: int) -> None:
    """One phone says STOP, in one of the words for it."""
    word = SAID[no % len(SAID)]
    text = {**TEXT, "AccountSid": SID, "From": number, "MessageSid": f"SM{no:032}", "Body": word}
    assert phone.say(text, TOKEN) == 200


def flight(works: Engine, over: threading.Event) -> None:
    """Send without a pause."""
    while not over.is_set():
        drain(works, "sms", seconds=0.5)


def sent(*carriers: Running) -> dict[str, float]:
    """When each phone's text reached a carrier, by the carriers' own ledgers."""
    return {row["to"]: row["at"] for each in carriers for row in each.ledger()["messages"] if row["body"]}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_text_leaves_later_than_a_second_after_stop_was_committed(
    seed: int, sessions: Sessions, tmp_path: Path
) -> None:
    everyone = phones(MANY)
    house = furnish(sessions, directory(3), {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(everyone)}, PACE)
    with sessions.begin() as session:
        senders.register(session, NewSender("sms", "secondary", SECOND_SENDER, PACE))
    stopping = Random(seed).sample(everyone, STOPPING)
    faults = Faults(delivery_ms=50.0, seed=seed, share_429=0.05)
    over = threading.Event()
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=faults)) as first,
        start_in_thread(Carrier(SID, TOKEN, faults=faults)) as second,
        engine(sessions, first.url, tmp_path, ways=Ways(second_url=second.url)) as works,
        webhooks.caller(sessions, settings()) as phone,
    ):
        house.release()
        sending = threading.Thread(target=flight, args=(works, over))
        sending.start()
        for no, number in enumerate(stopping):
            stop(phone, number, no)
            time.sleep(0.02)
        over.set()
        sending.join()
        story.finish(works)
        left = sent(first, second)
    with sessions() as session:
        stopped = {row.value_index: row.since.timestamp() for row in session.query(Suppression)}
    late = {
        number: left[number] - stopped[factories.SEALER.index(f"sms:{number}")] for number in stopping if number in left
    }
    assert len(stopped) == STOPPING
    assert {number: by for number, by in late.items() if by > WITHIN_S} == {}
    assert len(left.keys() & set(everyone)) == MANY - STOPPING + len(late)
    assert len(late) < STOPPING, "every text was out before its STOP: this race proves nothing"
