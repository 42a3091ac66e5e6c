"""The carrier fails exactly as it is told to, and its ledger knows what really happened."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from broadcaster.local.carrier import loop
from broadcaster.local.carrier.faults import FaultError, Faults, Panel
from tests.carrier import PHONE, SENDER, SID, TEXT, TOKEN, Clock, carrier, client, send


def post(url: str, timeout: float = 20.0) -> requests.Response:
    form = {"To": PHONE, "From": SENDER, "Body": TEXT}
    return requests.post(f"{url}/2010-04-01/Accounts/{SID}/Messages.json", form, auth=(SID, TOKEN), timeout=timeout)


@pytest.mark.parametrize(
    ("fault", "status", "code", "accepted"),
    [
        ("share_429", 429, 20429, 0),
        ("share_5xx_accepted", 500, 20500, 1),
    ],
)
def test_an_error_is_answered_and_the_ledger_knows_the_truth(fault: str, status: int, code: int, accepted: int) -> None:
    with carrier(**{fault: 1.0}) as running, client(running) as twilio:
        with pytest.raises(TwilioRestException) as error:
            send(twilio)
        summary = running.summary()
    assert (error.value.status, error.value.code) == (status, code)
    assert (summary["accepted"], summary["by_fault"]) == (accepted, {fault.removeprefix("share_"): 1})


def test_throttling_says_when_to_come_back() -> None:
    with carrier(share_429=1.0, retry_after=7) as running:
        answer = post(running.url)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["more_info"] == "https://www.twilio.com/docs/errors/20429"


def test_refused_5xx_come_in_both_kinds() -> None:
    with carrier(share_5xx_refused=1.0) as running:
        seen = Counter(post(running.url).status_code for _ in range(20))
        assert running.summary()["accepted"] == 0
    assert set(seen) == {500, 503}


@pytest.mark.parametrize(("fault", "accepted"), [("share_accept_then_hang", 1), ("share_hang_refused", 0)])
def test_a_hanging_answer_is_in_the_ledger_only_if_it_was_accepted(fault: str, accepted: int) -> None:
    with carrier(**{fault: 1.0}) as running, client(running, timeout=0.3) as twilio:
        with pytest.raises(requests.exceptions.ReadTimeout):
            send(twilio)
        ledger = running.ledger()
    assert ledger["summary"]["accepted"] == len(ledger["messages"]) == accepted
    assert [(each["status"], each["fault"]) for each in ledger["attempts"]] == [(0, fault.removeprefix("share_"))]


def test_a_connection_is_not_held_for_ever() -> None:
    with (
        carrier(share_accept_then_hang=1.0, hang_s=0.05) as running,
        pytest.raises(requests.exceptions.ConnectionError),
    ):
        post(running.url)


@pytest.mark.parametrize("fast", [True, False])
def test_a_reset_connection_left_its_message_behind_on_either_loop(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "FAST", fast and loop.FAST)
    with carrier(share_accept_then_reset=1.0) as running, client(running) as twilio:
        with pytest.raises(requests.exceptions.ConnectionError, match="reset"):
            send(twilio)
        assert running.summary()["accepted"] == 1


def test_half_a_document_is_not_an_answer() -> None:
    with carrier(share_bad_json=1.0) as running, client(running) as twilio:
        with pytest.raises(ValueError, match="line 1"):
            send(twilio)
        assert running.summary()["accepted"] == 1


def test_the_cap_is_hard_within_each_second() -> None:
    clock = Clock()
    with carrier(clock=clock, mps_cap=3) as running:
        first = [post(running.url).status_code for _ in range(5)]
        clock.now += 1
        second = post(running.url).status_code
        assert running.summary()["by_fault"] == {"mps_cap": 2}
    assert (first, second) == ([201, 201, 201, 429, 429], 201)


def test_faults_are_read_and_partly_set_over_http() -> None:
    with carrier() as running:
        url = f"{running.url}/sim/faults"
        changed = requests.put(url, json={"share_429": 0.25, "listing_down": True}, timeout=20).json()
        assert (changed["share_429"], changed["listing_down"], changed["delivery_ms"]) == (0.25, True, 0.0)
        for wrong, said in [
            ({"share_429": 2}, "between 0 and 1"),
            ({"share_4292": 0}, "no setting 'share_4292'"),
            ({"share_429": 0.6, "share_bad_json": 0.6}, "add up to 1.2"),
            ({"latency_ms": "slow"}, "must be a number"),
            ({"listing_down": "maybe"}, "true or false"),
            ({"sender_rates": "91199:3"}, "sender=rate"),
            ([1], "JSON object"),
        ]:
            answer = requests.put(url, json=wrong, timeout=20)
            assert answer.status_code == 400
            assert said in answer.json()["error"]
        assert requests.get(url, timeout=20).json() == changed


def test_the_same_seed_tells_the_same_story_and_another_another() -> None:
    def story(panel: Panel) -> list[str]:
        return [panel.draw() for _ in range(200)]

    shares = {"share_429": 0.1, "share_accept_then_hang": 0.05, "share_bad_json": 0.05}
    panel = Panel(Faults(**shares, seed=7))
    told = story(panel)
    assert told == story(Panel(Faults(**shares, seed=7))) != story(Panel(Faults(**shares, seed=8)))
    assert set(told) == {"", "429", "accept_then_hang", "bad_json"}
    panel.change({"seed": 7})
    assert story(panel) == told


def test_another_kind_of_chance_does_not_shift_the_replies() -> None:
    plain, busy = (Panel(Faults(share_429=0.5, latency_jitter_ms=10)) for _ in range(2))
    told = []
    for _ in range(50):
        busy.pause()
        busy.callbacks.random()
        told.append(busy.draw())
    assert told == [plain.draw() for _ in range(50)]


def test_a_wrong_change_changes_nothing() -> None:
    panel = Panel(Faults(share_429=0.5))
    with pytest.raises(FaultError):
        panel.change({"latency_ms": 5, "share_5xx_refused": 0.6})
    assert panel.faults == Faults(share_429=0.5)


def test_rates_are_by_sender_where_given() -> None:
    panel = Panel(Faults(sender_mps=3, sender_rates="91199=100, +18885550911=25"))
    assert [panel.rate(sender) for sender in ("91199", "+18885550911", "+15085550199")] == [100, 25, 3]


def test_latency_and_its_jitter_stay_in_their_bounds() -> None:
    panel = Panel(Faults(latency_ms=100, latency_jitter_ms=50))
    waits = [panel.pause() for _ in range(100)]
    assert all(0.1 <= wait <= 0.15 for wait in waits)
    assert any(a != b for a, b in pairwise(waits))
