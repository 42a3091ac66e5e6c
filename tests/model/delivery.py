"""The algorithm of one delivery as guarded actions, each one transaction or one POST of the product.

Every change of a row's state goes through the product's own table of moves (`broadcaster.alert.delivery.MOVES`).
"""

from __future__ import annotations

from collections.abc import Iterator

from broadcaster.alert.delivery import OPEN, Event, State
from broadcaster.store.fanout.deliveries import FanoutState
from tests.model.world import (
    BEFORE,
    NO,
    NOW,
    Job,
    Phase,
    Question,
    Rules,
    Text,
    Where,
    World,
    at_carrier,
    bit,
    where,
    with_job,
    with_text,
)

Step = tuple[str, World]
ENDED = {FanoutState.SUPERSEDED: State.SUPERSEDED, FanoutState.EXPIRED: State.EXPIRED}


def after(world: World, event: Event, rules: Rules) -> State | None:
    """Where the one table of moves leads from the row's state; None when it does not move."""
    return None if world.row is None else rules.moves.get((world.row, event))


# Sending: store/fanout/waves.py, dispatch/waves/window.py, store/fanout/outcomes.py


def claim(world: World, rules: Rules) -> Iterator[Step]:
    """A lane's cursor passes the phone; the first lane writes the row, the intent before the POST."""
    if world.fanout is not FanoutState.RUNNING:
        return
    for no, is_open in enumerate(world.lanes):
        passed = world._replace(lanes=(*world.lanes[:no], False, *world.lanes[no + 1 :]))
        if is_open and world.row is not None:
            yield f"lane {no} passes a phone that has its row", passed
        elif is_open and world.stopped:
            yield f"lane {no} writes a suppressed row", passed._replace(row=State.SUPPRESSED, n=1, ages=(0,))
        elif is_open:
            yield from _begin(passed._replace(row=State.SENDING), 1, "is claimed", rules)


def _begin(world: World, n: int, name: str, rules: Rules) -> Iterator[Step]:
    """A worker that has nothing in hand takes an attempt; its wave is open."""
    if world.jobs[0] != Job():
        return
    older = tuple(min(age, rules.times.start + 1) for age in world.ages)
    world = world._replace(n=n, ages=(*older, 0), waves=world.waves | bit(n), follow="")
    if rules.mark_sent_first:
        world = world._replace(row=State.ACCEPTED, ref=n)
    yield f"attempt {n} {name}", with_job(world, Job(), Job(n, Phase.CLAIMED))


def post(world: World, rules: Rules) -> Iterator[Step]:
    """The deadline check, and the POST in the same breath (unless a write may freeze between the two)."""
    for job in dict.fromkeys(world.jobs):
        if job.at is Phase.CLAIMED and rules.deadline_check and world.ages[job.n - 1] > rules.times.start:
            yield f"attempt {job.n} is too late to start", with_job(world, job, Job(job.n, Event.NOT_SENT))
        elif job.at is Phase.CLAIMED and rules.writes_freeze:
            yield f"attempt {job.n} passes the deadline check", with_job(world, job, Job(job.n, Phase.CHECKED))
        elif job.at in (Phase.CLAIMED, Phase.CHECKED):
            yield f"attempt {job.n} is posted", _posted(world, job, rules)


def _posted(world: World, job: Job, rules: Rules) -> World:
    if BEFORE in (world.stopped, world.ended):
        world = world._replace(wrong="posted after STOP or after the end")
    return with_job(with_text(world, job.n, Text(Where.WIRE, rules.times.wire)), job, Job(job.n, Phase.POSTED))


def record(world: World, rules: Rules) -> Iterator[Step]:
    """Outcomes are recorded in one transaction; the answer of its commit may be lost, and then it is done again."""
    for job in dict.fromkeys(world.jobs):
        if not isinstance(job.at, Event):
            continue
        recorded = outcome(world, job.n, job.at, rules)
        closed = recorded._replace(waves=recorded.waves & ~bit(job.n))
        yield f"attempt {job.n} is recorded as {job.at}", with_job(closed, job, Job())
        if rules.commits_unheard:
            yield f"attempt {job.n} is recorded as {job.at}, unheard", closed
            yield f"attempt {job.n} is recorded again as {job.at}", with_job(recorded, job, Job())


