"""The ledger is the ground truth: complete, countable, and still there after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from broadcaster.local.carrier import Carrier, Faults, sim, start_in_thread
from broadcaster.local.carrier.journal import Journal
from broadcaster.local.carrier.ledger import Ledger
from tests.carrier import PHONE, SENDER, SID, TEXT, TOKEN, carrier, client, send, until

OTHER = "+15085550101"


def test_doubles_are_counted_by_number_and_body() -> None:
    with carrier() as running, client(running) as twilio:
        sids = [send(twilio).sid, send(twilio).sid]
        send(twilio, body="911 is back.")
        send(twilio, to=OTHER)
        until(lambda: running.summary()["by_status"] == {"delivered": 4})
        summary = requests.get(f"{running.url}/sim/ledger/summary", timeout=20).json()
    assert (summary["attempts"], summary["accepted"], summary["distinct_to"]) == (4, 4, 2)
    assert summary["doubles"] == [{"to": PHONE, "body": TEXT, "sids": sids, "statuses": ["delivered"] * 2}]


def test_the_ledger_is_streamed_as_lines_and_as_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim, "ROWS_AT_ONCE", 2)  # several batches, the last one not full
    with carrier(share_429=1.0) as running, client(running) as twilio:
        requests.post(f"{running.url}/2010-04-01/Accounts/{SID}/Messages.json", auth=(SID, TOKEN), timeout=20)
        running.set_faults(share_429=0)
        for number in range(5):
            send(twilio, to=f"+1508555{number:04}")
        url = f"{running.url}/sim/ledger"
        lines = [json.loads(line) for line in requests.get(f"{url}?format=ndjson", timeout=20).text.splitlines()]
        document = requests.get(f"{url}?format=json", timeout=20).json()
        assert requests.get(f"{url}?format=xml", timeout=20).status_code == 400
    assert [row["kind"] for row in lines] == ["message"] * 5 + ["attempt"] * 6
    assert [row["sid"] for row in document["messages"]] == [row["sid"] for row in lines[:5]]
    assert [(row["status"], row["accepted"]) for row in document["attempts"]] == [(429, False)] + [(201, True)] * 5


def test_an_empty_ledger_is_empty_in_both_formats() -> None:
    with carrier() as running:
        url = f"{running.url}/sim/ledger"
        assert requests.get(f"{url}?format=ndjson", timeout=20).text == ""
        document = requests.get(url, timeout=20).json()
    assert (document["messages"], document["attempts"], document["summary"]["doubles"]) == ([], [], [])


def test_clearing_forgets_messages_queues_and_opt_outs() -> None:
    with carrier(sender_mps=0.001) as running, client(running) as twilio:
        send(twilio)
        running.inbound(PHONE, SENDER, "STOP")
        assert requests.delete(f"{running.url}/sim/ledger", timeout=20).status_code == 204
        assert running.summary()["attempts"] == 0
        send(twilio)
        assert running.summary()["accepted"] == 1


def test_what_was_known_and_what_was_under_way_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "carrier" / "ledger.ndjson"
    config = Carrier(SID, TOKEN, ledger=file, faults=Faults(sender_mps=0.001, delivery_ms=0))
    with start_in_thread(config) as running, client(running) as twilio:
        for to in (PHONE, OTHER):
            send(twilio, to=to)
        running.inbound("+15085550102", SENDER, "STOP")
        until(lambda: running.summary()["by_status"] == {"queued": 1, "delivered": 1})
        before = running.ledger()
    with start_in_thread(config) as running:
        # The sender's pace starts afresh, so the text that waited goes out.
        until(lambda: running.summary()["by_status"] == {"delivered": 2})
        after = running.ledger()
    assert [row["sid"] for row in after["messages"]] == [row["sid"] for row in before["messages"]]
    assert after["attempts"] == before["attempts"]
    assert after["summary"]["opted_out"] == 1
    assert after["summary"]["accepted"] == 2


def test_a_line_torn_by_a_kill_is_cut_off_and_the_next_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "ledger.ndjson"
    file.write_text('{"kind": "opt", "phone": "+15085550100", "out": true}\n{"kind": "opt", "pho')
    ledger = Ledger(Journal(file))
    assert ledger.opted_out == {PHONE}
    ledger.opt(OTHER, True)
    ledger.close()
    again = Ledger(Journal(file))
    assert again.opted_out == {PHONE, OTHER}
    again.clear()
    again.close()
    assert file.read_bytes() == b""
