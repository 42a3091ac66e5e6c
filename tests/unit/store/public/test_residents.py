"""Who lives where: slots that only grow and leave nobody behind a cursor, imports that can be repeated, STOP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from broadcaster.store.database import Sessions
from broadcaster.store.public import residents
from broadcaster.store.public.residents import NewResident
from tests.unit.store.ground import SEALER, Ground, phone, prepare


@pytest.fixture
def ground(sessions: Sessions) -> Ground:
    """Two towns in which nobody has signed up."""
    return prepare(sessions, {"lynn": 0, "salem": 0})


def slots(ground: Ground, town: str) -> list[int]:
    return ground.sql("SELECT slot FROM subscription WHERE community_id = :c ORDER BY slot", c=ground.towns[town])


def last_slot(ground: Ground, town: str) -> int:
    return ground.sql("SELECT last_slot FROM community WHERE id = :c", c=ground.towns[town])[0]


def bring(ground: Ground, rows: list[NewResident]) -> None:
    with ground.sessions.begin() as session:
        assert residents.import_residents(session, SEALER, rows) == len(rows)


def newcomers(ground: Ground, many: int, start: int = 0, lang: str = "en") -> list[NewResident]:
    return [NewResident(phone(1, no), lang, (ground.towns["lynn"],)) for no in range(start, start + many)]


def test_slots_are_given_in_the_order_of_signing_up(ground: Ground) -> None:
    for no in range(3):
        ground.resident(phone(1, no), "lynn")
    assert slots(ground, "lynn") == [1, 2, 3]
    assert (last_slot(ground, "lynn"), last_slot(ground, "salem")) == (3, 0)


def test_signing_up_twice_is_signing_up_once(ground: Ground) -> None:
    assert ground.resident(phone(1, 0), "lynn") == ground.resident(phone(1, 0), "lynn", "salem")
    assert (slots(ground, "lynn"), slots(ground, "salem")) == ([1], [1])
    assert last_slot(ground, "lynn") == 1


def test_a_slot_that_was_given_back_is_never_given_again(ground: Ground) -> None:
    ground.resident(phone(1, 0), "lynn")
    gone = ground.resident(phone(1, 1), "lynn")
    ground.sql("DELETE FROM subscription WHERE address_id = :a", a=gone)
    ground.resident(phone(1, 1), "lynn")
    assert slots(ground, "lynn") == [1, 3]


def test_many_signing_up_at_once_take_one_slot_each(ground: Ground) -> None:
    together = Barrier(6)

    def sign_up(hand: int) -> None:
        together.wait(10)
        for no in range(4):
            ground.resident(phone(1, 100 * hand + no), "lynn")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(sign_up, range(6)))
    assert slots(ground, "lynn") == list(range(1, 25))


def test_one_phone_signing_up_at_once_from_two_places_is_there_once(ground: Ground) -> None:
    together = Barrier(4)

    def sign_up(_: int) -> int:
        together.wait(10)
        return ground.resident(phone(1, 0), "lynn")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(sign_up, range(4)))) == 1
    assert len(slots(ground, "lynn")) == 1
    ground.resident(phone(1, 1), "lynn")
    assert slots(ground, "lynn")[-1] == last_slot(ground, "lynn")


def test_an_import_can_be_repeated_and_goes_on_where_it_stood(ground: Ground) -> None:
    bring(ground, newcomers(ground, 5))
    bring(ground, newcomers(ground, 5))
    bring(ground, newcomers(ground, 4, start=3))
    assert slots(ground, "lynn") == list(range(1, 8))
    assert last_slot(ground, "lynn") == 7
    ground.resident(phone(1, 99), "lynn")
    assert slots(ground, "lynn")[-1] == 8


def test_a_line_that_stands_twice_in_a_file_is_one_person_and_the_last_language_counts(ground: Ground) -> None:
    bring(ground, [*newcomers(ground, 2), *newcomers(ground, 1, lang="es")])
    assert len(slots(ground, "lynn")) == 2
    with ground.sessions() as session:
        everyone = list(residents.everyone(session, SEALER))
    assert everyone == [(phone(1, 0), "es", "lynn", ""), (phone(1, 1), "en", "lynn", "")]


def test_two_imports_of_the_same_file_at_once(ground: Ground) -> None:
    rows = newcomers(ground, 50)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: bring(ground, rows), range(3)))
    taken = slots(ground, "lynn")
    assert len(taken) == 50
    assert taken[-1] <= last_slot(ground, "lynn")


def test_an_import_beside_sign_ups_leaves_no_slot_to_two(ground: Ground) -> None:
    with ThreadPoolExecutor(2) as pool:
        imports = pool.submit(lambda: [bring(ground, newcomers(ground, 10, start=10 * no)) for no in range(5)])
        signs = pool.submit(lambda: [ground.resident(phone(2, no), "lynn") for no in range(20)])
        imports.result(30)
        signs.result(30)
    assert slots(ground, "lynn") == list(range(1, 71))


def test_stop_and_start(ground: Ground) -> None:
    index = SEALER.index(f"sms:{phone(1, 0)}")

    def listed() -> list[tuple[bytes, str]]:
        return [(bytes(i), source) for i, source in ground.sql("SELECT value_index, source FROM suppression")]

    for source in ("phone", "carrier"):
        with ground.sessions.begin() as session:
            residents.suppress(session, index, source)
    assert listed() == [(index, "phone")]
    for _ in range(2):
        with ground.sessions.begin() as session:
            residents.unsuppress(session, index)
        assert listed() == []


def test_whoever_said_stop_before_is_imported_with_it(ground: Ground) -> None:
    bring(ground, [NewResident(phone(1, 0), "en", (ground.towns["lynn"], ground.towns["salem"]), opted_out=True)])
    with ground.sessions() as session:
        assert list(residents.everyone(session, SEALER)) == [(phone(1, 0), "en", "lynn;salem", "yes")]


def test_somebody_of_two_towns_counts_as_one(ground: Ground) -> None:
    ground.resident(phone(1, 0), "lynn", "salem")
    ground.resident(phone(1, 1), "salem")
    with ground.sessions() as session:
        assert residents.active_in(session, list(ground.towns.values())) == 2
        assert residents.active_in(session, [ground.towns["lynn"]]) == 1
        assert residents.active_in(session, []) == 0


def test_no_number_stands_in_the_database(ground: Ground) -> None:
    ground.resident("+16175550123", "lynn")
    (sealed,) = ground.sql("SELECT value_enc FROM address WHERE kind = 'sms'")
    assert b"5550123" not in bytes(sealed)


def test_an_import_is_a_step_of_consent_once_for_each_file(ground: Ground) -> None:
    rows = newcomers(ground, 3)
    with ground.sessions.begin() as session:
        for file in ("a" * 64, "a" * 64, "b" * 64, ""):
            residents.import_residents(session, SEALER, rows, file)
    steps = ground.sql("SELECT step, method, words, count(*) FROM consent GROUP BY 1, 2, 3 ORDER BY 3")
    assert steps == [("imported", "file", "a" * 64, 3), ("imported", "file", "b" * 64, 3)]
