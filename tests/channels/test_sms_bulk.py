"""A wave in one request, against the simulated carrier over HTTP: one text each, and every answer by its name."""

from __future__ import annotations

from typing import Any

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels import registry, sms_bulk
from broadcaster.channels.bulk_words import Progress
from broadcaster.channels.contract import Accepted
from broadcaster.channels.errors import (
    Ambiguous,
    Misconfigured,
    NotSent,
    SendError,
    Throttled,
)
from broadcaster.channels.http import DoorClosed
from broadcaster.messages.fit import fit
from broadcaster.settings import load
from tests.bulk import LYNN, SALEM, asked, bulk, out, phone, settled, texts
from tests.carrier import SENDER, SID, TOKEN, carrier


async def test_a_wave_is_one_request_and_every_reader_reads_the_frozen_text() -> None:
    rows = [out(1), out(2), out(3, SALEM), out(4, "Ł" * 70)]
    with carrier() as running:
        async with bulk(running.url) as twilio:
            operation = await twilio.hand_over(rows)
            await settled(twilio, operation.ref)
            ended = await twilio.operation(operation.ref)
            told = await twilio.messages(operation.ref, asked(rows))
        ledger = running.ledger()
    assert (operation.progress, operation.recipients, operation.whole) == (Progress.PROCESSING, 4, False)
    assert (ended.messages, ended.unaddressable, ended.whole) == (4, 0, True)
    assert ledger["summary"]["attempts"] == 1
    sent = {row["to"]: (row["body"], row["segments"]) for row in ledger["messages"]}
    assert sent == {row.to: (row.message.text, fit(row.message.text).segments) for row in rows}
    assert {row["sender"] for row in ledger["messages"]} == {SENDER}
    refs = {row["to"]: row["bulk_id"] for row in ledger["messages"]}
    assert {one.key: one.answer for one in told} == {row.key: Accepted(refs[row.to]) for row in rows}
    assert {one.operation for one in told} == {operation.ref}
    tags = {row["to"]: row["tags"] for row in ledger["messages"]}
    assert tags == {row.to: {"delivery": str(row.key), "proof": row.proof} for row in rows}


ANSWERS: dict[str, tuple[dict[str, Any], type[SendError], float | None, int]] = {
    # what goes wrong: (the carrier's faults, what is raised, the carrier's wait, texts that went out all the same)
    "throttled": ({"share_429": 1.0, "retry_after": 7}, Throttled, 7.0, 0),
    "an error, accepted": ({"share_5xx_accepted": 1.0}, Ambiguous, None, 2),
    "an error, refused": ({"share_5xx_refused": 1.0}, Ambiguous, None, 0),
    "a reset": ({"share_accept_then_reset": 1.0}, Ambiguous, None, 2),
    "a hang-up": ({"share_accept_then_hang": 1.0, "hang_s": 0.05}, Ambiguous, None, 2),
    "a hang-up, refused": ({"share_hang_refused": 1.0, "hang_s": 0.05}, Ambiguous, None, 0),
    "half an answer": ({"share_bad_json": 1.0}, Ambiguous, None, 2),
}


@pytest.mark.parametrize("wrong", ANSWERS)
async def test_what_goes_wrong_has_its_name_and_the_listing_knows_what_went_out(wrong: str) -> None:
    faults, kind, wait, went_out = ANSWERS[wrong]
    rows = [out(1), out(2)]
    since = asked(rows)
    with carrier(**faults) as running:
        async with bulk(running.url) as twilio:
            with pytest.raises(kind) as caught:
                await twilio.hand_over(rows)
            found = await twilio.find(since)
        ledger = running.ledger()
    assert type(caught.value) is kind
    assert caught.value.wait == wait
    assert len(ledger["messages"]) == went_out
    refs = {row["to"]: row["bulk_id"] for row in ledger["messages"]}
    assert {one.key: one.ref for one in found} == {row.key: refs[row.to] for row in rows if refs}
    assert {one.operation for one in found} == {row["operation"] for row in ledger["messages"]}


async def test_a_carrier_that_is_not_there_was_sent_nothing() -> None:
    with carrier() as running:
        nowhere = running.url
    async with bulk(nowhere) as twilio:
        with pytest.raises(NotSent) as caught:
            await twilio.hand_over([out(1)])
        with pytest.raises(NotSent):
            await twilio.find(asked([out(1)]))
    assert type(caught.value) is NotSent


async def test_an_account_that_is_refused_needs_a_person() -> None:
    with carrier() as running:
        async with bulk(running.url, token="wrong") as twilio:
            with pytest.raises(Misconfigured):
                await twilio.hand_over([out(1)])
        assert running.summary()["accepted"] == 0


@pytest.mark.parametrize(("sender", "code"), [("+15005550007", "21606"), ("no-number", "21212")])
async def test_a_request_refused_as_a_whole_rejects_nobodys_number(sender: str, code: str) -> None:
    with carrier() as running:
        async with bulk(running.url, sender=sender) as twilio:
            with pytest.raises(Misconfigured, match=code) as caught:
                await twilio.hand_over([out(1)])
        assert running.summary()["accepted"] == 0
    assert caught.value.event is Event.NOT_SENT


async def test_nothing_is_handed_over_that_could_outlive_its_alert() -> None:
    with carrier() as running:
        async with bulk(running.url) as twilio:
            with pytest.raises(NotSent, match="too_little_life"):
                await twilio.hand_over([out(1), out(2, life_s=sms_bulk.LEAST_LIFE_S - 1)])
            assert (await twilio.hand_over([out(3, life_s=sms_bulk.LEAST_LIFE_S)])).recipients == 1
        assert list(texts(running)) == [(phone(3), LYNN)]


@pytest.mark.parametrize("rows", [0, sms_bulk.MOST_ROWS + 1])
async def test_a_wave_has_its_bounds(rows: int) -> None:
    async with bulk("http://127.0.0.1:9") as twilio:
        with pytest.raises(ValueError, match="1 to 1000"):
            await twilio.hand_over([out(number) for number in range(rows)])


async def test_no_door_opens_beyond_this_machine_unless_live() -> None:
    async with bulk("https://10.1.2.3") as twilio:
        with pytest.raises(DoorClosed):
            await twilio.hand_over([out(1)])


SETTINGS = {
    "MODE": "demo", "TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER,
    "SECRET_KEY": "a-long-and-varied-0123456789-secret",
}  # fmt: skip


async def test_the_settings_make_the_fast_lane_or_none() -> None:
    assert registry.bulk(load(SETTINGS)) is None
    assert registry.bulk(load({**SETTINGS, "SMS_BULK": "on", "TWILIO_AUTH_TOKEN": ""})) is None
    with carrier() as running:
        made = registry.bulk(load({**SETTINGS, "SMS_BULK": "on", "TWILIO_COMMS_URL": running.url}))
        assert made is not None
        assert (await made.hand_over([out(1)])).recipients == 1
        await made.close()
        assert list(texts(running)) == [(phone(1), LYNN)]
