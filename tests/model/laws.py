"""What must hold in every reachable state, and the whole system put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from broadcaster.alert.delivery import TERMINAL, State
from broadcaster.store.fanout.deliveries import FanoutState
from tests.model import carrier, delivery
from tests.model.checker import Explored, System, explore
from tests.model.delivery import Step
from tests.model.world import Job, Rules, Where, World, at_carrier, bit, start, where

PARTS = (
    delivery.claim, delivery.post, delivery.record, delivery.lose_lease, delivery.ask, delivery.callback,
    delivery.again, delivery.finish, delivery.people, carrier.carrier, carrier.trouble, carrier.tick,
)  # fmt: skip
BY_LUCK = ("callback", "STOP", "a newer revision", "the listing misses")
"""Nobody may rely on a callback, on a person, or on an error of the carrier to come to the end."""


WRITTEN_OFF = TERMINAL - {State.ACCEPTED}


def counted(world: World) -> int:
    """Possible and confirmed doubles, as the board shows them."""
    return world.possible.bit_count() + world.sightings.bit_count()


def the_sum_closes(world: World) -> bool:
    """What is done has no open row."""
    return not world.done or world.row in TERMINAL


def nobody_is_lost(world: World) -> bool:
    """When all has come to rest, who is written down as accepted has a text at the carrier, or it is on its way."""
    rests = world.done and world.jobs == (Job(), Job()) and not where(world.texts, Where.WIRE)
    return not rests or world.row is not State.ACCEPTED or at_carrier(world) > 0


def accepted_has_its_text(world: World) -> bool:
    """An accepted row names a text that the carrier has."""
    return world.row is not State.ACCEPTED or bool(at_carrier(world) & bit(world.ref))


def every_end_has_its_cause(world: World) -> bool:
    """Suppressed after a STOP only, superseded and expired with their fan-out only."""
    if world.row is State.SUPPRESSED:
        return world.stopped > 0
    if world.row is State.SUPERSEDED:
        return world.fanout is FanoutState.SUPERSEDED
    return world.row is not State.EXPIRED or world.fanout is FanoutState.EXPIRED


def nobody_who_has_it_is_written_off(world: World) -> bool:
    """Whoever has the text is accepted or still open: only those hear the all-clear."""
    return not at_carrier(world) or world.row not in WRITTEN_OFF


def no_double_is_uncounted(world: World) -> bool:
    """Texts at the carrier beyond the first are at most what is counted, at every moment."""
    return at_carrier(world).bit_count() - 1 <= counted(world)


def no_known_double_is_uncounted(world: World) -> bool:
    """The same for the texts of which any evidence has reached us."""
    return (at_carrier(world) & world.heard).bit_count() - 1 <= counted(world)


def no_double(world: World) -> bool:
    """At most one text at the carrier."""
    return at_carrier(world).bit_count() <= 1


def no_fact_is_dropped(world: World) -> bool:
    """Every reference that reached us is the row's own, or a sighting."""
    return not world.heard & ~(bit(world.ref) | world.sightings)


def nothing_wrong_was_done(world: World) -> bool:
    """No POST after a STOP or an ending; no attempt after the carrier was known to have the one before."""
    return not world.wrong


Law = Callable[[World], bool]
OF_THE_ROW: tuple[Law, ...] = (
    the_sum_closes, nobody_is_lost, accepted_has_its_text, every_end_has_its_cause, no_fact_is_dropped,
    nothing_wrong_was_done,
)  # fmt: skip
"""Laws that hold whatever the carrier does."""
EVERY: tuple[Law, ...] = (*OF_THE_ROW, no_double_is_uncounted, nobody_who_has_it_is_written_off, no_double)
"""Laws that hold when evidence comes before SETTLE, writes do not freeze, and the listing answers."""


def named(laws: Iterable[Law]) -> Mapping[str, Law]:
    """Laws by their names in words."""
    return {law.__name__.replace("_", " "): law for law in laws}


def system(rules: Rules, laws: Iterable[Law]) -> System[World]:
    """The algorithm under some rules, in a world that may do what the rules allow it."""

    def steps(world: World) -> Iterator[Step]:
        for part in PARTS:
            yield from part(world, rules)

    return System(start(rules), steps, named(laws), lambda world: world.done, BY_LUCK)


def check(rules: Rules, *laws: Law) -> Explored[World]:
    """Search every reachable state for one that breaks a law."""
    return explore(system(rules, laws))
