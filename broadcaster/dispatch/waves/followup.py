"""Unknown outcomes: asked after, adopted, proved absent, or sent again blindly by policy and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from broadcaster import logs
from broadcaster.channels.contract import Channel, Seen
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.failpoint import failpoint
from broadcaster.dispatch.waves import followup_bulk
from broadcaster.store.fanout import evidence, followups, hindsight, namesakes
from broadcaster.store.fanout.evidence import Sight
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.namesakes import Listed

log = logs.get(__name__)
ASK_WITHIN_S = 30.0
"""A whole round of questions to one carrier is given up after 30 s and tried again."""


def follow_up(engine: Engine) -> int:
    """Lose leases that ran out, and ask after everything unknown that is due. Returns how many were asked after."""
    with engine.sessions.begin() as session:
        lost = followups.lose_leases(session, engine.scales.settle)
    if lost:
        failpoint("lease lost")
        log.warning("leases_lost", rows=lost)
    with engine.sessions.begin() as session:
        due = followups.due_asks(session, engine.scales.settle)
    if due:
        failpoint("due")
    together: dict[tuple[str, int], list[DueAsk]] = defaultdict(list)
    for ask in due:
        together[ask.carrier, ask.wave_id if ask.bulk else 0].append(ask)
    for (carrier, wave), asks in together.items():
        (followup_bulk.ask if wave else _ask)(engine, carrier, asks)
    return len(due)


def _ask(engine: Engine, carrier: str, asks: Sequence[DueAsk]) -> None:
    channel = engine.carriers.get(carrier)
    if channel is None:  # it was taken out of the settings while it held our texts: nobody can be asked
        log.error("carrier_is_not_set_up", carrier=carrier, unknown=len(asks))
        _listing_down(engine, asks)
        return
    if not channel.traits.listing:
        _without_listing(engine, channel, asks)
        return
    try:
        seen = engine.window.run(channel.find(engine.questions(asks)), ASK_WITHIN_S)
    except (SendError, TimeoutError) as error:
        log.warning("listing_failed", carrier=carrier, error=str(error), unknown=len(asks))
        _listing_down(engine, asks, idempotent=channel.traits.idempotent)
        return
    failpoint("listed")
    _settle(engine, carrier, asks, seen)


def _settle(engine: Engine, carrier: str, asks: Sequence[DueAsk], seen: Sequence[Seen]) -> None:
    """Adopt what nobody owns, count what else is there, and count an absence of the rest."""
    listed = _listed(asks, seen)
    with engine.sessions.begin() as session:
        sights = namesakes.without_others(session, listed)
        taken = evidence.owned(session, sights)
        free = [sight for sight in sights if sight[1] not in taken]
        found = _one_each(free)
        missing = [ask for ask in asks if ask.attempt not in {ask.attempt for ask, _ in free}]
        adopted = evidence.adopt(session, found)
        failpoint("adopting")
        others = evidence.note_others(session, free, carrier)
        absent = evidence.absent(session, missing, engine.scales.settle)
        failpoint("proving absence")
    failpoint("settled")
    log.info("asked_after", carrier=carrier, asked=len(asks), adopted=adopted, others=others, proved_absent=absent)


def look_again(engine: Engine) -> int:
    """Look once more for attempts that gave way: one that came to light late doubled somebody. Returns how many."""
    with engine.sessions() as session:
        gone = hindsight.gave_way(session, engine.scales.settle)
    doubles = 0
    for carrier, asks in _by_carrier(gone).items():
        channel = engine.carriers.get(carrier)
        if channel is not None and channel.traits.listing:
            doubles += _look(engine, channel, asks)
    if doubles:
        log.warning("doubles_found_late", doubles=doubles)
    return doubles


def _look(engine: Engine, channel: Channel, asks: Sequence[DueAsk]) -> int:
    try:
        seen = engine.window.run(channel.find(engine.questions(asks)), ASK_WITHIN_S)
    except (SendError, TimeoutError) as error:
        log.warning("listing_failed", carrier=channel.carrier, error=str(error), looked_for=len(asks))
        return 0
    with engine.sessions.begin() as session:
        return hindsight.looked(session, asks, _listed(asks, seen), channel.carrier)


def _by_carrier(asks: Sequence[DueAsk]) -> dict[str, list[DueAsk]]:
    found: dict[str, list[DueAsk]] = defaultdict(list)
    for ask in asks:
        found[ask.carrier].append(ask)
    return found


def _listed(asks: Sequence[DueAsk], seen: Sequence[Seen]) -> list[Listed]:
    by_attempt = {ask.attempt: ask for ask in asks}
    return [Listed(by_attempt[one.key.attempt], one.ref, one.made_at) for one in seen if one.key.attempt in by_attempt]


def _one_each(sights: Sequence[Sight]) -> list[Sight]:
    """One reference for each attempt, and no reference for two: the same words may have been asked after twice."""
    found: list[Sight] = []
    done: set[object] = set()
    for ask, ref in sights:
        if ask.attempt not in done and ref not in done:
            done |= {ask.attempt, ref}
            found.append((ask, ref))
    return found


def _listing_down(engine: Engine, asks: Sequence[DueAsk], idempotent: bool = False) -> None:
    """Past BLIND those of a running outage go again and are counted; where twice is once, all of them past SETTLE."""
    settled = timedelta(seconds=engine.scales.settle)
    with engine.sessions.begin() as session:
        if idempotent:
            late = [ask for ask in asks if ask.asked_at - ask.started_at >= settled]
            again = evidence.send_again_unchanged(session, late)
        else:
            again = evidence.blind(session, asks, engine.scales.blind)
    if again:
        log.warning("sent_again_blindly", rows=again)


def _without_listing(engine: Engine, channel: Channel, asks: Sequence[DueAsk]) -> None:
    """Nobody can be asked: once settled it goes again, as itself where that changes nothing, else counted."""
    with engine.sessions.begin() as session:
        if channel.traits.idempotent:
            evidence.send_again_unchanged(session, asks)
        else:
            evidence.end_asking(session, asks, engine.scales.settle)
