"""From a callback's form to a row, and from waiting rows to deliveries, in any order."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.receipts import intake
from broadcaster.receipts.intake import UnreadableWebhook
from broadcaster.receipts.signature import Signed
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import receipts
from broadcaster.store.fanout.deliveries import Delivery, Fanout, Followup, Receipt, Sighting
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.store.public.residents import Suppression
from tests import onair
from tests.onair import NOW, SEALER


@pytest.mark.parametrize(
    ("form", "delivery"),
    [
        ({"MessageSid": "SM1", "MessageStatus": "sent"}, "1.2"),
        ({"MessageSid": "SM1", "MessageStatus": "sent"}, "1.2.x"),
        ({"MessageStatus": "sent"}, "1.2.3"),
        ({"MessageSid": "SM\x001", "MessageStatus": "sent"}, "1.2.3"),
        ({"MessageSid": "SM1"}, "1.2.3"),
        ({"MessageSid": "SM1", "MessageStatus": "'; DROP"}, "1.2.3"),
    ],
)
def test_a_callback_that_cannot_be_read_says_so(form: dict[str, str], delivery: str) -> None:
    with pytest.raises(UnreadableWebhook):
        intake.status_receipt(heard(form), delivery, SEALER)


def heard(form: dict[str, str]) -> Signed:
    return Signed("twilio", urlencode(form), form, {})


REF = "SM" + "1" * 32
STATUSES = [("queued", ""), ("sent", ""), ("delivered", ""), ("undelivered", "30003"), ("failed", "30008")]


def play(sessions: Sessions, start: str, batches: list[list[tuple[str, str]]]) -> tuple[str, ...]:
    """Give one delivery these receipts, batch after batch; returns where it stands."""
    with sessions.begin() as session:
        for table in (Sighting, Receipt, Followup, Delivery):
            session.query(table).delete()
        there = onair.address(session, SEALER, "sms", "+14135550123")
        session.add(Delivery(fanout_id=1, address_id=there, body_id=1, n=1, state=start))
        if start == "unknown":
            session.add(
                Followup(fanout_id=1, address_id=there, kind="ask", n=1, due=NOW, started_at=NOW, settle_at=NOW)
            )
    for batch in batches:
        with sessions.begin() as session:
            rows = [NewReceipt(1, there, 1, "twilio", REF, status, code, None) for status, code in batch]
            receipts.keep(session, rows)
        intake.apply_waiting(sessions)
    with sessions() as session:
        row = session.query(Delivery).one()
        assert session.query(Receipt).filter(Receipt.applied_at.is_(None)).count() == 0
        assert session.query(Followup).count() == 0
        assert session.query(Sighting).count() == 0
        return row.state, row.handset, row.carrier_ref or "", row.reason if row.handset != "delivered" else ""


@given(data=st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_order_and_repetition_of_receipts_ends_in_the_same_state(sessions: Sessions, data: st.DataObject) -> None:
    with sessions.begin() as session:
        if session.get(Fanout, 1) is None:
            onair.on_air(session)
    said = data.draw(st.lists(st.sampled_from(STATUSES), min_size=1, unique=True))
    start = data.draw(st.sampled_from(["sending", "unknown", "accepted"]))
    shuffled = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said)))))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert play(sessions, start, [shuffled[:cut], shuffled[cut:]]) == play(sessions, start, [said])


def test_a_receipt_is_counted_once_and_its_raw_body_opens_again(sessions: Sessions) -> None:
    said = heard({"MessageSid": REF, "MessageStatus": "sent", "To": "+14135550123"})
    receipt = intake.status_receipt(said, "1.2.1", SEALER)
    with sessions.begin() as session:
        assert receipts.keep(session, [receipt, receipt]) == 1
        assert receipts.keep(session, [receipt]) == 0
    with sessions() as session:
        row = session.query(Receipt).one()
        assert row.raw_enc is not None and b"+1413" not in row.raw_enc
        assert intake.opened(SEALER, row.ref, row.raw_enc) == said.raw


def test_a_replayed_start_does_not_undo_a_later_stop(sessions: Sessions) -> None:
    index = SEALER.index("sms:+14135550123")
    texts = [("YES", "SMa1"), ("STOP", "SMa2"), ("YES", "SMa1")]
    for body, sid in texts:
        with sessions.begin() as session:
            intake.keep_words(session, SEALER, heard({"From": "+14135550123", "Body": body, "MessageSid": sid}))
    with sessions() as session:
        assert session.get(Suppression, index) is not None
