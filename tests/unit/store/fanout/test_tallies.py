"""How many of how many: tallies equal to the rows whatever code moves them, and folding that changes no sum."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

from broadcaster.alert.delivery import Handset, State
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import tallies
from broadcaster.store.fanout.tallies import Count
from tests.unit.store.ground import Ground, prepare


def stir(ground: Ground, dice: random.Random, moves: int) -> None:
    """Rows move by plain SQL, one and many at a time, as no code of the house would move them."""
    for _ in range(moves):
        low, high = sorted((dice.randint(1, 12), dice.randint(1, 12)))
        ground.sql(
            "UPDATE delivery SET state = :s, handset = :h, reason = :r WHERE address_id BETWEEN :low AND :high",
            s=dice.choice([*State, State.REJECTED, State.REJECTED]).value,
            h=dice.choice(list(Handset)).value,
            r=dice.choice(("", "30006", "21211", "rejected:", "handset:")),
            low=low,
            high=high,
        )


def both(ground: Ground) -> tuple[dict[int | None, Count], dict[int | None, Count]]:
    with ground.sessions() as session:
        return tallies.by_community(session, ground.fanout), tallies.truth(session, ground.fanout)


def fold(ground: Ground, most: int = tallies.MOST_FOLDED) -> int:
    with ground.sessions.begin() as session:
        return tallies.fold(session, most)


def test_tallies_are_the_truth_after_anything(sessions: Sessions) -> None:
    ground, dice = prepare(sessions, {"lynn": 6, "salem": 6}), random.Random(1)
    ground.wave(7)
    for _ in range(10):
        stir(ground, dice, 3)
        counted, true = both(ground)
        assert counted == true
    ground.wave()
    counted, true = both(ground)
    assert counted == true
    assert sum(count.total for count in counted.values()) == 12


def test_folding_keeps_every_sum_and_leaves_one_row_for_each(sessions: Sessions) -> None:
    ground, dice = prepare(sessions, {"lynn": 6, "salem": 6}), random.Random(2)
    ground.wave()
    for _ in range(3):
        stir(ground, dice, 20)
        before, _ = both(ground)
        assert fold(ground) > 0
        assert both(ground) == (before, before)
        assert ground.sql("SELECT max(c) FROM (SELECT count(*) AS c FROM tally GROUP BY community_id, what) x") == [1]
        assert fold(ground) == 0


def test_folding_some_at_a_time_comes_to_the_same(sessions: Sessions) -> None:
    ground, dice = prepare(sessions, {"lynn": 6, "salem": 6}), random.Random(5)
    ground.wave()
    stir(ground, dice, 20)
    ground.sql(
        "INSERT INTO tally (fanout_id, what, delta) VALUES (:f, 'accepted', 3), (:f, 'accepted', -3)", f=ground.fanout
    )
    before, _ = both(ground)
    rounds = 0
    while fold(ground, most=7):
        rounds += 1
        assert both(ground)[0] == before
    assert rounds > 3


def test_what_is_folded_is_not_touched_again(sessions: Sessions) -> None:
    ground, dice = prepare(sessions, {"lynn": 6, "salem": 6}), random.Random(6)
    ground.wave()
    stir(ground, dice, 5)
    fold(ground)
    places = ground.sql("SELECT ctid::text FROM tally ORDER BY 1")
    assert fold(ground) == 0
    assert ground.sql("SELECT ctid::text FROM tally ORDER BY 1") == places


def test_folding_while_rows_move_loses_nothing(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 6, "salem": 6})
    ground.wave()
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(stir, ground, random.Random(seed), 15) for seed in (3, 4)]
        jobs += [pool.submit(lambda: [fold(ground) for _ in range(15)]) for _ in range(2)]
        for job in jobs:
            job.result(30)
    counted, true = both(ground)
    assert counted == true


def test_a_change_that_is_rolled_back_is_not_counted(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    with sessions() as session:
        from_tally = tallies.whole(session, ground.fanout)
    assert from_tally == Count()
    ground.wave()
    assert ground.counts() == {"sending": 2}


def test_counts_of_many_states_and_of_the_phones(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 4})
    ground.wave()
    ground.sql("UPDATE delivery SET state = 'accepted', handset = 'delivered' WHERE address_id <= 2")
    ground.sql("UPDATE delivery SET state = 'rejected', reason = '30006' WHERE address_id = 3")
    with sessions() as session:
        count = tallies.whole(session, ground.fanout)
        assert tallies.whole(session, 999) == Count()
    assert count == Count({"accepted": 2, "rejected": 1, "sending": 1}, {"delivered": 2}, {"30006": 1})
    assert (count.of("accepted", "rejected", "expired"), count.total) == (3, 4)


def test_a_lost_tally_shows(sessions: Sessions) -> None:
    ground = prepare(sessions, {"lynn": 2})
    ground.wave()
    ground.sql("DELETE FROM tally")
    counted, true = both(ground)
    assert counted != true
