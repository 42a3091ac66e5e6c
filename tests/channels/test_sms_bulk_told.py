"""What became of a bulk wave's rows, in our words: read from its operation, or found again when its id was lost."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.delivery import Handset
from broadcaster.channels import sms_bulk
from broadcaster.channels.contract import Accepted
from broadcaster.channels.errors import Ambiguous
from tests.bulk import LYNN, as_row, asked, bulk, out, settled
from tests.carrier import SENDER, carrier, client, send, until

STUCK = 0.0001  # segments/s: nothing leaves the queue after the first text


PEOPLE = {
    "+15005550001": ("Rejected", "none", "21211"),  # no number at all
    "+15005550009": ("Rejected", "none", "21614"),  # a landline
    "+15005550004": ("OptedOut", "none", "21610"),
    "+442079460000": ("Misconfigured", "none", "21408"),  # a country that the account may not text
    "+15085550100": ("Accepted", "delivered", ""),
}


async def test_every_row_has_the_answer_that_the_per_message_api_would_have_given() -> None:
    rows = [out(no, to=to) for no, to in enumerate([*PEOPLE, "508-555-0100"])]
    with carrier() as running:
        async with bulk(running.url) as twilio:
            operation = await twilio.hand_over(rows)
            until(lambda: running.summary()["by_status"] == {"delivered": 1})
            told = await twilio.messages(operation.ref, asked(rows))
            ended = await twilio.operation(operation.ref)
    assert {rows[one.key.address].to: as_row(one) for one in told} == PEOPLE
    assert (ended.recipients, ended.messages, ended.unaddressable, ended.whole) == (6, 5, 1, True)


@pytest.mark.parametrize(
    ("faults", "then", "expected"),
    [
        (
            {"sender_mps": STUCK},
            {"queued": 1, "delivered": 1},
            {("Accepted", "delivered", ""), ("Accepted", "none", "")},
        ),
        ({"delivery_ms": 1e9}, {"sent": 2}, {("Accepted", "sent", "")}),
        ({"share_failed": 1.0}, {"failed": 2}, {("Accepted", "failed", "30008")}),
    ],
)
async def test_a_text_that_was_taken_is_accepted_whatever_the_phone_says(
    faults: dict[str, float], then: dict[str, int], expected: set[tuple[str, str, str]]
) -> None:
    rows = [out(1), out(2)]
    with carrier(**faults) as running:
        async with bulk(running.url) as twilio:
            ref = (await twilio.hand_over(rows)).ref
            until(lambda: running.summary()["by_status"] == then)
            told = await twilio.messages(ref, asked(rows))
    assert {as_row(one) for one in told} == expected


async def test_what_was_not_delivered_says_why() -> None:
    with carrier(share_undelivered=1.0) as running:
        async with bulk(running.url) as twilio:
            ref = (await twilio.hand_over([out(1)])).ref
            until(lambda: running.summary()["by_status"] == {"undelivered": 1})
            [told] = await twilio.messages(ref, asked([out(1)]))
    assert isinstance(told.answer, Accepted)
    assert (told.handset, told.code in {"30003", "30005", "30006"}) == (Handset.UNDELIVERED, True)


async def test_a_wave_of_many_pages_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms_bulk, "PAGE", 3)
    rows = [out(number) for number in range(20)]
    with carrier() as running:
        async with bulk(running.url) as twilio:
            ref = (await twilio.hand_over(rows)).ref
            await twilio.hand_over([out(99)])
            told = await twilio.messages(ref, asked(rows))
            found = await twilio.find(asked(rows))
    assert [one.key for one in told] == [one.key for one in found] == [row.key for row in rows][::-1]


async def test_what_the_listing_does_not_show_yet_is_not_claimed() -> None:
    with carrier(listing_lag_s=1e6) as running:
        async with bulk(running.url) as twilio:
            ref = (await twilio.hand_over([out(1)])).ref
            await settled(twilio, ref)
            assert (await twilio.operation(ref)).whole
            assert await twilio.messages(ref, asked([out(1)])) == []
            assert await twilio.find(asked([out(1)])) == []


async def test_a_listing_that_is_down_proves_nothing() -> None:
    with carrier() as running:
        async with bulk(running.url) as twilio:
            ref = (await twilio.hand_over([out(1)])).ref
            running.set_faults(listing_down=True)
            for question in (twilio.operation(ref), twilio.messages(ref, []), twilio.find(asked([out(1)]))):
                with pytest.raises(Ambiguous):
                    await question


async def test_an_operation_nobody_knows_is_not_over() -> None:
    with carrier() as running:
        async with bulk(running.url) as twilio:
            with pytest.raises(Ambiguous, match="listing_http_404"):
                await twilio.operation("comms_operation_" + "0" * 26)
            assert await twilio.find([]) == []


async def test_another_attempt_another_phone_and_an_older_text_are_not_taken_for_this_one() -> None:
    first, second = out(1), out(1, n=2)
    with carrier() as running:
        async with bulk(running.url) as twilio:
            await twilio.hand_over([first])
            [question] = asked([first])
            assert [one.key for one in await twilio.find([question])] == [first.key]
            for other in (
                asked([second])[0],
                replace(question, to="+15085550199"),
                replace(question, since=question.since + timedelta(minutes=3)),
            ):
                assert await twilio.find([other]) == []


async def test_each_question_has_its_own_time() -> None:
    """Asked together with an older one, a younger question does not take a text from before it."""
    with carrier() as running:
        async with bulk(running.url) as twilio:
            await twilio.hand_over([out(1), out(2)])
            first, second = asked([out(1), out(2)])
            later = replace(second, since=second.since + timedelta(minutes=3))
            assert [one.key for one in await twilio.find([first, later])] == [first.key]


@pytest.mark.parametrize("seconds", [-90, 90])
async def test_the_carriers_clock_may_differ_from_ours(seconds: int) -> None:
    with carrier(clock=lambda: time.time() + seconds) as running:
        async with bulk(running.url) as twilio:
            await twilio.hand_over([out(1)])
            assert [one.key for one in await twilio.find(asked([out(1)]))] == [out(1).key]


async def test_a_double_is_seen_twice() -> None:
    with carrier(share_5xx_accepted=1.0) as running:
        async with bulk(running.url) as twilio:
            for _ in range(2):
                with pytest.raises(Ambiguous):
                    await twilio.hand_over([out(1)])
            found = await twilio.find(asked([out(1)]))
    assert len({one.ref for one in found}) == 2


async def test_a_text_of_the_per_message_api_is_none_of_bulks() -> None:
    with carrier() as running, client(running) as single:
        send(single, to=out(1).to, body=LYNN)
        async with bulk(running.url) as twilio:
            assert await twilio.find(asked([out(1)])) == []
            await twilio.hand_over([out(2)])
        assert [message.from_ for message in single.messages.list(to=out(2).to)] == [SENDER]
