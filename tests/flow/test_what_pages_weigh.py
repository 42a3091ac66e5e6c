"""A page and everything that it names is under 300 kB, as gzip, the first time; nothing is asked of any other host."""

from __future__ import annotations

from pathlib import Path

from broadcaster.store.database import Sessions
from tests.weights import LIMIT, of_the_desk, of_the_public, weigh, whole_state


def test_every_page_of_a_night_is_light(sessions: Sessions, tmp_path: Path) -> None:
    """In a state of 351 communities, with the largest alert there is; and the pages of the public beside it."""
    desk = whole_state(sessions)
    weights = {name: weigh(get, path) for name, get, path in of_the_desk(desk)}
    print(*(f"{weight.total:8,} ({weight.page:8,}) {name}" for name, weight in weights.items()), sep="\n")  # noqa: T201
    assert {name: weight.total for name, weight in weights.items() if weight.total > LIMIT} == {}
    assert all(weight.assets for weight in weights.values())
    public = {name: weigh(get, path).total for name, get, path in of_the_public(desk, tmp_path)}
    assert public.keys() >= {"public index", "public town/ayer"}
    assert {name: total for name, total in public.items() if total > LIMIT} == {}
