"""The timeline that can be proved: whatever is changed in it is found, and nobody writing at once leaves a gap."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import get_ident

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from broadcaster.store.database import Sessions
from broadcaster.store.timeline import ledger, merkle
from broadcaster.store.timeline.ledger import Verdict

EVENTS = 20
NO_TRIGGER = "SET LOCAL session_replication_role = 'replica'"
"""What only a superuser can do: change what the trigger keeps."""
Tamper = Callable[[random.Random, int], tuple[str, dict[str, object]]]


@pytest.fixture
def chained(sessions: Sessions) -> Sessions:
    """A ledger of twenty events about two alerts."""
    with sessions.begin() as session:
        for no in range(1, EVENTS + 1):
            ledger.append(session, f"user:{no % 3}", "revision submitted", f"alert:{no % 2}", {"no": no, "town": "Gäa"})
    return sessions


def verdict(sessions: Sessions) -> Verdict:
    with sessions() as session:
        return ledger.verify(session)


def test_an_empty_ledger_is_whole(sessions: Sessions) -> None:
    assert verdict(sessions) == Verdict(0, ledger.START.hex(), root=merkle.EMPTY.hex())


def test_what_was_written_is_whole_and_says_who_did_what(chained: Sessions) -> None:
    found = verdict(chained)
    assert (found.events, found.broken_at, found.why) == (EVENTS, None, "")
    with chained() as session:
        told = ledger.timeline(session, "alert:0")
    assert [event.seq for event in told] == list(range(2, EVENTS + 1, 2))
    assert {(event.actor, event.action) for event in told[:1]} == {("user:2", "revision submitted")}


def test_an_event_belongs_to_the_transaction_of_its_change(chained: Sessions) -> None:
    with chained() as session:
        ledger.append(session, "user:1", "approved", "alert:1")
        session.rollback()
    assert verdict(chained).events == EVENTS
    with chained.begin() as session:
        ledger.append(session, "user:1", "approved", "alert:1")
    assert verdict(chained).events == EVENTS + 1


def _text(column: str) -> Tamper:
    statement = "UPDATE audit_event SET column = column || 'x' WHERE seq = :seq".replace("column", column)
    return lambda _, seq: (statement, {"seq": seq})


def _bytes(column: str) -> Tamper:
    statement = "UPDATE audit_event SET column = set_byte(column, :at, get_byte(column, :at) # :bit) WHERE seq = :seq"
    statement = statement.replace("column", column)
    return lambda dice, seq: (statement, {"seq": seq, "at": dice.randrange(32), "bit": 1 << dice.randrange(8)})


def _moment(dice: random.Random, seq: int) -> tuple[str, dict[str, object]]:
    return (
        "UPDATE audit_event SET at = at + make_interval(secs => :s) WHERE seq = :seq",
        {"seq": seq, "s": dice.choice([-3600.0, -0.000001, 0.000001, 1.0])},
    )


TAMPERING: dict[str, Tamper] = {
    "actor": _text("actor"),
    "action": _text("action"),
    "object": _text("object"),
    "at": _moment,
    "canonical": _bytes("canonical"),
    "chain": _bytes("chain"),
    "taken out": lambda _, seq: ("DELETE FROM audit_event WHERE seq = :seq", {"seq": seq}),
    "renumbered": lambda _, seq: ("UPDATE audit_event SET seq = seq + 1000 WHERE seq = :seq", {"seq": seq}),
}


def test_every_one_of_two_hundred_changes_is_found_at_its_row(chained: Sessions) -> None:
    dice = random.Random(911)
    for round_ in range(200):
        name, seq = list(TAMPERING)[round_ % len(TAMPERING)], dice.randint(1, EVENTS)
        with chained() as session:
            statement, values = TAMPERING[name](dice, seq)
            session.execute(text(NO_TRIGGER))
            session.execute(text(statement), values)
            found = ledger.verify(session)
            session.rollback()
        last = seq == EVENTS and name == "taken out"
        assert found.broken_at == (EVENTS + 1 - last if last else seq), (name, seq, found)
        assert found.events == seq - 1
    assert verdict(chained).broken_at is None


def test_a_forged_event_with_a_fitting_chain_breaks_the_next_one(chained: Sessions) -> None:
    """Whoever rewrites one event and its own hash must rewrite everything after it."""
    with chained.begin() as session:
        session.execute(text(NO_TRIGGER))
        forged = session.get_one(ledger.AuditEvent, 7)
        forged.canonical = forged.canonical.replace(b"user:1", b"user:2")
        forged.actor = "user:2"
        leaf = sha256(b"\x00" + forged.canonical).digest()
        forged.chain = sha256(b"\x01" + session.get_one(ledger.AuditEvent, 6).chain + leaf).digest()
    assert verdict(chained).broken_at == 8


CUTS = {
    "the last event": ["DELETE FROM audit_event WHERE seq = 20"],
    "the last five": ["DELETE FROM audit_event WHERE seq > 15"],
    "all of it": ["DELETE FROM audit_event"],
    "the head": ["DELETE FROM audit_head"],
    "the head's number": ["UPDATE audit_head SET seq = 19"],
    "the head's chain": ["UPDATE audit_head SET chain = set_byte(chain, 0, 255 - get_byte(chain, 0))"],
    "the head's tree": ["UPDATE audit_head SET frontier = set_byte(frontier, 40, 255 - get_byte(frontier, 40))"],
    "the tail, the head's number with it": ["DELETE FROM audit_event WHERE seq > 15", "UPDATE audit_head SET seq = 15"],
}


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_end_is_found(chained: Sessions, name: str) -> None:
    with chained.begin() as session:
        for statement in (NO_TRIGGER, *CUTS[name]):
            session.execute(text(statement))
    assert verdict(chained).broken_at is not None


def test_twenty_hands_at_once_leave_no_gap(sessions: Sessions) -> None:
    def write(hand: int) -> None:
        for no in range(5):
            with sessions() as session:
                ledger.append(session, f"user:{hand}", "said", f"alert:{hand}", {"no": no})
                session.rollback() if no == 3 else session.commit()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(20)))
    found = verdict(sessions)
    assert (found.events, found.broken_at) == (80, None)


@pytest.mark.parametrize("change", ["UPDATE audit_event SET actor = 'me'", "DELETE FROM audit_event WHERE seq = 3"])
def test_the_database_itself_refuses_to_change_an_event(chained: Sessions, change: str) -> None:
    with chained() as session, pytest.raises(DBAPIError, match="only added to"):
        session.execute(text(change))
    assert verdict(chained).events == EVENTS


def test_a_check_while_somebody_writes_accuses_nobody(chained: Sessions) -> None:
    checking, written = get_ident(), []

    def write_first(*_: object) -> None:
        if get_ident() == checking:
            pool.submit(write).result(10)

    def write() -> None:
        with chained.begin() as session:
            ledger.append(session, "user:1", "said", "alert:1", {"no": len(written)})
        written.append(1)

    engine = chained.kw["bind"]
    with ThreadPoolExecutor(1) as pool:
        event.listen(engine, "before_cursor_execute", write_first)
        found = verdict(chained)
        event.remove(engine, "before_cursor_execute", write_first)
    assert found.broken_at is None
    assert len(written) >= 3
    assert verdict(chained).events == EVENTS + len(written)
