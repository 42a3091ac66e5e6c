"""The bulk API fails as it is told to, lists late, and its events are signed as Twilio signs them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from tests.carrier import NOON, PHONE, SENDER, TOKEN, Clock, Receiver, carrier, client, receiver, send, until
from tests.carrier_bulk import TOWNS, get, operation, post, wave

FAULTS = {
    # fault: what the client sees, how many texts there are
    "share_429": (429, 0),
    "share_5xx_accepted": (500, 2),
    "share_bad_json": (202, 2),
    "share_hang_refused": (None, 0),
    "share_accept_then_hang": (None, 2),
    "share_accept_then_reset": (None, 2),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_ledger_knows_the_truth_whatever_was_answered(fault: str) -> None:
    sees, texts = FAULTS[fault]
    with carrier(**{fault: 1.0}, hang_s=0.05, retry_after=7) as running:
        try:
            answer = post(running, wave(*TOWNS))
            status: int | None = answer.status_code
        except requests.exceptions.ConnectionError:
            answer, status = None, None
        ledger = running.ledger()
        listed = get(running).json()["messages"]
    assert (status, len(ledger["messages"]), len(listed)) == (sees, texts, texts)
    assert ledger["summary"]["by_fault"] == {fault.removeprefix("share_"): 1}
    if fault == "share_429":
        assert answer.headers["Retry-After"] == "7"
    if fault == "share_bad_json":
        assert "operationId" not in answer.headers
        with pytest.raises(ValueError, match="line 1"):
            answer.json()


def test_refused_5xx_leave_nothing_behind() -> None:
    with carrier(share_5xx_refused=1.0) as running:
        assert {post(running, wave(*TOWNS)).status_code for _ in range(20)} == {500, 503}
        assert running.summary()["accepted"] == 0


def test_the_cap_is_of_the_account_whichever_api_is_asked() -> None:
    with carrier(clock=Clock(), mps_cap=2) as running, client(running) as twilio:
        send(twilio)
        assert [post(running, wave(*TOWNS)).status_code for _ in range(2)] == [202, 429]


def test_the_listing_lags_behind_and_fetching_does_not() -> None:
    clock = Clock()
    with carrier(clock=clock, listing_lag_s=2.0) as running:
        ref = post(running, wave(*TOWNS)).json()["operationId"]
        early = [get(running, operationId=ref).json()["messages"], get(running, "/Operations").json()["operations"]]
        known = operation(running, ref)[1]["total"]
        clock.now += 2.1
        late = [get(running, operationId=ref).json()["messages"], get(running, "/Operations").json()["operations"]]
    assert (early, known, [len(each) for each in late]) == ([[], []], 2, [2, 1])


def everything(running: Any, path: str = "", **query: object) -> list[str]:
    """The ids of all pages, in their order."""
    found, token = [], None
    while True:
        answer = get(running, path, **query, **({"pageToken": token} if token else {})).json()
        found += [each["id"] for each in answer["messages" if not path else "operations"]]
        token = answer["pagination"]["next"]
        if token is None:
            return found


def test_the_listing_is_paged_without_gaps_while_texts_come_in() -> None:
    with carrier() as running:
        post(running, wave(*(f"+150855501{number:02}" for number in range(25))))
        first = get(running, pageSize=10).json()
        again = get(running, pageSize=10, pageToken=first["pagination"]["self"]).json()
        post(running, wave(PHONE))  # must not shift the next page
        second = get(running, pageSize=10, pageToken=first["pagination"]["next"]).json()
        ids = everything(running, pageSize=7)
    assert [each["id"] for each in again["messages"]] == [each["id"] for each in first["messages"]]
    assert ids[1:21] == [each["id"] for each in first["messages"] + second["messages"]]
    assert len(ids) == len(set(ids)) == 26


def test_the_listing_filters_by_operation_time_status_and_tags() -> None:
    clock = Clock()
    with carrier(clock=clock, sender_mps=0.0001) as running:
        first = post(running, wave(*TOWNS)).json()["operationId"]
        until(lambda: running.summary()["by_status"].get("delivered") == 1)
        clock.now += 60
        second = post(running, wave(PHONE, tags={"wave": "12", "kind": "{{town}}"})).json()["operationId"]
        half = datetime.fromtimestamp(NOON + 30, UTC).isoformat()
        count = {
            name: len(everything(running, **query))
            for name, query in {
                "all": {},
                "first": {"operationId": first},
                "no such": {"operationId": first[:-1] + ("1" if first.endswith("0") else "0")},
                "since": {"startDate": half},
                "until": {"endDate": half},
                "delivered": {"status": "DELIVERED"},
                "queued": {"status": "QUEUED", "operationId": second},
                "tags": {"tags": "wave:12;kind:Lynn;"},
                "other tags": {"tags": "wave:12;kind:Salem"},
                "channel": {"channel": "RCS"},
            }.items()
        }
        operations = everything(running, "/Operations", startDate=half)
        done = get(running, "/Operations", status="COMPLETED").json()["operations"]
    assert count == {
        "all": 3,
        "first": 2,
        "no such": 0,
        "since": 1,
        "until": 2,
        "delivered": 1,
        "queued": 1,
        "tags": 1,
        "other tags": 0,
        "channel": 0,
    }
    assert (operations, done) == ([second], [])


@pytest.mark.parametrize(
    "query",
    [
        {"startDate": "yesterday"},
        {"startDate": "2025-06-18T12:00:00"},
        {"startDate": "2025-06-18T12:00:00Z", "endDate": "2025-06-18T11:00:00Z"},
        {"pageSize": 1001},
        {"pageSize": 0},
        {"pageToken": "next"},
    ],
)
def test_a_listing_that_cannot_be_understood_says_so(query: dict[str, object]) -> None:
    with carrier() as running:
        for path in ("", "/Operations"):
            answer = get(running, path, **query)
            assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_a_listing_that_is_down_or_a_thing_unknown_says_so() -> None:
    with carrier() as running:
        missing = [get(running, path).status_code for path in ("/Operations/x", "/x")]
        running.set_faults(listing_down=True)
        down = [get(running, path).status_code for path in ("", "/Operations", "/Operations/x", "/x")]
    assert (missing, down) == ([404] * 2, [503] * 4)


def events(ears: Receiver) -> list[dict[str, Any]]:
    return [event for each in ears.heard for event in json.loads(each.body)]


def test_every_event_names_operation_message_and_tags_and_is_signed() -> None:
    with receiver() as ears, carrier(share_callbacks_dropped=0, events_url=f"{ears.url}/events?of=bulk") as running:
        ref = post(running, wave(PHONE)).json()["operationId"]
        until(lambda: running.summary()["callbacks"].get("answered") == 3)
        [row] = running.ledger()["messages"]
    kinds = [event["type"].removeprefix("com.twilio.comms-api.message.") for event in events(ears)]
    assert sorted(kinds) == ["delivered", "queued", "sent"]
    for event in events(ears):
        data = event["data"]
        assert (data["operation_id"], data["message_id"], data["downstream_id"]) == (ref, row["bulk_id"], row["sid"])
        assert (data["to"]["address"], data["from"]["address"], data["tags"]) == (PHONE, SENDER, {"delivery": "7.0.1"})
    valid = RequestValidator(TOKEN)
    for each in ears.heard:
        assert valid.validate(each.url, each.body, each.signature)
        assert not valid.validate(each.url, each.body + " ", each.signature)


def test_an_event_of_a_failure_has_its_code() -> None:
    with receiver() as ears, carrier(share_callbacks_dropped=0, share_failed=1.0, events_url=ears.url) as running:
        post(running, wave(PHONE, "+15005550009"))
        until(lambda: running.summary()["callbacks"].get("answered") == 3)
    failed = [event["data"] for event in events(ears) if event["type"].endswith("failed")]
    assert {each["to"]["address"]: each["error_code"] for each in failed} == {PHONE: "30008", "+15005550009": "21614"}
    assert ["downstream_id" in each for each in failed if each["error_code"] == "21614"] == [False]


def test_events_are_lost_and_doubled_like_any_callback() -> None:
    with receiver() as ears, carrier(seed=11, callbacks_duplicated=0.5, events_url=ears.url) as running:
        post(running, wave(*(f"+150855502{number:02}" for number in range(40))))
        until(lambda: running.summary()["by_status"] == {"delivered": 40})

        def settled() -> Counter[str] | None:
            found = Counter(running.summary()["callbacks"])
            return found if found["answered"] == 120 - found["dropped"] + found["duplicated"] else None

        counts = until(settled)
    assert counts["dropped"] > 0 and counts["duplicated"] > 0
    assert len(ears.heard) == counts["answered"]


def test_no_event_leaves_this_machine() -> None:
    with carrier(share_callbacks_dropped=0, events_url="https://911.example.gov/events") as running:
        post(running, wave(PHONE))
        until(lambda: running.summary()["callbacks"].get("refused_not_loopback") == 3)
