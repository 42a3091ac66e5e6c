"""The one table of moves, and every state that any SQL of the house writes down."""

from __future__ import annotations

import re
from enum import StrEnum

from broadcaster.alert.delivery import MOVES, OPEN, TERMINAL, Event, State
from broadcaster.alert.lifecycle import AlertState, ReleaseState
from broadcaster.store.alerting.wordings import WordingState
from broadcaster.store.desk.rights import RequestState
from broadcaster.store.fanout.courtesies import CourtesyState
from broadcaster.store.fanout.deliveries import FanoutState, LaneState
from broadcaster.store.outage.outages import OutageState
from tests.house.trees import PROGRAM, at


def test_a_terminal_state_has_no_way_out() -> None:
    assert [move for move in MOVES if move[0] in TERMINAL] == []


def test_every_open_state_has_a_way_to_each_kind_of_end() -> None:
    def reached(start: State) -> set[State]:
        found, todo = {start}, [start]
        while todo:
            here = todo.pop()
            after = {target for (before, _), target in MOVES.items() if before is here} - found
            found |= after
            todo += after
        return found

    for state in OPEN:
        assert reached(state) >= TERMINAL, state


def test_every_event_leads_to_one_state_and_every_state_is_reached() -> None:
    for event in Event:
        assert len({after for (_, happened), after in MOVES.items() if happened is event}) == 1, event
    assert set(MOVES.values()) | {State.SENDING} == set(State)


ALIASES: dict[str, type[StrEnum] | tuple[type[StrEnum], ...]] = {
    "d": (State,), "v": (State,), "m": (State,), "l": (LaneState,), "g": (LaneState,), "f": (FanoutState,),
    "x": (ReleaseState,), "y": (ReleaseState,), "a": (AlertState,), "o": (OutageState,),
    "": (State, LaneState, FanoutState, ReleaseState, AlertState, WordingState, CourtesyState, RequestState),
}  # fmt: skip
SQL = re.compile(r"""(?:\b(\w)\.)?\bstate\s*(?:=|<>|(?:NOT\s+)?IN)\s*(\([^()]*\)|'\w+')""")


def written() -> list[tuple[str, str, str]]:
    """(place, alias, state) of every state that a statement names."""
    found = []
    for folder in ("store", "dispatch", "receipts", "web"):
        living = (path for path in (PROGRAM / folder).rglob("*.py") if "versions" not in path.parts)
        for path in sorted(living):
            for alias, words in SQL.findall(path.read_text(encoding="utf-8")):
                found += [(at(path), alias, word) for word in re.findall(r"'(\w+)'", words)]
    return found


def test_every_state_in_a_statement_is_one_of_its_table() -> None:
    assert len(written()) > 50
    for place, alias, word in written():
        kinds = ALIASES[alias]
        assert any(word in set(kind) for kind in kinds), (place, alias, word)  # type: ignore[union-attr]
