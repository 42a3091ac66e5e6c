"""Unknown outcomes: asked after, adopted, proved absent, or sent again blindly by policy and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from broadcaster import logs
from broadcaster.channels.contract import Asked, Channel, Key, Seen
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.engine import Engine
from broadcaster.store import followups
from broadcaster.store.followups import DueAsk

log = logs.get(__name__)
ASK_WITHIN_S = 30.0
"""A whole round of questions to one carrier is given up after 30 s and tried again."""


def follow_up(engine: Engine) -> int:
    """Lose leases that ran out, and ask after everything unknown that is due. Returns how many were asked after."""
    with engine.sessions.begin() as session:
        lost = followups.lose_leases(session, engine.scales.settle)
    if lost:
        log.warning("leases_lost", rows=lost)
    with engine.sessions.begin() as session:
        due = followups.due_asks(session, engine.scales.settle)
    by_carrier: dict[str, list[DueAsk]] = defaultdict(list)
    for ask in due:
        by_carrier[ask.carrier].append(ask)
    for name, asks in by_carrier.items():
        _ask(engine, name, asks)
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
    asked = [_asked(engine, ask) for ask in asks]
    try:
        seen = engine.window.run(channel.find(asked), ASK_WITHIN_S)
    except (SendError, TimeoutError) as error:
        log.warning("listing_failed", carrier=carrier, error=str(error), unknown=len(asks))
        _listing_down(engine, asks)
        return
    _settle(engine, asks, seen)


def _asked(engine: Engine, ask: DueAsk) -> Asked:
    to = engine.sealer.open(ask.value_enc, ask.value_index)
    return Asked(Key(ask.fanout_id, ask.address_id, ask.n), to, ask.text, ask.started_at)


def _settle(engine: Engine, asks: Sequence[DueAsk], seen: Sequence[Seen]) -> None:
    by_key: dict[Key, list[Seen]] = defaultdict(list)
    for one in seen:
        by_key[one.key].append(one)
    for ask in asks:
        _settle_one(engine, ask, by_key[Key(ask.fanout_id, ask.address_id, ask.n)])


def _settle_one(engine: Engine, ask: DueAsk, seen: Sequence[Seen]) -> None:
    """Adopt a message that nobody owns, and count what else is there; otherwise count one more absence."""
    with engine.sessions.begin() as session:
        taken = followups.owned(session, [one.ref for one in seen], ask.fanout_id, ask.address_id)
        free = [one for one in seen if one.ref not in taken]
        if free:
            adopted = followups.adopt(session, ask, free[0].ref)
            others = followups.note_others(session, ask, [one.ref for one in free], engine.carrier(ask.channel))
            name = f"{ask.fanout_id}.{ask.address_id}.{ask.n}"
            log.info("found_at_carrier", delivery=name, adopted=adopted, others=others)
        elif followups.absent(session, ask, engine.scales.settle):
            log.info("proved_absent", delivery=f"{ask.fanout_id}.{ask.address_id}.{ask.n}")


def _listing_down(engine: Engine, asks: Sequence[DueAsk]) -> None:
    for ask in asks:
        with engine.sessions.begin() as session:
            if followups.blind(session, ask, engine.scales.blind):
                log.warning("sent_again_blindly", delivery=f"{ask.fanout_id}.{ask.address_id}.{ask.n}")


def _without_listing(engine: Engine, channel: Channel, asks: Sequence[DueAsk]) -> None:
    """Nobody can be asked: once settled it goes again, as itself where that changes nothing, else counted."""
    for ask in asks:
        with engine.sessions.begin() as session:
            if channel.traits.idempotent:
                followups.send_again_unchanged(session, ask)
            else:
                followups.end_asking(session, ask, engine.scales.settle)
