"""The world around the algorithm as guarded actions: the carrier, the clock, and `kill -9`."""

from __future__ import annotations

from collections.abc import Iterator

from broadcaster.alert.delivery import Event
from tests.model.delivery import Step
from tests.model.world import BEFORE, NO, NOW, Job, Phase, Rules, Text, Where, World, with_job, with_text

ANSWERS = {
    "accepts it": (True, Event.ACCEPTED),
    "accepts it and the answer is lost": (True, Event.AMBIGUOUS),
    "refuses it for good": (False, Event.REJECTED),
    "says 429": (False, Event.NOT_SENT),
    "drops it and the answer is lost": (False, Event.AMBIGUOUS),
}


def carrier(world: World, rules: Rules) -> Iterator[Step]:
    """What is on its way is accepted or not, with an answer or without; what was accepted is listed later."""
    for n, text in enumerate(world.texts, 1):
        if text.where is Where.WIRE:
            for name, (accepted, event) in ANSWERS.items():
                there = with_text(world, n, Text(Where.HIDDEN, rules.times.lag) if accepted else Text())
                waiting = Job(n, Phase.POSTED)
                if waiting in world.jobs:
                    there = with_job(there, waiting, Job(n, event))
                yield f"the carrier {name} ({n})", there
        elif text.where is Where.HIDDEN:
            yield f"the carrier lists attempt {n}", with_text(world, n, Text(Where.LISTED))


def trouble(world: World, rules: Rules) -> Iterator[Step]:
    """A worker is killed or stops waiting; the listing goes down, comes back, or misses what it holds for a moment."""
    for job in dict.fromkeys(job for job in world.jobs if job.at):
        yield f"the worker with attempt {job.n} dies", with_job(world, job, Job())
        if job.at is Phase.POSTED:
            yield f"attempt {job.n} times out", with_job(world, job, Job(job.n, Event.AMBIGUOUS))
    if rules.listing_fails and not world.done:
        yield f"the listing is {'down' if world.listing else 'back'}", world._replace(listing=not world.listing)
    if rules.listing_misses and world.misses == NO and not world.done:
        yield "the listing misses what it holds", world._replace(misses=NOW)


def tick(world: World, rules: Rules) -> Iterator[Step]:
    """Time goes on, unless the carrier has to do something first, or a worker is between its check and its write."""
    on_time = all(text.left or text.where in (Where.NOWHERE, Where.LISTED) for text in world.texts)
    if on_time:
        yield "time passes", _later(world, rules)


def _later(world: World, rules: Rules) -> World:
    oldest = max(rules.times.settle, rules.times.lease, rules.times.blind if rules.listing_fails else 0)
    past = rules.times.start + 1
    ages = tuple(min(age + 1, oldest if n == world.n else past) for n, age in enumerate(world.ages, 1))
    return world._replace(
        texts=tuple(Text(text.where, text.left - 1) if text.left else text for text in world.texts),
        ages=ages,
        gap_left=max(0, world.gap_left - 1),
        ended=BEFORE if world.ended else NO,
        stopped=BEFORE if world.stopped else NO,
        misses=BEFORE if world.misses else NO,
    )
