"""The judge of the matrix is judged: whatever goes wrong in a night, it says so, and in a good one it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests.chaos import board, judge
from tests.chaos.judge import Case
from tests.chaos.play import NOT_HERE, Result, late, play
from tests.chaos.row import ROWS
from tests.chaos.rows import database, elsewhere, matrix
from tests.chaos.stage import Figure
from tests.factories import SEALER
from tests.unit.dispatch.night import night, phone, send, sweep

PEOPLE = [phone(town, who) for town in (1, 2, 3) for who in (0, 1)]


@dataclass
class Night:
    """An alert that went well, and the carrier's ledger of it; what spoils it is rolled back."""

    session: Session
    fanout: int
    ids: dict[str, int]
    book: dict[str, list[dict[str, Any]]]

    def texted(self, number: str, n: int = 1, posts: int = 1) -> None:
        """The carrier took a text."""
        callback = f"http://127.0.0.1/status?d={self.fanout}.{self.ids.get(number, 999)}.{n}&m=x#rc=5"
        self.book["messages"].append({"to": number, "direction": "outbound-api", "callback": callback})
        self.book["attempts"] += [{"to": number}] * posts

    def sql(self, statement: str) -> None:
        self.session.execute(text(statement), {"f": self.fanout, "a": self.ids[PEOPLE[0]]})

    def reasons(self) -> list[str]:
        """What the judge says."""
        case = Case({self.fanout: set(PEOPLE)}, {}, self.book)
        return [each.replace(f"fan-out {self.fanout}", "it") for each in judge.judge(self.session, case).reasons()]


@pytest.fixture
def good(sessions: Sessions) -> Callable[[], AbstractContextManager[Night]]:
    """Six people, each told once, and the fan-out done; again whenever it is asked for."""
    house = night(sessions)
    house.release()
    assert len(send(house)) == len(PEOPLE)
    sweep(house)

    @contextmanager
    def made() -> Iterator[Night]:
        with sessions() as session:
            fanout = session.query(Fanout).filter_by(channel="sms").one().id
            one = Night(session, fanout, judge.address_ids(session, set(PEOPLE)), {"messages": [], "attempts": []})
            for number in PEOPLE:
                one.texted(number)
            yield one
            session.rollback()

    return made


def not_told(it: Night) -> None:
    for rows in it.book.values():
        rows[:] = [row for row in rows if row["to"] != PEOPLE[0]]


def told_twice(it: Night) -> None:
    it.texted(PEOPLE[0], n=2, posts=0)


def joined_unseen(it: Night) -> None:
    there = residents.address(it.session, SEALER, "sms", phone(1, 7))
    residents.subscribe(it.session, there, directory_load.community_ids(it.session)["town-1"])


SEEN = "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n) VALUES ('twilio', 'SM2', :f, :a, 1)"
BLIND = "INSERT INTO past_attempt (fanout_id, address_id, n, outcome) VALUES (:f, :a, 1, 'blind')"
OPEN = "UPDATE delivery SET state = 'unknown' WHERE fanout_id = :f AND address_id = :a"
WRONG: dict[str, tuple[list[Callable[[Night], object] | str], list[str]]] = {
    "nothing": ([], []),
    "somebody was not told": ([not_told], ["1 people who should have heard did not"]),
    "a stranger was told": (
        [lambda it: it.texted("+12025550199", posts=0)], ["1 texts went to phones that nobody meant"],
    ),
    "somebody was told twice": ([told_twice], ["1 doubled texts were not counted"]),
    "twice, and it was seen": ([told_twice, SEEN], []),
    "twice, and we knew that it was possible": ([told_twice, BLIND], []),
    "three times, and it was seen once": ([told_twice, told_twice, SEEN], ["1 doubled texts were not counted"]),
    "a double that there is not": ([SEEN], ["1 doubles were counted that the carrier does not know"]),
    "what was only possible": ([BLIND], []),
    "an attempt was posted twice": (
        [lambda it: it.book["attempts"].append({"to": PEOPLE[0]})], ["1 POSTs beyond one for each attempt number"],
    ),
    "a row is open": ([OPEN], ["it is done with 1 rows open"]),
    "it goes on": (["UPDATE fanout SET state = 'running' WHERE id = :f"], ["it is running with 0 rows open"]),
    "a sum that does not close": (
        ["UPDATE fanout SET planned = 7 WHERE id = :f"], ["it planned 7 and its states sum up to 6"],
    ),
    "tallies that are none": (
        ["DELETE FROM tally WHERE fanout_id = :f"],
        ["it planned 6 and its states sum up to 0", "the tallies of it are not GROUP BY"],
    ),
    "somebody has no row": ([joined_unseen], ["1 subscribers without a delivery (anti-join)"]),
}  # fmt: skip


def test_what_goes_wrong_is_found(
    good: Callable[[], AbstractContextManager[Night]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for what, (spoil, _) in WRONG.items():
        with good() as it:
            for one in spoil:
                it.sql(one) if isinstance(one, str) else one(it)
            found[what] = it.reasons()
    assert found == {what: reasons for what, (_, reasons) in WRONG.items()}
    monkeypatch.setattr(judge.ledger, "verify", lambda _: SimpleNamespace(broken_at=3, why="event 3 was changed"))
    with good() as it:
        assert it.reasons() == ["audit: event 3 was changed"]


def test_a_figure_that_is_too_large_is_late() -> None:
    figures = {"first text": Figure(3.1, 3.0), "last": Figure(3.0, 3.0), "said only": Figure(99.0, None)}
    assert list(late(figures)) == ["first text: 3.10 s, at most 3.00 s"]


# What cannot be played here


def test_a_row_that_cannot_be_played_here_says_so_loudly_and_is_never_counted_as_held(tmp_path: Path) -> None:
    name = "23 clock of the database"
    assert name in matrix()
    result = play(name, None, tmp_path / "row", seed=1)  # type: ignore[arg-type]
    assert result.outcome == NOT_HERE
    shown = board.table([result])
    assert f"{name}  NOT RUN" in shown
    assert "needs the host's own clock to be moved" in shown
    assert board.total([result, Result("01 random kill", 1)]).startswith("2 cells: 1 held, 1 not run.")


def test_rows_that_need_root_or_another_clock_name_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere.shutil, "which", lambda _: None)
    monkeypatch.setattr(database.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=32))
    needs = {name: ROWS[name].needs() for name in matrix()}
    assert {name: why for name, why in needs.items() if why} == {
        **{f"23 clock {skew}": elsewhere.no_fake_clock() for skew in elsewhere.SKEWS},
        "23 clock of the database": "the host's own clock to be moved: the database judges every lease by it",
        "14 disk full": "root, to mount a small tmpfs",
        "32 100,000 people": "`make bench`, which measures just that",
    }
    assert "faketime" in elsewhere.no_fake_clock()
