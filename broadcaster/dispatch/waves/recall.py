"""Take back what still waits at the carrier and no longer holds: nobody shall read "911 is down" after the end, nor
"911 works again" after another alert began in their town.

Newest first: what was handed over last waits longest, so a row of refusals says that everything older has left.
Twilio promises this for scheduled messages only (30409 for the others); ValidityPeriod holds where it is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster import logs
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.engine import Engine
from broadcaster.store.fanout import recalls
from broadcaster.store.fanout.recalls import Waiting

log = logs.get(__name__)
AT_ONCE = 20
LOT = 200
TOO_LATE = 50
"""So many in a row that had left already, and the rest has, too."""
WITHIN_S = 30.0


@dataclass
class Recalled:
    """What one round took back, and how many in a row had left."""

    taken_back: int = 0
    too_late: int = 0


def recall(engine: Engine) -> Recalled:
    """One round over one fan-out whose texts no longer hold; a carrier that does not answer is asked again later."""
    with engine.sessions() as session:
        due = recalls.due(session)
    done = Recalled()
    while due is not None:
        with engine.sessions() as session:
            lot = recalls.waiting(session, due.fanout, LOT, places=due.places)
        took_back = _ask(engine, [one for one in lot if _can(engine, one)], done)
        if took_back is None:
            break
        with engine.sessions.begin() as session:
            recalls.mark(session, due.fanout, [one.address_id for one in took_back])
            if done.too_late >= TOO_LATE or not took_back:
                recalls.close(session, due.fanout, due.places)
                log.info("texts_recalled", fanout=due.fanout, taken_back=done.taken_back)
                due = None
    return done


def taken_back(engine: Engine, lot: Sequence[Waiting]) -> list[Waiting] | None:
    """Those of a short list that were taken back; None when a carrier cannot be asked now."""
    able = [one for one in lot if _can(engine, one)]
    return _ask(engine, able, Recalled()) if able else []


def _can(engine: Engine, one: Waiting) -> bool:
    channel = engine.carriers.get(one.carrier)
    return channel is not None and channel.traits.cancels


def _ask(engine: Engine, lot: Sequence[Waiting], done: Recalled) -> list[Waiting] | None:
    """Those whose text was taken back; None when the carrier cannot be asked now."""
    try:
        answers = engine.window.run(_cancel(engine, lot, done), WITHIN_S)
    except (SendError, TimeoutError) as error:
        log.warning("recall_put_off", error=str(error), waiting=len(lot))
        return None
    back = [one for one, cancelled in zip(lot, answers, strict=False) if cancelled]
    done.taken_back += len(back)
    return back


async def _cancel(engine: Engine, lot: Sequence[Waiting], done: Recalled) -> list[bool]:
    """Ask for each, a few at once, until enough in a row had left."""
    answers: list[bool] = []
    for start in range(0, len(lot), AT_ONCE):
        some = lot[start : start + AT_ONCE]
        told = await asyncio.gather(*(engine.carriers[one.carrier].cancel(one.ref) for one in some))
        for cancelled in told:
            done.too_late = 0 if cancelled else done.too_late + 1
        answers += told
        if done.too_late >= TOO_LATE:
            break
    return answers
