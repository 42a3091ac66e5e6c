"""Waiting receipts become moves of deliveries: in bulk, by the key, in one order of locks, again after a deadlock."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.channels.sms_twilio import HANDSETS
from broadcaster.receipts import intake
from broadcaster.store.arrays import binaries, numbers, texts
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import receipts
from broadcaster.store.fanout.deliveries import Delivery, Receipt, Sighting
from broadcaster.store.fanout.receipts import NewReceipt, Waiting, strongest
from tests import onair
from tests.flow.story import until
from tests.onair import SEALER


def word(no: int, address: int, n: int, ref: str, status: str) -> Waiting:
    return Waiting(no, 1, address, n, "twilio", ref, status, "")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ([word(1, 5, 1, "A", "sent"), word(2, 5, 1, "A", "delivered")], [2]),
        ([word(1, 5, 1, "A", "delivered"), word(2, 5, 1, "A", "sent")], [1]),
        ([word(1, 5, 1, "A", "failed"), word(2, 5, 1, "A", "undelivered"), word(3, 5, 1, "A", "queued")], [2]),
        ([word(1, 5, 1, "A", "sent"), word(2, 5, 1, "A", "sent")], [1]),
        ([word(1, 5, 1, "A", "sent"), word(2, 5, 1, "B", "delivered")], [2, 1]),
        ([word(1, 5, 1, "A", "delivered"), word(2, 5, 2, "B", "queued")], [2, 1]),
        ([word(1, 9, 1, "A", "sent"), word(2, 7, 1, "B", "sent"), word(3, 8, 1, "C", "sent")], [2, 3, 1]),
        ([word(1, 5, 1, "A", "of another kind")], [1]),
        ([], []),
    ],
)
def test_the_strongest_word_about_each_message_in_the_order_of_locks(said: list[Waiting], kept: list[int]) -> None:
    assert [one.id for one in strongest(said, HANDSETS)] == kept


@pytest.mark.parametrize("value", ["", 'a"b', "a\\b", "{a,b}", "NULL", "null", " a ", "é🙂", "a\nb", "'"])
def test_an_array_literal_is_read_back_as_it_was(sessions: Sessions, value: str) -> None:
    with sessions() as session:
        values = {"t": texts([value, value]), "n": numbers([-1, 2**62]), "b": binaries([value.encode(), None])}
        read = session.execute(
            text("SELECT CAST(:t AS text[]), CAST(:n AS bigint[]), CAST(:b AS bytea[])"), values
        ).one()
    assert (read[0], read[1]) == ([value, value], [-1, 2**62])
    assert [each if each is None else bytes(each) for each in read[2]] == [value.encode(), None]


def on_air(sessions: Sessions, many: int, state: str = "sending") -> list[int]:
    """A fan-out of so many rows, written in one go and never analysed; returns the addresses."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        first = onair.address(session, SEALER, "sms", "+14135550123")
        session.execute(
            text(
                "INSERT INTO address (kind, value_enc, value_index, lang, owner) SELECT 'sms', 'x',"
                " decode(md5(g::text), 'hex'), 'en', 'resident' FROM generate_series(2, :many) g"
            ),
            {"many": many},
        )
        session.execute(
            text(
                "INSERT INTO delivery (fanout_id, address_id, community_id, body_id, n, state)"
                " SELECT :f, id, :c, :b, 1, :s FROM address WHERE id >= :a"
            ),
            {"f": air.fanout, "c": air.communities["lynn"], "b": air.body, "s": state, "a": first},
        )
        return list(session.execute(text("SELECT address_id FROM delivery ORDER BY 1")).scalars())


def said(session: Session, *words: tuple[int, int, str, str]) -> None:
    """Receipts come in: (address, n, reference, status)."""
    receipts.keep(session, [NewReceipt(1, a, n, "twilio", ref, status, "", None) for a, n, ref, status in words])


def test_a_fan_out_without_statistics_is_not_scanned(sessions: Sessions) -> None:
    addresses = on_air(sessions, 20_000)
    with sessions.begin() as session:
        waiting = [word(no, address, 1, f"SM{no}", "sent") for no, address in enumerate(addresses[::40])]
        session.execute(receipts._BY_KEY)
        for statement, extra in ((receipts._APPLY, {}), (receipts._STRANGE, {"carrier": texts(["twilio"] * 500)})):
            values = {**receipts._values(waiting, HANDSETS), **extra}
            asked = session.execute(text(f"EXPLAIN {statement.text}"), values).scalars()
            plan = "\n".join(asked)
            assert "Index Scan using pk_delivery" in plan and "Nested Loop" in plan, plan
            assert "Scan on delivery" not in plan.replace("Index Scan using pk_delivery on delivery", ""), plan


def test_twelve_thousand_receipts_are_applied_at_one_call(sessions: Sessions) -> None:
    addresses = on_air(sessions, 6_000)
    with sessions.begin() as session:
        for status in ("delivered", "sent"):
            said(session, *((address, 1, f"SM{address}", status) for address in addresses))
    assert intake.apply_waiting(sessions) == 12_000
    assert intake.apply_waiting(sessions) == 0
    with sessions() as session:
        assert session.query(Delivery).filter_by(state="accepted", handset="delivered").count() == 6_000
        assert session.query(Sighting).count() == 0


def test_two_messages_of_one_attempt_are_a_double_and_hide_nothing(sessions: Sessions) -> None:
    (address,) = on_air(sessions, 1)
    with sessions.begin() as session:
        said(session, (address, 1, "SMa", "sent"))
    intake.apply_waiting(sessions)
    with sessions.begin() as session:
        said(session, (address, 1, "SMb", "delivered"), (address, 1, "SMa", "undelivered"))
    intake.apply_waiting(sessions)
    with sessions() as session:
        row = session.query(Delivery).one()
        assert (row.carrier_ref, row.handset) == ("SMa", "undelivered")
        assert [seen.ref for seen in session.query(Sighting)] == ["SMb"]


def is_waiting_for_a_lock(sessions: Sessions) -> bool:
    with sessions() as session:
        return bool(
            session.execute(
                text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'")
            ).scalar_one()
        )


def test_after_a_deadlock_it_is_applied_all_the_same(sessions: Sessions) -> None:
    """Somebody locks two rows in the other order, and has the longer patience."""
    low, high = on_air(sessions, 2)
    lock = text("UPDATE delivery SET reason = 'locked' WHERE address_id = :a")
    with sessions.begin() as session:
        said(session, (low, 1, "SM1", "sent"), (high, 1, "SM2", "sent"))
    applied: list[int] = []
    with sessions.begin() as other:
        other.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        other.execute(lock, {"a": high})
        applier = threading.Thread(target=lambda: applied.append(intake.apply_waiting(sessions)))
        applier.start()
        until(lambda: is_waiting_for_a_lock(sessions))
        other.execute(lock, {"a": low})
    applier.join(30)
    assert applied == [2]
    with sessions() as session:
        assert [row.handset for row in session.query(Delivery)] == ["sent", "sent"]
        assert session.query(Receipt).filter(Receipt.applied_at.is_(None)).count() == 0
