"""A page and everything that it names is under 300 kB, as gzip, the first time; nothing is asked of any other host."""

from __future__ import annotations

from broadcaster.local.massachusetts import sample
from broadcaster.store.database import Sessions
from tests.desk import NOON, Desk
from tests.weights import LIMIT, of_the_desk, of_the_public, weigh


def test_every_page_of_a_night_is_light(sessions: Sessions) -> None:
    """In a state of 351 communities, with the largest alert there is."""
    desk = Desk(sessions, places=sample.load(NOON.date()))
    weights = {name: weigh(get, path) for name, get, path in of_the_desk(desk)}
    print(*(f"{weight.total:8,} ({weight.page:8,}) {name}" for name, weight in weights.items()), sep="\n")  # noqa: T201
    assert {name: weight.total for name, weight in weights.items() if weight.total > LIMIT} == {}
    assert all(weight.assets for weight in weights.values())


def test_every_public_page_is_light() -> None:
    weights = {name: weigh(get, path).total for name, get, path in of_the_public()}
    assert weights.keys() >= {"public index", "public town"}
    assert {name: total for name, total in weights.items() if total > LIMIT} == {}
