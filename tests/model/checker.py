"""An explicit model checker: every reachable state, breadth first, so that a counterexample is a shortest one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Steps = Callable[[State], Iterable[tuple[str, State]]]


@dataclass(frozen=True)
class Counterexample(Generic[State]):
    """The law that was broken, and the shortest way there: the name of each step and the state after it."""

    law: str
    trace: tuple[tuple[str, State], ...]

    @property
    def steps(self) -> list[str]:
        """The names of the steps."""
        return [name for name, _ in self.trace]

    def __str__(self) -> str:
        return "\n".join([f"broken: {self.law}", *(f"  {no:2} {name}" for no, name in enumerate(self.steps, 1))])


@dataclass
class Explored(Generic[State]):
    """What a search saw; `found` is None when every law held in every state."""

    states: int = 0
    steps: int = 0
    over: int = 0
    found: Counterexample[State] | None = None


@dataclass(frozen=True)
class System(Generic[State]):
    """A start, the steps from a state, the laws (True where they hold), and when all is over.

    `by_luck` are the first words of steps that nobody may rely on: the end must be in reach without them.
    """

    start: State
    steps: Steps[State]
    laws: Mapping[str, Callable[[State], bool]]
    over: Callable[[State], bool]
    by_luck: tuple[str, ...] = ()


STUCK = "the end is always in reach"


@dataclass
class _Graph(Generic[State]):
    """The states by number, in the order in which they were met, with the way to each and the ways back."""

    number: dict[State, int] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)
    came: list[tuple[int, str]] = field(default_factory=list)
    back: list[list[int]] = field(default_factory=list)

    def meet(self, state: State, before: int, name: str) -> None:
        """A new state."""
        self.number[state] = len(self.states)
        self.states.append(state)
        self.came.append((before, name))
        self.back.append([])

    def way_to(self, number: int) -> tuple[tuple[str, State], ...]:
        """The steps from the start to a state."""
        way = []
        while number:
            before, name = self.came[number]
            way.append((name, self.states[number]))
            number = before
        return tuple(reversed(way))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A search makes millions of tuples and no cycles: looking for garbage among them costs a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def explore(system: System[State], most: int = 2_000_000) -> Explored[State]:
    """Visit every reachable state; stops at the first that breaks a law. OverflowError beyond `most` states."""
    graph: _Graph[State] = _Graph()
    graph.meet(system.start, 0, "start")
    seen: Explored[State] = Explored()
    with _collector_paused():
        for here, state in enumerate(graph.states):  # the list grows while it is walked
            broken = [law for law, holds in system.laws.items() if not holds(state)]
            if broken:
                seen.found = Counterexample(broken[0], graph.way_to(here))
                break
            if here >= most:
                raise OverflowError(f"more than {most} states")
            seen.steps += _visit(system, graph, here)
        seen.states = len(graph.states)
        if seen.found is None:
            _check_the_end(system, graph, seen)
    return seen


def _visit(system: System[State], graph: _Graph[State], here: int) -> int:
    """Take every step from a state; returns how many there are."""
    steps, number, back = 0, graph.number, graph.back
    for name, after in system.steps(graph.states[here]):
        steps += 1
        if after not in number:
            graph.meet(after, here, name)
        if not name.startswith(system.by_luck):
            back[number[after]].append(here)
    return steps


def _check_the_end(system: System[State], graph: _Graph[State], seen: Explored[State]) -> None:
    """Walk back from every state in which all is over; one that is not met on the way is stuck."""
    todo = [number for number, state in enumerate(graph.states) if system.over(state)]
    seen.over = len(todo)
    reached = bytearray(len(graph.states))
    while todo:
        number = todo.pop()
        if not reached[number]:
            reached[number] = 1
            todo += graph.back[number]
    stuck = reached.find(0)
    if stuck >= 0:
        seen.found = Counterexample(STUCK, graph.way_to(stuck))
