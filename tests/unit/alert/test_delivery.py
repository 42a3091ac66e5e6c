"""The one table of moves of a delivery, and the rank of what a phone reports."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.delivery import MOVES, OPEN, RANK, TERMINAL, Event, Handset, State, sources, target

TABLE = """
                 sending   unknown   queued
accepted         accepted  accepted  accepted
rejected         rejected  rejected  -
ambiguous        unknown   -         -
not_sent         queued    queued    -
lease_lost       unknown   -         -
proved_absent    -         queued    -
blind            -         queued    -
retried          -         -         sending
opted_out        -         -         suppressed
superseded       -         -         superseded
expired          -         -         expired
"""


def written() -> dict[tuple[State, Event], State]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (State(state), Event(line[0])): State(after)
        for line in lines
        for state, after in zip(head, line[1:], strict=True)
        if after != "-"
    }


def test_the_table_is_this_one() -> None:
    assert written() == MOVES
    assert {line.split()[0] for line in TABLE.strip().splitlines()[1:]} == set(map(str, Event))


def test_open_and_over_are_all_there_is() -> None:
    assert {State.SENDING, State.UNKNOWN, State.QUEUED} == OPEN
    assert set(State) == OPEN | TERMINAL
    assert not OPEN & TERMINAL


def test_an_unknown_outcome_is_never_failed_and_never_just_sent_again() -> None:
    """Design law 4: only proof, policy or the carrier's own word leads away from unknown."""
    assert {event for state, event in MOVES if state is State.UNKNOWN} == {
        Event.ACCEPTED, Event.REJECTED, Event.NOT_SENT, Event.PROVED_ABSENT, Event.BLIND,
    }  # fmt: skip
    assert State.SENDING not in [after for (state, _), after in MOVES.items() if state is State.UNKNOWN]


@pytest.mark.parametrize("event", Event)
def test_an_event_has_its_sources_and_one_target(event: Event) -> None:
    moves = {state: after for (state, happened), after in MOVES.items() if happened is event}
    assert sources(event) == set(moves)
    assert {target(event)} == set(moves.values())


def test_what_the_phone_said_is_ranked() -> None:
    by_rank = sorted(Handset, key=RANK.__getitem__)
    assert by_rank == [Handset.NONE, Handset.SENT, Handset.FAILED, Handset.UNDELIVERED, Handset.DELIVERED]
    assert sorted(RANK.values()) == list(range(len(Handset)))
    assert " ".join(Handset) == "none sent delivered undelivered failed"


@given(st.lists(st.sampled_from(Handset), min_size=1, max_size=5))
def test_any_order_and_repetition_of_reports_ends_the_same(reports: list[Handset]) -> None:
    def after(order: tuple[Handset, ...]) -> Handset:
        now = Handset.NONE
        for report in order:
            now = max(now, report, key=RANK.__getitem__)
        return now

    assert {after(order) for order in itertools.permutations(reports)} == {after((*reports, *reports))}
