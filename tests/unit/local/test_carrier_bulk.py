"""The simulated carrier speaks the Bulk Messaging API: what it takes, what it refuses, what becomes of a text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import requests

from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.local.carrier.liquid import LiquidError, check, render
from tests.carrier import SENDER, SID, TOKEN, Clock, carrier, client, send, until
from tests.carrier_bulk import TOWNS, get, operation, post, to, wave

POOL = "comms_senderpool_01h9krwprkeee8fzqspvwy6nq8"
STUCK = 0.0001  # segments/s: nothing leaves the queue after the first text


def test_one_request_makes_one_text_for_each_phone() -> None:
    with carrier() as running, client(running) as twilio:
        answer = post(running, wave(*TOWNS))
        ref = answer.json()["operationId"]
        until(lambda: running.summary()["by_status"] == {"delivered": 2})
        state = operation(running, ref)
        listed = get(running, operationId=ref).json()["messages"]
        fetched = get(running, f"/{listed[0]['id']}").json()
        single = {message.sid for message in twilio.messages.list()}
        ledger = running.ledger()
    assert (answer.status_code, answer.headers["operationId"]) == (202, ref)
    assert {row["to"]: row["body"] for row in ledger["messages"]} == {
        phone: f"911 is down in {town}." for phone, town in TOWNS.items()
    }
    assert single == {row["sid"] for row in ledger["messages"]}
    assert {row["direction"] for row in ledger["messages"]} == {"outbound-api"}
    assert {row["bulk_id"] for row in ledger["messages"]} == {each["id"] for each in listed}
    counts = {name: ledger["summary"][name] for name in ("attempts", "accepted", "distinct_to", "operations", "unsent")}
    assert counts == {"attempts": 1, "accepted": 2, "distinct_to": 2, "operations": 1, "unsent": 0}
    assert state == ("COMPLETED", {"total": 2, "recipients": 2, "attempts": 2, "delivered": 2})
    assert [(each["to"][0]["address"], each["status"], each["tags"]) for each in listed] == [
        ("+15085550101", "DELIVERED", {"delivery": "7.1.1"}),
        ("+15085550100", "DELIVERED", {"delivery": "7.0.1"}),
    ]
    assert {each["related"][0]["id"] for each in listed} == {ref}
    assert fetched["content"] == {"text": "911 is down in Salem."}
    assert [each["status"] for each in fetched["attempts"]] == ["DELIVERED"]
    assert not {"content", "attempts"} & listed[0].keys()


GOOD = wave("+15085550100")
WRONG = {
    "no object": [GOOD],
    "no recipient": {**GOOD, "to": []},
    "no list": {**GOOD, "to": to("+15085550100")},
    "no address": {**GOOD, "to": [{"channel": "PHONE"}]},
    "another channel": {**GOOD, "to": [{"address": "+15085550100", "channel": "WHATSAPP"}]},
    "variables that are no texts": {**GOOD, "to": [{**to("+15085550100"), "variables": {"town": 1}}]},
    "no sender": {name: value for name, value in GOOD.items() if name != "from"},
    "a sender of another channel": {**GOOD, "from": {"address": SENDER, "channel": "RCS"}},
    "a pool that is none": {**GOOD, "from": {"senderPoolId": "MG" + "a" * 32}},
    "no text": {**GOOD, "content": {"text": " "}},
    "a template by its id": {**GOOD, "content": {"contentId": "HX" + "a" * 32}},
    "a condition": {**GOOD, "content": {"text": "{% if town %}{{town}}{% endif %}"}},
    "eleven tags": {**GOOD, "tags": {f"tag-{no}": "x" for no in range(11)}},
    "a long tag": {**GOOD, "tags": {"tag": "x" * 257}},
    "a tag with a space": {**GOOD, "tags": {"a tag": "x"}},
    "a schedule": {**GOOD, "schedule": {"sendAt": ["2025-06-18T13:00:00Z"]}},
    "a field that nobody described": {**GOOD, "validityPeriod": 60},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_refused_as_a_whole(name: str) -> None:
    with carrier() as running:
        answer = post(running, WRONG[name])
        ledger = running.ledger()
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert (ledger["messages"], ledger["summary"]["by_code"]) == ([], {"20001": 1})


def test_who_may_not_ask_is_refused() -> None:
    with carrier() as running:
        assert post(running, GOOD, token="wrong").status_code == 401
        assert requests.get(f"{running.url}/v1/Messages", auth=(SID, "wrong"), timeout=20).status_code == 401
        assert post(running, {**GOOD, "from": {"address": "+15005550007", "channel": "SMS"}}).json()["code"] == 21606
        assert running.summary()["accepted"] == 0


def test_ten_thousand_recipients_and_not_one_more() -> None:
    phones = [f"+1508{number:07}" for number in range(2_000_000, 2_010_001)]
    with carrier(sender_mps=STUCK) as running:
        assert post(running, wave(*phones)).status_code == 400
        assert post(running, wave(*phones[1:])).status_code == 202
        assert (running.summary()["accepted"], running.summary()["attempts"]) == (10_000, 2)


def test_who_cannot_be_texted_fails_alone_and_is_no_text_in_the_ledger() -> None:
    stopped, landline, abroad, good = "+15085550199", "+15005550009", "+442079460000", "+15085550100"
    with carrier() as running:
        running.inbound(stopped, SENDER, "STOP")
        ref = post(running, wave(stopped, landline, abroad, "508-555-0100", good)).json()["operationId"]
        until(lambda: operation(running, ref)[1].get("delivered") == 1)
        state = operation(running, ref)
        messages = get(running, operationId=ref, status="FAILED").json()["messages"]
        codes = {
            each["to"][0]["address"]: get(running, f"/{each['id']}").json()["attempts"][0]["error"]["code"]
            for each in messages
        }
        ledger = requests.get(f"{running.url}/sim/ledger", timeout=20).json()
    assert codes == {stopped: 21610, landline: 21614, abroad: 21408}
    counts = {"total": 4, "recipients": 5, "unaddressable": 1, "attempts": 4, "failed": 3, "delivered": 1}
    assert state == ("COMPLETED", counts)
    assert [row["to"] for row in ledger["messages"] if row["direction"] == "outbound-api"] == [good]
    assert {row["to"]: row["error_code"] for row in ledger["unsent"]} == codes
    assert [(row["id"], row["unaddressable"]) for row in ledger["operations"]] == [(ref, 1)]
    assert (ledger["summary"]["accepted"], ledger["summary"]["unsent"]) == (1, 3)


@pytest.mark.parametrize(
    ("text", "code"), [("{{nothing}}", 21602), ("x" * 1595 + "{{town}}", 21617), ("{{nothing | default: 'x'}}", None)]
)
def test_a_text_that_comes_out_empty_or_too_long_is_not_sent(text: str, code: int | None) -> None:
    with carrier() as running:
        ref = post(running, wave("+15085550102", text=text)).json()["operationId"]
        [message] = get(running, operationId=ref).json()["messages"]
        attempts = get(running, f"/{message['id']}").json()["attempts"]
        assert running.summary()["accepted"] == (0 if code else 1)
    assert [each["error"]["code"] for each in attempts if "error" in each] == ([code] if code else [])


def test_an_operation_is_processing_until_no_text_waits() -> None:
    with carrier(sender_mps=STUCK) as running, client(running) as twilio:
        ref = post(running, wave(*TOWNS)).json()["operationId"]
        until(lambda: running.summary()["by_status"] == {"queued": 1, "delivered": 1})
        waiting = operation(running, ref)
        [queued] = [row["sid"] for row in running.ledger()["messages"] if row["status"] == "queued"]
        twilio.messages(queued).update(status="canceled")
        ended = operation(running, ref)
    common = {"total": 2, "recipients": 2, "attempts": 1, "delivered": 1}
    assert waiting == ("PROCESSING", {**common, "queued": 1})
    assert ended == ("COMPLETED", {**common, "canceled": 1})


def test_the_senders_pace_and_its_queue_hold_for_bulk_too() -> None:
    phones = [f"+150855503{number:02}" for number in range(10)]
    with carrier(sender_rates=f"{SENDER}={STUCK}") as running:  # a queue of 3.6 segments
        ref = post(running, wave(*phones)).json()["operationId"]
        until(lambda: running.summary()["by_status"].get("delivered") == 1)
        counts = operation(running, ref)[1]
        codes = Counter(row["error_code"] for row in running.ledger()["messages"])
    assert counts == {"total": 10, "recipients": 10, "attempts": 8, "queued": 2, "delivered": 1, "failed": 7}
    assert codes == {None: 3, 30001: 7}


def test_a_pool_chooses_its_sender_when_it_sends() -> None:
    with carrier(sender_mps=STUCK) as running:
        ref = post(running, {**wave(*TOWNS), "from": {"senderPoolId": POOL}}).json()["operationId"]
        until(lambda: running.summary()["by_status"] == {"queued": 1, "delivered": 1})
        senders = [each["from"] for each in get(running, operationId=ref).json()["messages"]]
    assert senders == [{"senderPoolId": POOL}, {"address": SENDER, "channel": "SMS"}]


def test_what_was_known_survives_a_restart(tmp_path: Path) -> None:
    config = Carrier(SID, TOKEN, ledger=tmp_path / "ledger.ndjson", faults=Faults(sender_mps=STUCK, listing_lag_s=0))
    with start_in_thread(config) as running:
        ref = post(running, wave(*TOWNS, "+15005550009", "nobody")).json()["operationId"]
        until(lambda: running.summary()["by_status"].get("queued") == 1)
        before = [each["id"] for each in get(running, operationId=ref).json()["messages"]]
    with start_in_thread(config) as running:
        until(lambda: operation(running, ref)[0] == "COMPLETED")
        after = get(running, operationId=ref).json()["messages"]
        counts = operation(running, ref)[1]
        ids = {row["operation"] for row in running.ledger()["messages"]}
    assert [each["id"] for each in after] == before
    assert (counts["total"], counts["recipients"], counts["unaddressable"], counts["failed"]) == (3, 4, 1, 1)
    assert ids == {ref}


def test_clearing_forgets_operations_too() -> None:
    with carrier() as running:
        ref = post(running, wave(*TOWNS)).json()["operationId"]
        running.clear()
        assert get(running, f"/Operations/{ref}").status_code == 404
        assert get(running).json()["messages"] == []


def test_a_text_of_the_other_api_is_not_listed_here() -> None:
    clock = Clock()
    with carrier(clock=clock) as running, client(running) as twilio:
        send(twilio)
        assert get(running).json()["messages"] == []


RENDERED = {
    "Call {{n}}.": "Call 781-555-0100.",
    "Call {{ n }}.": "Call 781-555-0100.",
    "Call {{other | default: '911'}}.": "Call 911.",
    'Call {{ n | default: "911" }}.': "Call 781-555-0100.",
    "Call {{other}}.": "Call .",
    "{{braces}}": "{{n}} {% x %}",
    "{n} }} %}": "{n} }} %}",
}


@pytest.mark.parametrize("template", RENDERED)
def test_variables_are_put_in_place_once(template: str) -> None:
    check(template)
    assert render(template, {"n": "781-555-0100", "braces": "{{n}} {% x %}"}) == RENDERED[template]


@pytest.mark.parametrize("template", ["{{n | upcase}}", "{{n", "{% if n %}", "{{a.b}}"])
def test_other_liquid_is_refused_rather_than_rendered_wrongly(template: str) -> None:
    with pytest.raises(LiquidError, match="renders"):
        check(template)