def outcome(world: World, n: int, event: Event, rules: Rules) -> World:
    """A decision is fenced by the attempt number and the table; a reference is a fact and always kept."""
    if event is Event.AMBIGUOUS and rules.retry_any_error:
        event = Event.NOT_SENT
    moved = after(world, event, rules) if n == world.n or not rules.fence else None
    if event is Event.ACCEPTED:
        return fact(world, n, moved, rules)
    if moved is None:
        return world
    return follow(world._replace(row=moved))


def follow(world: World) -> World:
    """An unknown row is asked after, a queued one is sent again, and of any other there is nothing to do."""
    kind = {State.UNKNOWN: "ask", State.QUEUED: "retry"}.get(world.row or State.ACCEPTED, "")
    return world._replace(follow=kind, absences=0, gap_left=0)


def fact(world: World, ref: int, moved: State | None, rules: Rules) -> World:
    """The carrier's reference of an attempt reached us: it is the row's own from now on, or it is a sighting."""
    world = world._replace(heard=world.heard | bit(ref))
    if moved is not None:
        return follow(world._replace(row=moved, ref=ref))
    if world.ref != ref and rules.keep_strange:
        return world._replace(sightings=world.sightings | bit(ref))
    return world


# Following up: store/fanout/followups.py, store/fanout/receipts.py, dispatch/waves/followup.py


def lose_lease(world: World, rules: Rules) -> Iterator[Step]:
    """A wave past its lease is closed, and its row becomes unknown if it is still being sent."""
    for n in range(1, world.n + 1):
        if not world.waves & bit(n) or (n == world.n and world.ages[-1] < rules.times.lease):
            continue
        lost = world._replace(waves=world.waves & ~bit(n))
        moved = after(world, Event.LEASE_LOST, rules) if n == world.n else None
        if moved is not None:
            lost = follow(lost._replace(row=moved if rules.reconcile else State.QUEUED))
        yield f"the lease of attempt {n} is lost", lost


def ask(world: World, rules: Rules) -> Iterator[Step]:
    """A sweep reads the carrier's listing; what it does with it is another transaction, and it may die before."""
    if world.question is not None:
        yield "the sweep dies", world._replace(question=None)
        yield from _answer(world, world.question, rules)
    elif world.follow == "ask":
        settled = world.ages[-1] >= rules.times.settle or not rules.settle_wait
        question = Question(world.n, settled, world.gap_left == 0)
        yield f"attempt {world.n} is asked after", world._replace(question=question)


def _answer(world: World, asked: Question, rules: Rules) -> Iterator[Step]:
    """The listing answers, or it does not and the attempt is given up blindly after BLIND."""
    if asked.seen is not None:
        yield from settle(world, asked, asked.seen, rules)
    elif world.listing:
        listed = where(world.texts, Where.LISTED)
        for seen in {listed, 0} if world.misses == NOW else {listed}:
            yield f"the listing shows {seen.bit_count()} texts", world._replace(question=asked._replace(seen=seen))
    elif asked.n == world.n and world.ages[-1] >= rules.times.blind and world.fanout is FanoutState.RUNNING:
        moved = after(world, Event.BLIND, rules)
        given_up = world._replace(question=None, blind=world.blind | bit(asked.n))
        yield f"attempt {asked.n} is given up blindly", follow(given_up._replace(row=moved)) if moved else given_up


def settle(world: World, asked: Question, seen: int, rules: Rules) -> Iterator[Step]:
    """Adopt a text that nobody owns, whichever comes first in the listing; otherwise count one more absence.

    What else is free belongs to an attempt up to the one that was asked after: a sighting, unless the row went on.
    """
    own = asked.n == world.n
    free = [n for n in range(1, rules.attempts + 1) if seen & ~(world.sightings | bit(world.ref)) & bit(n)]
    world = world._replace(question=None, heard=world.heard | (seen if own else 0))
    moved = after(world, Event.ACCEPTED, rules) if own else None
    noted = rules.note_whatever_is_seen or (own and rules.note_all_seen)
    for ref in free:
        adopted = fact(world, ref, moved, rules) if moved else world
        for other in free if noted else ():
            adopted = fact(adopted, other, None, rules)
        yield f"attempt {asked.n} is found as the text of attempt {ref}", adopted
    if not free and own and world.row is State.UNKNOWN:
        yield from _absent(world, asked, rules)


