"""Personal fields: sealed under one key, found by another, and bound to their row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from broadcaster.store.database import Sessions
from broadcaster.store.public import residents
from broadcaster.store.sealed import NONCE, Sealer, Unsealable

SEALER = Sealer(b"f" * 32, b"i" * 32)
ROW = SEALER.index("sms:+16175550123")


@given(st.text(max_size=40))
def test_what_is_sealed_opens_again(value: str) -> None:
    index = SEALER.index(value)
    assert SEALER.open(SEALER.seal(value, index), index) == value


def test_nothing_of_the_value_shows_and_no_two_seals_are_alike() -> None:
    seals = {SEALER.seal("+16175550123", ROW) for _ in range(50)}
    assert len(seals) == 50
    assert not any(b"6175550123" in seal for seal in seals)


def test_a_seal_begins_with_the_id_of_its_key() -> None:
    assert SEALER.seal("x", ROW)[0] == 1
    assert Sealer(b"f" * 32, b"i" * 32, key_id=7).seal("x", ROW)[0] == 7
    assert len(SEALER.seal("", ROW)) == 1 + NONCE + 16


def test_a_value_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(Unsealable):
        SEALER.open(SEALER.seal("+16175550123", ROW), SEALER.index("sms:+16175550124"))


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Unsealable, match="FIELD_KEY"):
        Sealer(b"F" * 32, b"i" * 32).open(SEALER.seal("+16175550123", ROW), ROW)


def test_a_changed_bit_anywhere_does_not_open() -> None:
    seal = SEALER.seal("+16175550123", ROW)
    for at in range(1, len(seal)):
        changed = seal[:at] + bytes([seal[at] ^ 1]) + seal[at + 1 :]
        with pytest.raises(Unsealable):
            SEALER.open(changed, ROW)


@pytest.mark.parametrize("length", [0, 1, 5, 13, 20, 28])
def test_a_cut_one_does_not_open(length: int) -> None:
    with pytest.raises(Unsealable):
        SEALER.open(SEALER.seal("+16175550123", ROW)[:length], ROW)


def test_the_index_needs_its_own_key_and_tells_the_kinds_apart() -> None:
    assert SEALER.index("sms:+16175550123") == ROW != SEALER.index("voice:+16175550123")
    assert Sealer(b"F" * 32, b"i" * 32).index("sms:+16175550123") == ROW
    assert Sealer(b"f" * 32, b"I" * 32).index("sms:+16175550123") != ROW
    assert len(ROW) == 32


def test_a_row_swapped_in_the_database_is_refused(sessions: Sessions) -> None:
    with sessions.begin() as session:
        one, other = (residents.address(session, SEALER, "sms", f"+1617555012{no}") for no in (3, 4))
        session.execute(
            text("UPDATE address SET value_enc = (SELECT value_enc FROM address WHERE id = :o) WHERE id = :a"),
            {"a": one, "o": other},
        )
        row = session.get_one(residents.Address, one)
        with pytest.raises(Unsealable):
            SEALER.open(row.value_enc, row.value_index)
        row = session.get_one(residents.Address, other)
        assert SEALER.open(row.value_enc, row.value_index) == "+16175550124"
