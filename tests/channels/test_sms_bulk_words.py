"""Every form of the bulk API's answers, also those that the simulated carrier does not take, and their word in ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels.bulk_words import Operation, Progress, operation_ref
from broadcaster.channels.contract import Accepted
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, OptedOut, Rejected, SendError, Throttled
from tests.bulk import LYNN, SALEM, as_row, asked, bulk, out
from tests.carrier import carrier
from tests.carrier_bulk import altered

REF = "comms_operation_01h9krwprkeee8fzqspvwy6nq8"
Change = Callable[[dict[str, Any]], dict[str, Any]]


def each_message(**fields: object) -> Change:
    """A listing in which some fields of every message read otherwise; a field of None is missing."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in fields.items() if value is not None}
        for row in document.get("messages", []):
            row.update(kept)
            for name in fields.keys() - kept.keys():
                row.pop(name, None)
        return document

    return change


@pytest.mark.parametrize("tags", [None, {}, {"delivery": "{{key}}"}, {"delivery": ""}])
async def test_without_our_tags_number_text_and_time_must_do(tags: object) -> None:
    rows = [out(1), out(2, SALEM)]
    with carrier() as running:
        async with altered(running.url, each_message(tags=tags)) as url, bulk(url) as twilio:
            ref = (await twilio.hand_over(rows)).ref
            told = await twilio.messages(ref, asked(rows))
            found = await twilio.find(asked(rows))
            other = await twilio.find(asked([out(1, SALEM), out(2, LYNN)]))
            twice = await twilio.messages(ref, asked([rows[0], out(5, to=rows[0].to)]))
    assert {one.key for one in told} == {one.key for one in found} == {row.key for row in rows}
    assert (other, twice) == ([], [])  # two rows for one number cannot be told apart


@pytest.mark.parametrize(
    "change",
    [
        each_message(to=[]),
        each_message(to=None),
        each_message(id=None),
        each_message(status=None),
        each_message(createdAt="yesterday"),
        each_message(createdAt="2025-06-18T12:00:00"),
        each_message(tags="none"),
        lambda document: {name: value for name, value in document.items() if name != "messages"},
        lambda document: {**document, "pagination": None},
        lambda document: {**document, "pagination": {"next": "PT1"}},
        lambda document: [document],
    ],
)
async def test_a_listing_that_cannot_be_read_proves_nothing(change: Change) -> None:
    with carrier() as running:
        async with bulk(running.url) as twilio:
            ref = (await twilio.hand_over([out(1)])).ref
        async with altered(running.url, change) as url, bulk(url) as twilio:
            for question in (twilio.messages(ref, asked([out(1)])), twilio.find(asked([out(1)]))):
                with pytest.raises(Ambiguous):
                    await question


@pytest.mark.parametrize("status", ["INBOUND", "GROUP"])
async def test_what_is_not_ours_in_the_listing_is_passed_over(status: str) -> None:
    with carrier() as running:
        async with bulk(running.url) as twilio:
            await twilio.hand_over([out(1)])
        async with (
            altered(running.url, each_message(status=status, to=[{"profileId": "x"}])) as url,
            bulk(url) as twilio,
        ):
            assert await twilio.find(asked([out(1)])) == []


async def test_a_word_that_nobody_knows_says_that_the_carrier_has_it() -> None:
    with carrier() as running:
        async with altered(running.url, each_message(status="PONDERED")) as url, bulk(url) as twilio:
            ref = (await twilio.hand_over([out(1)])).ref
            [told] = await twilio.messages(ref, asked([out(1)]))
    assert as_row(told) == ("Accepted", "none", "")


def failed(*attempts: object) -> Change:
    """Every message failed, with these attempts; one that is None is an answer that names no attempts."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        each_message(status="FAILED")(document)
        if "content" in document:
            document["attempts"] = None if attempts == (None,) else list(attempts)
        return document

    return change


@pytest.mark.parametrize(
    ("change", "kind", "event", "handset"),
    [
        (failed(), NotSent, Event.NOT_SENT, "none"),
        (failed(None), Accepted, None, "failed"),
        (failed({"error": {"code": 20429}}), Throttled, Event.NOT_SENT, "none"),
        (failed({"error": {"code": 21606}}), Misconfigured, Event.NOT_SENT, "none"),
        (failed({"error": {"code": "21610"}}), OptedOut, Event.REJECTED, "none"),
        (failed({}, {"error": {"code": 21635}}), Rejected, Event.REJECTED, "none"),
        (failed({"error": {"code": 30007}}), Accepted, None, "failed"),
        (failed({"error": None}), Accepted, None, "failed"),
        (failed({"error": {"code": 99999}}), Accepted, None, "failed"),
    ],
)
async def test_why_a_message_failed_decides_whether_it_goes_again(
    change: Change, kind: type, event: Event | None, handset: str
) -> None:
    with carrier() as running:
        async with altered(running.url, change) as url, bulk(url) as twilio:
            ref = (await twilio.hand_over([out(1)])).ref
            [told] = await twilio.messages(ref, asked([out(1)]))
    assert (type(told.answer), told.handset.value) == (kind, handset)
    assert (told.answer.event if isinstance(told.answer, SendError) else None) is event


@pytest.mark.parametrize(
    ("progress", "messages", "unaddressable", "whole"),
    [
        (Progress.SCHEDULED, 5, 0, False),
        (Progress.PROCESSING, 5, 0, False),
        (Progress.COMPLETED, 4, 0, False),
        (Progress.COMPLETED, 4, 1, True),
        (Progress.COMPLETED, 5, 0, True),
        (Progress.CANCELED, 5, 0, True),
    ],
)
def test_an_operation_is_whole_when_it_has_ended_and_everybody_is_counted(
    progress: Progress, messages: int, unaddressable: int, whole: bool
) -> None:
    assert Operation(REF, progress, 5, messages, unaddressable).whole is whole


@pytest.mark.parametrize(
    ("headers", "body", "ref"),
    [
        ({"operationId": REF}, "", REF),
        ({"operationid": REF}, '{"operation', REF),
        ({}, f'{{"operationId": "{REF}"}}', REF),
        ({}, f'{{"operationId": "{REF}', ""),
        ({}, '{"operationId": null}', ""),
        ({}, '["operationId"]', ""),
        ({"operationId": "12"}, "", ""),
        ({"operationId": REF.upper()}, "", ""),
    ],
)
def test_an_answer_names_its_operation_in_the_header_or_in_the_body(
    headers: dict[str, str], body: str, ref: str
) -> None:
    assert operation_ref(headers, body) == ref
