"""What became of a wave that went out in one request: read from the carrier's operation, never from its 202.

A lost operation is looked for in the listing before anything else, and nothing of it is ever sent again blindly.
"""

from __future__ import annotations

from collections.abc import Sequence

from broadcaster import logs
from broadcaster.alert.delivery import Event
from broadcaster.channels.contract import Accepted, Asked, Bulk, Told
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.waves.retry import pause
from broadcaster.store.fanout import evidence, outcomes
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.outcomes import Outcome

log = logs.get(__name__)
ASK_WITHIN_S = 30.0


def ask(engine: Engine, carrier: str, asks: Sequence[DueAsk]) -> None:
    """Ask after one wave's open rows, and write down what came of them."""
    if engine.bulk is None:
        log.error("bulk_is_not_set_up", carrier=carrier, unknown=len(asks))
        return
    questions = engine.questions(asks)
    try:
        told, whole = engine.window.run(_answers(engine.bulk, asks[0].wave_ref, questions), ASK_WITHIN_S)
    except (SendError, TimeoutError) as error:
        log.warning("operation_not_heard_of", carrier=carrier, error=str(error), unknown=len(asks))
        return
    _write(engine, carrier, asks, told, whole)


async def _answers(bulk: Bulk, ref: str | None, questions: Sequence[Asked]) -> tuple[Sequence[Told], bool]:
    """What is there, and whether what is missing will not come any more."""
    if ref is None:
        return await bulk.find(questions), True
    operation = await bulk.operation(ref)
    return await bulk.messages(ref, questions), operation.whole


def _write(engine: Engine, carrier: str, asks: Sequence[DueAsk], told: Sequence[Told], whole: bool) -> None:
    by_attempt = {one.attempt: one for one in asks}
    first = {one.key.attempt: one for one in reversed(told) if one.key.attempt in by_attempt}
    missing = [one for one in asks if one.attempt not in first]
    with engine.sessions.begin() as session:
        found = sorted((_outcome(engine, one, asks[0].wave_id) for one in first.values()), key=lambda o: o.address_id)
        outcomes.record(session, asks[0].fanout_id, found, carrier, engine.scales.settle)
        operation = next((one.operation for one in told if one.operation), "")
        if asks[0].wave_ref is None and operation:
            outcomes.note_operation(session, asks[0].wave_id, operation)
        seen = [(by_attempt[one.key.attempt], one.ref) for one in told if one.key.attempt in by_attempt]
        doubles = evidence.note_others(session, seen, carrier)
        if whole:
            absent = evidence.absent(session, missing, engine.scales.settle)
        else:
            absent = 0
            evidence.ask_again(session, missing, engine.scales.settle)
    log.info("operation_asked_after", wave=asks[0].wave_id, found=len(found), doubles=doubles, proved_absent=absent)


def _outcome(engine: Engine, told: Told, wave: int) -> Outcome:
    key = told.key
    if isinstance(told.answer, Accepted):
        return Outcome(key.address, key.n, Event.ACCEPTED, "", told.answer.ref, wave_id=wave)
    wait = pause(key.n, told.answer.wait, engine.window.dice)
    return Outcome(key.address, key.n, told.answer.event, told.answer.reason, wait=wait, wave_id=wave)