def _absent(world: World, asked: Question, rules: Rules) -> Iterator[Step]:
    counted = world.absences + (asked.settled and asked.gap_over)
    if counted >= rules.listings:
        moved = after(world, Event.PROVED_ABSENT, rules)
        yield f"attempt {world.n} is proved absent", follow(world._replace(row=moved)) if moved else _dropped(world)
    else:
        gap = rules.times.gap if counted > world.absences else world.gap_left
        yield "the listing does not hold it", world._replace(absences=counted, gap_left=gap)


def _dropped(world: World) -> World:
    """Nothing is left to ask."""
    return world._replace(follow="", absences=0, gap_left=0)


def callback(world: World, rules: Rules) -> Iterator[Step]:
    """A receipt is applied: late, lost (it never comes) or more than once."""
    held = at_carrier(world)
    for n in range(1, world.n + 1):
        if not held & bit(n):
            continue
        moved = after(world, Event.ACCEPTED, rules) if n == world.n and world.ref in (0, n) else None
        yield f"callback: the carrier has attempt {n}", fact(world, n, moved, rules)


def again(world: World, rules: Rules) -> Iterator[Step]:
    """A queued row is claimed again with the next number, its owner's consent looked up again; or it ends."""
    if world.follow != "retry":
        return
    runs = world.fanout is FanoutState.RUNNING or rules.retry_when_ended
    if runs and world.stopped and rules.consent_again:
        yield from _ends(world, "the retry finds a STOP", Event.OPTED_OUT, rules)
    elif runs and world.n < rules.attempts:
        wrong = "claimed although the carrier was known to have it" if world.heard & bit(world.n) else world.wrong
        possible = world.possible | (world.blind & bit(world.n) if rules.count_blind else 0)
        next_one = world._replace(row=after(world, Event.RETRIED, rules), wrong=wrong, possible=possible, blind=0)
        yield from _begin(next_one, world.n + 1, "is claimed", rules)
    if world.fanout in ENDED:
        yield from _ends(world, "what is queued ends with its fan-out", Event(ENDED[world.fanout].value), rules)


def _ends(world: World, name: str, event: Event, rules: Rules) -> Iterator[Step]:
    moved = after(world, event, rules)
    if moved is not None:
        yield name, follow(world._replace(row=moved))


def finish(world: World, rules: Rules) -> Iterator[Step]:
    """A fan-out is done when nothing is open; whoever was not claimed before its end is counted with the rest."""
    nothing_open = not world.waves and not world.follow and world.row not in OPEN
    if world.done or world.fanout is FanoutState.HELD or any(world.lanes):
        return
    if nothing_open or rules.finish_early:
        yield "the fan-out is done", world._replace(row=world.row or ENDED[world.fanout], done=True)


def people(world: World, rules: Rules) -> Iterator[Step]:
    """STOP, hold, go on, a newer revision, the end of the alert's life: at any moment."""
    if world.done:
        return
    no_lane = (False,) * len(world.lanes)
    if world.fanout in (FanoutState.RUNNING, FanoutState.HELD):
        yield "the alert expires", world._replace(fanout=FanoutState.EXPIRED, lanes=no_lane, ended=1)
        if rules.people_act:
            yield "a newer revision", world._replace(fanout=FanoutState.SUPERSEDED, lanes=no_lane, ended=1)
    if rules.people_act and world.fanout is FanoutState.RUNNING:
        yield "hold", world._replace(fanout=FanoutState.HELD)
    if rules.people_act and world.fanout is FanoutState.HELD:
        yield "go on", world._replace(fanout=FanoutState.RUNNING)
    if rules.people_act and world.stopped == NO:
        yield "STOP", world._replace(stopped=1)
